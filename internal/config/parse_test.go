package config_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
)

const (
	application = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"
	oidcRole    = "arn:aws:iam::444455556666:role/OIDCRole"
	tipRole     = "arn:aws:iam::444455556666:role/tip/IdEnhancedRole"
	issuer      = "https://dev-123456789.okta.com/oauth2/default"
	tenant      = "11111111-2222-3333-4444-555555555555"
)

func okta() config.Config {
	return config.Config{
		IdP: config.Okta, TokenExchangeApplicationARN: application, OIDCRoleARN: oidcRole, IDEnhancedRoleARN: tipRole,
		OktaURL: issuer, OktaClientID: "0oEXAMPLE",
	}
}

// seed is the command line of the original's README, and what its code reads.
func seed(idKey, id, more string) string {
	return `{"token_exchange_application_arn": "` + application + `", "oidc_role_arn": "` + oidcRole + `",
		"id_enhanced_role_arn": "` + tipRole + `", "` + idKey + `": "` + id + `"` + more + `}`
}

func TestParseSpellings(t *testing.T) {
	entra := okta()
	entra.IdP, entra.OktaURL, entra.OktaClientID = config.EntraID, "", ""
	entra.EntraTenantID, entra.EntraClientID = tenant, "c"
	cognito := okta()
	cognito.IdP, cognito.OktaURL, cognito.OktaClientID = config.Cognito, "", ""
	cognito.CognitoDomain, cognito.CognitoClientID = "https://d.example.com", "c"
	oidc := okta()
	oidc.IdP, oidc.OktaURL, oidc.OktaClientID = config.OIDC, "", ""
	oidc.OIDCIssuer, oidc.OIDCClientID = "https://idp.example.com/", "c"
	tests := map[string]struct {
		raw, provider string
		want          config.Config
	}{
		"okta, README":      {seed("okta_client_id", "0oEXAMPLE", `, "okta_url": "`+issuer+`"`), "okta", okta()},
		"okta, code":        {seed("client_id", "0oEXAMPLE", `, "okta_url": "`+issuer+`"`), "okta", okta()},
		"okta, bare":        {seed("client_id", "0oEXAMPLE", `, "url": "`+issuer+`"`), "okta", okta()},
		"okta, by idp":      {seed("client_id", "0oEXAMPLE", `, "url": "`+issuer+`", "idp": "okta"`), "", okta()},
		"okta, both":        {seed("client_id", "0oEXAMPLE", `, "url": "`+issuer+`", "okta_client_id": "0oEXAMPLE"`), "okta", okta()},
		"okta, null":        {seed("client_id", "0oEXAMPLE", `, "url": "`+issuer+`", "okta_url": null, "issuer": null`), "okta", okta()},
		"entra-id, full":    {seed("entra_client_id", "c", `, "entra_tenant_id": "`+tenant+`"`), "entra-id", entra},
		"entra-id, bare":    {seed("client_id", "c", `, "tenant_id": "`+tenant+`"`), "entra-id", entra},
		"cognito, code":     {seed("client_id", "c", `, "cognito_domain": "https://d.example.com"`), "cognito", cognito},
		"cognito, bare":     {seed("cognito_client_id", "c", `, "domain": "https://d.example.com"`), "cognito", cognito},
		"oidc, bare":        {seed("client_id", "c", `, "issuer": "https://idp.example.com/"`), "oidc", oidc},
		"BOM and CRLF":      {"\ufeff" + strings.ReplaceAll(seed("client_id", "0oEXAMPLE", `, "url": "`+issuer+`"`), "\n", "\r\n"), "okta", okta()},
		"white space in it": {seed("client_id", " 0oEXAMPLE\\n", `, "url": " `+issuer+` "`), "okta", okta()},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, warnings, err := config.Parse([]byte(test.raw), test.provider)
			if err != nil || warnings != nil {
				t.Fatalf("warnings %v, error %v", warnings, err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if err := got.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestParseWarns(t *testing.T) {
	tests := map[string]struct{ raw, provider, key, message string }{
		"unknown key":    {`{"future": [1]}`, "", "future", "is kept"},
		"other spelling": {`{"Okta-URL": "x"}`, "", "Okta-URL", "did you mean okta_url?"},
		"other provider": {`{"idp": "cognito"}`, "okta", "idp", "gives way"},
		"slash":          {`{"url": "https://a.example.com/"}`, "okta", "okta_url", "taken as https://a.example.com"},
		"discovery":      {`{"url": "https://a.example.com/.well-known/openid-configuration"}`, "okta", "okta_url", "taken as https://a.example.com"},
		"metadata":       {`{"url": "https://a.example.com/.well-known/oauth-authorization-server/"}`, "okta", "okta_url", "taken as https://a.example.com"},
		"oidc discovery": {`{"issuer": "https://a.example.com/.well-known/openid-configuration"}`, "oidc", "oidc_issuer", "taken as https://a.example.com"},
		"bare domain":    {`{"domain": "a.example.com/"}`, "cognito", "cognito_domain", "taken as https://a.example.com"},
		"issuer slash":   {`{"issuer": "https://a.example.com/p/"}`, "cognito", "cognito_issuer", "taken as https://a.example.com/p"},
		"authority":      {`{"authority": "https://login.microsoftonline.us/"}`, "entra-id", "entra_authority", "taken as https://login.microsoftonline.us"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, warnings, err := config.Parse([]byte(test.raw), test.provider)
			if err != nil || len(warnings) != 1 || warnings[0].Key != test.key || !strings.Contains(warnings[0].Message, test.message) {
				t.Errorf("warnings %v, error %v; want one of %s with %q", warnings, err, test.key, test.message)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]struct{ raw, provider, want string }{
		"empty":              {"  ", "", "is empty"},
		"not JSON":           {"{\n  \"idp\": okta}", "", "line 2, column 10"},
		"cut off":            {`{"idp": "okta"`, "", "line 1, column 14"},
		"a list":             {`[]`, "", "must be a JSON object"},
		"null":               {`null`, "", "must be a JSON object"},
		"a string":           {`"okta"`, "", "must be a JSON object"},
		"UTF-16":             {"\xff\xfe{\x00}\x00", "", "UTF-16"},
		"unknown provider":   {`{}`, "azure", `unknown identity provider "azure"; known are okta, entra-id, cognito, oidc`},
		"number for text":    {`{"okta_url": 1}`, "", "okta_url: must be a string in quotes, not a number"},
		"list for text":      {`{"okta_url": ["x"]}`, "", "okta_url: must be a string in quotes, not a list"},
		"object for text":    {`{"client_id": {}}`, "okta", "okta_client_id: must be a string in quotes, not an object"},
		"bool for text":      {`{"idp": true}`, "", "idp: must be a string in quotes, not true or false"},
		"number for account": {`{"s3ag_account_id": 111122223333}`, "", "s3ag_account_id: must be a string in quotes, not a number (a number loses the leading zeros of an account id)"},
		"text for port":      {`{"redirect_port": "http"}`, "", "redirect_port: must be a port number from 1 to 65535"},
		"bool for port":      {`{"redirect_port": false}`, "", "redirect_port: must be a port number from 1 to 65535, not true or false"},
		"port 0":             {`{"redirect_port": 0}`, "", "redirect_port: must be"},
		"port 65536":         {`{"redirect_port": 65536}`, "", "redirect_port: must be"},
		"port 1.5":           {`{"redirect_port": 1.5}`, "", "redirect_port: must be"},
		"number for scopes":  {`{"scopes": 1}`, "", "scopes: must be a list of strings, or one string with spaces between the scopes, not a number"},
		"mixed scopes":       {`{"scopes": ["a", 1]}`, "", "scopes: must be a list of strings, or one string with spaces between the scopes, not a list"},
		"twice":              {`{"client_id": "a", "okta_client_id": "b"}`, "okta", `okta_client_id: is given twice, here and as "client_id", with different values`},
		"two at once":        {`{"okta_url": 1, "idp": 2}`, "", "idp: must be a string in quotes, not a number\nokta_url: must be a string in quotes, not a number"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := config.Parse([]byte(test.raw), test.provider)
			refusal(t, err, test.want)
		})
	}
}

// refusal checks that err is an InvalidError with a text and a hint.
func refusal(t *testing.T, err error, want string) {
	t.Helper()
	var invalid *config.InvalidError
	if !errors.As(err, &invalid) || !strings.Contains(err.Error(), want) || invalid.Hint() == "" {
		t.Errorf("error %v, want an InvalidError with %q and a hint", err, want)
	}
}

func TestFromArg(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file.json")
	text := seed("okta_client_id", "0oEXAMPLE", `, "okta_url": "`+issuer+`"`)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arg := range []string{text, "\n " + text, file} {
		got, _, err := config.FromArg(arg, "okta")
		if diff := cmp.Diff(okta(), got); diff != "" || err != nil {
			t.Errorf("FromArg(%q): %v (-want +got):\n%s", arg, err, diff)
		}
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, make([]byte, 1<<20+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for arg, want := range map[string]string{
		filepath.Join(dir, "none"): "there is no file", dir: "not a regular file", large: "too large", "{okta_url:": "not JSON", "a\x00b": "--config",
	} {
		_, _, err := config.FromArg(arg, "okta")
		refusal(t, err, want)
	}
	_, _, err := config.FromArg("{idp: okta}", "")
	var invalid *config.InvalidError
	if !errors.As(err, &invalid) || !strings.Contains(invalid.Hint(), "shell took the quotes") {
		t.Errorf("no hint at the shell: %v", err)
	}
}

func TestEncodeKeepsEverything(t *testing.T) {
	raw := `{
    "idp": "okta",
    "token_exchange_application_arn": "` + application + `",
    "oidc_role_arn": "` + oidcRole + `",
    "id_enhanced_role_arn": "` + tipRole + `",
    "okta_url": "` + issuer + `",
    "okta_client_id": "a&b",
    "redirect_port": 8091,
    "scopes": [
        "openid",
        "email"
    ],
    "another": 1.10,
    "future": {
        "a": "<b>"
    }
}
`
	c, _, err := config.Parse([]byte(raw), "")
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Encode()
	if diff := cmp.Diff(raw, string(got)); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got, err := (config.Config{}).Encode(); string(got) != "{}\n" || err != nil {
		t.Errorf("empty: %q, %v", got, err)
	}
	broken := config.Config{Unknown: map[string]json.RawMessage{"a": json.RawMessage("{")}}
	if _, err := broken.Encode(); err == nil {
		t.Error("a broken unknown value was written")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(seed("client_id", "c", `, "url": "https://a"`), "okta")
	f.Add(`{"redirect_port": 1e4, "scopes": "a b", "x": null}`, "")
	f.Add(`{"issuer": "//", "idp": "oidc"}`, "oidc")
	f.Add(`{"user_pool_id": "eu-west-1_A", "domain": "a.b", "redirect_fallback_ports": [1, "2"], "session_duration": 9e2}`, "cognito")
	f.Add(`{"token_command": "a 'b c'", "authorization_parameters": {"a": ""}, "client_secret_command": ["p"], "client_secret": ""}`, "google")
	f.Add(`{"url": "https://a/admin/b/console/#/c", "authorization_parameters": "a=b&c=d", "token_file": "/a"}`, "keycloak")
	f.Fuzz(func(t *testing.T, raw, provider string) {
		c, _, err := config.Parse([]byte(raw), provider)
		if err != nil {
			return
		}
		encoded, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, _, err := config.Parse(encoded, "")
		if err != nil {
			t.Fatalf("%s: %v", encoded, err)
		}
		twice, err := again.Encode()
		if diff := cmp.Diff(string(encoded), string(twice)); diff != "" || err != nil {
			t.Errorf("%v (-first +second):\n%s", err, diff)
		}
		_ = c.Validate()
		_, _ = c.Login()
		_ = c.Fingerprint()
	})
}
