package config

import (
	"slices"
	"strings"
)

// Preset is what is peculiar to one kind of identity provider, as data.
type Preset struct {
	// Name is the value of the key idp, Title how people call it.
	Name, Title string
	// Prompts are the questions of `configure idp` for this provider.
	Prompts []Prompt
	// Scopes are asked for unless the configuration has its own.
	Scopes []string
	// Issuer returns the OIDC issuer, or "" if the configuration does not have it.
	Issuer func(Config) string
	// ClientID returns the OAuth 2.0 client id.
	ClientID func(Config) string
	// Endpoints returns the authorization and token endpoints where they need no
	// discovery; it is nil where discovery gives them.
	Endpoints func(Config) (authorization, token string)
	// Keys are the keys of config.json behind Issuer, ClientID and Endpoints.
	Keys   LoginKeys
	Quirks Quirks
}

// LoginKeys are the keys of config.json behind the settings of a sign-in.
type LoginKeys struct {
	// Issuer has one key, or several that make the issuer together.
	Issuer []string
	// IssuerDerived says that no key holds the issuer as it is.
	IssuerDerived bool
	// ClientID is the key of the OAuth 2.0 client id.
	ClientID string
	// Endpoints is the key behind both endpoints, or "" where discovery gives them.
	Endpoints string
}

// Prompt is one question of `configure idp`.
type Prompt struct {
	// Key is the key of config.json that the answer goes to.
	Key string
	// Label is the question.
	Label string
	// Required says that an empty answer does not do.
	Required bool
	// Default is the answer that Return gives, or "".
	Default string
	// Example shows the form.
	Example string
}

// Quirks are departures from what an OIDC provider usually does.
type Quirks struct {
	// LoopbackPortIgnored: any port of a registered http://localhost redirect will
	// do (RFC 8252 section 7.3).
	LoopbackPortIgnored bool
	// OfflineAccessUnknown: the scope offline_access is refused; the code grant
	// gives a refresh token anyway.
	OfflineAccessUnknown bool
	// RefreshTokenStays: answers to the refresh grant carry no new refresh token
	// (unless rotation is switched on).
	RefreshTokenStays bool
	// NoDeviceGrant: there is no RFC 8628 endpoint.
	NoDeviceGrant bool
	// NoRevocation: there is no RFC 7009 endpoint.
	NoRevocation bool
	// TokenIDClaim is the claim that names a token: jti, or another.
	TokenIDClaim string
}

// EntraAuthority is Entra ID's authority in the public cloud.
const EntraAuthority = "https://login.microsoftonline.com"

// Presets returns the known providers, the original's first, in its order.
func Presets() []Preset { return []Preset{oktaPreset(), entraPreset(), cognitoPreset(), oidcPreset()} }

// PresetFor returns the provider that the key idp names.
func PresetFor(name string) (Preset, bool) {
	for _, preset := range Presets() {
		if preset.Name == name {
			return preset, true
		}
	}
	return Preset{}, false
}

// CommonPrompts returns the questions that come before the provider's, in the
// original's order.
func CommonPrompts() []Prompt {
	return []Prompt{
		{
			Key: "token_exchange_application_arn", Label: "IAM Identity Center customer managed application ARN", Required: true,
			Example: "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		},
		{
			Key: "oidc_role_arn", Label: "IAM role ARN for the token exchange (AssumeRoleWithWebIdentity)", Required: true,
			Example: "arn:aws:iam::444455556666:role/OIDCRole",
		},
		{
			Key: "id_enhanced_role_arn", Label: "IAM role ARN for the identity-enhanced session", Required: true,
			Example: "arn:aws:iam::444455556666:role/IdEnhancedRole",
		},
	}
}

func scopes(more ...string) []string { return append([]string{"openid", "email"}, more...) }

func oktaPreset() Preset {
	return Preset{
		Name: Okta, Title: "Okta",
		Prompts: []Prompt{
			{Key: "okta_url", Label: "Okta issuer URL", Required: true, Example: "https://dev-123456789.okta.com/oauth2/default"},
			{Key: "okta_client_id", Label: "Okta client ID", Required: true, Example: "0oEXAMPLE"},
		},
		Scopes:   scopes("profile", "offline_access"),
		Issuer:   func(c Config) string { return c.OktaURL },
		ClientID: func(c Config) string { return c.OktaClientID },
		Keys:     LoginKeys{Issuer: []string{"okta_url"}, ClientID: "okta_client_id"},
		Quirks:   Quirks{TokenIDClaim: "jti"},
	}
}

func entraPreset() Preset {
	return Preset{
		Name: EntraID, Title: "Microsoft Entra ID",
		Prompts: []Prompt{
			{Key: "entra_tenant_id", Label: "Entra ID tenant ID", Required: true, Example: "11111111-2222-3333-4444-555555555555"},
			{Key: "entra_client_id", Label: "Entra ID client ID", Required: true, Example: "66666666-7777-8888-9999-000000000000"},
		},
		Scopes:   scopes("profile", "offline_access"),
		Issuer:   entraIssuer,
		ClientID: func(c Config) string { return c.EntraClientID },
		Keys:     LoginKeys{Issuer: []string{"entra_tenant_id", "entra_authority"}, IssuerDerived: true, ClientID: "entra_client_id"},
		Quirks:   Quirks{LoopbackPortIgnored: true, NoRevocation: true, TokenIDClaim: "uti"},
	}
}

func entraIssuer(c Config) string {
	if c.EntraTenantID == "" {
		return ""
	}
	authority := c.EntraAuthority
	if authority == "" {
		authority = EntraAuthority
	}
	return strings.TrimRight(authority, "/") + "/" + c.EntraTenantID + "/v2.0"
}

// cognitoPreset asks for no profile scope: app clients often allow openid and
// email only, and Cognito refuses a scope that is not allowed.
func cognitoPreset() Preset {
	return Preset{
		Name: Cognito, Title: "Amazon Cognito",
		Prompts: []Prompt{
			{Key: "cognito_domain", Label: "Cognito domain", Required: true, Example: "https://example.auth.eu-west-1.amazoncognito.com"},
			{Key: "cognito_client_id", Label: "Cognito client ID", Required: true, Example: "1example23456789"},
			{Key: "cognito_issuer", Label: "Cognito user pool issuer", Example: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE"},
		},
		Scopes:    scopes(),
		Issuer:    func(c Config) string { return c.CognitoIssuer },
		ClientID:  func(c Config) string { return c.CognitoClientID },
		Endpoints: cognitoEndpoints,
		Keys:      LoginKeys{Issuer: []string{"cognito_issuer"}, ClientID: "cognito_client_id", Endpoints: "cognito_domain"},
		Quirks:    Quirks{OfflineAccessUnknown: true, RefreshTokenStays: true, NoDeviceGrant: true, TokenIDClaim: "jti"},
	}
}

func cognitoEndpoints(c Config) (authorization, token string) {
	if c.CognitoDomain == "" {
		return "", ""
	}
	base := strings.TrimRight(c.CognitoDomain, "/")
	return base + "/oauth2/authorize", base + "/oauth2/token"
}

func oidcPreset() Preset {
	return Preset{
		Name: OIDC, Title: "any OpenID Connect provider",
		Prompts: []Prompt{
			{Key: "oidc_issuer", Label: "OIDC issuer URL", Required: true, Example: "https://idp.example.com"},
			{Key: "oidc_client_id", Label: "OAuth 2.0 client ID", Required: true},
		},
		Scopes:   scopes("profile", "offline_access"),
		Issuer:   func(c Config) string { return c.OIDCIssuer },
		ClientID: func(c Config) string { return c.OIDCClientID },
		Keys:     LoginKeys{Issuer: []string{"oidc_issuer"}, ClientID: "oidc_client_id"},
		Quirks:   Quirks{TokenIDClaim: "jti"},
	}
}

// Login is what a sign-in needs to know.
type Login struct {
	// Provider is the value of the key idp.
	Provider string
	// Issuer is the OIDC issuer; "" for Cognito without cognito_issuer.
	Issuer string
	// ClientID is the OAuth 2.0 client id of a public client.
	ClientID string
	// Scopes are those to ask for.
	Scopes []string
	// RedirectHost, RedirectPort and RedirectPath make the redirect URI.
	RedirectHost string
	RedirectPath string
	RedirectPort int
	// AuthorizationEndpoint and TokenEndpoint are set for Cognito only, whose
	// endpoints are on another host than its issuer.
	AuthorizationEndpoint string
	TokenEndpoint         string
	// Keys are the preset's; of several for the issuer, those that are set.
	Keys LoginKeys
}

// Login returns what a sign-in needs, or an [*InvalidError] if the part of the
// configuration that it needs does not do.
func (c Config) Login() (Login, error) {
	c, _ = c.Clean()
	if problems := c.loginProblems(); len(problems) > 0 {
		return Login{}, &InvalidError{Problems: problems}
	}
	preset, _ := PresetFor(c.IdP)
	login := Login{
		Provider: preset.Name, Issuer: preset.Issuer(c), ClientID: preset.ClientID(c),
		Scopes:       slices.Clone(preset.Scopes),
		Keys:         c.loginKeys(preset.Keys),
		RedirectHost: DefaultRedirectHost, RedirectPort: DefaultRedirectPort, RedirectPath: DefaultRedirectPath,
	}
	if len(c.Scopes) > 0 {
		login.Scopes = slices.Clone(c.Scopes)
	}
	if c.RedirectHost != "" {
		login.RedirectHost = c.RedirectHost
	}
	if c.RedirectPort != 0 {
		login.RedirectPort = c.RedirectPort
	}
	if c.RedirectPath != "" {
		login.RedirectPath = c.RedirectPath
	}
	if preset.Endpoints != nil {
		login.AuthorizationEndpoint, login.TokenEndpoint = preset.Endpoints(c)
	}
	return login, nil
}

// loginKeys leaves out what is absent of several keys for the issuer.
func (c Config) loginKeys(keys LoginKeys) LoginKeys {
	if len(keys.Issuer) > 1 {
		keys.Issuer = slices.DeleteFunc(slices.Clone(keys.Issuer), func(key string) bool { return c.Get(key) == "" })
	}
	return keys
}
