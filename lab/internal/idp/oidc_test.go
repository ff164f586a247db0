package idp_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"
)

// relyingParty is a real client: go-oidc and x/oauth2.
type relyingParty struct {
	ctx      context.Context
	issuer   string
	provider *oidc.Provider
	config   *oauth2.Config
	verifier *oidc.IDTokenVerifier
}

func newRelyingParty(t *testing.T, l *lab, issuer string) relyingParty {
	t.Helper()
	ctx := oidc.ClientContext(t.Context(), l.http)
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		t.Fatal(err)
	}
	return relyingParty{
		ctx: ctx, issuer: issuer, provider: provider,
		config: &oauth2.Config{
			ClientID: "tip-cli", Endpoint: provider.Endpoint(), RedirectURL: callback,
			Scopes: []string{"openid", "profile", "email", "offline_access"},
		},
		verifier: provider.Verifier(&oidc.Config{ClientID: "tip-cli", Now: l.now}),
	}
}

func (rp relyingParty) verify(t *testing.T, token *oauth2.Token) *oidc.IDToken {
	t.Helper()
	raw, _ := token.Extra("id_token").(string)
	id, err := rp.verifier.Verify(rp.ctx, raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := id.VerifyAccessToken(token.AccessToken); err != nil {
		t.Error(err)
	}
	return id
}

// signIn goes through the authorization code flow without a browser.
func (rp relyingParty) signIn(t *testing.T, l *lab) *oauth2.Token {
	t.Helper()
	pkce := oauth2.GenerateVerifier()
	target := rp.config.AuthCodeURL("a state", oidc.Nonce("a nonce"), oauth2.S256ChallengeOption(pkce),
		oauth2.SetAuthURLParam("lab_login", "Alex"), oauth2.SetAuthURLParam("lab_password", "correct horse"))
	response := l.get(t, target).response(t)
	if response.Get("state") != "a state" || response.Get("iss") != named(l.metadata(t, rp.issuer)) {
		t.Errorf("response %v: want the state and iss", response)
	}
	token, err := rp.config.Exchange(rp.ctx, response.Get("code"), oauth2.VerifierOption(pkce))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestRealClient(t *testing.T) {
	for issuer, want := range map[string]map[string]any{
		plainURL: {
			"iss": plainURL, "sub": "sub-alex", "aud": "tip-cli", "nonce": "a nonce", "amr": []any{"pwd"},
			"name": "Alex Writer", "given_name": "Alex", "preferred_username": "alex@example.com",
			"email": "alex@example.com", "email_verified": true, "department": "research",
			"iat": 1772366400.0, "auth_time": 1772366400.0, "exp": 1772370000.0,
		},
		oktaURL: {
			"iss": oktaURL, "sub": "sub-alex", "aud": "tip-cli", "nonce": "a nonce", "amr": []any{"pwd"},
			"name": "Alex Writer", "preferred_username": "alex@example.com",
			"email": "alex@example.com", "department": "research",
			"ver": 1.0, "idp": "00o00000000000000lab",
			"iat": 1772366400.0, "auth_time": 1772366400.0, "exp": 1772366700.0,
		},
	} {
		t.Run(issuer, func(t *testing.T) {
			l := newLab(t)
			rp := newRelyingParty(t, l, issuer)
			token := rp.signIn(t, l)
			id := rp.verify(t, token)
			got := map[string]any{}
			if err := id.Claims(&got); err != nil {
				t.Fatal(err)
			}
			if jti, _ := got["jti"].(string); len(jti) < 43 || (jti[:3] == "ID.") != (issuer == oktaURL) {
				t.Errorf("jti %q", jti)
			}
			delete(got, "jti")
			delete(got, "at_hash") // VerifyAccessToken has compared it
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			checkUserInfo(t, rp, token)
			checkRefresh(t, l, rp, token)
		})
	}
}

func checkUserInfo(t *testing.T, rp relyingParty, token *oauth2.Token) {
	t.Helper()
	info, err := rp.provider.UserInfo(rp.ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	if err := info.Claims(&got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"sub": "sub-alex", "name": "Alex Writer", "given_name": "Alex", "preferred_username": "alex@example.com",
		"email": "alex@example.com", "email_verified": true, "department": "research",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func checkRefresh(t *testing.T, l *lab, rp relyingParty, token *oauth2.Token) {
	t.Helper()
	l.clock.advance(10 * time.Minute)
	old := claims(t, token.Extra("id_token").(string))
	next, err := rp.config.TokenSource(rp.ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
	if err != nil {
		t.Fatal(err)
	}
	if next.RefreshToken == token.RefreshToken || next.RefreshToken == "" {
		t.Errorf("the refresh token was not rotated")
	}
	rp.verify(t, next)
	renewed := claims(t, next.Extra("id_token").(string))
	if renewed["jti"] == old["jti"] || renewed["iat"] == old["iat"] {
		t.Error("the renewed ID token is not a new one")
	}
	for _, changes := range []string{"jti", "iat", "exp", "at_hash", "nonce"} {
		delete(old, changes)
		if changes != "nonce" {
			delete(renewed, changes)
		}
	}
	if diff := cmp.Diff(old, renewed); diff != "" {
		t.Errorf("a renewed ID token has the same sub and auth_time and no nonce:\n%s", diff)
	}
}

// A client that guesses tries HTTP Basic first; the refusal must not cost it the code.
func TestAutoDetectedAuthStyle(t *testing.T) {
	l := newLab(t)
	rp := newRelyingParty(t, l, plainURL)
	rp.config.Endpoint.AuthStyle = oauth2.AuthStyleAutoDetect
	rp.signIn(t, l)
	var basic int
	for _, e := range l.events {
		if e.Error == "invalid_client" {
			basic++
		}
	}
	if basic != 1 {
		t.Errorf("%d refusals of Basic, want 1: %v", basic, l.events)
	}
}

func TestMethods(t *testing.T) {
	l := newLab(t)
	for target, allow := range map[string]string{
		plainURL + "/.well-known/openid-configuration": "GET, HEAD",
		plainURL + "/keys":              "GET, HEAD",
		plainURL + "/token":             "POST",
		plainURL + "/authorize":         "GET, POST",
		plainURL + "/authorize/sign-in": "POST",
		plainURL + "/userinfo":          "GET, POST",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, target, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := l.do(t, r); got.StatusCode != http.StatusMethodNotAllowed || got.Header.Get("Allow") != allow {
			t.Errorf("PUT %s: %d, Allow %q, want 405, %q", target, got.StatusCode, got.Header.Get("Allow"), allow)
		}
	}
	if got := l.get(t, plainURL+"/token?grant_type=refresh_token"); got.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET of the token endpoint: %d", got.StatusCode)
	}
}
