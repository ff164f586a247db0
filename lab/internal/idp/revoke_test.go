package idp_test

import (
	"net/url"
	"testing"

	"github.com/tip-cli/tip-cli/lab/internal/idp"
)

// revokeURL is the revocation endpoint of a face, by issuer.
func revokeURL(issuer string) string {
	if issuer == oktaURL {
		return oktaURL + "/v1/revoke"
	}
	return issuer + "/revoke"
}

func revokeForm(token string, changes ...string) url.Values {
	return change(url.Values{"client_id": {"tip-cli"}, "token": {token}}, changes...)
}

func (l *lab) revoke(t *testing.T, issuer string, form url.Values) {
	t.Helper()
	got := l.post(t, revokeURL(issuer), form)
	if got.StatusCode != 200 || got.body != "" || got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("status %d, body %q", got.StatusCode, got.body)
	}
	if e := l.last(); e.Kind != idp.KindRevocation || e.Error != "" || e.Client != "tip-cli" {
		t.Errorf("event %+v", e)
	}
}

func TestRevokeRefreshToken(t *testing.T) {
	for _, issuer := range []string{plainURL, oktaURL} {
		for _, hint := range []string{"", "refresh_token", "access_token", "whatever"} {
			l := newLab(t)
			first, stranger := l.signIn(t, issuer), l.signIn(t, issuer)
			second := l.redeem(t, issuer, refreshForm(first.RefreshToken))
			l.revoke(t, issuer, revokeForm(first.RefreshToken, "token_type_hint", hint))
			if e := l.last(); e.Person != "alex" {
				t.Errorf("event %+v", e)
			}
			if got := l.redeem(t, issuer, refreshForm(second.RefreshToken)); got.Status != 400 || got.Error != "invalid_grant" {
				t.Errorf("member of the family: %+v", got)
			}
			_, _, userInfo := endpoints(issuer)
			if got := l.get(t, userInfo, "Authorization", "Bearer "+second.AccessToken); got.StatusCode != 401 {
				t.Errorf("access token of the family: %d", got.StatusCode)
			}
			if got := l.redeem(t, issuer, refreshForm(stranger.RefreshToken)); got.Status != 200 {
				t.Errorf("another family: %+v", got)
			}
			l.revoke(t, issuer, revokeForm(first.RefreshToken)) // again
		}
	}
}

func TestRevokeAccessToken(t *testing.T) {
	l := newLab(t)
	got := l.signIn(t, plainURL)
	l.revoke(t, plainURL, revokeForm(got.AccessToken))
	if got := l.get(t, plainURL+"/userinfo", "Authorization", "Bearer "+got.AccessToken); got.StatusCode != 401 {
		t.Errorf("userinfo: %d", got.StatusCode)
	}
	if got := l.redeem(t, plainURL, refreshForm(got.RefreshToken)); got.Status != 200 {
		t.Errorf("the family is revoked, too: %+v", got)
	}
}

// What nobody knows is as good as revoked.
func TestRevokeUnknown(t *testing.T) {
	l := newLab(t)
	got := l.signIn(t, oktaURL)
	for _, text := range []string{"unknown", got.IDToken, "a.b.c"} {
		l.revoke(t, oktaURL, revokeForm(text))
	}
	l.revoke(t, plainURL, revokeForm(got.RefreshToken)) // of another issuer
	if got := l.redeem(t, oktaURL, refreshForm(got.RefreshToken)); got.Status != 200 {
		t.Errorf("something was revoked: %+v", got)
	}
}

func TestRevokeRefusals(t *testing.T) {
	l := newLab(t)
	got := l.signIn(t, oktaURL)
	tests := map[string]struct {
		form    url.Values
		headers []string
		status  int
		want    string
	}{
		"no token":               {revokeForm(""), nil, 400, "invalid_request"},
		"no client":              {revokeForm("x", "client_id", ""), nil, 401, "invalid_client"},
		"unknown client":         {revokeForm(got.RefreshToken, "client_id", "stranger"), nil, 401, "invalid_client"},
		"client secret":          {revokeForm(got.RefreshToken, "client_secret", "s"), nil, 401, "invalid_client"},
		"Basic":                  {revokeForm(got.RefreshToken), []string{"Authorization", "Basic dGlwLWNsaTo="}, 401, "invalid_client"},
		"another's refresh":      {revokeForm(got.RefreshToken, "client_id", "other-cli"), nil, 400, "invalid_grant"},
		"another's access token": {revokeForm(got.AccessToken, "client_id", "other-cli"), nil, 400, "invalid_grant"},
		"JSON body":              {revokeForm(got.RefreshToken), []string{"Content-Type", "application/json"}, 400, "invalid_request"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := l.post(t, revokeURL(oktaURL), tt.form, tt.headers...).tokens(t)
			if got.Status != tt.status || got.Error != tt.want || got.ErrorDescription == "" {
				t.Errorf("%+v, want %d %s", got, tt.status, tt.want)
			}
			if e := l.last(); e.Kind != idp.KindRevocation || e.Error != tt.want || e.Person != "" {
				t.Errorf("event %+v", e)
			}
		})
	}
	if got := l.get(t, oktaURL+"/v1/userinfo", "Authorization", "Bearer "+got.AccessToken); got.StatusCode != 200 {
		t.Errorf("a refusal revoked the access token: %d", got.StatusCode)
	}
	if got := l.redeem(t, oktaURL, refreshForm(got.RefreshToken)); got.Status != 200 {
		t.Errorf("a refusal revoked the family: %+v", got)
	}
}
