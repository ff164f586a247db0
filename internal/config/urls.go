package config

import (
	"net/netip"
	"net/url"
	"strings"
	"unicode"
)

// checkURL takes an https URL, or an http one on loopback, that can be an issuer
// (OpenID Connect Core section 2: no query, no fragment).
func checkURL(key, value string) []Problem {
	u, err := url.Parse(value)
	switch {
	case err != nil || strings.ContainsFunc(value, unicode.IsSpace):
		return one(key, "is not a URL")
	case strings.ContainsFunc(value, func(r rune) bool { return r < 0x21 || r > 0x7e }): // RFC 3986 is ASCII
		return one(key, "has a character that a URL must have in its escaped form (a host name: in Punycode)")
	case u.Scheme == "" || u.Host == "" && u.Opaque != "":
		return []Problem{{Key: key, Message: "must begin with https://", Hint: "perhaps https://" + value}}
	case u.Hostname() == "":
		return one(key, "has no host name")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return []Problem{{
			Key: key, Message: "must begin with https:// (http:// only on this machine: localhost, 127.0.0.1, [::1])",
			Hint: "perhaps https://" + strings.TrimPrefix(value, "http://"),
		}}
	case u.Scheme != "https" && u.Scheme != "http":
		return one(key, "must begin with https://")
	case u.User != nil:
		return one(key, "must hold no user name or password")
	case strings.ContainsAny(value, "?#"):
		return one(key, "must end before the query (?) or fragment (#)")
	}
	return nil
}

// loopback takes the names that never leave this machine. Names below localhost
// are not among them: not every resolver keeps to RFC 6761 section 6.3.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.IsLoopback() && addr.Zone() == ""
}

func plainHTTP(value string) bool {
	u, err := url.Parse(value)
	return err == nil && u.Scheme == "http"
}

// checkHost takes a URL without a path.
func checkHost(key, value string) []Problem {
	if problems := checkURL(key, value); problems != nil {
		return problems
	}
	if u, err := url.Parse(value); err == nil && strings.Trim(u.Path, "/") != "" {
		return []Problem{{Key: key, Message: "must end after the host name", Hint: "perhaps " + u.Scheme + "://" + u.Host}}
	}
	return nil
}
