package oidclogin

import (
	"net"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// AnyPort as Settings.RedirectPort lets the system choose a free port. Use it
// only with a provider that ignores the port of a loopback redirect (RFC 8252
// section 7.3; Entra ID does, Okta and Cognito do not).
const AnyPort = -1

const (
	defaultRedirectHost = "localhost"
	defaultRedirectPort = 8090
	defaultRedirectPath = "/callback"
)

// Settings describe the provider and how this client is registered there.
type Settings struct {
	// Issuer is the exact value of the iss claim, and the place of discovery:
	// https, or http on loopback. It may be empty only for Cognito, with both
	// endpoints below set: then the issuer is read from the ID token that the
	// token endpoint returns, must be a user pool in the domain's region, and
	// signs with the keys that it publishes.
	Issuer string
	// ClientID is the client_id of a public client, which has no secret.
	ClientID string
	// Scopes are asked for at sign-in; openid is added when missing.
	Scopes []string
	// RedirectHost is "localhost", the default, or "127.0.0.1".
	RedirectHost string
	// RedirectPort is 8090 when zero, or [AnyPort].
	RedirectPort int
	// RedirectPath is "/callback" when empty.
	RedirectPath string
	// AuthorizationEndpoint and TokenEndpoint take the place of the discovered ones.
	AuthorizationEndpoint string
	TokenEndpoint         string
	// Names are for the hints of errors.
	Names Names
}

// withDefaults returns s with every optional field filled in.
func (s Settings) withDefaults() Settings {
	if s.RedirectHost == "" {
		s.RedirectHost = defaultRedirectHost
	}
	if s.RedirectPort == 0 {
		s.RedirectPort = defaultRedirectPort
	}
	if s.RedirectPath == "" {
		s.RedirectPath = defaultRedirectPath
	}
	if s.Names == (Names{}) {
		s.Names = defaultNames
	}
	s.Scopes = slices.Clone(s.Scopes)
	if !slices.Contains(s.Scopes, "openid") {
		s.Scopes = append([]string{"openid"}, s.Scopes...)
	}
	return s
}

// scopeToken is scope-token of RFC 6749 section 3.3.
var scopeToken = regexp.MustCompile(`^[\x21\x23-\x5B\x5D-\x7E]+$`)

// validate returns an *Error of KindConfig, or nil.
func (s Settings) validate() error {
	if s.ClientID == "" {
		return fail(KindConfig, "client_id is not set").hint("%s", s.Names.check(s.Names.ClientID))
	}
	for _, scope := range s.Scopes {
		if !scopeToken.MatchString(scope) {
			return fail(KindConfig, "%q is not a scope: one word without quotes is", scope)
		}
	}
	if err := s.validateRedirect(); err != nil {
		return err
	}
	return s.validateProvider()
}

func (s Settings) validateRedirect() error {
	if s.RedirectHost != "localhost" && s.RedirectHost != "127.0.0.1" {
		return fail(KindConfig, "redirect_host %q is not localhost or 127.0.0.1", s.RedirectHost)
	}
	if s.RedirectPort != AnyPort && (s.RedirectPort < 1 || s.RedirectPort > 65535) {
		return fail(KindConfig, "redirect_port %d is not between 1 and 65535", s.RedirectPort)
	}
	plain := (&url.URL{Path: s.RedirectPath}).EscapedPath() == s.RedirectPath
	clean := path.Clean(s.RedirectPath) == strings.TrimSuffix(s.RedirectPath, "/") || s.RedirectPath == "/"
	if !strings.HasPrefix(s.RedirectPath, "/") || !plain || !clean {
		return fail(KindConfig, "redirect_path %q is not a plain absolute path", s.RedirectPath)
	}
	return nil
}

func (s Settings) validateProvider() error {
	if s.Issuer == "" {
		return s.validateWithoutIssuer()
	}
	u, err := checkURL("issuer", s.Issuer, true)
	if err != nil {
		return err
	}
	if u.RawQuery != "" || u.ForceQuery {
		return fail(KindConfig, "issuer %q has a query", s.Issuer)
	}
	if before, found := strings.CutSuffix(s.Issuer, "/.well-known/openid-configuration"); found {
		return fail(KindConfig, "issuer %q is the address of the discovery document", s.Issuer).
			hint("%s", s.Names.setIssuer(before))
	}
	for name, endpoint := range s.endpoints() {
		if endpoint == "" {
			continue
		}
		if _, err := checkURL(name, endpoint, isLoopbackHTTP(u)); err != nil {
			return err
		}
	}
	return nil
}

// validateWithoutIssuer wants TLS at both endpoints, loopback or not: the
// issuer will be believed because of where the token came from.
func (s Settings) validateWithoutIssuer() error {
	for name, endpoint := range s.endpoints() {
		if endpoint == "" {
			return fail(KindConfig, "issuer is not set, nor are both endpoints of a Cognito domain").
				hint("%s", s.Names.check(s.Names.Issuer, s.Names.AuthorizationEndpoint, s.Names.TokenEndpoint))
		}
		if _, err := checkURL(name, endpoint, false); err != nil {
			return err
		}
	}
	return nil
}

func (s Settings) endpoints() map[string]string {
	return map[string]string{
		"authorization_endpoint": s.AuthorizationEndpoint,
		"token_endpoint":         s.TokenEndpoint,
	}
}

// redirectURL is the redirect_uri as it must be registered.
func (s Settings) redirectURL(port int) string {
	return "http://" + net.JoinHostPort(s.RedirectHost, strconv.Itoa(port)) + s.RedirectPath
}

// checkURL parses an absolute https URL. http is let through on loopback where allowed.
func checkURL(name, raw string, allowLoopbackHTTP bool) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return nil, fail(KindConfig, "%s %q is not a URL", name, printable(raw, maxShown))
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
