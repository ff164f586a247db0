package oidclogin

import (
	"net"
	"net/url"
	"strings"
)

// checkURL parses an absolute https URL of printable ASCII (RFC 3986 section 2):
// a terminal will show it. http is let through on loopback where allowed.
func checkURL(name, raw string, allowLoopbackHTTP bool) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return nil, fail(KindConfig, "%s %q is not a URL", name, printable(raw, maxShown))
	case strings.ContainsFunc(raw, func(r rune) bool { return r < 0x21 || r > 0x7e }):
		return nil, fail(KindConfig, "%s %q has a blank or a character that a URL must have in its escaped form", name, printable(raw, maxShown))
	case u.User != nil:
		return nil, fail(KindConfig, "%s has a user name or password in it", name)
	case u.Fragment != "" || strings.Contains(raw, "#"):
		return nil, fail(KindConfig, "%s %q has a fragment", name, printable(raw, maxShown))
	case u.Scheme == "https", allowLoopbackHTTP && isLoopbackHTTP(u):
		return u, nil
	}
	return nil, fail(KindConfig, "%s %q is not https", name, printable(raw, maxShown)).
		hint("Plain http is accepted only for an issuer on localhost, 127.0.0.1 or [::1].")
}

// isLoopbackHTTP reports whether u is an http URL that cannot leave this machine.
func isLoopbackHTTP(u *url.URL) bool {
	if u.Scheme != "http" {
		return false
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || (ip != nil && ip.IsLoopback())
}
