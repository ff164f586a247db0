package config_test

import (
	"testing"

	"github.com/tip-cli/tip-cli/internal/config"
)

func TestFingerprint(t *testing.T) {
	base := okta().Fingerprint()
	if len(base) != 64 || base != okta().Fingerprint() {
		t.Errorf("Fingerprint() = %q", base)
	}
	for key, value := range map[string]string{
		"idp": "oidc", "okta_url": issuer + "2", "okta_client_id": "x", "token_exchange_application_arn": application + "x",
		"oidc_role_arn": tipRole, "id_enhanced_role_arn": oidcRole,
		"assertion": "access_token", "audience": "a", "token_command": "a b", "token_file": "/a",
	} {
		c := okta()
		if err := c.Set(key, value); err != nil {
			t.Fatal(err)
		}
		if c.Fingerprint() == base {
			t.Errorf("%s does not change the fingerprint", key)
		}
	}
	for key, value := range map[string]string{
		"okta_url": issuer + "/", "region": "eu-west-1", "identity_center_region": "us-east-1", "scopes": "openid", "redirect_port": "1",
		"s3ag_account_id": "111122223333", "entra_client_id": "x", "cognito_domain": "x", "cognito_user_pool_id": "eu-west-1_A",
		"assertion": "id_token", "session_duration": "900", "sign_in": "never", "sign_in_method": "paste", "redirect_fallback_ports": "8091",
		"authorization_parameters": "prompt=login", "client_authentication": "client_secret_post", "client_secret_command": "p",
	} {
		c := okta()
		if err := c.Set(key, value); err != nil {
			t.Fatal(err)
		}
		if c.Fingerprint() != base {
			t.Errorf("%s changes the fingerprint", key)
		}
	}
	// Moving a character from one member to the next must not go unnoticed.
	a, b := okta(), okta()
	a.OIDCRoleARN, a.IDEnhancedRoleARN = `x`, `","y`
	b.OIDCRoleARN, b.IDEnhancedRoleARN = `x","`, `y`
	if a.Fingerprint() == b.Fingerprint() {
		t.Error("the encoding is ambiguous")
	}
	cognito := config.Config{IdP: config.Cognito, CognitoDomain: "https://a.example.com"}
	other := cognito
	other.CognitoDomain = "https://b.example.com"
	if cognito.Fingerprint() == other.Fingerprint() {
		t.Error("cognito_domain does not change the fingerprint")
	}
}

// What is stored on disk is found by its fingerprint: those of configurations
// without the newer keys must never change.
func TestFingerprintStays(t *testing.T) {
	cognito := newer(config.Cognito)
	cognito.CognitoDomain, cognito.CognitoClientID = "https://d.example.com", "c"
	for want, c := range map[string]config.Config{
		"71935dd063b4b9083f6af2702042a0e59823ff09366e80e20ab8504b42df0672": okta(),
		"4f4730e80e78763cc5dfce7cd1b0ff53a550a45035895e4c8a31cecacedf4827": cognito,
	} {
		if got := c.Fingerprint(); got != want {
			t.Errorf("%s: %s, want %s", c.IdP, got, want)
		}
	}
}

func TestFingerprintOfLaterKeys(t *testing.T) {
	pool := newer(config.Cognito)
	pool.CognitoDomain, pool.CognitoClientID, pool.CognitoUserPoolID = "https://d.example.com", "c", "eu-west-1_EXAMPLE"
	spelled := pool
	spelled.CognitoUserPoolID, spelled.CognitoIssuer = "", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE"
	if pool.Fingerprint() != spelled.Fingerprint() {
		t.Error("the pool's ID and its issuer have different fingerprints")
	}
	spelled.CognitoIssuer = ""
	if pool.Fingerprint() == spelled.Fingerprint() {
		t.Error("cognito_user_pool_id does not change the fingerprint")
	}
	seen := make(map[string]string)
	for name, c := range map[string]config.Config{
		"one word":     {TokenCommand: []string{"a b"}},
		"two words":    {TokenCommand: []string{"a", "b"}},
		"file":         {TokenFile: "a b"},
		"audience":     {Audience: "a b"},
		"in disguise":  {Audience: `a","token_file=a b`},
		"two of them":  {Audience: "a", TokenFile: "a b"},
		"other domain": {IdP: config.Auth0, Auth0Domain: "https://a.example.com"},
		"auth0":        {IdP: config.Auth0, Auth0Domain: "https://b.example.com"},
		"realm":        {IdP: config.Keycloak, KeycloakURL: "https://b.example.com/"},
		"google":       {IdP: config.Google, GoogleClientID: "a"},
		"ping":         {IdP: config.Ping, PingIssuer: "https://b.example.com/"},
	} {
		print := c.Fingerprint()
		if other, ok := seen[print]; ok {
			t.Errorf("%s and %s have the same fingerprint", name, other)
		}
		seen[print] = name
	}
}
