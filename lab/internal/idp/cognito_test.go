package idp_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"
)

func TestCognitoClaims(t *testing.T) {
	l := newVendorLab(t)
	rp := vendorClient(t, l, poolURL, "openid", "email")
	token := rp.signIn(t, l)
	rp.verify(t, token)
	got := idClaims(t, rp, token)
	want := map[string]any{
		"iss": poolURL, "sub": "sub-alex", "aud": "tip-cli", "token_use": "id", "cognito:username": "alex", "nonce": "a nonce",
		"email": "alex@example.com", "email_verified": true, "department": "research",
		"iat": 1772366400.0, "auth_time": 1772366400.0, "exp": 1772366700.0,
		"jti": got["jti"], "origin_jti": got["origin_jti"], "at_hash": got["at_hash"],
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	checkCognitoAccessToken(t, l, rp, token, got)
	all := idClaims(t, rp, vendorClient(t, l, poolURL, "openid").signIn(t, l))
	if all["email"] != "alex@example.com" || all["given_name"] != "Alex" {
		t.Errorf("openid alone: %v", all)
	}
}

// The access token is a JWT that no client id check lets through.
func checkCognitoAccessToken(t *testing.T, l *lab, rp relyingParty, token *oauth2.Token, id map[string]any) {
	t.Helper()
	keys := rp.provider.VerifierContext(rp.ctx, &oidc.Config{SkipClientIDCheck: true, Now: l.now})
	if _, err := keys.Verify(rp.ctx, token.AccessToken); err != nil {
		t.Error(err)
	}
	if _, err := rp.verifier.Verify(rp.ctx, token.AccessToken); err == nil {
		t.Error("the access token has the client for an audience")
	}
	got := claims(t, token.AccessToken)
	want := map[string]any{
		"iss": poolURL, "sub": "sub-alex", "client_id": "tip-cli", "username": "alex", "token_use": "access", "version": 2.0,
		"scope": "openid email", "auth_time": 1772366400.0, "iat": 1772366400.0, "exp": 1772370000.0,
		"origin_jti": id["origin_jti"], "jti": got["jti"],
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	raw, _ := token.Extra("id_token").(string)
	if header, _, _ := strings.Cut(raw, "."); strings.HasPrefix(token.AccessToken, header+".") {
		t.Error("one key signs both tokens")
	}
	if ids := keyIDs(t, l, poolURL+"/.well-known/jwks.json"); len(ids) != 2 {
		t.Errorf("keys %v", ids)
	}
	if err := l.RotateKeys("okta"); err != nil || len(keyIDs(t, l, poolURL+"/.well-known/jwks.json")) != 4 {
		t.Errorf("both keys rotate: %v", err)
	}
	info, err := rp.provider.UserInfo(rp.ctx, oauth2.StaticTokenSource(token))
	if err != nil || info.Subject != "sub-alex" {
		t.Errorf("userinfo %+v, %v", info, err)
	}
}

func TestCognitoRefresh(t *testing.T) {
	l := newVendorLab(t)
	rp := vendorClient(t, l, poolURL, "openid")
	first := rp.signIn(t, l)
	old := idClaims(t, rp, first)
	for range 2 {
		l.clock.advance(time.Minute)
		got := l.post(t, poolDomain+"/oauth2/token", refreshForm(first.RefreshToken)).tokens(t)
		if got.Status != 200 || got.RefreshToken != "" {
			t.Errorf("%+v: want no new refresh token", got)
		}
		if next := claims(t, got.IDToken); next["origin_jti"] != old["origin_jti"] || next["jti"] == old["jti"] {
			t.Errorf("%v after %v", next, old)
		}
	}
	refused := l.get(t, poolDomain+"/oauth2/authorize?"+request("scope", "openid offline_access").Encode()).response(t)
	if refused.Get("error") != "invalid_scope" || refused.Get("code") != "" {
		t.Errorf("offline_access: %v", refused)
	}
	form := url.Values{"grant_type": {deviceGrant}, "client_id": {"tip-cli"}, "device_code": {"x"}}
	if got := l.post(t, poolDomain+"/oauth2/token", form).tokens(t); got.Status != 400 || got.Error != "unsupported_grant_type" {
		t.Errorf("device grant: %+v", got)
	}
}

func TestCognitoRevocation(t *testing.T) {
	l := newVendorLab(t)
	token := vendorClient(t, l, poolURL, "openid").signIn(t, l)
	raw, _ := token.Extra("id_token").(string)
	for _, text := range []string{token.AccessToken, raw} {
		if got := l.post(t, poolDomain+"/oauth2/revoke", revokeForm(text)).tokens(t); got.Status != 400 || got.Error != "unsupported_token_type" {
			t.Errorf("%+v", got)
		}
	}
	if got := l.post(t, poolDomain+"/oauth2/revoke", revokeForm(token.RefreshToken, "client_id", "other-cli")).tokens(t); got.Error != "invalid_grant" {
		t.Errorf("%+v", got)
	}
	for _, text := range []string{"unknown", token.RefreshToken, token.RefreshToken} {
		if got := l.post(t, poolDomain+"/oauth2/revoke", revokeForm(text)); got.StatusCode != 200 {
			t.Errorf("%d: %s", got.StatusCode, got.body)
		}
	}
	if got := l.post(t, poolDomain+"/oauth2/token", refreshForm(token.RefreshToken)).tokens(t); got.Status != 400 || got.Error != "invalid_grant" {
		t.Errorf("%+v", got)
	}
}

func TestCognitoPagesAndLogout(t *testing.T) {
	l := newVendorLab(t).withCookies(t)
	authorize := poolDomain + "/oauth2/authorize?" + request("scope", "openid").Encode()
	p := l.page(t, poolDomain, l.get(t, authorize), http.StatusOK)
	l.post(t, p.action, p.form()).response(t)
	if l.get(t, authorize).response(t).Get("code") == "" {
		t.Error("no session")
	}
	logout := func(client, target string) answer {
		return l.get(t, poolDomain+"/logout?"+url.Values{"client_id": {client}, "logout_uri": {target}}.Encode())
	}
	for name, got := range map[string]answer{
		"client": logout("stranger", callback), "uri": logout("tip-cli", "https://attacker.example/"), "none": logout("tip-cli", ""),
		"twice": l.get(t, poolDomain+"/logout?a=1&a=2"),
	} {
		if got.StatusCode != 400 || got.Header.Get("Location") != "" {
			t.Errorf("%s: %d", name, got.StatusCode)
		}
	}
	if l.get(t, authorize).StatusCode != http.StatusSeeOther {
		t.Error("a refused logout ended the session")
	}
	if got := logout("tip-cli", callback); got.Header.Get("Location") != callback {
		t.Errorf("%d, Location %q", got.StatusCode, got.Header.Get("Location"))
	}
	l.page(t, poolDomain, l.get(t, authorize), http.StatusOK)
}
