package oidclogin

import (
	"context"
	"maps"
	"net"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
	"github.com/tip-cli/tip-cli/internal/secret"
)

// AnyPort as Settings.RedirectPort lets the system choose a free port. Use it
// only with a provider that ignores the port of a loopback redirect (RFC 8252
// section 7.3; Entra ID does, Okta and Cognito do not).
const AnyPort = -1

// Values of Settings.ClientAuthentication.
const (
	ClientNone        = "none"
	ClientSecretBasic = "client_secret_basic"
	ClientSecretPost  = "client_secret_post"
)

// Values of Settings.Assertion.
const (
	AssertionIDToken     = "id_token"
	AssertionAccessToken = "access_token"
)

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
	// PinnedIssuer is the issuer that an earlier sign-in without Issuer learned
	// ([Claims].Issuer). An ID token of another one is then refused, with
	// [KindVerification]. It is not used beside Issuer.
	PinnedIssuer string
	// ClientID is the client_id at the provider.
	ClientID string
	// ClientAuthentication says how the client shows that it knows its secret
	// (OpenID Connect Core 1.0 section 9): [ClientSecretBasic] or
	// [ClientSecretPost]; [ClientNone] or nothing for a public client, which has none.
	ClientAuthentication string
	// ClientSecret returns the secret of a confidential client. It is called
	// at most once in an operation, when the secret is needed.
	ClientSecret func(ctx context.Context) (secret.Value, error)
	// Scopes are asked for at sign-in; openid is added when missing.
	Scopes []string
	// Audience is sent as audience at sign-in, for providers that issue access
	// tokens for the API of that name; empty for none.
	Audience string
	// Parameters are added to the authorization request. They cannot replace
	// those that the package sends itself.
	Parameters map[string]string
	// Assertion names the token that AWS gets: [AssertionIDToken], the default,
	// or [AssertionAccessToken].
	Assertion string
	// RedirectHost is "localhost", the default, or "127.0.0.1".
	RedirectHost string
	// RedirectPort is 8090 when zero, or [AnyPort].
	RedirectPort int
	// FallbackPorts are tried in order where RedirectPort is in use. The provider
	// must know the redirect URI of each.
	FallbackPorts []int
	// RedirectPath is "/callback" when empty.
	RedirectPath string
	// AuthorizationEndpoint, TokenEndpoint, DeviceEndpoint (RFC 8628) and
	// RevocationEndpoint (RFC 7009) take the place of the discovered ones.
	AuthorizationEndpoint string
	TokenEndpoint         string
	DeviceEndpoint        string
	RevocationEndpoint    string
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
	if s.Assertion == "" {
		s.Assertion = AssertionIDToken
	}
	if s.ClientAuthentication == "" {
		s.ClientAuthentication = ClientNone
	}
	if s.Names == (Names{}) {
		s.Names = defaultNames
	}
	s.FallbackPorts = slices.Clone(s.FallbackPorts)
	s.Parameters = maps.Clone(s.Parameters)
	s.Scopes = slices.Clone(s.Scopes)
	if !slices.Contains(s.Scopes, "openid") {
		s.Scopes = append([]string{"openid"}, s.Scopes...)
	}
	return s
}

// scopeToken is scope-token of RFC 6749 section 3.3.
var scopeToken = lazyregexp.New(`^[\x21\x23-\x5B\x5D-\x7E]+$`)

// validate returns an *Error of KindConfig, or nil.
func (s Settings) validate() error {
	if s.ClientID == "" {
		return fail(KindConfig, "client_id is not set").hint("%s", s.Names.check(s.Names.ClientID))
	}
	for _, scope := range s.Scopes {
		if !scopeToken().MatchString(scope) {
			return fail(KindConfig, "%q is not a scope: one word without quotes is", scope)
		}
	}
	for _, check := range []func() error{s.validateClient, s.validateParameters, s.validateRedirect} {
		if err := check(); err != nil {
			return err
		}
	}
	return s.validateProvider()
}

func (s Settings) validateClient() error {
	switch s.ClientAuthentication {
	case ClientNone:
	case ClientSecretBasic, ClientSecretPost:
		if s.ClientSecret == nil {
			return fail(KindConfig, "client authentication is %s, but there is no client secret", s.ClientAuthentication).
				hint("%s", s.Names.check(s.Names.ClientSecret))
		}
	default:
		return fail(KindConfig, "client authentication %q is not %s, %s or %s", printable(s.ClientAuthentication, maxShown),
			ClientNone, ClientSecretBasic, ClientSecretPost)
	}
	if s.Assertion != AssertionIDToken && s.Assertion != AssertionAccessToken {
		return fail(KindConfig, "assertion %q is not %s or %s", printable(s.Assertion, maxShown), AssertionIDToken, AssertionAccessToken)
	}
	return nil
}

var (
	// parameterName is param-name of RFC 6749 appendix A.
	parameterName = lazyregexp.New(`^[-._0-9A-Za-z]+$`)
	// ownParameters are what this package sends, and what would take the answer
	// or the request somewhere else.
	ownParameters = []string{
		"response_type", "response_mode", "client_id", "client_secret", "redirect_uri", "scope", "state", "nonce",
		"code_challenge", "code_challenge_method", "request", "request_uri",
	}
)

func (s Settings) validateParameters() error {
	for name := range s.Parameters {
		if !parameterName().MatchString(name) {
			return fail(KindConfig, "%q is not the name of an authorization parameter", printable(name, maxShown))
		}
		plain := strings.ToLower(name) // some servers ignore case
		if slices.Contains(ownParameters, plain) || (plain == "audience" && s.Audience != "") {
			return fail(KindConfig, "the authorization parameter %s has a setting of its own or is set by tip-cli", name)
		}
	}
	return nil
}

func (s Settings) validateRedirect() error {
	if s.RedirectHost != "localhost" && s.RedirectHost != "127.0.0.1" {
		return fail(KindConfig, "redirect_host %q is not localhost or 127.0.0.1", s.RedirectHost)
	}
	if s.RedirectPort != AnyPort && (s.RedirectPort < 1 || s.RedirectPort > 65535) {
		return fail(KindConfig, "redirect_port %d is not between 1 and 65535", s.RedirectPort)
	}
	for _, port := range s.FallbackPorts {
		if port < 1 || port > 65535 {
			return fail(KindConfig, "fallback port %d is not between 1 and 65535", port)
		}
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
		if endpoint == "" && (name == "device_authorization_endpoint" || name == "revocation_endpoint") {
			continue
		}
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
		"authorization_endpoint":        s.AuthorizationEndpoint,
		"token_endpoint":                s.TokenEndpoint,
		"device_authorization_endpoint": s.DeviceEndpoint,
		"revocation_endpoint":           s.RevocationEndpoint,
	}
}

// redirectURL is the redirect_uri as it must be registered.
func (s Settings) redirectURL(port int) string {
	return "http://" + net.JoinHostPort(s.RedirectHost, strconv.Itoa(port)) + s.RedirectPath
}
