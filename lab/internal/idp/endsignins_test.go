package idp_test

import (
	"net/http"
	"testing"
)

// A code on its way, an approved device and an access token of a sign-in without
// offline_access end with the sign-ins; what another issuer gave stays good.
func TestEndSignInsEndsEverything(t *testing.T) {
	for _, issuer := range []string{plainURL, oktaURL} {
		l := newLab(t)
		name, otherURL := "plain", oktaURL
		if issuer == oktaURL {
			name, otherURL = "okta", plainURL
		}
		code, otherCode := l.code(t, issuer), l.code(t, otherURL)
		approved, waiting, other := l.device(t, issuer), l.device(t, issuer), l.device(t, otherURL)
		l.decide(t, approved)
		l.decide(t, other)
		single := l.signIn(t, issuer, "scope", "openid")
		if err := l.EndSignIns(name); err != nil {
			t.Fatal(err)
		}
		if got := l.redeem(t, issuer, codeForm(code)); got.Status != 400 || got.Error != "invalid_grant" || got.IDToken != "" || l.last().CodeReplay {
			t.Errorf("code: %+v, event %+v", got, l.last())
		}
		if got := l.poll(t, issuer, approved); got.Status != 400 || got.Error != "invalid_grant" || got.IDToken != "" {
			t.Errorf("device: %+v", got)
		}
		_, _, userInfo := endpoints(issuer)
		if got := l.get(t, userInfo, "Authorization", "Bearer "+single.AccessToken); got.StatusCode != http.StatusUnauthorized {
			t.Errorf("userinfo: %d", got.StatusCode)
		}
		if got := l.poll(t, issuer, waiting); got.Error != "authorization_pending" {
			t.Errorf("a device that nobody approved: %+v", got)
		}
		if got := l.redeem(t, otherURL, codeForm(otherCode)); got.Status != 200 {
			t.Errorf("another issuer's code: %+v", got)
		}
		if got := l.poll(t, otherURL, other); got.Status != 200 {
			t.Errorf("another issuer's device: %+v", got)
		}
	}
}

// The tokens of a code and a device that were redeemed before the end, without
// a refresh token beside them, end too; the code's reuse is still told.
func TestEndSignInsAfterRedeeming(t *testing.T) {
	l := newLab(t)
	code := l.code(t, plainURL, "scope", "openid")
	first := l.redeem(t, plainURL, codeForm(code))
	d := l.device(t, plainURL, "scope", "openid")
	l.decide(t, d)
	second := l.poll(t, plainURL, d)
	if err := l.EndSignIns("plain"); err != nil {
		t.Fatal(err)
	}
	for _, token := range []tokens{first, second} {
		if got := l.get(t, plainURL+"/userinfo", "Authorization", "Bearer "+token.AccessToken); got.StatusCode != http.StatusUnauthorized {
			t.Errorf("userinfo: %d", got.StatusCode)
		}
	}
	if got := l.redeem(t, plainURL, codeForm(code)); got.Error != "invalid_grant" || !l.last().CodeReplay {
		t.Errorf("%+v, event %+v", got, l.last())
	}
}
