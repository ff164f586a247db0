package config

import (
	"slices"
	"strings"
)

// EntraAuthority is Entra ID's authority in the public cloud.
const EntraAuthority = "https://login.microsoftonline.com"

func scopes(more ...string) []string { return append([]string{"openid", "email"}, more...) }

func oktaPreset() Preset {
	return Preset{
		Name: Okta, Title: "Okta",
		Prompts: []Prompt{
			{Key: "okta_url", Label: "Okta issuer URL", Required: true, Example: "https://dev-123456789.okta.com/oauth2/default"},
			{Key: "okta_client_id", Label: "Okta client ID", Required: true, Example: "0oEXAMPLE"},
		},
		Scopes:      scopes("profile", "offline_access"),
		Issuer:      func(c Config) string { return c.OktaURL },
		ClientID:    func(c Config) string { return c.OktaClientID },
		AccessToken: oktaAccessToken,
		Keys:        LoginKeys{Issuer: []string{"okta_url"}, ClientID: "okta_client_id"},
		Quirks:      Quirks{TokenIDClaim: "jti"},
	}
}

// oktaAccessToken knows that only Okta itself is to read the access tokens of an
// org authorization server (Okta's guide "Authorization servers").
func oktaAccessToken(c Config) []Problem {
	if strings.Contains(c.OktaURL, "/oauth2/") {
		return nil
	}
	return noAccessToken("the access tokens of an Okta org server are for Okta only; a custom authorization server is needed, like https://dev-123456789.okta.com/oauth2/default", "")
}

func entraPreset() Preset {
	return Preset{
		Name: EntraID, Title: "Microsoft Entra ID",
		Prompts: []Prompt{
			{Key: "entra_tenant_id", Label: "Entra ID tenant ID", Required: true, Example: "11111111-2222-3333-4444-555555555555"},
			{Key: "entra_client_id", Label: "Entra ID client ID", Required: true, Example: "66666666-7777-8888-9999-000000000000"},
		},
		Optional:    []string{"entra_authority"},
		Scopes:      scopes("profile", "offline_access"),
		Issuer:      entraIssuer,
		ClientID:    func(c Config) string { return c.EntraClientID },
		AccessToken: entraAccessToken,
		Keys:        LoginKeys{Issuer: []string{"entra_tenant_id", "entra_authority"}, IssuerDerived: true, ClientID: "entra_client_id"},
		Quirks:      Quirks{LoopbackPortIgnored: true, NoRevocation: true, TokenIDClaim: "uti"},
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

// entraAccessToken wants the scope of an API, like api://ID/NAME: without one the
// access token is for Microsoft Graph, whose tokens nobody else can verify
// (Microsoft identity platform, "Access tokens" and "Scopes and permissions").
func entraAccessToken(c Config) []Problem {
	if slices.ContainsFunc(c.Scopes, func(scope string) bool {
		return strings.Contains(scope, "/") && !strings.HasPrefix(scope, "https://graph.microsoft.")
	}) {
		return nil
	}
	return noAccessToken("without the scope of an API of your own, Entra ID's access tokens are for Microsoft Graph",
		setHint("scopes", `["openid", "offline_access", "api://API-ID/SCOPE"]`))
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

// keycloakPreset: a registered http://localhost/callback matches any port
// (Keycloak's RedirectUtils).
func keycloakPreset() Preset {
	return Preset{
		Name: Keycloak, Title: "Keycloak",
		Prompts: []Prompt{
			{Key: "keycloak_url", Label: "Keycloak realm URL", Required: true, Example: "https://keycloak.example.com/realms/example"},
			{Key: "keycloak_client_id", Label: "Keycloak client ID", Required: true, Example: "tip-cli"},
		},
		Scopes:   scopes("profile", "offline_access"),
		Issuer:   func(c Config) string { return c.KeycloakURL },
		ClientID: func(c Config) string { return c.KeycloakClientID },
		Keys:     LoginKeys{Issuer: []string{"keycloak_url"}, ClientID: "keycloak_client_id"},
		Quirks:   Quirks{LoopbackPortIgnored: true, TokenIDClaim: "jti"},
	}
}

// auth0Preset: refresh tokens rotate only where the application says so.
func auth0Preset() Preset {
	return Preset{
		Name: Auth0, Title: "Auth0",
		Prompts: []Prompt{
			{Key: "auth0_domain", Label: "Auth0 domain", Required: true, Example: "https://example.eu.auth0.com"},
			{Key: "auth0_client_id", Label: "Auth0 client ID", Required: true},
		},
		Scopes:      scopes("profile", "offline_access"),
		Issuer:      auth0Issuer,
		ClientID:    func(c Config) string { return c.Auth0ClientID },
		AccessToken: auth0AccessToken,
		Keys:        LoginKeys{Issuer: []string{"auth0_domain"}, IssuerDerived: true, ClientID: "auth0_client_id"},
		Quirks:      Quirks{RefreshTokenStays: true, TokenIDClaim: "jti"},
	}
}

// auth0Issuer ends in a slash, as in Auth0's discovery document and tokens.
func auth0Issuer(c Config) string {
	if c.Auth0Domain == "" {
		return ""
	}
	return trimSlash(withScheme(c.Auth0Domain)) + "/"
}

// auth0AccessToken wants an audience: without one the access token is opaque
// (Auth0's documentation, "Access tokens").
func auth0AccessToken(c Config) []Problem {
	if c.Audience != "" {
		return nil
	}
	return noAccessToken("without the key audience, Auth0's access tokens are opaque", setHint("audience", `"https://api.example.com"`))
}

// googlePreset: Google refuses offline_access and gives a refresh token for
// access_type=offline, at each sign-in only with prompt=consent; it wants the
// client secret even of a desktop app, whose redirect may have any port (Google
// Identity, "OAuth 2.0 for iOS & Desktop Apps"). The device grant is only for
// clients of the type "TVs and Limited Input devices".
func googlePreset() Preset {
	return Preset{
		Name: Google, Title: "Google",
		Prompts: []Prompt{
			{Key: "google_client_id", Label: "Google client ID", Required: true, Example: "123456789012-example.apps.googleusercontent.com"},
		},
		Scopes:               scopes("profile"),
		Parameters:           map[string]string{"access_type": "offline", "prompt": "consent"},
		ClientAuthentication: ClientAuthPost,
		Issuer:               func(Config) string { return "https://accounts.google.com" },
		ClientID:             func(c Config) string { return c.GoogleClientID },
		AccessToken:          func(Config) []Problem { return noAccessToken("Google's access tokens are opaque", "") },
		Keys:                 LoginKeys{IssuerDerived: true, ClientID: "google_client_id"},
		Quirks:               Quirks{LoopbackPortIgnored: true, OfflineAccessUnknown: true, RefreshTokenStays: true, TokenIDClaim: "jti"},
	}
}

// pingOne begins the issuers of PingOne, in all its regions.
const pingOne = "https://auth.pingone."

// pingPreset is for PingOne and PingFederate. PingOne gives a refresh token for
// offline_access, or where the application has that grant.
func pingPreset() Preset {
	return Preset{
		Name: Ping, Title: "Ping Identity",
		Prompts: []Prompt{
			{Key: "ping_issuer", Label: "Ping issuer URL", Required: true, Example: "https://auth.pingone.eu/11111111-2222-3333-4444-555555555555/as"},
			{Key: "ping_client_id", Label: "Ping client ID", Required: true, Example: "66666666-7777-8888-9999-000000000000"},
		},
		Scopes:   scopes("profile", "offline_access"),
		Issuer:   func(c Config) string { return c.PingIssuer },
		ClientID: func(c Config) string { return c.PingClientID },
		Keys:     LoginKeys{Issuer: []string{"ping_issuer"}, ClientID: "ping_client_id"},
		Quirks:   Quirks{TokenIDClaim: "jti"},
	}
}
