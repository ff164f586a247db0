package idp_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTokenRefusals(t *testing.T) {
	otherVerifier := strings.Repeat("x", 43)
	tests := map[string]struct {
		changes, headers []string
		status           int
		want             string
	}{
		"no grant_type":             {changes: []string{"grant_type", ""}, status: 400, want: "invalid_request"},
		"password grant":            {changes: []string{"grant_type", "password"}, status: 400, want: "unsupported_grant_type"},
		"client_credentials":        {changes: []string{"grant_type", "client_credentials"}, status: 400, want: "unsupported_grant_type"},
		"no client":                 {changes: []string{"client_id", ""}, status: 401, want: "invalid_client"},
		"unknown client":            {changes: []string{"client_id", "stranger"}, status: 401, want: "invalid_client"},
		"client secret":             {changes: []string{"client_secret", "s"}, status: 401, want: "invalid_client"},
		"client assertion":          {changes: []string{"client_assertion", "s"}, status: 401, want: "invalid_client"},
		"Basic":                     {headers: []string{"Authorization", "Basic dGlwLWNsaTo="}, status: 401, want: "invalid_client"},
		"Basic of unknown":          {headers: []string{"Authorization", "Basic eDp5"}, status: 401, want: "invalid_client"},
		"no code":                   {changes: []string{"code", ""}, status: 400, want: "invalid_request"},
		"no redirect_uri":           {changes: []string{"redirect_uri", ""}, status: 400, want: "invalid_request"},
		"no code_verifier":          {changes: []string{"code_verifier", ""}, status: 400, want: "invalid_request"},
		"short code_verifier":       {changes: []string{"code_verifier", "short"}, status: 400, want: "invalid_request"},
		"code_verifier with spaces": {changes: []string{"code_verifier", strings.Repeat("x ", 30)}, status: 400, want: "invalid_request"},
		"wrong code_verifier":       {changes: []string{"code_verifier", otherVerifier}, status: 400, want: "invalid_grant"},
		"the challenge as verifier": {changes: []string{"code_verifier", challenge(verifier)}, status: 400, want: "invalid_grant"},
		"wrong redirect_uri":        {changes: []string{"redirect_uri", "http://127.0.0.1:8090/callback?kept=1"}, status: 400, want: "invalid_grant"},
		"wrong code":                {changes: []string{"code", "wrong"}, status: 400, want: "invalid_grant"},
		"another client's code":     {changes: []string{"client_id", "other-cli"}, status: 400, want: "invalid_grant"},
		"JSON body":                 {headers: []string{"Content-Type", "application/json"}, status: 400, want: "invalid_request"},
		"no content type":           {headers: []string{"Content-Type", ""}, status: 400, want: "invalid_request"},
		"too long":                  {changes: []string{"extra", strings.Repeat("x", 17<<10)}, status: 400, want: "invalid_request"},
	}
	l := newLab(t)
	for _, issuer := range []string{plainURL, oktaURL} {
		for name, tt := range tests {
			t.Run(name, func(t *testing.T) {
				got := l.redeem(t, issuer, codeForm(l.code(t, issuer), tt.changes...), tt.headers...)
				if got.ErrorDescription == "" || got.AccessToken != "" || got.IDToken != "" || got.RefreshToken != "" {
					t.Errorf("answer %+v", got)
				}
				if diff := cmp.Diff(tokens{Status: tt.status, Error: tt.want, ErrorDescription: got.ErrorDescription}, got); diff != "" {
					t.Error(diff)
				}
				if e := l.last(); e.Error != tt.want || e.TokenID != "" {
					t.Errorf("event %+v", e)
				}
			})
		}
	}
}

func TestTokenRawRefusals(t *testing.T) {
	l := newLab(t)
	form := codeForm(l.code(t, plainURL)).Encode()
	for name, target := range map[string][2]string{
		"client twice":    {"/token", form + "&client_id=tip-cli"},
		"unknown twice":   {"/token", form + "&x=1&x=1"},
		"broken encoding": {"/token", form + "&x=%zz"},
		"query":           {"/token?client_id=tip-cli", form},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, plainURL+target[0], strings.NewReader(target[1]))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if got := l.do(t, r).tokens(t); got.Status != 400 || got.Error != "invalid_request" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// endless is a body without end. It counts what was read.
type endless int

func (e *endless) Read(b []byte) (int, error) {
	*e += endless(len(b))
	for i := range b {
		b[i] = 'a'
	}
	return len(b), nil
}

func TestBodyIsBounded(t *testing.T) {
	l := newLab(t)
	var body endless
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, plainURL+"/token", io.LimitReader(&body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if got := l.do(t, r).tokens(t); got.Status != 400 || got.Error != "invalid_request" || body > 64<<10 {
		t.Errorf("%+v after %d bytes", got, body)
	}
}

func TestBasicIsChallenged(t *testing.T) {
	l := newLab(t)
	got := l.post(t, plainURL+"/token", codeForm("x"), "Authorization", "Basic eDp5")
	if got.StatusCode != 401 || !strings.HasPrefix(got.Header.Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("status %d, WWW-Authenticate %q", got.StatusCode, got.Header.Get("WWW-Authenticate"))
	}
}

func TestCodeExpires(t *testing.T) {
	l := newLab(t)
	last, late := l.code(t, plainURL), l.code(t, plainURL)
	l.clock.advance(time.Minute - time.Nanosecond)
	if got := l.redeem(t, plainURL, codeForm(last)); got.Status != 200 {
		t.Errorf("within 60 s: %+v", got)
	}
	l.clock.advance(time.Nanosecond)
	if got := l.redeem(t, plainURL, codeForm(late)); got.Status != 400 || got.Error != "invalid_grant" {
		t.Errorf("after 60 s: %+v", got)
	}
}

// The second use of a code takes back what the first one gave.
func TestCodeReplay(t *testing.T) {
	l := newLab(t)
	code := l.code(t, oktaURL)
	first := l.redeem(t, oktaURL, codeForm(code))
	rotated := l.redeem(t, oktaURL, refreshForm(first.RefreshToken))
	if first.Status != 200 || rotated.Status != 200 {
		t.Fatalf("%+v, %+v", first, rotated)
	}
	l.clock.advance(10 * time.Minute)
	if got := l.redeem(t, oktaURL, codeForm(code)); got.Status != 400 || got.Error != "invalid_grant" {
		t.Errorf("replay: %+v", got)
	}
	if e := l.last(); !e.CodeReplay || e.ReuseAlarm || e.InGrace {
		t.Errorf("event %+v", e)
	}
	_, _, userInfo := endpoints(oktaURL)
	if got := l.get(t, userInfo, "Authorization", "Bearer "+first.AccessToken); got.StatusCode != 401 {
		t.Errorf("access token after a replay: %d", got.StatusCode)
	}
	for _, text := range []string{rotated.RefreshToken, first.RefreshToken} { // the unused one first: reuse revokes, too
		if got := l.redeem(t, oktaURL, refreshForm(text)); got.Status != 400 || got.Error != "invalid_grant" {
			t.Errorf("refresh token after a replay: %+v", got)
		}
	}
}

// A failed redemption uses the code up, but another client cannot do that.
func TestCodeIsBurnt(t *testing.T) {
	l := newLab(t)
	code := l.code(t, plainURL)
	l.redeem(t, plainURL, codeForm(code, "code_verifier", strings.Repeat("x", 43)))
	if got := l.redeem(t, plainURL, codeForm(code)); got.Error != "invalid_grant" {
		t.Errorf("after a wrong verifier: %+v", got)
	}
	code = l.code(t, plainURL)
	l.redeem(t, plainURL, codeForm(code, "client_id", "other-cli"))
	if got := l.redeem(t, plainURL, codeForm(code)); got.Status != 200 {
		t.Errorf("after another client's try: %+v", got)
	}
	if got := l.redeem(t, oktaURL, codeForm(l.code(t, plainURL))); got.Error != "invalid_grant" {
		t.Errorf("at another issuer: %+v", got)
	}
}

func TestNoRefreshTokenWithoutOfflineAccess(t *testing.T) {
	l := newLab(t)
	if got := l.signIn(t, oktaURL, "scope", "openid"); got.RefreshToken != "" || got.Scope != "openid" {
		t.Errorf("%+v", got)
	}
	form := []string{"client_id", "no-refresh", "redirect_uri", "com.example.app:/callback"}
	code := l.code(t, oktaURL, form...)
	if got := l.redeem(t, oktaURL, codeForm(code, form...)); got.RefreshToken != "" || got.Scope != "openid profile email" {
		t.Errorf("client without refresh tokens: %+v", got)
	}
}

func TestScopesChooseClaims(t *testing.T) {
	l := newLab(t)
	for scope, want := range map[string][]string{
		"openid":               {"department"},
		"openid email":         {"department", "email"},
		"openid profile":       {"department", "name", "preferred_username"},
		"openid email profile": {"department", "email", "name", "preferred_username"},
	} {
		got := claims(t, l.signIn(t, oktaURL, "scope", scope).IDToken)
		var personal []string
		for _, name := range []string{"department", "email", "email_verified", "given_name", "name", "preferred_username"} {
			if _, ok := got[name]; ok {
				personal = append(personal, name)
			}
		}
		if diff := cmp.Diff(want, personal); diff != "" {
			t.Errorf("%s: %s", scope, diff)
		}
	}
}

func TestTokenResponse(t *testing.T) {
	l := newLab(t)
	got := l.signIn(t, plainURL, "nonce", "")
	if _, ok := claims(t, got.IDToken)["nonce"]; ok {
		t.Error("a nonce out of nowhere")
	}
	if _, ok := claims(t, got.IDToken)["nbf"]; ok {
		t.Error("nbf")
	}
	got.AccessToken, got.IDToken, got.RefreshToken = "", "", ""
	want := tokens{Status: 200, TokenType: "Bearer", ExpiresIn: 3600, Scope: "openid profile email offline_access"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUserInfoRefusals(t *testing.T) {
	l := newLab(t)
	token := l.signIn(t, plainURL).AccessToken
	userInfo := plainURL + "/userinfo"
	for authorization, want := range map[string]string{
		"": "Bearer", "Basic eDp5": "Bearer", "Bearer": "Bearer", "Bearer wrong": `Bearer error="invalid_token"`,
	} {
		if got := l.get(t, userInfo, "Authorization", authorization); got.StatusCode != 401 || got.Header.Get("WWW-Authenticate") != want {
			t.Errorf("%q: %d, %q", authorization, got.StatusCode, got.Header.Get("WWW-Authenticate"))
		}
	}
	if got := l.post(t, userInfo, url.Values{}, "Authorization", "bearer "+token); got.StatusCode != 200 {
		t.Errorf("by POST: %d", got.StatusCode)
	}
	l.clock.advance(time.Hour)
	if got := l.get(t, userInfo, "Authorization", "Bearer "+token); got.StatusCode != 401 {
		t.Errorf("expired: %d", got.StatusCode)
	}
}
