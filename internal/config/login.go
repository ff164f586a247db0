package config

import (
	"maps"
	"slices"
)

// Login is what a sign-in needs to know.
type Login struct {
	// Provider is the value of the key idp.
	Provider string
	// Issuer is the OIDC issuer; "" if IssuerUnknown.
	Issuer string
	// IssuerUnknown says that the configuration has Cognito's domain only, as the
	// original's has: the issuer is learned from the first ID token.
	IssuerUnknown bool
	// ClientID is the OAuth 2.0 client id.
	ClientID string
	// ClientAuthentication is a value of [Config.ClientAuth].
	ClientAuthentication string
	// ClientSecretCommand prints the client secret; nil if it is stored, or if there
	// is none.
	ClientSecretCommand []string
	// Scopes are those to ask for.
	Scopes []string
	// Audience is a parameter of authorization and device requests, or "".
	Audience string
	// Parameters are further ones of the authorization request: the provider's and
	// the configuration's. None of them is the protocol's own.
	Parameters map[string]string
	// Assertion says which token is sent to AWS: AssertionIDToken or
	// AssertionAccessToken.
	Assertion string
	// Method is how to sign in.
	Method Method
	// RedirectHost, RedirectPort and RedirectPath make the redirect URI.
	RedirectHost string
	RedirectPath string
	RedirectPort int
	// FallbackPorts are for when RedirectPort is taken, in this order.
	FallbackPorts []int
	// AuthorizationEndpoint, TokenEndpoint and RevocationEndpoint are set for Cognito
	// only, whose endpoints are on another host than its issuer.
	AuthorizationEndpoint string
	TokenEndpoint         string
	RevocationEndpoint    string
	// Keys are the preset's; of several for the issuer, those that count.
	Keys LoginKeys
	// Quirks are the preset's.
	Quirks Quirks
}

// Login returns what a sign-in needs, or an [*InvalidError] if the part of the
// configuration that it needs does not do, or if there is nothing to sign in to
// because the tokens come from a [TokenSource].
func (c Config) Login() (Login, error) {
	c, _ = c.Clean()
	if source := c.TokenSource(); c.IdP == "" && !source.IsZero() {
		return Login{}, invalid("idp", "the tokens come from "+source.key()+": there is nothing to sign in to", "to sign in instead, "+configureHint)
	}
	if problems := c.loginProblems(); len(problems) > 0 {
		return Login{}, &InvalidError{Problems: problems}
	}
	preset, _ := PresetFor(c.IdP)
	login := Login{
		Provider: preset.Name, Issuer: preset.Issuer(c), ClientID: preset.ClientID(c),
		ClientAuthentication: c.ClientAuth(), ClientSecretCommand: slices.Clone(c.ClientSecretCommand),
		Scopes: c.loginScopes(preset), Audience: c.Audience, Parameters: c.loginParameters(preset),
		Assertion: orElse(c.Assertion, AssertionIDToken), Method: c.Method(),
		RedirectHost: orElse(c.RedirectHost, DefaultRedirectHost), RedirectPort: c.mainPort(),
		RedirectPath:  orElse(c.RedirectPath, DefaultRedirectPath),
		FallbackPorts: slices.Clone(c.RedirectFallbackPorts), Quirks: preset.Quirks,
	}
	login.IssuerUnknown = login.Issuer == ""
	login.Keys = c.loginKeys(preset.Keys, login.Issuer)
	if preset.Endpoints != nil {
		login.AuthorizationEndpoint, login.TokenEndpoint = preset.Endpoints(c)
	}
	if preset.Revocation != nil {
		login.RevocationEndpoint = preset.Revocation(c)
	}
	return login, nil
}

func orElse(value, usual string) string {
	if value == "" {
		return usual
	}
	return value
}

func (c Config) mainPort() int {
	if c.RedirectPort == 0 {
		return DefaultRedirectPort
	}
	return c.RedirectPort
}

func (c Config) loginScopes(preset Preset) []string {
	if len(c.Scopes) > 0 {
		return slices.Clone(c.Scopes)
	}
	return slices.Clone(preset.Scopes)
}

// loginParameters are the preset's and the configuration's. An empty value takes
// the preset's away: to a server it is as good as none (RFC 6749 section 3.1).
func (c Config) loginParameters(preset Preset) map[string]string {
	parameters := make(map[string]string)
	maps.Copy(parameters, preset.Parameters)
	maps.Copy(parameters, c.AuthorizationParameters)
	maps.DeleteFunc(parameters, func(_, value string) bool { return value == "" })
	if len(parameters) == 0 {
		return nil
	}
	return parameters
}

// loginKeys leaves out, of several keys for the issuer, what does not count: the
// absent ones, or all but the one that holds it.
func (c Config) loginKeys(keys LoginKeys, issuer string) LoginKeys {
	if keys.IssuerDerived || issuer == "" {
		if len(keys.Issuer) > 1 {
			keys.Issuer = c.present(keys.Issuer)
		}
		return keys
	}
	for _, key := range keys.Issuer {
		if c.Get(key) == issuer {
			keys.Issuer = []string{key}
			return keys
		}
	}
	keys.Issuer, keys.IssuerDerived = c.present(keys.Issuer), true
	return keys
}

// present returns those of keys that are set, or the first.
func (c Config) present(keys []string) []string {
	set := slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return c.Get(key) == "" })
	if len(set) == 0 && len(keys) > 0 {
		return keys[:1]
	}
	return set
}
