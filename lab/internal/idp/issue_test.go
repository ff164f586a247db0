package idp_test

import (
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/idp"
)

// Tokens that a verifier accepts once it admits their algorithm, and what it
// must not accept.
func TestIssueSignatures(t *testing.T) {
	l := newLab(t)
	rp := newRelyingParty(t, l, oktaURL)
	tests := map[string]struct {
		opts idp.IssueOptions
		good bool
	}{
		"RS256":       {idp.IssueOptions{}, true},
		"RS384":       {idp.IssueOptions{Algorithm: "RS384"}, true},
		"RS512":       {idp.IssueOptions{Algorithm: "RS512"}, true},
		"PS256":       {idp.IssueOptions{Algorithm: "PS256"}, true},
		"ES256":       {idp.IssueOptions{Algorithm: "ES256"}, true},
		"ES384":       {idp.IssueOptions{Algorithm: "ES384"}, true},
		"ES512":       {idp.IssueOptions{Algorithm: "ES512"}, true},
		"none":        {idp.IssueOptions{Algorithm: "none"}, false},
		"HS256":       {idp.IssueOptions{Algorithm: "HS256"}, false},
		"foreign":     {idp.IssueOptions{ForeignKey: true}, false},
		"unknown kid": {idp.IssueOptions{KeyID: new("unknown")}, false},
		"no kid":      {idp.IssueOptions{KeyID: new("")}, true},
	}
	verifier := rp.provider.Verifier(&oidc.Config{
		ClientID: "tip-cli", Now: l.clock.now,
		SupportedSigningAlgs: []string{"RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "ES512"},
	})
	tokens := map[string]string{}
	for name, tt := range tests { // all of them first: the verifier may join a fetch of keys that has just begun
		token, err := l.Issue("okta", "alex", "tip-cli", tt.opts)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		tokens[name] = token
	}
	for name, tt := range tests {
		if _, err := verifier.Verify(rp.ctx, tokens[name]); (err == nil) != tt.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestIssueHeader(t *testing.T) {
	l := newLab(t)
	for algorithm, opts := range map[string]idp.IssueOptions{
		"RS256": {KeyID: new("")}, "HS256": {Algorithm: "HS256", KeyID: new("")}, "ES256": {Algorithm: "ES256", KeyID: new("")},
	} {
		token, err := l.Issue("plain", "ALEX", "tip-cli", opts)
		if err != nil {
			t.Fatal(err)
		}
		got, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(algorithm)})
		if err != nil {
			t.Fatalf("%s: %v", algorithm, err)
		}
		if h := got.Signatures[0].Header; h.KeyID != "" || h.Algorithm != algorithm {
			t.Errorf("header %+v", h)
		}
	}
}

func TestIssueClaims(t *testing.T) {
	l := newLab(t)
	at := l.clock.now().Add(-time.Hour)
	token, err := l.Issue("plain", "sam", "tip-cli", idp.IssueOptions{
		IssuedAt: at, Expires: at.Add(time.Minute), Audience: []string{"a", "b"}, Scopes: []string{"openid"},
		Claims: map[string]any{"jti": nil, "sub": "changed", "iss": "https://other.example", "azp": "a", "nbf": 1.5},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"iss": "https://other.example", "sub": "changed", "aud": []any{"a", "b"}, "azp": "a", "amr": []any{"pwd"},
		"iat": 1772362800.0, "auth_time": 1772362800.0, "exp": 1772362860.0, "nbf": 1.5,
	}
	if diff := cmp.Diff(want, claims(t, token)); diff != "" {
		t.Error(diff)
	}
}

func TestIssueRefusals(t *testing.T) {
	l := newLab(t)
	for name, try := range map[string]func() (string, error){
		"issuer":    func() (string, error) { return l.Issue("nobody", "alex", "tip-cli", idp.IssueOptions{}) },
		"person":    func() (string, error) { return l.Issue("plain", "nobody", "tip-cli", idp.IssueOptions{}) },
		"client":    func() (string, error) { return l.Issue("plain", "alex", "nobody", idp.IssueOptions{}) },
		"algorithm": func() (string, error) { return l.Issue("plain", "alex", "tip-cli", idp.IssueOptions{Algorithm: "X1"}) },
		"claims": func() (string, error) {
			return l.Issue("plain", "alex", "tip-cli", idp.IssueOptions{Claims: map[string]any{"x": func() {}}})
		},
		"claims, unsigned": func() (string, error) {
			return l.Issue("plain", "alex", "tip-cli", idp.IssueOptions{Algorithm: "none", Claims: map[string]any{"x": func() {}}})
		},
	} {
		if token, err := try(); err == nil || token != "" {
			t.Errorf("%s: %q, %v", name, token, err)
		}
	}
}
