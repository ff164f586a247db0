package oidclogin_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
)

// oddSecret has characters that mean something in a form and in Basic.
const oddSecret = "canary-secret:+ %&=/é"

// confidential settings count how often the secret was asked for.
func confidential(method string, asked *int) func(*oidclogin.Settings) {
	return func(s *oidclogin.Settings) {
		s.ClientAuthentication = method
		s.ClientSecret = func(context.Context) (secret.Value, error) {
			*asked++
			return secret.New(oddSecret), nil
		}
	}
}

// basicClient wants the secret in the header and nowhere else, form-urlencoded
// before base64 (RFC 6749 section 2.3.1).
func basicClient(r *http.Request) bool {
	plain, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.Header.Get("Authorization"), "Basic "))
	id, password, _ := strings.Cut(string(plain), ":")
	return err == nil && id == url.QueryEscape(clientID) && password == url.QueryEscape(oddSecret) &&
		!r.PostForm.Has("client_secret") && !r.PostForm.Has("client_id")
}

func postClient(r *http.Request) bool {
	return r.Header.Get("Authorization") == "" && r.PostForm.Get("client_id") == clientID && r.PostForm.Get("client_secret") == oddSecret
}

// TestConfidentialClient: every way to the token endpoint and to the others shows
// the secret in the one way that is set, and asks for it once.
func TestConfidentialClient(t *testing.T) {
	for method, right := range map[string]func(*http.Request) bool{
		oidclogin.ClientSecretBasic: basicClient, oidclogin.ClientSecretPost: postClient, oidclogin.ClientNone: publicClient, "": publicClient,
	} {
		t.Run(method, func(t *testing.T) {
			p := newIDP(t)
			p.remember(oddSecret)
			p.client = right
			checked := func(h http.HandlerFunc) http.HandlerFunc {
				return func(w http.ResponseWriter, r *http.Request) {
					_ = r.ParseForm()
					if !right(r) {
						t.Errorf("%s: %v %v", r.URL.Path, r.Header, r.PostForm)
					}
					h(w, r)
				}
			}
			p.device, p.revoke = checked(p.deviceAnswer()), checked(plainAnswer(200, "", ""))
			asked := 0
			edit := confidential(method, &asked)
			settings := p.settings()
			edit(&settings)
			client := oidclogin.New(settings, oidclogin.Env{Wait: noWait, HTTPClient: newHTTPClient(t)})
			operations := map[string]func() error{
				"sign in":   func() error { return p.signIn(t, signInOptions{settings: edit}).err },
				"by device": func() error { r, _ := p.byDevice(t, edit); return r.err },
				"refresh":   func() error { _, err := client.Refresh(t.Context(), secret.New(held)); return err },
				"revoke":    func() error { return client.Revoke(t.Context(), secret.New(held)) },
			}
			want := 1
			if right := method == "" || method == oidclogin.ClientNone; right {
				want = 0
			}
			for name, operate := range operations {
				asked = 0
				if err := operate(); err != nil || asked != want {
					t.Errorf("%s: %v; the secret was asked for %d times", name, err, asked)
				}
			}
			asked = 0
			token, _ := p.idToken("").(string)
			if _, err := client.Verify(t.Context(), secret.New(token)); err != nil || asked != 0 {
				t.Errorf("verify: %v; the secret was asked for %d times", err, asked)
			}
			if p.grants[0].Get("code_verifier") == "" && p.grants[0].Get("grant_type") == "authorization_code" {
				t.Error("PKCE is gone")
			}
		})
	}
}

// TestConfidentialKeepsPKCE: a secret does not stand in for the code verifier.
func TestConfidentialKeepsPKCE(t *testing.T) {
	p := newIDP(t)
	p.client = basicClient
	var asked int
	r := p.signIn(t, signInOptions{settings: confidential(oidclogin.ClientSecretBasic, &asked)})
	if r.err != nil || len(p.grants) != 1 || len(p.grants[0].Get("code_verifier")) < 43 {
		t.Errorf("%v; sent %v", r.err, p.grants)
	}
}

// TestSecretOnRetry: another attempt does not ask again.
func TestSecretOnRetry(t *testing.T) {
	p := newIDP(t)
	p.client, p.token = basicClient, p.statuses("", 503, 503)
	var asked int
	settings := p.settings()
	confidential(oidclogin.ClientSecretBasic, &asked)(&settings)
	_, err := oidclogin.New(settings, oidclogin.Env{Wait: noWait, HTTPClient: newHTTPClient(t)}).Refresh(t.Context(), secret.New(held))
	if err != nil || asked != 1 || len(p.grants) != 3 {
		t.Errorf("%v; asked %d times, sent %d times", err, asked, len(p.grants))
	}
}

func TestClientSecretFails(t *testing.T) {
	gone := errors.New("keyring is locked\x1b eyJhbGciOiJSUzI1NiJ9.canary")
	tests := map[string]struct {
		secret func(context.Context) (secret.Value, error)
		want   string
	}{
		"error": {func(context.Context) (secret.Value, error) { return secret.New("canary"), gone }, "the client secret cannot be had: keyring is locked REDACTED"},
		"empty": {func(context.Context) (secret.Value, error) { return secret.Value{}, nil }, "the client secret is empty"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			p.device, p.revoke = p.deviceAnswer(), plainAnswer(200, "", "")
			edit := func(s *oidclogin.Settings) {
				s.ClientAuthentication, s.ClientSecret = oidclogin.ClientSecretPost, tt.secret
				s.Names = oidclogin.Names{ClientSecret: "client_secret", Command: "tip-cli configure idp"}
			}
			settings := p.settings()
			edit(&settings)
			client := oidclogin.New(settings, oidclogin.Env{Wait: noWait, HTTPClient: newHTTPClient(t)})
			signedIn := p.signIn(t, signInOptions{settings: edit})
			device, _ := p.byDevice(t, edit)
			kept, err := client.Refresh(t.Context(), secret.New(held))
			for _, err := range []error{signedIn.err, device.err, err, client.Revoke(t.Context(), secret.New(held))} {
				wantError(t, err, oidclogin.KindConfig, tt.want)
				if hint := hintOf(t, err); hint != "Check client_secret"+command || strings.Contains(formats(err), "canary") {
					t.Errorf("hint %q of %s", hint, formats(err))
				}
				if errors.Is(err, gone) != (name == "error") {
					t.Error("the cause is lost")
				}
			}
			if signedIn.stderr != "" || len(p.grants) != 0 || kept.RefreshToken.Reveal() != held {
				t.Error("something was done without the secret")
			}
		})
	}
}

// TestWrongSecret: the hint names the secret, not a public client.
func TestWrongSecret(t *testing.T) {
	p := newIDP(t)
	p.token = oauthAnswer(401, "invalid_client")
	var asked int
	r := p.signIn(t, signInOptions{settings: func(s *oidclogin.Settings) {
		confidential(oidclogin.ClientSecretBasic, &asked)(s)
		s.Names = oktaNames
		s.Names.ClientSecret = "client_secret_command"
	}})
	wantError(t, r.err, oidclogin.KindConfig, "invalid_client")
	if got := hintOf(t, r.err); got != "The identity provider does not take this client with its secret. Check okta_client_id and client_secret_command"+command {
		t.Errorf("hint %q", got)
	}
}

// TestParameters: what is added to the authorization request, and to no other.
func TestParameters(t *testing.T) {
	p := newIDP(t)
	var asked url.Values
	r := p.signIn(t, signInOptions{before: func(u *url.URL) { asked = u.Query() }, settings: func(s *oidclogin.Settings) {
		s.Audience, s.Parameters = "https://api.example?a=b&c", map[string]string{"prompt": "select_account", "domain_hint": "a b&c"}
	}})
	if r.err != nil || asked.Get("audience") != "https://api.example?a=b&c" || asked.Get("prompt") != "select_account" || asked.Get("domain_hint") != "a b&c" {
		t.Errorf("%v, asked %v", r.err, asked)
	}
	again := p.signIn(t, signInOptions{before: func(u *url.URL) { asked = u.Query() }, settings: func(s *oidclogin.Settings) {
		s.Parameters = map[string]string{"audience": "of a parameter"}
	}})
	if again.err != nil || asked.Get("audience") != "of a parameter" {
		t.Errorf("%v, asked %v", again.err, asked)
	}
	for _, name := range []string{"audience", "prompt"} {
		if p.grants[0].Has(name) {
			t.Errorf("%s was sent to the token endpoint", name)
		}
	}
}
