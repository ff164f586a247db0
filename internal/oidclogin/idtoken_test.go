package oidclogin_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
)

func set(name string, value any) func(map[string]any) {
	return func(claims map[string]any) {
		if value == nil {
			delete(claims, name)
			return
		}
		claims[name] = value
	}
}

func both(edits ...func(map[string]any)) func(map[string]any) {
	return func(claims map[string]any) {
		for _, edit := range edits {
			edit(claims)
		}
	}
}

func at(d time.Duration) int64 { return time.Now().Add(d).Unix() }

// TestClaims holds for the three ways to a verified token.
func TestClaims(t *testing.T) {
	tests := map[string]struct {
		edit func(map[string]any)
		want string // empty: accepted
	}{
		"audience list":           {set("aud", []string{clientID}), ""},
		"azp of this client":      {both(set("aud", []string{clientID, "api"}), set("azp", clientID)), ""},
		"nbf a little ahead":      {set("nbf", at(4*time.Minute)), ""},
		"iat a little ahead":      {set("iat", at(4*time.Minute)), ""},
		"wrong audience":          {set("aud", "other"), `expected audience "0oa1example" got ["other"]`},
		"no audience":             {set("aud", nil), "expected audience"},
		"wrong issuer":            {set("iss", "https://evil.example"), `got "https://evil.example"`},
		"no issuer":               {set("iss", nil), "issued by a different provider"},
		"other azp":               {set("azp", "other"), `azp is "other"`},
		"several audiences alone": {set("aud", []string{clientID, "api"}), "several audiences and no azp"},
		"expired":                 {both(set("iat", at(-2*time.Hour)), set("exp", at(-time.Hour))), "the ID token expired at "},
		"no exp":                  {set("exp", nil), "no exp claim"},
		"nbf ahead":               {set("nbf", at(6*time.Minute)), "the ID token is not valid before"},
		"no iat":                  {set("iat", nil), "no iat claim"},
		"iat ahead":               {set("iat", at(6*time.Minute)), "in the future"},
		"iat after exp":           {both(set("iat", at(time.Minute)), set("exp", at(30*time.Second))), "expires before it was issued"},
		"no subject":              {set("sub", nil), "no sub claim"},
		"text for a date":         {set("iat", "soon"), "refused"},
		"number for a name":       {set("email", 7), "malformed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			p.claims = tt.edit
			for way, err := range p.everyWay(t) {
				switch {
				case tt.want == "" && err != nil:
					t.Errorf("%s: %v", way, err)
				case tt.want != "":
					wantError(t, err, oidclogin.KindVerification, tt.want)
				}
			}
		})
	}
}

// everyWay returns how sign-in, refresh and verification end.
func (p *idp) everyWay(t *testing.T) map[string]error {
	t.Helper()
	client := oidclogin.New(p.settings(), oidclogin.Env{Wait: noWait, HTTPClient: newHTTPClient(t)})
	signedIn := p.signIn(t, signInOptions{})
	refreshed, refreshErr := client.Refresh(t.Context(), secret.New("canary-refresh-0"))
	token, _ := p.idToken("").(string)
	claims, verifyErr := client.Verify(t.Context(), secret.New(token))
	p.assertNoSecret(t, formats(refreshErr), formats(verifyErr), formats(refreshed), formats(claims))
	if (refreshErr == nil) == refreshed.IDToken.IsZero() || (verifyErr == nil) == (claims.Subject == "") ||
		(signedIn.err == nil) == signedIn.tokens.IDToken.IsZero() {
		t.Error("a token or claims come exactly without an error")
	}
	return map[string]error{"sign in": signedIn.err, "refresh": refreshErr, "verify": verifyErr}
}

func TestSignatures(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		sign func(t *testing.T, claims map[string]any) any
		jwks http.HandlerFunc
		want string
	}{
		"no kid": {func(t *testing.T, c map[string]any) any { return sign(t, jose.RS256, rsaKey(), "", c) }, nil, ""},
		"ES256":  {func(t *testing.T, c map[string]any) any { return sign(t, jose.ES256, curve, keyID, c) }, nil, "signed with ES256, but IAM Identity Center takes only RS256"},
		"RS512":  {func(t *testing.T, c map[string]any) any { return sign(t, jose.RS512, rsaKey(), keyID, c) }, nil, "signed with RS512"},
		"HS256 with the public key": {func(t *testing.T, c map[string]any) any {
			return sign(t, jose.HS256, rsaKey().N.Bytes(), keyID, c)
		}, nil, "signed with HS256"},
		"none":          {func(_ *testing.T, c map[string]any) any { return unsigned(`{"alg":"none"}`, c) }, nil, "not signed (alg none)"},
		"odd algorithm": {func(_ *testing.T, c map[string]any) any { return unsigned(`{"alg":"\u001b[31m"}`, c) }, nil, "signed with an unknown algorithm"},
		"odd header":    {func(_ *testing.T, c map[string]any) any { return unsigned(`{"alg":`, c) }, nil, "header of the ID token is malformed"},
		"bad signature": {func(t *testing.T, c map[string]any) any {
			return sign(t, jose.RS256, otherKey(), keyID, c)
		}, nil, "the signature of the ID token is wrong"},
		"unknown kid": {func(t *testing.T, c map[string]any) any {
			return sign(t, jose.RS256, rsaKey(), "key-9", c)
		}, nil, `signed with key "key-9", which is not among`},
		"key for encryption": {nil, serveKey(publicKey(keyID, "enc")), "which is not among"},
		"key for RS512":      {nil, serveKey(jose.JSONWebKey{Key: rsaKey().Public(), KeyID: keyID, Algorithm: "RS512"}), "which is not among"},
		"not three parts":    {func(*testing.T, map[string]any) any { return "canary" }, nil, "not a JWT of three parts"},
		"JSON serialization": {func(*testing.T, map[string]any) any { return `{"payload":"a.b.c"}` }, nil, "malformed"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			p.sign, p.jwks = tt.sign, tt.jwks
			for way, err := range p.everyWay(t) {
				switch {
				case tt.want == "" && err != nil:
					t.Errorf("%s: %v", way, err)
				case tt.want != "":
					wantError(t, err, oidclogin.KindVerification, tt.want)
				}
			}
		})
	}
}

func serveKey(key jose.JSONWebKey) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key}})
	}
}

func unsigned(header string, claims map[string]any) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(header)) + "." + encode(payload) + "."
}

func TestNoIDToken(t *testing.T) {
	for _, value := range []any{nil, "", 7} {
		p := newIDP(t)
		p.answer = set("id_token", value)
		r := p.signIn(t, signInOptions{})
		wantError(t, r.err, oidclogin.KindNoIDToken, "sign in: the answer has no id_token")
	}
}

// TestClockSkew: every error about time says how the clocks differ, and every
// error carries it.
func TestClockSkew(t *testing.T) {
	issued := func(from, to time.Duration) func(map[string]any) {
		return both(set("iat", at(from)), set("exp", at(to)))
	}
	tests := map[string]struct {
		clock  time.Duration
		claims func(map[string]any)
		want   string
	}{
		"expired, ahead":      {-3 * time.Hour, issued(-3*time.Hour, -2*time.Hour), " ahead of the provider's"},
		"iat, behind":         {2 * time.Hour, issued(2*time.Hour, 3*time.Hour), " behind the provider's"},
		"nbf, behind":         {2 * time.Hour, both(issued(0, 3*time.Hour), set("nbf", at(2*time.Hour))), " behind the provider's"},
		"iat after exp":       {2 * time.Hour, issued(2*time.Hour, time.Minute), " behind the provider's"},
		"expired, equal":      {0, issued(-3*time.Hour, -2*time.Hour), "ago"},
		"not about the clock": {2 * time.Hour, set("aud", "other"), "expected audience"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			p.clock, p.claims = tt.clock, tt.claims
			for way, err := range p.everyWay(t) {
				wantError(t, err, oidclogin.KindVerification, "")
				var e *oidclogin.Error
				if errors.As(err, &e); (e.ClockSkew - tt.clock).Abs() > 2*time.Second {
					t.Errorf("%s: skew %s", way, e.ClockSkew)
				}
				named := strings.Contains(err.Error(), "the local clock is")
				if want := tt.clock != 0 && name != "not about the clock"; named != want || (e.Hint == "") != !want {
					t.Errorf("%s: %v, hint %q", way, err, e.Hint)
				}
				if !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%s: %v, want %q", way, err, tt.want)
				}
			}
		})
	}
}

func TestClockSkewOfSuccess(t *testing.T) {
	p := newIDP(t)
	p.clock = 3 * time.Minute
	p.jwks = func(w http.ResponseWriter, _ *http.Request) { // a copy from yesterday
		w.Header().Set("Date", time.Now().Add(-24*time.Hour).UTC().Format(http.TimeFormat))
		writeJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{publicKey(keyID, "sig")}})
	}
	r := p.signIn(t, signInOptions{})
	if r.err != nil || (r.tokens.ClockSkew-p.clock).Abs() > 2*time.Second {
		t.Errorf("skew %s, %v", r.tokens.ClockSkew, r.err)
	}
}

// TestGoogleSpelling: go-oidc lets Google leave the scheme out of iss; IAM
// Identity Center would refuse such a token, and so does this package.
func TestGoogleSpelling(t *testing.T) {
	p := newIDP(t)
	const issuer = "https://accounts.google.com"
	p.discovery = both(set("issuer", issuer), set("jwks_uri", issuer+"/keys"),
		set("authorization_endpoint", issuer+"/authorize"), set("token_endpoint", issuer+"/token"))
	base := newHTTPClient(t)
	client := &http.Client{Transport: answers(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(p.URL, "http://")
		return base.Transport.RoundTrip(r)
	})}
	c := oidclogin.New(oidclogin.Settings{Issuer: issuer, ClientID: clientID}, oidclogin.Env{Wait: noWait, HTTPClient: client})
	for iss, want := range map[string]string{issuer: "", "accounts.google.com": `is issued by "accounts.google.com", not by "https://accounts.google.com"`} {
		p.claims = set("iss", iss)
		_, err := c.Refresh(t.Context(), secret.New("canary-refresh-held"))
		switch {
		case want == "" && err != nil:
			t.Error(err)
		case want != "":
			wantError(t, err, oidclogin.KindVerification, want)
		}
	}
}
