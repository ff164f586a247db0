package idp_test

import (
	"strings"
	"testing"
)

// Entra ID does not say invalid_client of a client that it does not know.
func TestEntraUnknownClient(t *testing.T) {
	l := newVendorLab(t)
	for name, got := range map[string]tokens{
		"token":  l.post(t, entraPlace+"/token", refreshForm("x", "client_id", "stranger")).tokens(t),
		"device": l.post(t, entraPlace+"/devicecode", deviceForm("client_id", "stranger")).tokens(t),
		"secret": l.post(t, entraPlace+"/token", refreshForm("x", "client_id", "stranger", "client_secret", "s")).tokens(t),
	} {
		if got.Status != 400 || got.Error != "unauthorized_client" || !strings.HasPrefix(got.ErrorDescription, "AADSTS700016: ") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for _, changes := range [][]string{{"client_id", ""}, {"client_secret", "s"}} {
		if got := l.post(t, entraPlace+"/token", refreshForm("x", changes...)).tokens(t); got.Status != 401 || got.Error != "invalid_client" {
			t.Errorf("%v: %+v", changes, got)
		}
	}
}

// Cognito's token answers have no scope; the others' have.
func TestScopeOfTokenAnswers(t *testing.T) {
	l := newVendorLab(t)
	for _, c := range []struct {
		authorize, token string
		scope            bool
	}{
		{poolDomain + "/oauth2/authorize", poolDomain + "/oauth2/token", false},
		{entraPlace + "/authorize", entraPlace + "/token", true},
	} {
		scope := "openid email"
		if c.scope {
			scope = "openid offline_access"
		}
		code := l.get(t, c.authorize+"?"+headless("scope", scope).Encode()).response(t).Get("code")
		first := l.post(t, c.token, codeForm(code))
		next := l.post(t, c.token, refreshForm(first.tokens(t).RefreshToken))
		for _, got := range []answer{first, next} {
			if got.StatusCode != 200 || strings.Contains(got.body, `"scope":"`+scope+`"`) != c.scope || strings.Contains(got.body, `"scope"`) != c.scope {
				t.Errorf("%s: %d %s", c.token, got.StatusCode, got.body)
			}
		}
	}
}

// Metadata that do not speak of PKCE do not mean that a client may leave it out.
func TestPKCEWithoutMetadata(t *testing.T) {
	l := newVendorLab(t)
	for _, authorize := range []string{entraPlace + "/authorize", poolDomain + "/oauth2/authorize"} {
		for _, changes := range [][]string{{"code_challenge", "", "code_challenge_method", ""}, {"code_challenge_method", "plain"}} {
			got := l.get(t, authorize+"?"+headless(append(changes, "scope", "openid")...).Encode()).response(t)
			if got.Get("error") != "invalid_request" || got.Has("code") {
				t.Errorf("%s, %v: %v", authorize, changes, got)
			}
		}
	}
}
