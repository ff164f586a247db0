package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// field ties a key of config.json to a member of Config.
type field struct {
	key string
	// doc says in one line what the key is for.
	doc string
	// set decodes a JSON value; its error says what form is expected.
	set func(*Config, json.RawMessage) error
	// setText takes what a person typed, trimmed; "" removes the member.
	setText func(*Config, string) error
	// get returns nil for an absent member.
	get func(*Config) any
	// text returns the member as setText takes it.
	text func(*Config) string
	copy func(to, from *Config)
}

// fields are the known keys of config.json, the original's first.
var fields = slices.Concat(exchangeFields, providerFields, surroundingsFields, signInFields, clientFields, sourceFields)

var exchangeFields = []field{
	text("idp", "identity provider: okta, entra-id, cognito, keycloak, auth0, google, ping, or oidc for any other", func(c *Config) *string { return &c.IdP }),
	text("token_exchange_application_arn", "ARN of the customer managed application in IAM Identity Center", func(c *Config) *string { return &c.TokenExchangeApplicationARN }),
	text("oidc_role_arn", "ARN of the role that the token assumes and that asks Identity Center for the exchange", func(c *Config) *string { return &c.OIDCRoleARN }),
	text("id_enhanced_role_arn", "ARN of the role whose sessions carry the user's identity", func(c *Config) *string { return &c.IDEnhancedRoleARN }),
}

var providerFields = []field{
	text("okta_url", "Okta issuer, such as https://dev-123456789.okta.com/oauth2/default", func(c *Config) *string { return &c.OktaURL }),
	text("okta_client_id", "client ID of the app integration in Okta", func(c *Config) *string { return &c.OktaClientID }),
	text("entra_tenant_id", "GUID of the Entra ID tenant", func(c *Config) *string { return &c.EntraTenantID }),
	text("entra_client_id", "application (client) ID of the app registration in Entra ID", func(c *Config) *string { return &c.EntraClientID }),
	text("entra_authority", "authority of a national cloud (default "+EntraAuthority+")", func(c *Config) *string { return &c.EntraAuthority }),
	text("cognito_domain", "domain of the Cognito user pool's sign-in pages", func(c *Config) *string { return &c.CognitoDomain }),
	text("cognito_client_id", "client ID of the app client in Cognito", func(c *Config) *string { return &c.CognitoClientID }),
	text("cognito_issuer", "issuer of the Cognito user pool (default: made from cognito_user_pool_id, else learned at the first sign-in)", func(c *Config) *string { return &c.CognitoIssuer }),
	text("cognito_user_pool_id", "ID of the Cognito user pool, such as eu-west-1_EXAMPLE", func(c *Config) *string { return &c.CognitoUserPoolID }),
	text("oidc_issuer", "issuer of any other OpenID Connect provider", func(c *Config) *string { return &c.OIDCIssuer }),
	text("oidc_client_id", "client ID at that provider", func(c *Config) *string { return &c.OIDCClientID }),
	text("keycloak_url", "URL of the Keycloak realm, such as https://keycloak.example.com/realms/example", func(c *Config) *string { return &c.KeycloakURL }),
	text("keycloak_client_id", "client ID in the Keycloak realm", func(c *Config) *string { return &c.KeycloakClientID }),
	text("auth0_domain", "domain of the Auth0 tenant, or its custom domain", func(c *Config) *string { return &c.Auth0Domain }),
	text("auth0_client_id", "client ID of the native application in Auth0", func(c *Config) *string { return &c.Auth0ClientID }),
	text("google_client_id", "client ID of the desktop app in the Google Cloud console", func(c *Config) *string { return &c.GoogleClientID }),
	text("ping_issuer", "issuer of PingOne, such as https://auth.pingone.eu/ENVIRONMENT-ID/as, or of PingFederate", func(c *Config) *string { return &c.PingIssuer }),
	text("ping_client_id", "client ID of the application at Ping", func(c *Config) *string { return &c.PingClientID }),
}

var surroundingsFields = []field{
	text("region", "region of the application (default: AWS_REGION, AWS_DEFAULT_REGION, then that of the AWS profile)", func(c *Config) *string { return &c.Region }),
	text("identity_center_region", "region of IAM Identity Center (default: region)", func(c *Config) *string { return &c.IdentityCenterRegion }),
	text("redirect_host", "host of the redirect URI, localhost or 127.0.0.1 (default localhost)", func(c *Config) *string { return &c.RedirectHost }),
	number("redirect_port", "port of the redirect URI (default 8090)", portForm, maxPort, func(c *Config) *int { return &c.RedirectPort }),
	text("redirect_path", "path of the redirect URI (default /callback)", func(c *Config) *string { return &c.RedirectPath }),
	portsField("redirect_fallback_ports", "ports to try when redirect_port is taken; the identity provider must know them, too", func(c *Config) *[]int { return &c.RedirectFallbackPorts }),
	scopesField("scopes", "scopes to ask for instead of the identity provider's usual ones", func(c *Config) *[]string { return &c.Scopes }),
	text("s3ag_account_id", "account of the S3 Access Grants instance (default: that of the role, else the one that owns the instance for the path)", func(c *Config) *string { return &c.S3AGAccountID }),
	number("session_duration", "length of the identity-enhanced session in seconds, 900 to 3600", secondsForm, maxSeconds, func(c *Config) *int { return &c.SessionDuration }),
}

var signInFields = []field{
	text("sign_in", "whether commands other than auth may start a sign-in: auto (where a person is), never or always (default auto)", func(c *Config) *string { return &c.SignIn }),
	text("sign_in_method", "how to sign in: auto, browser, no-browser, device or paste (default auto)", func(c *Config) *string { return &c.SignInMethod }),
	text("assertion", "which token to send to AWS: id_token or access_token (default id_token)", func(c *Config) *string { return &c.Assertion }),
	text("audience", "parameter audience of authorization and device requests, as Auth0 wants it for an API", func(c *Config) *string { return &c.Audience }),
	parametersField("authorization_parameters", "further parameters of the authorization request, such as prompt=login", func(c *Config) *map[string]string { return &c.AuthorizationParameters }),
}

var clientFields = []field{
	text("client_authentication", "how the client proves itself: none, client_secret_basic or client_secret_post (default none; basic with client_secret_command)", func(c *Config) *string { return &c.ClientAuthentication }),
	wordsField("client_secret_command", "program that prints the client secret, with its arguments", func(c *Config) *[]string { return &c.ClientSecretCommand }),
}

var sourceFields = []field{
	wordsField("token_command", "program that prints a JWT, with its arguments, in place of a sign-in", func(c *Config) *[]string { return &c.TokenCommand }),
	text("token_file", "file that holds a JWT, in place of a sign-in", func(c *Config) *string { return &c.TokenFile }),
}

// Keys returns the known keys of config.json in their order.
func Keys() []string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	return keys
}

// Describe returns one line about a key of config.json, "" if it is unknown.
func Describe(key string) string {
	f, _ := fieldFor(key)
	return f.doc
}

// Set sets the member behind key to what a person typed, trimmed of white space;
// "" removes it. The error is a [Problem].
func (c *Config) Set(key, value string) error {
	if secretKey(key) {
		return secretProblem(key)
	}
	f, ok := fieldFor(key)
	if !ok {
		return Problem{Key: key, Message: "is not a key of config.json", Hint: "known keys: " + strings.Join(Keys(), ", ")}
	}
	if err := f.setText(c, strings.TrimSpace(value)); err != nil {
		return Problem{Key: key, Message: err.Error()}
	}
	return nil
}

// Get returns the member behind key as text that Set takes, "" if it is absent or
// unknown.
func (c Config) Get(key string) string {
	f, ok := fieldFor(key)
	if !ok || f.get(&c) == nil {
		return ""
	}
	if f.text != nil {
		return f.text(&c)
	}
	return fmt.Sprint(f.get(&c))
}

func fieldFor(key string) (field, bool) {
	i := slices.IndexFunc(fields, func(f field) bool { return f.key == key })
	if i < 0 {
		return field{}, false
	}
	return fields[i], true
}

// secretKey notices a client secret under any spelling, with a provider's prefix
// or without.
func secretKey(key string) bool { return strings.HasSuffix(plainKey(key), "clientsecret") }

// secretProblem never quotes the secret.
func secretProblem(key string) Problem {
	return Problem{Key: key, Message: "a client secret does not belong in config.json, which people share; leave it out", Hint: "run: " + ClientSecretCommand}
}
