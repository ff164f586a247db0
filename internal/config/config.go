// Package config gives config.json its types: what the user told tip-cli about
// the identity provider and AWS. The keys are those of the original Python
// tip-cli and some of our own.
//
// It parses, checks and resolves; it reads no file but the one named on a command
// line (internal/store does), no environment but what it is handed, and talks to
// nobody. A [Config] is a value: copies may be used concurrently as long as
// nobody changes what its slices and maps hold.
package config

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// The identity providers, as values of the key idp.
const (
	Okta     = "okta"
	EntraID  = "entra-id"
	Cognito  = "cognito"
	OIDC     = "oidc"
	Keycloak = "keycloak"
	Auth0    = "auth0"
	Google   = "google"
	Ping     = "ping"
)

// Defaults of the redirect: what the original listens on, and what its README
// tells people to register.
const (
	DefaultRedirectHost = "localhost"
	DefaultRedirectPort = 8090
	DefaultRedirectPath = "/callback"
)

// ApplicationSessionName is the name that the exchange gives the sessions of the
// application role (RoleSessionName): policies may name them.
const ApplicationSessionName = "tip-cli"

// Config is the content of config.json. A zero member is absent.
type Config struct {
	IdP                         string // idp
	TokenExchangeApplicationARN string // token_exchange_application_arn
	OIDCRoleARN                 string // oidc_role_arn
	IDEnhancedRoleARN           string // id_enhanced_role_arn

	OktaURL           string // okta_url: the issuer
	OktaClientID      string // okta_client_id
	EntraTenantID     string // entra_tenant_id: a GUID
	EntraClientID     string // entra_client_id
	EntraAuthority    string // entra_authority: of a national cloud
	CognitoDomain     string // cognito_domain: of the hosted sign-in pages
	CognitoClientID   string // cognito_client_id
	CognitoIssuer     string // cognito_issuer: of the user pool
	CognitoUserPoolID string // cognito_user_pool_id: in place of the issuer
	OIDCIssuer        string // oidc_issuer
	OIDCClientID      string // oidc_client_id
	KeycloakURL       string // keycloak_url: of the realm, the issuer
	KeycloakClientID  string // keycloak_client_id
	Auth0Domain       string // auth0_domain: the issuer without its last slash
	Auth0ClientID     string // auth0_client_id
	GoogleClientID    string // google_client_id
	PingIssuer        string // ping_issuer
	PingClientID      string // ping_client_id

	Region                string   // region: of the application
	IdentityCenterRegion  string   // identity_center_region
	RedirectHost          string   // redirect_host
	RedirectPort          int      // redirect_port
	RedirectPath          string   // redirect_path
	RedirectFallbackPorts []int    // redirect_fallback_ports: when redirect_port is taken
	Scopes                []string // scopes: instead of the provider's
	S3AGAccountID         string   // s3ag_account_id: of the Access Grants instance
	SessionDuration       int      // session_duration: seconds, see SessionLength

	SignIn                  string            // sign_in: see SignInPolicy
	SignInMethod            string            // sign_in_method: see Method
	Assertion               string            // assertion: the token to send to AWS
	Audience                string            // audience: of authorization and device requests
	AuthorizationParameters map[string]string // authorization_parameters: further ones
	ClientAuthentication    string            // client_authentication: see ClientAuth
	ClientSecretCommand     []string          // client_secret_command: prints the secret
	TokenCommand            []string          // token_command: prints a JWT, see TokenSource
	TokenFile               string            // token_file: holds a JWT

	// Cleared has the keys that were given, but null or empty: Merge removes them.
	Cleared []string

	// Unknown has the keys that this version does not know, kept on rewrite.
	Unknown map[string]json.RawMessage
}

// Encode returns c as config.json: the known keys in the original's order, then
// the unknown ones by name, indented by four spaces.
func (c Config) Encode() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for _, f := range fields {
		if value := f.get(&c); value != nil {
			if err := member(&out, f.key, value); err != nil {
				return nil, err
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.Unknown)) {
		if err := member(&out, key, c.Unknown[key]); err != nil {
			return nil, err
		}
	}
	out.WriteByte('}')
	var indented bytes.Buffer
	if err := json.Indent(&indented, out.Bytes(), "", "    "); err != nil {
		return nil, err
	}
	indented.WriteByte('\n')
	return indented.Bytes(), nil
}

func member(out *bytes.Buffer, key string, value any) error {
	if out.Len() > 1 {
		out.WriteByte(',')
	}
	name, err := json.Marshal(key)
	if err != nil {
		return err
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	out.Write(name)
	out.WriteByte(':')
	return encoder.Encode(value)
}

// Merge returns c with everything that over has in its place, and without what
// over has as null or empty. A token source of
// over takes the place of c's, be it the other kind.
func (c Config) Merge(over Config) Config {
	if !over.TokenSource().IsZero() {
		c.TokenCommand, c.TokenFile = nil, ""
	}
	for _, key := range over.Cleared {
		if f, ok := fieldFor(key); ok {
			f.copy(&c, &Config{})
		}
	}
	c.Cleared = nil
	for _, f := range fields {
		if f.get(&over) != nil {
			f.copy(&c, &over)
		}
	}
	if len(over.Unknown) > 0 {
		unknown := maps.Clone(c.Unknown)
		if unknown == nil {
			unknown = make(map[string]json.RawMessage)
		}
		maps.Copy(unknown, over.Unknown)
		maps.DeleteFunc(unknown, func(_ string, value json.RawMessage) bool { return string(value) == "null" })
		c.Unknown = unknown
	}
	return c
}
