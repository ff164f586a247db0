package config_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
)

func TestAccessors(t *testing.T) {
	var c config.Config
	if c.SignInPolicy() != config.SignInAuto || c.Method() != config.MethodAuto || c.ClientAuth() != config.ClientAuthNone || c.SessionLength() != 0 {
		t.Errorf("defaults: %v, %v, %v, %v", c.SignInPolicy(), c.Method(), c.ClientAuth(), c.SessionLength())
	}
	c = config.Config{SignIn: "never", SignInMethod: "device", ClientAuthentication: "client_secret_post", SessionDuration: 900}
	if c.SignInPolicy() != config.SignInNever || c.Method() != config.MethodDevice || c.ClientAuth() != config.ClientAuthPost || c.SessionLength() != 15*time.Minute {
		t.Errorf("%v, %v, %v, %v", c.SignInPolicy(), c.Method(), c.ClientAuth(), c.SessionLength())
	}
	c = config.Config{ClientSecretCommand: []string{"p"}}
	if c.ClientAuth() != config.ClientAuthBasic {
		t.Errorf("with a command: %v", c.ClientAuth())
	}
	c.IdP = config.Google
	if c.ClientAuth() != config.ClientAuthPost {
		t.Errorf("Google: %v", c.ClientAuth())
	}
}

// absolute is a path that is absolute on this system.
func absolute() string {
	if runtime.GOOS == "windows" {
		return `C:\token`
	}
	return "/run/token"
}

func TestTokenSource(t *testing.T) {
	if s := (config.Config{}).TokenSource(); !s.IsZero() {
		t.Errorf("%+v", s)
	}
	bare := okta()
	bare.IdP, bare.OktaURL, bare.OktaClientID = "", "", ""
	for key, value := range map[string]string{"token_command": "print-token --for 'a b'", "token_file": absolute()} {
		c := bare
		if err := c.Set(key, value); err != nil {
			t.Fatal(err)
		}
		if c.TokenSource().IsZero() {
			t.Errorf("%s: no source", key)
		}
		if err := c.Validate(); err != nil {
			t.Errorf("%s without idp: %v", key, err)
		}
		_, err := c.Login()
		refusal(t, err, "idp: the tokens come from "+key+": there is nothing to sign in to")
		c.IdP = config.Okta
		if err := c.Validate(); err != nil {
			t.Errorf("%s without the provider's keys: %v", key, err)
		}
		_, err = c.Login()
		refusal(t, err, "okta_url: is missing")
		checkProblem(t, c, "okta_url", "http://a.example.com", "must begin with https://", "")
		checkProblem(t, c, "idp", "azure", "unknown identity provider", "")
		c.OktaURL, c.OktaClientID = issuer, "0oEXAMPLE"
		if _, err := c.Login(); err != nil {
			t.Errorf("%s with a provider: %v", key, err)
		}
		checkProblem(t, c, "oidc_role_arn", "", "is missing", "")
	}
	c := config.Config{TokenCommand: []string{"a", "b c"}}
	source := c.TokenSource()
	if diff := cmp.Diff(config.TokenSource{Command: []string{"a", "b c"}}, source); diff != "" {
		t.Error(diff)
	}
	if source.Command[0] = "x"; c.TokenCommand[0] != "a" {
		t.Error("TokenSource shares memory")
	}
}

func TestValidateSettings(t *testing.T) {
	cognito, google := newer(config.Cognito), newer(config.Google)
	cognito.CognitoDomain, cognito.CognitoClientID = "https://d.example.com", "c"
	google.GoogleClientID = "c"
	org := okta()
	org.OktaURL = "https://dev-123456789.okta.com"
	entra := newer(config.EntraID)
	entra.EntraTenantID, entra.EntraClientID = tenant, "c"
	graph := entra
	graph.Scopes = []string{"openid", "User.Read", "https://graph.microsoft.com/Mail.Read"}
	auth0 := newer(config.Auth0)
	auth0.Auth0Domain, auth0.Auth0ClientID = "https://example.eu.auth0.com", "c"
	audience, command, ports, commanded := okta(), okta(), okta(), okta()
	audience.Audience = "https://api.example.com"
	command.ClientSecretCommand = []string{"p"}
	ports.RedirectPort = 8093
	commanded.TokenCommand = []string{"p"}
	tests := map[string]struct {
		c                         config.Config
		key, value, message, hint string
	}{
		"policy":                   {okta(), "sign_in", "sometimes", `must be auto, never or always, not "sometimes"`, `'{"sign_in": "auto"}'`},
		"policy's case":            {okta(), "sign_in", "Never", "must be auto, never or always", ""},
		"method":                   {okta(), "sign_in_method", "phone", `must be auto, browser, no-browser, device or paste, not "phone"`, ""},
		"device at Cognito":        {cognito, "sign_in_method", "device", "Amazon Cognito has no device authorization", `tip-cli configure idp --config '{"sign_in_method": "paste"}'`},
		"assertion":                {okta(), "assertion", "refresh_token", "must be id_token or access_token", ""},
		"Cognito's access token":   {cognito, "assertion", "access_token", "Cognito's access tokens have no aud claim", `"assertion": "id_token"`},
		"Google's access token":    {google, "assertion", "access_token", "Google's access tokens are opaque", `"assertion": "id_token"`},
		"Okta org's access token":  {org, "assertion", "access_token", "a custom authorization server is needed", ""},
		"access token for Graph":   {entra, "assertion", "access_token", "for Microsoft Graph", `"scopes": ["openid", "offline_access", "api://`},
		"with scopes of Graph":     {graph, "assertion", "access_token", "for Microsoft Graph", ""},
		"Auth0's access token":     {auth0, "assertion", "access_token", "without the key audience", `"audience":`},
		"audience of two words":    {okta(), "audience", "a b", "must be one word", `"audience":`},
		"audience of two lines":    {okta(), "audience", "a\x01b", "must be one word", ""},
		"eleven ports":             {okta(), "redirect_fallback_ports", "1 2 3 4 5 6 7 8 9 10 11", "must hold 10 ports at most", `[8091, 8092]`},
		"same port":                {okta(), "redirect_fallback_ports", "8091 8092 8091", "has 8091 twice", ""},
		"main port":                {ports, "redirect_fallback_ports", "8091 8093", "must not hold 8093, which is tried first", ""},
		"default port":             {okta(), "redirect_fallback_ports", "8090", "must not hold 8090", ""},
		"too short":                {okta(), "session_duration", "899", "must be 900 seconds at least", `"session_duration": 3600`},
		"too long":                 {okta(), "session_duration", "3601", "role chaining", `"session_duration": 3600`},
		"half a day":               {okta(), "session_duration", "43200", "must be 3600 seconds at most: this is role chaining", ""},
		"client authentication":    {okta(), "client_authentication", "private_key_jwt", "must be none, client_secret_basic or client_secret_post", ""},
		"secret for none":          {command, "client_authentication", "none", "is none, but there is a client_secret_command", `"client_secret_basic"`},
		"no program":               {okta(), "client_secret_command", `"" a`, "must begin with the name of a program", `["program", "argument"]`},
		"blank program":            {okta(), "token_command", `" " a`, "must begin with the name of a program", ""},
		"NUL":                      {okta(), "token_command", "a \x00b", "NUL", ""},
		"relative file":            {okta(), "token_file", "token", "must be an absolute path", "whole path"},
		"home":                     {okta(), "token_file", "~/token", "must be an absolute path", ""},
		"control character":        {okta(), "token_file", absolute() + "\x01", "must be an absolute path", ""},
		"file and command":         {commanded, "token_file", absolute(), "cannot be set beside token_command", "leave one of them out"},
		"audience twice":           {audience, "authorization_parameters", "audience=b", "must not hold audience beside the key audience", ""},
		"parameter's name":         {okta(), "authorization_parameters", "a%20b=c", `"a b" is not the name of a parameter`, ""},
		"no name":                  {okta(), "authorization_parameters", "=c", `"" is not the name of a parameter`, ""},
		"parameter's value":        {okta(), "authorization_parameters", "a=%0ab", "a has a control character", ""},
		"parameter's other case":   {okta(), "authorization_parameters", "Client_ID=a", "must not hold client_id", ""},
		"scope as parameter":       {okta(), "authorization_parameters", "scope=openid", "must not hold scope", "set the key scopes"},
		"secret as parameter":      {okta(), "authorization_parameters", "client_secret=canary-1", "must not hold client_secret", "tip-cli configure client-secret"},
		"redirect as parameter":    {okta(), "authorization_parameters", "redirect_uri=http://x", "must not hold redirect_uri", "redirect_port"},
		"Cognito in other regions": {cognito, "cognito_user_pool_id", "cn-north-1_EXAMPLE", "is in partition aws-cn, but the ARNs are in aws", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { checkProblem(t, test.c, test.key, test.value, test.message, test.hint) })
	}
	for _, name := range []string{"client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "code_challenge", "code_challenge_method", "client_secret", "request", "request_uri"} {
		checkProblem(t, okta(), "authorization_parameters", "prompt=login "+name+"=canary-1", "must not hold "+name, "")
	}
}

func TestValidateAccepts(t *testing.T) {
	entra := newer(config.EntraID)
	entra.EntraTenantID, entra.EntraClientID, entra.Scopes = tenant, "c", []string{"openid", "api://x/read"}
	auth0 := newer(config.Auth0)
	auth0.Auth0Domain, auth0.Auth0ClientID, auth0.Audience = "https://example.eu.auth0.com", "c", "https://api.example.com"
	cognito := newer(config.Cognito)
	cognito.CognitoDomain, cognito.CognitoClientID = "https://d.example.com", "c"
	google := newer(config.Google)
	google.GoogleClientID = "c"
	tests := []struct {
		c          config.Config
		key, value string
	}{
		{okta(), "sign_in", "always"}, {okta(), "sign_in_method", "device"}, {cognito, "sign_in_method", "paste"},
		{okta(), "assertion", "access_token"}, {okta(), "assertion", "id_token"}, {cognito, "assertion", "id_token"},
		{entra, "assertion", "access_token"}, {auth0, "assertion", "access_token"},
		{okta(), "redirect_fallback_ports", "1 2 3 4 5 6 7 8 9 65535"}, {okta(), "session_duration", "900"}, {okta(), "session_duration", "3600"},
		{google, "client_authentication", "none"}, {okta(), "client_authentication", "client_secret_basic"},
		{okta(), "client_secret_command", "p 'a b'"}, {okta(), "authorization_parameters", "audience=a prompt=login login_hint=a%40b x.y-z="},
	}
	for _, test := range tests {
		if err := test.c.Set(test.key, test.value); err != nil {
			t.Fatal(err)
		}
		if err := test.c.Validate(); err != nil {
			t.Errorf("%s: %s = %s: %v", test.c.IdP, test.key, test.value, err)
		}
		if _, err := test.c.Login(); err != nil {
			t.Errorf("%s: %s = %s: %v", test.c.IdP, test.key, test.value, err)
		}
	}
}

// What a sign-in needs is refused by Login, too; what it does not need is not.
func TestLoginChecksSettings(t *testing.T) {
	for key, value := range map[string]string{
		"sign_in": "x", "sign_in_method": "x", "assertion": "x", "audience": "a b", "authorization_parameters": "state=x",
		"client_authentication": "x", "client_secret_command": `""`, "redirect_fallback_ports": "8090",
	} {
		c := okta()
		if err := c.Set(key, value); err != nil {
			t.Fatal(err)
		}
		_, err := c.Login()
		refusal(t, err, key+": ")
	}
	c := okta()
	c.SessionDuration, c.OIDCRoleARN, c.Region = 1, "x", "x"
	if _, err := c.Login(); err != nil {
		t.Error(err)
	}
}

// Ports that did not come through Parse or Set.
func TestValidatePorts(t *testing.T) {
	for _, port := range []int{-1, 0, 65536} {
		c := okta()
		c.RedirectFallbackPorts = []int{port}
		refusal(t, c.Validate(), "redirect_fallback_ports: must be a list of port numbers from 1 to 65535")
	}
}

// No refusal is longer than a line, or quotes a value that may be a secret.
func TestSettingsAreNotQuoted(t *testing.T) {
	for _, key := range config.Keys() {
		for _, value := range []string{"client_secret=canary-1", `"" canary-1`, "canary-1 b\x01", "GOCSPX-canary-1"} {
			c := newer(config.Google)
			if err := c.Set(key, value); err != nil && strings.Contains(err.Error(), "canary") {
				t.Errorf("Set(%s): %v", key, err)
			}
			var invalid *config.InvalidError
			if !errors.As(c.Validate(), &invalid) {
				continue
			}
			for _, p := range invalid.Problems {
				if strings.ContainsAny(p.Message+p.Hint, "\n\r\x00") {
					t.Errorf("more than a line: %q", p)
				}
				command := key == "client_secret_command" || key == "token_command" || key == "authorization_parameters" || key == "google_client_id"
				if command && strings.Contains(p.Message+p.Hint, "canary") {
					t.Errorf("%s is quoted: %+v", key, p)
				}
			}
		}
	}
}
