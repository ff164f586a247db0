package idp_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRefreshRefusals(t *testing.T) {
	tests := map[string]struct {
		changes []string
		want    string
	}{
		"no token":            {[]string{"refresh_token", ""}, "invalid_request"},
		"wrong token":         {[]string{"refresh_token", "wrong"}, "invalid_grant"},
		"another client":      {[]string{"client_id", "other-cli"}, "invalid_grant"},
		"client without":      {[]string{"client_id", "no-refresh"}, "unauthorized_client"},
		"more scopes":         {[]string{"scope", "openid phone"}, "invalid_scope"},
		"unknown scope":       {[]string{"scope", "openid payroll"}, "invalid_scope"},
		"a code as the token": {[]string{"refresh_token", "", "code", "x"}, "invalid_request"},
	}
	l := newLab(t)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			refresh := l.signIn(t, oktaURL).RefreshToken
			got := l.redeem(t, oktaURL, refreshForm(refresh, tt.changes...))
			if got.Status != 400 || got.Error != tt.want {
				t.Errorf("%+v, want %s", got, tt.want)
			}
			l.clock.advance(time.Minute)
			if got := l.redeem(t, oktaURL, refreshForm(refresh)); got.Status != 200 {
				t.Errorf("the refusal used the token up: %+v", got)
			}
		})
	}
}

func TestRotationGrace(t *testing.T) {
	l := newLab(t)
	first := l.signIn(t, oktaURL).RefreshToken
	second := l.redeem(t, oktaURL, refreshForm(first)).RefreshToken
	l.clock.advance(30*time.Second - time.Nanosecond)
	again := l.redeem(t, oktaURL, refreshForm(first))
	if again.Status != 200 || again.RefreshToken == first || again.RefreshToken == second {
		t.Fatalf("within the grace: %+v", again)
	}
	if e := l.last(); !e.InGrace || e.ReuseAlarm {
		t.Errorf("event %+v", e)
	}
	// The grace counts from the first use, not from the latest.
	l.clock.advance(time.Nanosecond)
	if got := l.redeem(t, oktaURL, refreshForm(first)); got.Status != 400 || got.Error != "invalid_grant" {
		t.Errorf("after the grace: %+v", got)
	}
	if e := l.last(); !e.ReuseAlarm || e.InGrace || e.CodeReplay || e.Person != "alex" {
		t.Errorf("event %+v", e)
	}
	for _, text := range []string{first, second, again.RefreshToken} {
		if got := l.redeem(t, oktaURL, refreshForm(text)); got.Status != 400 || got.Error != "invalid_grant" {
			t.Errorf("member of the revoked family: %+v", got)
		}
		if e := l.last(); e.ReuseAlarm {
			t.Errorf("a second alarm: %+v", e)
		}
	}
}

// Whoever lost the answer to a refresh goes on with the old token's other answer,
// and neither branch of the family raises an alarm.
func TestLostAnswerWithinGrace(t *testing.T) {
	l := newLab(t)
	first := l.signIn(t, oktaURL).RefreshToken
	lost := l.redeem(t, oktaURL, refreshForm(first)).RefreshToken
	kept := l.redeem(t, oktaURL, refreshForm(first))
	if kept.IDToken == "" || kept.AccessToken == "" {
		t.Fatalf("%+v", kept)
	}
	l.clock.advance(time.Minute)
	for _, text := range []string{kept.RefreshToken, lost} {
		if got := l.redeem(t, oktaURL, refreshForm(text)); got.Status != 200 {
			t.Errorf("%+v", got)
		}
		if e := l.last(); e.InGrace || e.ReuseAlarm {
			t.Errorf("event %+v", e)
		}
	}
}

func TestEndSignIns(t *testing.T) {
	l := newLab(t).withCookies(t)
	authorize := oktaURL + "/v1/authorize?" + request().Encode()
	p := l.page(t, "https://dev-123456789.okta.com", l.get(t, authorize), http.StatusOK)
	l.post(t, p.action, p.form()).response(t)
	first, other := l.signIn(t, oktaURL), l.signIn(t, plainURL)
	if err := l.EndSignIns("okta"); err != nil {
		t.Fatal(err)
	}
	if got := l.redeem(t, oktaURL, refreshForm(first.RefreshToken)); got.Status != 400 || got.Error != "invalid_grant" || l.last().ReuseAlarm {
		t.Errorf("%+v, event %+v", got, l.last())
	}
	if got := l.redeem(t, plainURL, refreshForm(other.RefreshToken)); got.Status != 200 {
		t.Errorf("another issuer: %+v", got)
	}
	l.page(t, "https://dev-123456789.okta.com", l.get(t, authorize), http.StatusOK)
	if got := l.signIn(t, oktaURL); got.RefreshToken == "" {
		t.Errorf("a new sign-in: %+v", got)
	}
	if err := l.EndSignIns("nobody"); err == nil {
		t.Error("an unknown issuer")
	}
}

func TestReuseWithoutGrace(t *testing.T) {
	l := newLab(t)
	first := l.signIn(t, plainURL)
	stranger := l.signIn(t, plainURL).RefreshToken
	second := l.redeem(t, plainURL, refreshForm(first.RefreshToken)).RefreshToken
	if got := l.redeem(t, plainURL, refreshForm(first.RefreshToken)); got.Error != "invalid_grant" {
		t.Errorf("reuse: %+v", got)
	}
	if got := l.redeem(t, plainURL, refreshForm(second)); got.Error != "invalid_grant" {
		t.Errorf("successor: %+v", got)
	}
	if got := l.get(t, plainURL+"/userinfo", "Authorization", "Bearer "+first.AccessToken); got.StatusCode != 401 {
		t.Errorf("access token of the family: %d", got.StatusCode)
	}
	if got := l.redeem(t, plainURL, refreshForm(stranger)); got.Status != 200 {
		t.Errorf("another family: %+v", got)
	}
}

func TestRefreshTokenIdles(t *testing.T) {
	l := newLab(t)
	text := l.signIn(t, oktaURL).RefreshToken
	for range 3 { // longer than one lifetime in all
		l.clock.advance(time.Hour - time.Second)
		got := l.redeem(t, oktaURL, refreshForm(text))
		if got.Status != 200 {
			t.Fatalf("%+v", got)
		}
		text = got.RefreshToken
	}
	l.clock.advance(time.Hour)
	if got := l.redeem(t, oktaURL, refreshForm(text)); got.Status != 400 || got.Error != "invalid_grant" {
		t.Errorf("after an idle lifetime: %+v", got)
	}
}

func TestScopeNarrowing(t *testing.T) {
	l := newLab(t)
	first := l.signIn(t, oktaURL)
	narrow := l.redeem(t, oktaURL, refreshForm(first.RefreshToken, "scope", "openid"))
	if _, ok := claims(t, narrow.IDToken)["email"]; ok || narrow.Scope != "openid" {
		t.Errorf("narrowed to openid: %+v", narrow)
	}
	bare := l.redeem(t, oktaURL, refreshForm(narrow.RefreshToken, "scope", "email"))
	if bare.IDToken != "" || bare.Scope != "email" || bare.RefreshToken == "" {
		t.Errorf("without openid: %+v", bare)
	}
	full := l.redeem(t, oktaURL, refreshForm(bare.RefreshToken))
	if full.Scope != first.Scope || claims(t, full.IDToken)["email"] == nil {
		t.Errorf("the refresh token lost scopes: %+v", full)
	}
}

func TestConcurrentUse(t *testing.T) {
	l := newLab(t)
	code, refresh := l.code(t, oktaURL), l.signIn(t, plainURL).RefreshToken
	var mu sync.Mutex
	status := map[string]int{}
	var wg sync.WaitGroup
	for range 8 {
		for name, send := range map[string]func() tokens{
			"code":    func() tokens { return l.redeem(t, oktaURL, codeForm(code)) },
			"refresh": func() tokens { return l.redeem(t, plainURL, refreshForm(refresh)) },
		} {
			wg.Go(func() {
				got := send()
				mu.Lock()
				defer mu.Unlock()
				if got.Status == 200 {
					status[name]++
				}
			})
		}
		wg.Go(func() {
			if err := l.RotateKeys("okta"); err != nil {
				t.Error(err)
			}
			l.get(t, oktaURL+"/v1/keys")
		})
	}
	wg.Wait()
	if diff := cmp.Diff(map[string]int{"code": 1, "refresh": 1}, status); diff != "" {
		t.Errorf("successes: %s", diff)
	}
}
