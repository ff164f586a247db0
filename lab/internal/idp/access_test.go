package idp_test

import (
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/google/go-cmp/cmp"
)

const (
	apiID    = "0a9110ec-c3ab-4f5b-9d5a-9d5a4f0f4a10"
	otherAPI = "11111111-2222-4333-8444-555555555555"
)

// apiLab has an issuer of a face, in place of the plain one, with APIs.
func apiLab(t *testing.T, issuer, face, apis string) *lab {
	t.Helper()
	document := strings.Replace(worldFile, "  - name: plain\n    url: http://{{endpoint}}/idp\n",
		"  - name: plain\n    url: "+issuer+"\n    face: "+face+"\n    apis: "+apis+"\n", 1)
	document = strings.Replace(document, oktaURL+"\n    face: okta\n    clients", "https://other.example/\n    clients", 1)
	c := &clock{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	l := newLabOf(t, document, c.now)
	l.clock = c
	return l
}

// accessClaims are the claims of an access token, whose signature is checked
// with the issuer's keys.
func accessClaims(t *testing.T, l *lab, issuer, token string) map[string]any {
	t.Helper()
	rp := newRelyingParty(t, l, issuer)
	if _, err := rp.provider.Verifier(&oidc.Config{SkipClientIDCheck: true, Now: l.now}).Verify(rp.ctx, token); err != nil {
		t.Fatal(err)
	}
	return claims(t, token)
}

func TestPlainAccessToken(t *testing.T) {
	l := apiLab(t, plainURL, "plain", "[{audience: 'https://api.example', scopes: [read], claims: [email, department]}, {audience: other}]")
	got := l.signIn(t, plainURL, "audience", "https://api.example", "scope", "openid offline_access read")
	want := map[string]any{
		"iss": plainURL, "sub": "sub-alex", "aud": "https://api.example", "azp": "tip-cli", "scope": "openid offline_access read",
		"email": "alex@example.com", "department": "research", "iat": 1772366400.0, "exp": 1772370000.0,
	}
	first := accessClaims(t, l, plainURL, got.AccessToken)
	id, _ := first["jti"].(string)
	delete(first, "jti")
	if diff := cmp.Diff(want, first); diff != "" {
		t.Error(diff)
	}
	again := l.redeem(t, plainURL, refreshForm(got.RefreshToken))
	if next := accessClaims(t, l, plainURL, again.AccessToken); next["aud"] != "https://api.example" || next["jti"] == id || id == "" {
		t.Errorf("refreshed: %v", next)
	}
	if got := l.signIn(t, plainURL); strings.Contains(got.AccessToken, ".") {
		t.Errorf("without audience: %s", got.AccessToken)
	}
	if response := l.get(t, plainURL+"/authorize?"+headless("audience", "nobody").Encode()).response(t); response.Get("error") != "invalid_target" {
		t.Errorf("unknown audience: %v", response)
	}
	if got := l.get(t, plainURL+"/userinfo", "Authorization", "Bearer "+got.AccessToken); got.StatusCode != 200 {
		t.Errorf("userinfo: %d", got.StatusCode)
	}
}

// A client's own audience stands in for a parameter, at devices too.
func TestAudienceOfClient(t *testing.T) {
	document := strings.Replace(worldFile, "id: other-cli\n", "id: other-cli\n        audience: other\n", 1)
	document = strings.Replace(document, "endpoint}}/idp\n", "endpoint}}/idp\n    apis: [{audience: other}, {audience: third}]\n", 1)
	document = document[:strings.Index(document, "  - name: okta")]
	l := newLabOf(t, document, time.Now)
	for asked, want := range map[string]string{"": "other", "third": "third"} {
		d := l.device(t, plainURL, "client_id", "other-cli", "audience", asked)
		l.decide(t, d)
		token := l.poll(t, plainURL, d, "client_id", "other-cli").AccessToken
		if got := accessClaims(t, l, plainURL, token); got["aud"] != want || got["azp"] != "other-cli" {
			t.Errorf("%q: %v", asked, got)
		}
	}
	if got := l.post(t, plainURL+"/device_authorization", deviceForm("audience", "nobody")).tokens(t); got.Status != 400 || got.Error != "invalid_target" {
		t.Errorf("unknown audience: %+v", got)
	}
}

func TestOktaAccessToken(t *testing.T) {
	for apis, want := range map[string]map[string]any{
		"[]": {"aud": "api://default", "scp": []any{"openid"}},
		"[{audience: 'https://api.example', scopes: [flights], claims: [email]}]": {
			"aud": "https://api.example", "scp": []any{"openid", "flights"}, "email": "alex@example.com",
		},
	} {
		l := apiLab(t, oktaURL, "okta", apis)
		scope := "openid"
		if apis != "[]" {
			scope += " flights"
		}
		got := accessClaims(t, l, oktaURL, l.signIn(t, oktaURL, "scope", scope).AccessToken)
		id, _ := got["jti"].(string)
		if !strings.HasPrefix(id, "AT.") {
			t.Errorf("jti %q", id)
		}
		for name, value := range map[string]any{
			"iss": oktaURL, "ver": 1.0, "cid": "tip-cli", "uid": "sub-alex", "sub": "alex@example.com", "jti": id,
			"auth_time": 1772366400.0, "iat": 1772366400.0, "exp": 1772370000.0,
		} {
			want[name] = value
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// The tokens of an organization's own server are nobody else's to read.
func TestOktaOrgAccessToken(t *testing.T) {
	org := "https://dev-1.okta.com"
	document := strings.Replace(worldFile, oktaURL, org, 1)
	l := newLabOf(t, document, time.Now)
	form := codeForm(l.get(t, org+"/v1/authorize?"+headless().Encode()).response(t).Get("code"))
	if got := l.post(t, org+"/v1/token", form).tokens(t); got.Status != 200 || strings.Contains(got.AccessToken, ".") {
		t.Errorf("%+v", got)
	}
}

func TestEntraAccessToken(t *testing.T) {
	l := apiLab(t, entraURL, "entra-id", "[{audience: "+apiID+", scopes: [access, more], claims: [email]}, {audience: "+otherAPI+", scopes: [access]}]")
	signIn := func(scope string) tokens {
		code := l.get(t, entraPlace+"/authorize?"+headless("scope", scope).Encode()).response(t).Get("code")
		return l.post(t, entraPlace+"/token", codeForm(code)).tokens(t)
	}
	uri := "api://" + apiID
	first := signIn("openid offline_access " + uri + "/access")
	got := accessClaims(t, l, entraURL, first.AccessToken)
	want := map[string]any{
		"iss": entraURL, "aud": apiID, "azp": "tip-cli", "azpacr": "0", "ver": "2.0", "tid": tenant, "scp": "access",
		"name": "Alex Writer", "preferred_username": "alex@example.com", "email": "alex@example.com",
		"iat": 1772366400.0, "nbf": 1772366400.0, "exp": 1772370000.0,
		"sub": got["sub"], "oid": got["oid"], "uti": got["uti"],
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if id := claims(t, first.IDToken); id["sub"] == got["sub"] || id["oid"] != nil || len(got["oid"].(string)) != 36 {
		t.Errorf("ID token %v beside access token %v", id, got)
	}
	for scope, want := range map[string]string{apiID + "/more": "more", uri + "/.default": "access more"} {
		if got := accessClaims(t, l, entraURL, signIn("openid "+scope).AccessToken); got["scp"] != want {
			t.Errorf("%s: scp %v, want %s", scope, got["scp"], want)
		}
	}
	if got := signIn("openid profile"); strings.Contains(got.AccessToken, ".") {
		t.Error("a token for nobody's API is no secret of Microsoft's")
	}
	narrowed := l.post(t, entraPlace+"/token", refreshForm(first.RefreshToken, "scope", "openid")).tokens(t)
	if narrowed.Status != 200 || strings.Contains(narrowed.AccessToken, ".") {
		t.Errorf("narrowed: %+v", narrowed)
	}
}

func TestEntraAPIScopeRefusals(t *testing.T) {
	l := apiLab(t, entraURL, "entra-id", "[{audience: "+apiID+", scopes: [access]}, {audience: "+otherAPI+", scopes: [access]}]")
	for _, scope := range []string{"access", "api://" + apiID + "/other", "api://" + otherAPI + "x/access", apiID, "api://" + apiID + "/access api://" + otherAPI + "/access"} {
		response := l.get(t, entraPlace+"/authorize?"+headless("scope", "openid "+scope).Encode()).response(t)
		if response.Get("error") != "invalid_scope" {
			t.Errorf("%s: %v", scope, response)
		}
	}
}
