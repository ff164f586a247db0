package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
)

// Every key that a preset names is one of config.json.
func TestLoginKeysExist(t *testing.T) {
	for _, preset := range config.Presets() {
		keys := append(slices.Clone(preset.Keys.Issuer), preset.Keys.ClientID)
		if (preset.Keys.Endpoints != "") != (preset.Endpoints != nil) {
			t.Errorf("%s: endpoints, and key %q for them", preset.Name, preset.Keys.Endpoints)
		}
		if preset.Endpoints != nil {
			keys = append(keys, preset.Keys.Endpoints)
		}
		for _, key := range keys {
			if !slices.Contains(config.Keys(), key) {
				t.Errorf("%s: no key %q", preset.Name, key)
			}
		}
	}
}

// usual fills in what most sign-ins have in common, and the preset's quirks.
func usual(l config.Login) config.Login {
	set := func(at *string, value string) {
		if *at == "" {
			*at = value
		}
	}
	set(&l.RedirectHost, "localhost")
	set(&l.RedirectPath, "/callback")
	set(&l.ClientAuthentication, "none")
	set(&l.Assertion, "id_token")
	set((*string)(&l.Method), "auto")
	if l.RedirectPort == 0 {
		l.RedirectPort = 8090
	}
	preset, _ := config.PresetFor(l.Provider)
	l.Quirks = preset.Quirks
	return l
}

func TestLogin(t *testing.T) {
	entra, cognito, oidc, custom := okta(), okta(), okta(), okta()
	entra.IdP, entra.EntraTenantID, entra.EntraClientID = config.EntraID, tenant, "c"
	cognito.IdP, cognito.CognitoDomain, cognito.CognitoClientID = config.Cognito, "d.example.com/", "c"
	oidc.IdP, oidc.OIDCIssuer, oidc.OIDCClientID = config.OIDC, "https://idp.example.com/", "c"
	custom.OktaURL += "/"
	custom.RedirectHost, custom.RedirectPort, custom.RedirectPath, custom.Scopes = "127.0.0.1", 9000, "/cb", []string{"openid", "groups"}
	national := entra
	national.EntraAuthority = "https://login.microsoftonline.us"
	scopes := []string{"openid", "email", "profile", "offline_access"}
	oktaKeys := config.LoginKeys{Issuer: []string{"okta_url"}, ClientID: "okta_client_id"}
	entraKeys := config.LoginKeys{Issuer: []string{"entra_tenant_id"}, IssuerDerived: true, ClientID: "entra_client_id"}
	nationalKeys := entraKeys
	nationalKeys.Issuer = []string{"entra_tenant_id", "entra_authority"}
	oidcKeys := config.LoginKeys{Issuer: []string{"oidc_issuer"}, ClientID: "oidc_client_id"}
	tests := map[string]struct {
		c    config.Config
		want config.Login
	}{
		"okta":     {okta(), config.Login{Provider: "okta", Issuer: issuer, ClientID: "0oEXAMPLE", Scopes: scopes, Keys: oktaKeys}},
		"entra":    {entra, config.Login{Provider: "entra-id", Issuer: "https://login.microsoftonline.com/" + tenant + "/v2.0", ClientID: "c", Scopes: scopes, Keys: entraKeys}},
		"national": {national, config.Login{Provider: "entra-id", Issuer: "https://login.microsoftonline.us/" + tenant + "/v2.0", ClientID: "c", Scopes: scopes, Keys: nationalKeys}},
		"oidc":     {oidc, config.Login{Provider: "oidc", Issuer: "https://idp.example.com/", ClientID: "c", Scopes: scopes, Keys: oidcKeys}},
		"cognito": {cognito, config.Login{
			Provider: "cognito", IssuerUnknown: true, ClientID: "c", Scopes: []string{"openid", "email"},
			AuthorizationEndpoint: "https://d.example.com/oauth2/authorize", TokenEndpoint: "https://d.example.com/oauth2/token",
			RevocationEndpoint: "https://d.example.com/oauth2/revoke",
			Keys:               config.LoginKeys{Issuer: []string{"cognito_issuer"}, ClientID: "cognito_client_id", Endpoints: "cognito_domain"},
		}},
		"custom": {custom, config.Login{
			Provider: "okta", Issuer: issuer, ClientID: "0oEXAMPLE", Scopes: []string{"openid", "groups"},
			RedirectHost: "127.0.0.1", RedirectPort: 9000, RedirectPath: "/cb", Keys: oktaKeys,
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := test.c.Login()
			if diff := cmp.Diff(usual(test.want), got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
	_, err := config.Config{}.Login()
	refusal(t, err, "idp: is missing")
	broken := okta()
	broken.OktaClientID, broken.OIDCRoleARN = "", ""
	_, err = broken.Login()
	refusal(t, err, "okta_client_id: is missing")
	if strings.Contains(err.Error(), "role") {
		t.Errorf("a sign-in needs no role: %v", err)
	}
}

func newer(idp string) config.Config {
	c := okta()
	c.IdP, c.OktaURL, c.OktaClientID = idp, "", ""
	return c
}

func TestLoginOfNewerPresets(t *testing.T) {
	keycloak, auth0, google, ping := newer(config.Keycloak), newer(config.Auth0), newer(config.Google), newer(config.Ping)
	keycloak.KeycloakURL, keycloak.KeycloakClientID = "https://keycloak.example.com/realms/example", "c"
	auth0.Auth0Domain, auth0.Auth0ClientID, auth0.Audience = "example.eu.auth0.com", "c", "https://api.example.com"
	auth0.ClientSecretCommand = []string{"print-secret"}
	google.GoogleClientID = "c.apps.googleusercontent.com"
	asked := google
	asked.AuthorizationParameters = map[string]string{"prompt": "select_account", "hd": "example.com", "access_type": ""}
	asked.ClientAuthentication = "client_secret_basic"
	ping.PingIssuer, ping.PingClientID = "https://auth.pingone.eu/"+tenant+"/as", "c"
	ping.SignInMethod, ping.RedirectFallbackPorts, ping.Assertion = "device", []int{8091, 8092}, "access_token"
	scopes := []string{"openid", "email", "profile", "offline_access"}
	offline := map[string]string{"access_type": "offline", "prompt": "consent"}
	googleKeys := config.LoginKeys{IssuerDerived: true, ClientID: "google_client_id"}
	tests := map[string]struct {
		c    config.Config
		want config.Login
	}{
		"keycloak": {keycloak, config.Login{
			Provider: "keycloak", Issuer: keycloak.KeycloakURL, ClientID: "c", Scopes: scopes,
			Keys: config.LoginKeys{Issuer: []string{"keycloak_url"}, ClientID: "keycloak_client_id"},
		}},
		"auth0": {auth0, config.Login{
			Provider: "auth0", Issuer: "https://example.eu.auth0.com/", ClientID: "c", Scopes: scopes, Audience: "https://api.example.com",
			ClientAuthentication: "client_secret_basic", ClientSecretCommand: []string{"print-secret"},
			Keys: config.LoginKeys{Issuer: []string{"auth0_domain"}, IssuerDerived: true, ClientID: "auth0_client_id"},
		}},
		"google": {google, config.Login{
			Provider: "google", Issuer: "https://accounts.google.com", ClientID: google.GoogleClientID, Scopes: scopes[:3],
			ClientAuthentication: "client_secret_post", Parameters: offline, Keys: googleKeys,
		}},
		"google, other parameters": {asked, config.Login{
			Provider: "google", Issuer: "https://accounts.google.com", ClientID: google.GoogleClientID, Scopes: scopes[:3],
			ClientAuthentication: "client_secret_basic", Parameters: map[string]string{"prompt": "select_account", "hd": "example.com"}, Keys: googleKeys,
		}},
		"ping": {ping, config.Login{
			Provider: "ping", Issuer: ping.PingIssuer, ClientID: "c", Scopes: scopes, Method: config.MethodDevice,
			FallbackPorts: []int{8091, 8092}, Assertion: "access_token",
			Keys: config.LoginKeys{Issuer: []string{"ping_issuer"}, ClientID: "ping_client_id"},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := test.c.Login()
			if diff := cmp.Diff(usual(test.want), got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if err := test.c.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A Login shares no memory with the configuration or with another Login.
func TestLoginIsACopy(t *testing.T) {
	c := newer(config.Google)
	c.GoogleClientID, c.RedirectFallbackPorts, c.Scopes, c.ClientSecretCommand = "c", []int{1}, []string{"openid"}, []string{"p"}
	c.AuthorizationParameters = map[string]string{"hd": "a"}
	for range 2 {
		l, err := c.Login()
		if err != nil || l.FallbackPorts[0] != 1 || l.Scopes[0] != "openid" || l.ClientSecretCommand[0] != "p" || l.Parameters["prompt"] != "consent" || l.Parameters["hd"] != "a" {
			t.Fatalf("%+v, %v", l, err)
		}
		l.FallbackPorts[0], l.Scopes[0], l.ClientSecretCommand[0], l.Parameters["prompt"], l.Parameters["hd"] = 2, "x", "x", "x", "x"
	}
}
