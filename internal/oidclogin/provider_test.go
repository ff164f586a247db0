package oidclogin_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
)

func TestDiscovery(t *testing.T) {
	tests := map[string]struct {
		edit func(map[string]any)
		kind oidclogin.Kind
		want string
		hint string
	}{
		"other issuer": {set("issuer", "https://evil.example"), oidclogin.KindConfig,
			`but its discovery document says "https://evil.example"`, "exact value of the iss claim"},
		"no issuer":                {set("issuer", nil), oidclogin.KindConfig, `says ""`, ""},
		"token endpoint off http":  {set("token_endpoint", "http://idp.example/token"), oidclogin.KindConfig, `token_endpoint "http://idp.example/token" is not https`, ""},
		"authorization endpoint":   {set("authorization_endpoint", "javascript:alert(1)"), oidclogin.KindConfig, "authorization_endpoint", ""},
		"no authorization":         {set("authorization_endpoint", nil), oidclogin.KindConfig, `authorization_endpoint "" is not a URL`, ""},
		"keys over http":           {set("jwks_uri", "http://idp.example/keys"), oidclogin.KindConfig, "jwks_uri", ""},
		"keys of another type":     {set("jwks_uri", 7), oidclogin.KindConfig, "is not one", ""},
		"announcement is a string": {set("authorization_response_iss_parameter_supported", "yes"), oidclogin.KindConfig, "malformed", ""},
		"user name in endpoint":    {set("token_endpoint", "https://me:pw@idp.example/"), oidclogin.KindConfig, "token_endpoint has a user name", ""},
		"escape in endpoint":       {set("authorization_endpoint", "https://idp.example/?x=\u009b2J\u202e"), oidclogin.KindConfig, `authorization_endpoint "https://idp.example/?x= 2J" has a blank or a character`, ""},
		"blank in endpoint":        {set("token_endpoint", "https://idp.example/a b"), oidclogin.KindConfig, "has a blank or a character", ""},
		"letter in endpoint":       {set("jwks_uri", "https://idp.example/\u00e9"), oidclogin.KindConfig, "has a blank or a character", ""},
		"DEL in host":              {set("token_endpoint", "https://idp\u0080.example/"), oidclogin.KindConfig, "has a blank or a character", ""},
		"fragment in endpoint":     {set("token_endpoint", "https://idp.example/#x"), oidclogin.KindConfig, "has a fragment", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			p.discovery = tt.edit
			r := p.signIn(t, signInOptions{})
			wantError(t, r.err, tt.kind, tt.want)
			var e *oidclogin.Error
			if errors.As(r.err, &e); !strings.Contains(e.Hint, tt.hint) {
				t.Errorf("hint %q", e.Hint)
			}
			if r.stderr != "" {
				t.Errorf("something was opened: %s", r.stderr)
			}
		})
	}
}

func TestTrailingSlash(t *testing.T) {
	p := newIDP(t)
	r := p.signIn(t, signInOptions{settings: func(s *oidclogin.Settings) { s.Issuer += "/" }})
	wantError(t, r.err, oidclogin.KindConfig, `issuer is set to "`+p.URL+`/" but its discovery document says "`+p.URL+`"`)
	var e *oidclogin.Error
	if errors.As(r.err, &e); !strings.Contains(e.Hint, "trailing slash only; the trusted token issuer must have it right too. Set issuer to "+p.URL) {
		t.Errorf("hint %q", e.Hint)
	}
}

// answers is a transport whose answers are made up; no answer is a dead network.
type answers func(r *http.Request) (*http.Response, error)

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

func respond(r *http.Request, status int, contentType, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body)),
	}
}

func TestDiscoveryAnswers(t *testing.T) {
	tests := map[string]struct {
		status int
		body   string
		kind   oidclogin.Kind
		want   string
	}{
		"not found":        {404, "canary-body", oidclogin.KindConfig, "answered HTTP status 404"},
		"forbidden":        {403, "canary-body", oidclogin.KindConfig, "HTTP status 403"},
		"out of order":     {503, "canary-body", oidclogin.KindNetwork, "HTTP status 503"},
		"too many":         {429, "canary-body", oidclogin.KindNetwork, "HTTP status 429"},
		"log-in page":      {200, "<html>canary-body", oidclogin.KindNetwork, "is not JSON"},
		"something else":   {200, `["canary-body"]`, oidclogin.KindConfig, "is not one"},
		"huge":             {200, strings.Repeat(" ", 2<<20), oidclogin.KindNetwork, "larger than 1 MiB"},
		"redirect nowhere": {302, "canary-body", oidclogin.KindConfig, "is not one"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			client := &http.Client{Transport: answers(func(r *http.Request) (*http.Response, error) {
				return respond(r, tt.status, "text/html", tt.body), nil
			})}
			settings := oidclogin.Settings{Issuer: "https://dev-123456789.okta.com/oauth2/default", ClientID: clientID}
			_, err := oidclogin.New(settings, oidclogin.Env{Wait: noWait, HTTPClient: client}).Refresh(t.Context(), secret.New("canary-refresh"))
			wantError(t, err, tt.kind, tt.want)
			if strings.Contains(formats(err), "canary") {
				t.Error(formats(err))
			}
		})
	}
}

// TestRedirectsOfGET: followed from https to https only, and not for ever.
func TestRedirectsOfGET(t *testing.T) {
	for location, want := range map[string]string{
		"http://idp.example/final":    "not allowed",
		"http://127.0.0.1/final":      "not allowed",
		"https://other.example/final": "is not one", // followed
		"https://other.example/loop":  "not allowed",
	} {
		requests := 0
		client := &http.Client{Transport: answers(func(r *http.Request) (*http.Response, error) {
			requests++
			if r.URL.Path == "/final" || requests > 100 {
				return respond(r, 200, "application/json", "[]"), nil
			}
			resp := respond(r, 302, "text/html", "")
			resp.Header.Set("Location", location)
			return resp, nil
		})}
		_, err := oidclogin.New(oidclogin.Settings{Issuer: "https://idp.example", ClientID: clientID},
			oidclogin.Env{Wait: noWait, HTTPClient: client}).Verify(t.Context(), secret.New("a.b.c"))
		wantError(t, err, oidclogin.KindConfig, want)
	}
}

func TestKeys(t *testing.T) {
	tests := map[string]struct {
		status int
		body   string
		kind   oidclogin.Kind
		want   string
	}{
		"out of order": {500, "canary-body", oidclogin.KindNetwork, "the keys of the provider answered HTTP status 500"},
		"not found":    {404, "canary-body", oidclogin.KindConfig, "the keys of the provider answered HTTP status 404"},
		"no JSON":      {200, "canary-body", oidclogin.KindNetwork, "is not JSON"},
		"another JSON": {200, `["canary-body"]`, oidclogin.KindNetwork, "not a JSON Web Key Set"},
		"no key":       {200, `{"keys":[]}`, oidclogin.KindVerification, "not among the RS256 keys"},
		"a bad key":    {200, `{"keys":[{"kty":"RSA","kid":"key-1"},7]}`, oidclogin.KindVerification, "not among the RS256 keys"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			p.jwks = func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}
			for _, err := range p.everyWay(t) {
				wantError(t, err, tt.kind, tt.want)
				if strings.Contains(formats(err), "canary") {
					t.Error(formats(err))
				}
			}
		})
	}
}

func TestEndpointsOfSettings(t *testing.T) {
	p := newIDP(t)
	p.discovery = both(set("token_endpoint", "https://idp.example/"), set("authorization_endpoint", nil))
	r := p.signIn(t, signInOptions{settings: func(s *oidclogin.Settings) {
		s.AuthorizationEndpoint, s.TokenEndpoint = p.URL+"/authorize", p.URL+"/token"
	}})
	if r.err != nil {
		t.Fatal(r.err)
	}
}

func TestSettingsRefused(t *testing.T) {
	good := oidclogin.Settings{Issuer: "https://dev-123456789.okta.com", ClientID: clientID}
	tests := map[string]struct {
		edit func(*oidclogin.Settings)
		want string
	}{
		"no client":            {func(s *oidclogin.Settings) { s.ClientID = "" }, "client_id is not set"},
		"no issuer":            {func(s *oidclogin.Settings) { s.Issuer = "" }, "issuer is not set"},
		"one endpoint alone":   {func(s *oidclogin.Settings) { s.Issuer = ""; s.TokenEndpoint = "https://x.example" }, "issuer is not set"},
		"http endpoints alone": {withoutIssuer("http://127.0.0.1/"), "is not https"},
		"http issuer":          {func(s *oidclogin.Settings) { s.Issuer = "http://idp.example" }, "is not https"},
		"http like loopback":   {func(s *oidclogin.Settings) { s.Issuer = "http://localhost.evil.example" }, "is not https"},
		"http by number":       {func(s *oidclogin.Settings) { s.Issuer = "http://10.0.0.1" }, "is not https"},
		"no URL":               {func(s *oidclogin.Settings) { s.Issuer = "dev-123456789.okta.com" }, "is not a URL"},
		"query":                {func(s *oidclogin.Settings) { s.Issuer += "?a=b" }, "has a query"},
		"fragment":             {func(s *oidclogin.Settings) { s.Issuer += "#" }, "has a fragment"},
		"user":                 {func(s *oidclogin.Settings) { s.Issuer = "https://me:canary@idp.example" }, "user name or password"},
		"discovery address":    {func(s *oidclogin.Settings) { s.Issuer += "/.well-known/openid-configuration" }, "address of the discovery document"},
		"http endpoint":        {func(s *oidclogin.Settings) { s.TokenEndpoint = "http://127.0.0.1/token" }, "token_endpoint"},
		"redirect host":        {func(s *oidclogin.Settings) { s.RedirectHost = "0.0.0.0" }, "redirect_host"},
		"redirect port":        {func(s *oidclogin.Settings) { s.RedirectPort = 70000 }, "redirect_port 70000"},
		"redirect port below":  {func(s *oidclogin.Settings) { s.RedirectPort = -2 }, "redirect_port -2"},
		"relative path":        {func(s *oidclogin.Settings) { s.RedirectPath = "callback" }, "redirect_path"},
		"path with query":      {func(s *oidclogin.Settings) { s.RedirectPath = "/callback?x" }, "redirect_path"},
		"path with dots":       {func(s *oidclogin.Settings) { s.RedirectPath = "/a/../callback" }, "redirect_path"},
		"fallback port":        {func(s *oidclogin.Settings) { s.FallbackPorts = []int{8091, 0} }, "fallback port 0 is not between"},
		"fallback port above":  {func(s *oidclogin.Settings) { s.FallbackPorts = []int{65536} }, "fallback port 65536"},
		"authentication":       {func(s *oidclogin.Settings) { s.ClientAuthentication = "private_key_jwt" }, `client authentication "private_key_jwt" is not`},
		"no secret":            {func(s *oidclogin.Settings) { s.ClientAuthentication = oidclogin.ClientSecretBasic }, "there is no client secret"},
		"assertion":            {func(s *oidclogin.Settings) { s.Assertion = "userinfo" }, `assertion "userinfo" is not`},
		"own parameter":        {func(s *oidclogin.Settings) { s.Parameters = map[string]string{"state": "x"} }, "the authorization parameter state has a setting of its own"},
		"other case":           {func(s *oidclogin.Settings) { s.Parameters = map[string]string{"Client_ID": "x"} }, "the authorization parameter Client_ID"},
		"audience twice":       {func(s *oidclogin.Settings) { s.Audience, s.Parameters = "a", map[string]string{"audience": "b"} }, "the authorization parameter audience"},
		"response_mode":        {func(s *oidclogin.Settings) { s.Parameters = map[string]string{"response_mode": "form_post"} }, "the authorization parameter response_mode"},
		"no parameter name":    {func(s *oidclogin.Settings) { s.Parameters = map[string]string{"a b": "x"} }, `"a b" is not the name of an authorization parameter`},
		"http device endpoint": {func(s *oidclogin.Settings) { s.DeviceEndpoint = "http://idp.example" }, "device_authorization_endpoint"},
		"http revocation":      {func(s *oidclogin.Settings) { s.RevocationEndpoint = "http://idp.example" }, "revocation_endpoint"},
		"revocation, no issuer": {func(s *oidclogin.Settings) {
			withoutIssuer("https://x.example/")(s)
			s.RevocationEndpoint = "http://127.0.0.1"
		}, "revocation_endpoint"},
		"scope with two words":  {func(s *oidclogin.Settings) { s.Scopes = []string{"openid email"} }, "is not a scope"},
		"scope that is nothing": {func(s *oidclogin.Settings) { s.Scopes = []string{""} }, "is not a scope"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			settings := good
			tt.edit(&settings)
			client := oidclogin.New(settings, oidclogin.Env{Wait: noWait, HTTPClient: &http.Client{Transport: answers(func(*http.Request) (*http.Response, error) {
				t.Error("a request was made")
				return nil, io.EOF
			})}})
			_, signIn := client.SignIn(t.Context())
			kept, refresh := client.Refresh(t.Context(), secret.New("r"))
			_, verify := client.Verify(t.Context(), secret.New("a.b.c"))
			revoke := client.Revoke(t.Context(), secret.New("r"))
			_, device := client.SignIn(t.Context(), func(o *oidclogin.SignInOptions) { o.Method = oidclogin.MethodDevice })
			for _, err := range []error{signIn, refresh, verify, revoke, device} {
				wantError(t, err, oidclogin.KindConfig, tt.want)
				if strings.Contains(formats(err), "canary") {
					t.Error(err)
				}
			}
			if kept.RefreshToken.Reveal() != "r" || kept.Rotated {
				t.Error("the refresh token is lost")
			}
		})
	}
}

func withoutIssuer(base string) func(*oidclogin.Settings) {
	return func(s *oidclogin.Settings) {
		s.Issuer = ""
		s.AuthorizationEndpoint, s.TokenEndpoint = base+"oauth2/authorize", base+"oauth2/token"
	}
}
