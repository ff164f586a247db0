package idp_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/idp"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// chainFor begins a diagnosis of a configuration, by the environment of a lab; nil for none.
func chainFor(t *testing.T, l *lab.Lab, c config.Config) *chain.Chain {
	t.Helper()
	environment := map[string]string{}
	if l != nil {
		for _, v := range l.Environ(lab.ProxyDoor, labtest.CAFile(t, l)) {
			environment[v.Name] = v.Value
		}
	}
	client, err := transport.New(func(name string) string { return environment[name] })
	if err != nil {
		t.Fatal(err)
	}
	login, err := c.Login()
	return &chain.Chain{
		HTTP: client, Config: c, Login: login, LoginErr: err,
		Store: store.New(t.TempDir(), func(o *store.Options) { o.Keyring = nil }),
	}
}

// bad are the ids of what failed, is to be minded or is not known; every check must have
// a result.
func bad(t *testing.T, results []finding.Result) []string {
	t.Helper()
	var ids []string
	for _, r := range results {
		if r.Status == finding.Fail || r.Status == finding.Warn || r.Status == finding.Unknown {
			ids = append(ids, r.ID)
		}
		if r.Seen == "" {
			t.Errorf("%s says nothing", r.ID)
		}
	}
	for _, check := range idp.Checks() {
		if !slices.ContainsFunc(results, func(r finding.Result) bool { return r.Check == check.ID }) {
			t.Errorf("%s has no result", check.ID)
		}
	}
	return ids
}

const tenant = "aaaabbbb-0000-cccc-1111-dddd2222eeee"

func okta() config.Config {
	return config.Config{IdP: config.Okta, OktaURL: "https://dev-123456789.okta.com/oauth2/default", OktaClientID: labtest.ClientID}
}

func entra() config.Config {
	return config.Config{IdP: config.EntraID, EntraTenantID: tenant, EntraClientID: "00001111-aaaa-2222-bbbb-3333cccc4444"}
}

func cognito() config.Config {
	return config.Config{IdP: config.Cognito, CognitoDomain: "https://tip-cli.auth.eu-west-1.amazoncognito.com", CognitoClientID: "1example23456789", CognitoUserPoolID: "eu-west-1_TipEXAMPLE"}
}

// Each kind of provider says in its own way that it does not know a client or a redirect
// URI; what is right is not complained of.
func TestFaces(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t)
	edited := func(c config.Config, edit func(*config.Config)) config.Config {
		edit(&c)
		return c
	}
	plain := config.Config{IdP: config.OIDC, OIDCIssuer: l.Endpoint() + "/idp", OIDCClientID: labtest.ClientID}
	unpooled := edited(cognito(), func(c *config.Config) { c.CognitoUserPoolID = "" })
	tests := map[string]struct {
		config config.Config
		want   []string
	}{
		"okta":                   {okta(), nil},
		"okta by device":         {edited(okta(), func(c *config.Config) { c.SignInMethod = "device" }), nil},
		"okta, client":           {edited(okta(), func(c *config.Config) { c.OktaClientID = "0oaOther" }), []string{"idp.unknown-client"}},
		"okta by device, client": {edited(okta(), func(c *config.Config) { c.SignInMethod, c.OktaClientID = "device", "0oaOther" }), []string{"idp.unknown-client"}},
		"okta, redirect":         {edited(okta(), func(c *config.Config) { c.RedirectPort = 8091 }), []string{"idp.redirect-not-registered"}},
		"okta, scope":            {edited(okta(), func(c *config.Config) { c.Scopes = []string{"openid", "offline_access", "groups"} }), []string{"idp.scope-refused"}},
		"okta, another server":   {edited(okta(), func(c *config.Config) { c.OktaURL = "https://dev-123456789.okta.com/oauth2/aus1" }), []string{"idp.no-discovery"}},
		"entra":                  {entra(), nil},
		"entra, any port":        {edited(entra(), func(c *config.Config) { c.RedirectPort = 9999 }), nil},
		"entra, client":          {edited(entra(), func(c *config.Config) { c.EntraClientID = tenant }), []string{"idp.unknown-client"}},
		"entra, redirect":        {edited(entra(), func(c *config.Config) { c.RedirectPath = "/other" }), []string{"idp.redirect-not-registered"}},
		"cognito":                {cognito(), nil},
		"cognito, client":        {edited(cognito(), func(c *config.Config) { c.CognitoClientID = "2example" }), []string{"idp.unknown-client"}},
		"cognito, redirect":      {edited(cognito(), func(c *config.Config) { c.RedirectPort = 8091 }), []string{"idp.redirect-not-registered"}},
		"cognito, scope":         {edited(cognito(), func(c *config.Config) { c.Scopes = []string{"openid", "email", "tip/read"} }), []string{"idp.scope-refused"}},
		"cognito, domain only":   {unpooled, nil},
		"domain only, client":    {edited(unpooled, func(c *config.Config) { c.CognitoClientID = "2example" }), []string{"idp.unknown-client"}},
		"plain":                  {plain, nil},
		"plain, slash":           {edited(plain, func(c *config.Config) { c.OIDCIssuer += "/" }), []string{"idp.issuer-mismatch"}},
		"plain, client":          {edited(plain, func(c *config.Config) { c.OIDCClientID = "other" }), []string{"idp.unknown-client"}},
		"plain, redirect":        {edited(plain, func(c *config.Config) { c.RedirectHost = "127.0.0.1"; c.RedirectPort = 1234 }), []string{"idp.redirect-not-registered"}},
		"without offline_access": {edited(okta(), func(c *config.Config) { c.Scopes = []string{"openid", "email"} }), []string{"idp.no-offline-access"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := chainFor(t, l, test.config)
			if c.LoginErr != nil {
				t.Fatal(c.LoginErr)
			}
			results := idp.Run(t.Context(), c)
			if diff := cmp.Diff(test.want, bad(t, results)); diff != "" {
				t.Errorf("(-want +got)\n%s%+v", diff, results)
			}
		})
	}
}

// A confidential client is known by its secret; a secret that is wrong or missing is told
// from a client that is not there.
func TestConfidential(t *testing.T) {
	t.Parallel()
	const right = "the-secret-EXAMPLE"
	l := labtest.Start(t, labtest.Edit(func(w *lab.World) {
		for i := range w.Issuers {
			for j := range w.Issuers[i].Clients {
				w.Issuers[i].Clients[j].Secret = right
			}
		}
	}))
	for name, test := range map[string]struct {
		config config.Config
		stored string
		method string
		want   []string
	}{
		"secret":                {okta(), right, config.ClientAuthBasic, nil},
		"wrong secret":          {okta(), "wrong", config.ClientAuthBasic, []string{"idp.client-authentication"}},
		"other method":          {okta(), right, config.ClientAuthPost, []string{"idp.client-authentication"}},
		"public":                {okta(), "", "", []string{"idp.client-authentication"}},
		"no secret stored":      {okta(), "", config.ClientAuthBasic, nil}, // the redirect shows that the client is known; local says the rest
		"entra, public":         {entra(), "", "", []string{"idp.client-authentication"}},
		"cognito, public":       {cognito(), "", "", []string{"idp.client-authentication"}},
		"cognito, wrong secret": {cognito(), "wrong", config.ClientAuthPost, []string{"idp.client-authentication"}},
		"cognito, secret":       {cognito(), right, config.ClientAuthPost, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.config.ClientAuthentication = test.method
			c := chainFor(t, l, test.config)
			if test.stored != "" {
				if err := c.Store.SaveClientSecret(t.Context(), secret.New(test.stored)); err != nil {
					t.Fatal(err)
				}
			}
			results := idp.Run(t.Context(), c)
			if diff := cmp.Diff(test.want, bad(t, results)); diff != "" {
				t.Errorf("(-want +got)\n%s%+v", diff, results)
			}
			if strings.Contains(fmt.Sprintf("%+v", results), right) {
				t.Error("the secret is in the results")
			}
		})
	}
}

// The keys that the section finds verify what the provider has signed, and nothing else.
func TestKeys(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t)
	c := chainFor(t, l, okta())
	idp.Run(t.Context(), c)
	if c.Issuer == nil || c.Issuer.Keys == nil || c.Issuer.URL != okta().OktaURL {
		t.Fatalf("the issuer is %+v", c.Issuer)
	}
	if err := c.Issuer.Keys.Verify(secret.New(labtest.IDToken(t, l, labtest.Analyst))); err != nil {
		t.Error(err)
	}
	none := "none"
	for name, test := range map[string]struct {
		edit func(*lab.IDToken)
		want error
	}{
		"foreign":     {func(o *lab.IDToken) { o.ForeignKey = true }, nil},
		"unknown key": {func(o *lab.IDToken) { o.KeyID = &none }, chain.ErrNoKey},
		"ES256":       {func(o *lab.IDToken) { o.Algorithm = "ES256" }, nil},
	} {
		err := c.Issuer.Keys.Verify(secret.New(labtest.IDToken(t, l, labtest.Analyst, test.edit)))
		if err == nil || errors.Is(err, chain.ErrNoKey) != (test.want != nil) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Without an identity provider the issuer of the token is asked, and nothing about a client.
func TestIssuerOfToken(t *testing.T) {
	t.Parallel()
	l := labtest.Start(t)
	jwt := func(iss string) secret.Value {
		return secret.New("e30." + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"iss":%q}`, iss)) + ".x")
	}
	for name, test := range map[string]struct {
		token secret.Value
		want  []string
	}{
		"okta":         {jwt(okta().OktaURL), nil},
		"http":         {jwt("http://idp.example.com"), []string{"idp.issuer-insecure"}},
		"no URL":       {jwt("accounts"), []string{"idp.issuer-insecure"}},
		"none":         {jwt(""), nil},
		"garbage":      {secret.New("x"), nil},
		"unknown host": {jwt("https://idp.example.invalid"), []string{"idp.unreachable"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := chainFor(t, l, config.Config{})
			c.Asked.JWT = test.token
			if diff := cmp.Diff(test.want, bad(t, idp.Run(t.Context(), c))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// served is a chain whose provider is a handler on loopback, which is told its own URL.
func served(t *testing.T, handle func(self string) http.HandlerFunc) *chain.Chain {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	self := "http://" + s.Listener.Addr().String()
	s.Config.Handler = handle(self)
	s.Start()
	t.Cleanup(s.Close)
	return chainFor(t, nil, config.Config{IdP: config.OIDC, OIDCIssuer: self, OIDCClientID: "client"})
}

func TestCertificate(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	c := chainFor(t, nil, config.Config{IdP: config.OIDC, OIDCIssuer: s.URL, OIDCClientID: "client"})
	results := idp.Run(t.Context(), c)
	if diff := cmp.Diff([]string{"idp.untrusted"}, bad(t, results)); diff != "" {
		t.Errorf("(-want +got)\n%s%+v", diff, results)
	}
}

// A provider is anybody's server: whatever it says, nothing breaks, and what it says is
// never ok by accident.
func TestHostileProvider(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("A", 2<<20)
	for name, test := range map[string]struct {
		discovery, keys string
		want            string // among the findings
	}{
		"empty":            {"", "", "idp.no-discovery"},
		"null":             {"null", "", "idp.no-discovery"},
		"list":             {"[]", "", "idp.no-discovery"},
		"HTML":             {"<html>", "", "idp.no-discovery"},
		"too large":        {`{"issuer":"` + huge + `"}`, "", "idp.unreachable"},
		"types":            {`{"issuer":["SELF"],"jwks_uri":7,"claims_supported":{},"scopes_supported":"openid","token_endpoint":{},"authorization_endpoint":null,"code_challenge_methods_supported":[null,1]}`, "", "idp.issuer-mismatch"},
		"lists of numbers": {`{"issuer":"SELF","jwks_uri":"SELF/keys","id_token_signing_alg_values_supported":[1],"response_types_supported":[null]}`, `{"keys":[]}`, "idp.metadata-incomplete"},
		"keys null":        {`{"issuer":"SELF","jwks_uri":"SELF/keys"}`, `null`, "idp.no-rsa-key"},
		"keys a text":      {`{"issuer":"SELF","jwks_uri":"SELF/keys"}`, `{"keys":"x"}`, "idp.keys-unreachable"},
		"keys of numbers":  {`{"issuer":"SELF","jwks_uri":"SELF/keys"}`, `{"keys":[1,null,{},{"kty":"RSA"},{"kty":"RSA","n":"AA","e":"AA"}]}`, "idp.no-rsa-key"},
		"keys too large":   {`{"issuer":"SELF","jwks_uri":"SELF/keys"}`, huge, "idp.keys-unreachable"},
		"keys elsewhere":   {`{"issuer":"SELF","jwks_uri":"file:///etc/passwd"}`, "", "idp.endpoint-insecure"},
		"keys over http":   {`{"issuer":"SELF","jwks_uri":"http://idp.example.com/keys"}`, "", "idp.endpoint-insecure"},
		"escape":           {`{"issuer":"SELF` + `\u001b[31m` + `"}`, "", "idp.issuer-mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := served(t, func(self string) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					text := test.keys
					if strings.Contains(r.URL.Path, "well-known") {
						text = test.discovery
					}
					_, _ = w.Write([]byte(strings.ReplaceAll(text, "SELF", self)))
				}
			})
			results := idp.Run(t.Context(), c)
			if got := bad(t, results); !slices.Contains(got, test.want) {
				t.Errorf("%v is without %s", got, test.want)
			}
			for _, r := range results {
				if strings.Contains(r.Seen+r.Culprit, "\x1b") {
					t.Errorf("%s: an escape in %q", r.ID, r.Seen)
				}
			}
		})
	}
}

// An answer that begins and does not end is none, and without one nothing is said of scopes.
func TestSlowDrip(t *testing.T) {
	t.Parallel()
	c := served(t, func(self string) http.HandlerFunc {
		honest := provider(self, answer{}, answer{400, "", `{"error":"invalid_grant"}`})
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/authorize" {
				honest(w, r)
				return
			}
			w.WriteHeader(http.StatusOK)
			_, _ = w.Write([]byte("<"))
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for _, r := range idp.Run(ctx, c) {
		if r.ID == "idp.endpoint-unreachable" && strings.HasPrefix(r.Seen, "authorization_endpoint") && r.Seen != "authorization_endpoint: no answer within 10s" {
			t.Error(r.Seen)
		}
		if r.Check == "idp.scopes" && r.Status != finding.Skipped {
			t.Errorf("%+v", r)
		}
	}
}

// Answers that do not tell are unknown; those of providers that the lab does not play are
// read as their documentation has them.
func TestAnswers(t *testing.T) {
	t.Parallel()
	const back = "http://localhost:8090/callback"
	for name, test := range map[string]struct {
		authorize, token answer
		want             []string
	}{
		"all well":                    {answer{302, back + "?error=login_required", ""}, answer{400, "", `{"error":"invalid_grant"}`}, nil},
		"Entra ID, malformed code":    {answer{302, back + "?error=interaction_required", ""}, answer{400, "", `{"error":"invalid_request","error_description":"AADSTS9002313"}`}, nil},
		"Entra ID, web application":   {answer{302, back + "?error=login_required", ""}, answer{401, "", `{"error":"invalid_client","error_description":"AADSTS7000218: client_assertion or client_secret"}`}, []string{"idp.client-authentication"}},
		"Entra ID, redirect page":     {answer{200, "", "AADSTS50011: The redirect URI does not match"}, answer{400, "", `{"error":"invalid_grant"}`}, []string{"idp.redirect-not-registered"}},
		"Cognito, redirect page":      {answer{302, "https://x.auth.eu-west-1.amazoncognito.com/error?error=redirect_mismatch", ""}, answer{400, "", `{"error":"invalid_grant"}`}, []string{"idp.redirect-not-registered"}},
		"Keycloak, unknown client":    {answer{400, "", "Client not found."}, answer{401, "", `{"error":"invalid_client","error_description":"Invalid client or Invalid client credentials"}`}, []string{"idp.unknown-client"}},
		"Auth0, unknown client":       {answer{403, "", ""}, answer{401, "", `{"error":"access_denied","error_description":"Unauthorized"}`}, []string{"idp.unknown-client"}},
		"Okta, unknown client":        {answer{400, "", ""}, answer{401, "", `{"errorCode":"invalid_client","errorSummary":"Invalid value for 'client_id' parameter."}`}, []string{"idp.unknown-client"}},
		"grant not allowed":           {answer{302, back + "?error=unauthorized_client", ""}, answer{400, "", `{"error":"unauthorized_client"}`}, []string{"idp.grant-not-allowed"}},
		"a page with the request":     {answer{200, "", `<input name="redirect_uri" value="` + back + `">`}, answer{400, "", `{"error":"invalid_grant"}`}, []string{"idp.redirect.unread"}},
		"a page for everybody":        {answer{200, "", "sign in"}, answer{400, "", `{"error":"invalid_request"}`}, []string{"idp.client.unread", "idp.redirect.unread"}},
		"known, sends to another":     {answer{302, "https://login.example.com/", ""}, answer{400, "", `{"error":"invalid_grant"}`}, []string{"idp.redirect.unread"}},
		"garbage":                     {answer{302, "::::", ""}, answer{200, "", "<html>"}, []string{"idp.endpoint-unreachable", "idp.client.unread"}},
		"error a list":                {answer{404, "", ""}, answer{400, "", `{"error":["invalid_client"]}`}, []string{"idp.client.unread", "idp.redirect.unread"}},
		"callback of somebody else's": {answer{302, "http://localhost.example.com:8090/callback", ""}, answer{400, "", `{"error":"invalid_grant"}`}, []string{"idp.redirect.unread"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := served(t, func(self string) http.HandlerFunc { return provider(self, test.authorize, test.token) })
			results := idp.Run(t.Context(), c)
			got := bad(t, results)[1:] // idp.no-rsa-key: the provider is hollow
			if diff := cmp.Diff(append([]string{}, test.want...), got); diff != "" {
				t.Errorf("(-want +got)\n%s%+v", diff, results)
			}
		})
	}
}

type answer struct {
	status         int
	location, body string
}

func provider(self string, authorize, token answer) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		a := answer{200, "", `{"keys":[]}`}
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			a.body = fmt.Sprintf(`{"issuer":%q,"jwks_uri":"%[2]s/keys","authorization_endpoint":"%[2]s/authorize","token_endpoint":"%[2]s/token",
				"claims_supported":["sub"],"response_types_supported":["code"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256"]}`, self, self)
		case "/authorize":
			a = authorize
		case "/token":
			a = token
		}
		if a.location != "" {
			w.Header().Set("Location", a.location)
		}
		w.WriteHeader(a.status)
		_, _ = w.Write([]byte(a.body))
	}
}

// Without a client for HTTP nothing is ok.
func TestNoHTTP(t *testing.T) {
	t.Parallel()
	results := idp.Run(t.Context(), &chain.Chain{HTTPErr: errors.New("AWS_CA_BUNDLE ca.pem: no certificate in it"), LoginErr: errors.New("none")})
	if got := bad(t, results); len(got) != len(idp.Checks())-1 { // idp.refresh asks nobody
		t.Errorf("unknown are only %v", got)
	}
}
