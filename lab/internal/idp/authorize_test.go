package idp_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/idp"
)

// Refusals that the client learns of at its redirect URI.
func TestAuthorizeErrorResponses(t *testing.T) {
	tests := map[string]struct {
		changes []string
		raw     string // appended to the query as it is
		want    string
	}{
		"no response_type":        {changes: []string{"response_type", ""}, want: "invalid_request"},
		"token response_type":     {changes: []string{"response_type", "token"}, want: "unsupported_response_type"},
		"hybrid response_type":    {changes: []string{"response_type", "code id_token"}, want: "unsupported_response_type"},
		"fragment response_mode":  {changes: []string{"response_mode", "fragment"}, want: "invalid_request"},
		"form_post response_mode": {changes: []string{"response_mode", "form_post"}, want: "invalid_request"},
		"no PKCE":                 {changes: []string{"code_challenge", "", "code_challenge_method", ""}, want: "invalid_request"},
		"PKCE plain":              {changes: []string{"code_challenge", verifier, "code_challenge_method", "plain"}, want: "invalid_request"},
		"PKCE method left out":    {changes: []string{"code_challenge_method", ""}, want: "invalid_request"},
		"PKCE short challenge":    {changes: []string{"code_challenge", "abc"}, want: "invalid_request"},
		"PKCE loose bits":         {changes: []string{"code_challenge", strings.Repeat("A", 42) + "B"}, want: "invalid_request"},
		"PKCE padded challenge":   {changes: []string{"code_challenge", challenge(verifier) + "="}, want: "invalid_request"},
		"no scope":                {changes: []string{"scope", ""}, want: "invalid_scope"},
		"no openid":               {changes: []string{"scope", "email profile"}, want: "invalid_scope"},
		"prompt unknown":          {changes: []string{"prompt", "maybe"}, want: "invalid_request"},
		"prompt none and login":   {changes: []string{"prompt", "none login"}, want: "invalid_request"},
		"prompt none, no session": {changes: []string{"prompt", "none"}, want: "login_required"},
		"max_age no number":       {changes: []string{"max_age", "soon"}, want: "invalid_request"},
		"max_age negative":        {changes: []string{"max_age", "-1"}, want: "invalid_request"},
		"request object":          {changes: []string{"request", "eyJ"}, want: "request_not_supported"},
		"request_uri":             {changes: []string{"request_uri", "urn:x"}, want: "request_uri_not_supported"},
		"registration":            {changes: []string{"registration", "{}"}, want: "registration_not_supported"},
		"nonce twice":             {raw: "&nonce=again", want: "invalid_request"},
		"unknown twice":           {raw: "&extra=1&extra=2", want: "invalid_request"},
	}
	l := newLab(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := l.get(t, plainURL+"/authorize?"+request(tt.changes...).Encode()+tt.raw)
			checkError(t, got, tt.want)
			if e := l.last(); e.Error != tt.want || e.Client != "tip-cli" || e.Kind != idp.KindAuthorize || e.Issuer != "plain" {
				t.Errorf("event %+v", e)
			}
		})
	}
}

func checkError(t *testing.T, got answer, want string) {
	t.Helper()
	location := got.Header.Get("Location")
	if !strings.HasPrefix(location, callback+"?") {
		t.Fatalf("status %d, Location %q: want one at the redirect URI", got.StatusCode, location)
	}
	response := got.response(t)
	if response.Get("error_description") == "" || response.Has("code") {
		t.Errorf("response %v: want a description and no code", response)
	}
	response.Del("error_description")
	if diff := cmp.Diff(url.Values{"error": {want}, "state": {"a state"}, "iss": {plainURL}}, response); diff != "" {
		t.Error(diff)
	}
}

// A state that stands twice is nobody's to send back.
func TestAuthorizeStateTwice(t *testing.T) {
	l := newLab(t)
	response := l.get(t, plainURL+"/authorize?"+request().Encode()+"&state=other").response(t)
	if response.Get("error") != "invalid_request" || response.Has("state") {
		t.Errorf("response %v", response)
	}
}

func TestUnknownScope(t *testing.T) {
	l := newLab(t)
	for issuer, want := range map[string]string{plainURL: "", oktaURL: "invalid_scope"} {
		authorize, _, _ := endpoints(issuer)
		response := l.get(t, authorize+"?"+headless("scope", "openid payroll").Encode()).response(t)
		if response.Get("error") != want {
			t.Errorf("%s: %v", issuer, response)
		}
		if want == "" {
			if got := l.redeem(t, issuer, codeForm(response.Get("code"))); got.Scope != "openid" {
				t.Errorf("scope %q: want the unknown one left out", got.Scope)
			}
		}
	}
}

// Refusals that must never reach the redirect URI.
func TestAuthorizeErrorPages(t *testing.T) {
	valid := request().Encode()
	tests := map[string]string{
		"no client":           request("client_id", "").Encode(),
		"unknown client":      request("client_id", "stranger").Encode(),
		"client twice":        valid + "&client_id=tip-cli",
		"no redirect_uri":     request("redirect_uri", "").Encode(),
		"redirect_uri twice":  valid + "&redirect_uri=" + url.QueryEscape(callback),
		"other host":          request("redirect_uri", "https://attacker.example/callback").Encode(),
		"other port":          request("redirect_uri", "http://localhost:9090/callback").Encode(),
		"slash at the end":    request("redirect_uri", callback+"/").Encode(),
		"added query":         request("redirect_uri", callback+"?x=1").Encode(),
		"other case":          request("redirect_uri", "http://LOCALHOST:8090/callback").Encode(),
		"of another client":   request("redirect_uri", "com.example.app:/callback").Encode(),
		"fragment":            request("redirect_uri", callback+"#x").Encode(),
		"broken encoding":     valid + "&x=%zz",
		"semicolon":           valid + ";x=1",
		"too long":            request("state", strings.Repeat("s", 17<<10)).Encode(),
		"nothing at all":      "",
		"error and no client": request("client_id", "", "response_type", "token").Encode(),
	}
	l := newLab(t)
	for _, issuer := range []string{plainURL, oktaURL} {
		authorize, _, _ := endpoints(issuer)
		for name, query := range tests {
			t.Run(name, func(t *testing.T) {
				got := l.get(t, authorize+"?"+query)
				if got.StatusCode != http.StatusBadRequest || got.Header.Get("Location") != "" {
					t.Errorf("status %d, Location %q: want a page", got.StatusCode, got.Header.Get("Location"))
				}
				if !strings.Contains(got.body, "invalid_request") || l.last().Error != "invalid_request" {
					t.Errorf("%v in %s", l.last(), got.body)
				}
				checkPageHeaders(t, got)
			})
		}
	}
}

func checkPageHeaders(t *testing.T, got answer) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "X-Frame-Options": "DENY",
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), want)
		}
	}
	csp := got.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "style-src 'sha256-", "base-uri 'none'", "frame-ancestors 'none'", "form-action '"} {
		if !strings.Contains(csp, want) {
			t.Errorf("Content-Security-Policy %q lacks %q", csp, want)
		}
	}
}

func TestAuthorizeByPost(t *testing.T) {
	l := newLab(t)
	if response := l.post(t, plainURL+"/authorize", headless()).response(t); response.Get("code") == "" {
		t.Errorf("response %v", response)
	}
	if got := l.post(t, plainURL+"/authorize", request()); got.StatusCode != http.StatusOK || !strings.Contains(got.body, "<form") {
		t.Errorf("status %d: want the sign-in page", got.StatusCode)
	}
	if got := l.post(t, plainURL+"/authorize?x=1", request()); got.StatusCode != http.StatusBadRequest {
		t.Errorf("parameters in query and body: %d", got.StatusCode)
	}
	if got := l.post(t, plainURL+"/authorize", request(), "Content-Type", "text/plain"); got.StatusCode != http.StatusBadRequest {
		t.Errorf("text/plain: %d", got.StatusCode)
	}
}

func TestAuthorizationResponse(t *testing.T) {
	l := newLab(t)
	target := "http://127.0.0.1:8090/callback?kept=1"
	got := l.get(t, plainURL+"/authorize?"+headless("redirect_uri", target, "state", "").Encode())
	response := got.response(t)
	if !strings.HasPrefix(got.Header.Get("Location"), target+"&") || response.Has("state") || response.Get("kept") != "1" {
		t.Errorf("Location %q", got.Header.Get("Location"))
	}
	private := l.get(t, plainURL+"/authorize?"+headless("client_id", "no-refresh", "redirect_uri", "com.example.app:/callback").Encode())
	if !strings.HasPrefix(private.Header.Get("Location"), "com.example.app:/callback?code=") {
		t.Errorf("Location %q", private.Header.Get("Location"))
	}
}

// The world can turn the parameter iss (RFC 9207) against the face's way.
func TestIssParameterOfWorld(t *testing.T) {
	document := strings.Replace(worldFile, "face: okta\n", "face: okta\n    issParameter: true\n", 1)
	document = strings.Replace(document, "/idp\n", "/idp\n    issParameter: false\n", 1)
	l := newLabOf(t, document, time.Now)
	for issuer, want := range map[string]string{plainURL: "", oktaURL: oktaURL} {
		authorize, _, _ := endpoints(issuer)
		for name, query := range map[string]string{"code": headless().Encode(), "error": request("prompt", "none").Encode()} {
			if got := l.get(t, authorize+"?"+query).response(t); got.Get("iss") != want || !got.Has(name) {
				t.Errorf("%s: %v", issuer, got)
			}
		}
		if got := named(l.metadata(t, issuer)); got != want {
			t.Errorf("%s: the metadata promise %q", issuer, got)
		}
	}
}

func TestHeadless(t *testing.T) {
	tests := map[string]struct {
		changes, headers []string
		status           int
	}{
		"right":                         {status: http.StatusSeeOther},
		"login in another case":         {changes: []string{"lab_login", "ALEX"}, status: http.StatusSeeOther},
		"prompt none":                   {changes: []string{"prompt", "none"}, status: http.StatusSeeOther},
		"opened by a program":           {headers: []string{"Sec-Fetch-Site", "none"}, status: http.StatusSeeOther},
		"wrong password":                {changes: []string{"lab_password", "wrong"}, status: http.StatusUnauthorized},
		"no password":                   {changes: []string{"lab_password", ""}, status: http.StatusUnauthorized},
		"no login":                      {changes: []string{"lab_login", ""}, status: http.StatusUnauthorized},
		"unknown login":                 {changes: []string{"lab_login", "nobody"}, status: http.StatusUnauthorized},
		"unknown login, no password":    {changes: []string{"lab_login", "nobody", "lab_password", ""}, status: http.StatusUnauthorized},
		"another's password":            {changes: []string{"lab_login", "sam"}, status: http.StatusUnauthorized},
		"linked from another site":      {headers: []string{"Sec-Fetch-Site", "cross-site"}, status: http.StatusForbidden},
		"linked from a sibling":         {headers: []string{"Sec-Fetch-Site", "same-site"}, status: http.StatusForbidden},
		"posted by a page (old client)": {headers: []string{"Origin", "https://attacker.example"}, status: http.StatusForbidden},
	}
	l := newLab(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := l.get(t, plainURL+"/authorize?"+headless(tt.changes...).Encode(), tt.headers...)
			if got.StatusCode != tt.status {
				t.Errorf("status %d, want %d", got.StatusCode, tt.status)
			}
			for _, c := range got.Cookies() {
				if c.Name == "tiplab_session" {
					t.Error("a headless sign-in left a session")
				}
			}
			if tt.status != http.StatusSeeOther && l.last().Error != "access_denied" {
				t.Errorf("event %+v", l.last())
			}
			if strings.Contains(got.body, "lab_password=") || strings.Contains(got.body, "horse") {
				t.Error("the page carries the password on")
			}
		})
	}
}

func TestHeadlessOff(t *testing.T) {
	l := newLab(t, idp.WithHeadless(false))
	got := l.get(t, plainURL+"/authorize?"+headless().Encode())
	if got.StatusCode != http.StatusOK || !strings.Contains(got.body, "<form") {
		t.Errorf("status %d: want the sign-in page", got.StatusCode)
	}
}
