package oidclogin_test

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
)

// typed signs claims under a typ, or under none.
func typed(t *testing.T, typ string, claims map[string]any) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithHeader("kid", keyID)
	if typ != "" {
		options = options.WithType(jose.ContentType(typ))
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: rsaKey()}, options)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// TestTypes: what the provider signs for another end is no assertion, whatever
// its claims.
func TestTypes(t *testing.T) {
	tests := map[string]struct{ id, access bool }{
		"":                   {true, true},
		"JWT":                {true, true},
		"jwt":                {true, true},
		"application/jwt":    {true, true},
		"at+jwt":             {false, true},
		"application/at+JWT": {false, true},
		"logout+jwt":         {false, false},
		"Logout+JWT":         {false, false},
		"dpop+jwt":           {false, false},
		"secevent+jwt":       {false, true},
		"x\u202e":            {false, true},
	}
	for typ, tt := range tests {
		t.Run(typ, func(t *testing.T) {
			p := newIDP(t)
			p.sign = func(t *testing.T, claims map[string]any) any { return typed(t, typ, claims) }
			for way, err := range p.everyWay(t) {
				wantType(t, way, err, tt.id, "the ID token")
			}
			p.sign = nil
			for way, err := range p.accessWays(t, typed(t, typ, p.accessClaims(nil))) {
				wantType(t, way, err, tt.access, "the access token")
			}
		})
	}
}

func wantType(t *testing.T, way string, err error, right bool, what string) {
	t.Helper()
	if right {
		if err != nil {
			t.Errorf("%s: %v", way, err)
		}
		return
	}
	wantError(t, err, oidclogin.KindVerification, what+" is a token of another kind: its typ is ")
	if strings.Contains(err.Error(), "\u202e") {
		t.Errorf("%q", err)
	}
}

// accessHash is OpenID Connect Core 1.0 section 3.1.3.6 for RS256.
func accessHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// TestAccessHash: the ID token of a sign-in binds the access token, whichever
// goes to AWS.
func TestAccessHash(t *testing.T) {
	const other = "canary-another-access"
	tests := map[string]struct {
		hash any
		want string // empty: accepted
	}{
		"right":  {accessHash(other), ""},
		"absent": {nil, ""},
		"wrong":  {accessHash("x"), "its at_hash is another one"},
		"empty":  {"", "its at_hash is another one"},
		"number": {7, "the ID token is refused"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			p.answer, p.claims = set("access_token", other), set("at_hash", tt.hash)
			p.device, p.token = p.deviceAnswer(), p.polls()
			byDevice, _ := p.byDevice(t, nil)
			p.token = nil
			for _, r := range []run{byDevice, p.signIn(t, signInOptions{})} {
				if tt.want != "" {
					wantError(t, r.err, oidclogin.KindVerification, tt.want)
				} else if r.err != nil {
					t.Error(r.err)
				}
			}
		})
	}
	p := newIDP(t)
	p.answer, p.claims = set("access_token", nil), set("at_hash", accessHash(other))
	if r := p.signIn(t, signInOptions{}); r.err != nil {
		t.Errorf("without an access token: %v", r.err)
	}
}
