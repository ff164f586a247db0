package oidclogin_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
)

const held = "canary-refresh-held"

func (p *idp) refresh(t *testing.T, optFns ...func(*oidclogin.RefreshOptions)) (oidclogin.Tokens, error) {
	t.Helper()
	p.remember(held)
	tokens, err := oidclogin.New(p.settings(), oidclogin.Env{Wait: noWait, HTTPClient: newHTTPClient(t)}).
		Refresh(t.Context(), secret.New(held), optFns...)
	p.assertNoSecret(t, formats(err), formats(tokens))
	return tokens, err
}

func TestRefresh(t *testing.T) {
	tests := map[string]struct {
		answer  func(map[string]any)
		rotated bool
	}{
		"rotation":         {nil, true},
		"no refresh token": {set("refresh_token", nil), false},
		"empty":            {set("refresh_token", ""), false},
		"the same again":   {set("refresh_token", held), false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			p.clock = time.Minute
			p.answer = tt.answer
			tokens, err := p.refresh(t)
			if err != nil {
				t.Fatal(err)
			}
			if tokens.Rotated != tt.rotated || (tokens.RefreshToken.Reveal() == held) == tt.rotated || tokens.RefreshToken.IsZero() {
				t.Errorf("refresh token %q, rotated %v", tokens.RefreshToken.Reveal(), tokens.Rotated)
			}
			if tokens.Claims.Subject != subject || tokens.IDToken.IsZero() || (tokens.ClockSkew-p.clock).Abs() > 2*time.Second {
				t.Errorf("%+v", tokens)
			}
			if len(p.grants) != 1 || p.grants[0].Has("scope") || p.grants[0].Has("redirect_uri") {
				t.Errorf("sent: %v", p.grants)
			}
		})
	}
}

// TestRotatedTokenIsNeverLost: whatever fails after the answer, the new refresh
// token comes back beside the error.
func TestRotatedTokenIsNeverLost(t *testing.T) {
	tests := map[string]struct {
		set  func(*idp)
		kind oidclogin.Kind
	}{
		"no id_token":         {func(p *idp) { p.answer = set("id_token", nil) }, oidclogin.KindNoIDToken},
		"wrong audience":      {func(p *idp) { p.claims = set("aud", "other") }, oidclogin.KindVerification},
		"number for id_token": {func(p *idp) { p.answer = set("id_token", 7) }, oidclogin.KindNoIDToken},
		"keys are away": {func(p *idp) {
			p.jwks = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
		}, oidclogin.KindNetwork},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			tt.set(p)
			tokens, err := p.refresh(t)
			wantError(t, err, tt.kind, "refresh ID token: ")
			if !tokens.Rotated || !strings.HasPrefix(tokens.RefreshToken.Reveal(), "canary-refresh-") || tokens.RefreshToken.Reveal() == held {
				t.Errorf("refresh token %q, rotated %v", tokens.RefreshToken.Reveal(), tokens.Rotated)
			}
			if !tokens.IDToken.IsZero() || tokens.Claims.Subject != "" {
				t.Error("an ID token came beside the error")
			}
			if errors.Is(err, oidclogin.ErrNoIDToken) != (tt.kind == oidclogin.KindNoIDToken) {
				t.Errorf("errors.Is ErrNoIDToken is wrong for %v", err)
			}
		})
	}
}

// TestOddAnswers: what is not needed need not be right.
func TestOddAnswers(t *testing.T) {
	for name, edit := range map[string]func(map[string]any){
		"no access_token": set("access_token", nil), "bad expires_in": set("expires_in", "soon"), "no token_type": set("token_type", nil),
	} {
		p := newIDP(t)
		p.answer = edit
		if tokens, err := p.refresh(t); err != nil || !tokens.Rotated {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestGrantAroundJSON: something around the JSON object loses no tokens in it.
func TestGrantAroundJSON(t *testing.T) {
	for name, around := range map[string][2]string{
		"byte order mark": {"\ufeff", ""},
		"trailing bytes":  {"", "\n<!-- served by a proxy -->"},
		"two objects":     {" ", `{"refresh_token": "canary-refresh-second"}`},
	} {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			next := p.secret("refresh")
			p.token = plainAnswer(http.StatusOK, "application/json", around[0]+`{"access_token": "a", "refresh_token": "`+next+`"}`+around[1])
			tokens, err := p.refresh(t)
			wantError(t, err, oidclogin.KindNoIDToken, "refresh ID token: ")
			if !tokens.Rotated || tokens.RefreshToken.Reveal() != next {
				t.Errorf("refresh token %q, rotated %v", tokens.RefreshToken.Reveal(), tokens.Rotated)
			}
		})
	}
}

// TestFormEncodedAnswer: some token endpoints answer in the form of a query.
func TestFormEncodedAnswer(t *testing.T) {
	p := newIDP(t)
	p.token = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-www-form-urlencoded")
		idToken, _ := p.idToken("").(string)
		answer := url.Values{"access_token": {"a"}, "refresh_token": {p.secret("refresh")}, "id_token": {idToken}}
		_, _ = io.WriteString(w, answer.Encode())
	}
	tokens, err := p.refresh(t)
	if err != nil || !tokens.Rotated || tokens.IDToken.IsZero() {
		t.Errorf("%+v, %v", tokens, err)
	}
}

// TestErrorWithTokens: an error answer is not a grant.
func TestErrorWithTokens(t *testing.T) {
	p := newIDP(t)
	p.token = func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant", "refresh_token": "canary-refresh-x"})
	}
	tokens, err := p.refresh(t)
	wantError(t, err, oidclogin.KindInvalidGrant, "invalid_grant")
	if tokens.Rotated || tokens.RefreshToken.Reveal() != held {
		t.Error("the refresh token of an error was taken")
	}
}

func TestRefreshWithoutToken(t *testing.T) {
	p := newIDP(t)
	_, err := oidclogin.New(p.settings(), oidclogin.Env{Wait: noWait, HTTPClient: newHTTPClient(t)}).Refresh(t.Context(), secret.Value{})
	wantError(t, err, oidclogin.KindInvalidGrant, "there is no refresh token")
	if len(p.grants) != 0 {
		t.Error("something was sent")
	}
}

// TestDiscoveryFailureKeepsToken: a refresh token is not sent, and so not
// spent, where discovery fails.
func TestDiscoveryFailureKeepsToken(t *testing.T) {
	p := newIDP(t)
	p.discovery = set("issuer", "https://evil.example")
	tokens, err := p.refresh(t)
	wantError(t, err, oidclogin.KindConfig, "issuer is set to")
	if tokens.RefreshToken.Reveal() != held || len(p.grants) != 0 {
		t.Error("the refresh token was spent")
	}
}

// TestPrevious follows OpenID Connect Core 1.0 section 12.2.
func TestPrevious(t *testing.T) {
	tests := map[string]struct {
		previous oidclogin.Claims
		claims   func(map[string]any)
		want     string
	}{
		"same":            {oidclogin.Claims{Subject: subject, Nonce: "n"}, set("nonce", "n"), ""},
		"no nonce now":    {oidclogin.Claims{Subject: subject, Nonce: "n"}, nil, ""},
		"nothing known":   {oidclogin.Claims{}, set("nonce", "n"), ""},
		"another user":    {oidclogin.Claims{Subject: "00u2example"}, nil, "for another user"},
		"another issuer":  {oidclogin.Claims{Issuer: "https://idp.example"}, nil, "the one before by"},
		"another nonce":   {oidclogin.Claims{Nonce: "n"}, set("nonce", "m"), "nonce of the refreshed ID token"},
		"nonce, unasked?": {oidclogin.Claims{Subject: subject}, set("nonce", "m"), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			p.claims = tt.claims
			tokens, err := p.refresh(t, func(o *oidclogin.RefreshOptions) { o.Previous = tt.previous })
			if !tokens.Rotated {
				t.Error("the rotated refresh token is lost")
			}
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, oidclogin.KindVerification, tt.want)
		})
	}
}
