package oidclogin_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/secret"
)

// forgery is a request to the listener of a sign-in that is under way. Whoever
// sends it knows neither the code nor, unless target uses it, the state.
type forgery struct {
	method string
	host   string // stands in for the Host header's name
	target func(redirect, state string) string
	status int
}

// query is a target with a query of its own.
func query(q string) func(string, string) string {
	return func(redirect, state string) string { return redirect + "?" + strings.ReplaceAll(q, "STATE", state) }
}

// path is a target in place of /callback.
func path(p string) func(string, string) string {
	return func(redirect, state string) string {
		return strings.Replace(redirect, "/callback", p, 1) + "?code=x&state=" + state
	}
}

// TestHostile is everything that somebody in another tab, on the way or at the
// provider may try. What comes without the right state is refused and changes
// nothing: the genuine redirect afterwards completes the sign-in. What the
// provider itself gets wrong ends it, without tokens.
func TestHostile(t *testing.T) {
	tests := map[string]struct {
		forged forgery
		idp    func(p *idp)
		want   string // of the error; empty: the sign-in completes
	}{
		// Requests that are not the redirect.
		"wrong state":             {forged: forgery{target: query("code=x&state=forged"), status: 400}},
		"missing state":           {forged: forgery{target: query("code=x"), status: 400}},
		"empty state":             {forged: forgery{target: query("code=x&state="), status: 400}},
		"no query":                {forged: forgery{target: func(r, _ string) string { return r }, status: 400}},
		"error, wrong state":      {forged: forgery{target: query("error=access_denied&state=forged"), status: 400}},
		"error, no state":         {forged: forgery{target: query("error=access_denied"), status: 400}},
		"state twice":             {forged: forgery{target: query("code=x&state=STATE&state=STATE"), status: 400}},
		"second state wrong":      {forged: forgery{target: query("code=x&state=forged&state=STATE"), status: 400}},
		"code twice":              {forged: forgery{target: query("code=x&code=y&state=STATE"), status: 400}},
		"unknown parameter twice": {forged: forgery{target: query("code=x&a=1&a=2&state=STATE"), status: 400}},
		"semicolon in query":      {forged: forgery{target: query("code=x;state=STATE"), status: 400}},
		"bad escape":              {forged: forgery{target: query("code=%zz&state=STATE"), status: 400}},
		"HTML in description":     {forged: forgery{target: query("error=x&error_description=<script>alert(1)</script>&state=forged"), status: 400}},
		"markup for a state":      {forged: forgery{target: query("state=<script>alert(1)</script>&error=<b>"), status: 400}},
		"POST":                    {forged: forgery{method: "POST", target: query("code=x&state=STATE"), status: 405}},
		"HEAD":                    {forged: forgery{method: "HEAD", target: query("code=x&state=STATE"), status: 405}},
		"OPTIONS":                 {forged: forgery{method: "OPTIONS", target: query("code=x&state=STATE"), status: 405}},
		"PUT":                     {forged: forgery{method: "PUT", target: query("code=x&state=STATE"), status: 405}},
		"OPTIONS of the server":   {forged: forgery{method: "OPTIONS *", host: "evil.example", target: func(r, _ string) string { return r }, status: 403}},
		"Host: evil.example":      {forged: forgery{host: "evil.example", target: query("code=x&state=STATE"), status: 403}},
		"Host: own, other port":   {forged: forgery{host: "localhost:1", target: query("code=x&state=STATE"), status: 403}},
		"Host: begins as own":     {forged: forgery{host: "localhost.evil.example", target: query("code=x&state=STATE"), status: 403}},
		"1 MB query":              {forged: forgery{target: query("state=STATE&code=" + strings.Repeat("x", 1<<20)), status: 431}},
		"path traversal":          {forged: forgery{target: path("/x/../callback"), status: 404}},
		"path traversal, escaped": {forged: forgery{target: path("/x/%2e%2e/callback"), status: 404}},
		"path traversal upwards":  {forged: forgery{target: path("/../../etc/passwd"), status: 404}},
		"longer path":             {forged: forgery{target: path("/callback/"), status: 404}},
		"other spelling of path":  {forged: forgery{target: path("/%63allback"), status: 404}},
		"two slashes":             {forged: forgery{target: path("//callback"), status: 404}},
		"favicon":                 {forged: forgery{target: path("/favicon.ico"), status: 404}},
		"root":                    {forged: forgery{target: path("/"), status: 404}},

		// Redirects and tokens that the provider, or somebody in its place, gets wrong.
		"wrong iss parameter":   {idp: func(p *idp) { p.redirect = edit("iss", "https://evil.example") }, want: "comes from issuer"},
		"missing iss, promised": {idp: func(p *idp) { p.discovery = set("authorization_response_iss_parameter_supported", true) }, want: "does not name its issuer"},
		"foreign code":          {idp: func(p *idp) { p.redirect = edit("code", "stolen") }, want: "invalid_grant"},
		"empty code":            {idp: func(p *idp) { p.redirect = edit("code", "") }, want: "neither code nor error"},
		"HTML, right state": {idp: func(p *idp) {
			p.redirect = edit("error", "access_denied", "error_description", "<img src=x onerror=alert(1)>")
		}, want: "access_denied: <img src=x onerror=alert(1)>"},
		"foreign nonce":         {idp: func(p *idp) { p.claims = set("nonce", "other") }, want: "its nonce is another one"},
		"missing nonce":         {idp: func(p *idp) { p.claims = set("nonce", nil) }, want: "its nonce is another one"},
		"empty nonce":           {idp: func(p *idp) { p.claims = set("nonce", "") }, want: "its nonce is another one"},
		"wrong issuer":          {idp: func(p *idp) { p.claims = set("iss", "https://evil.example") }, want: "issued by a different provider"},
		"wrong aud":             {idp: func(p *idp) { p.claims = set("aud", "other") }, want: "expected audience"},
		"list aud, of others":   {idp: func(p *idp) { p.claims = set("aud", []string{"other", "another"}) }, want: "expected audience"},
		"list aud, with azp":    {idp: func(p *idp) { p.claims = both(set("aud", []string{clientID, "api"}), set("azp", clientID)) }},
		"list aud, other azp":   {idp: func(p *idp) { p.claims = both(set("aud", []string{clientID, "api"}), set("azp", "api")) }, want: `azp is "api"`},
		"list aud, no azp":      {idp: func(p *idp) { p.claims = set("aud", []string{clientID, "api"}) }, want: "several audiences and no azp"},
		"expired":               {idp: func(p *idp) { p.claims = both(set("iat", at(-2*time.Hour)), set("exp", at(-time.Hour))) }, want: "expired at"},
		"not yet valid, nbf":    {idp: func(p *idp) { p.claims = set("nbf", at(6*time.Minute)) }, want: "is not valid before"},
		"not yet valid, iat":    {idp: func(p *idp) { p.claims = set("iat", at(6*time.Minute)) }, want: "in the future"},
		"alg none":              {idp: func(p *idp) { p.sign = unsignedToken }, want: "is not signed (alg none)"},
		"alg HS256, public key": {idp: func(p *idp) { p.sign = confusedToken }, want: "signed with HS256"},
		"unknown kid":           {idp: func(p *idp) { p.sign = signedBy("key-9") }, want: `signed with key "key-9", which is not among`},
		"another key":           {idp: func(p *idp) { p.sign = signedByOther }, want: "the signature of the ID token is wrong"},
		"key in the token":      {idp: func(p *idp) { p.sign = ownKey }, want: "the signature of the ID token is wrong"},
		"rotated key":           {idp: rotate},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := newIDP(t)
			if tt.idp != nil {
				tt.idp(p)
			}
			var got visit
			r := p.signIn(t, signInOptions{before: func(u *url.URL) {
				if tt.forged.target != nil {
					got = tt.forged.send(t, u)
				}
			}})
			if tt.forged.target != nil {
				tt.forged.check(t, got)
			}
			if tt.want == "" {
				if r.err != nil || r.last.status != http.StatusOK {
					t.Errorf("the sign-in: %v, page %d", r.err, r.last.status)
				}
				return
			}
			if r.err == nil || !strings.Contains(r.err.Error(), tt.want) {
				t.Errorf("the sign-in: %v, want %q", r.err, tt.want)
			}
			if r.last.status < 400 || strings.Contains(r.last.body, "<img") || !r.tokens.RefreshToken.IsZero() || !r.tokens.Assertion.IsZero() {
				t.Errorf("page %d %s; tokens %+v", r.last.status, r.last.body, r.tokens)
			}
		})
	}
}

// send forges a request for the sign-in whose authorization request is u.
func (f forgery) send(t *testing.T, u *url.URL) visit {
	target := f.target(redirectOf(t, u).String(), u.Query().Get("state"))
	req := newRequest(t, http.MethodGet, target)
	req.Host = f.host
	if f.method != "" {
		req.Method = f.method
	}
	if f.method == "OPTIONS *" {
		req.Method, req.URL.Opaque = http.MethodOptions, "*"
	}
	return fetch(t, newHTTPClient(t), req)
}

// check wants a refusal that repeats nothing of the request.
func (f forgery) check(t *testing.T, got visit) {
	t.Helper()
	if got.status != f.status {
		t.Errorf("the forged request got %d, want %d", got.status, f.status)
	}
	for _, text := range []string{"<script", "<b>", "forged", "passwd", "evil"} {
		if strings.Contains(got.body, text) {
			t.Errorf("reflected: %s", got.body)
		}
	}
	if got.status != http.StatusRequestHeaderFieldsTooLarge {
		assertPageHeaders(t, got)
	}
	if got.header.Get("Access-Control-Allow-Origin") != "" || (f.status == 405 && got.header.Get("Allow") != "GET") {
		t.Errorf("header %v", got.header)
	}
}

// TestReplayedRedirect: the redirect of the sign-in, sent again while its code is
// under way and after that, sends no code again. A replay that comes too late for
// an answer finds nobody listening.
func TestReplayedRedirect(t *testing.T) {
	p := newIDP(t)
	user := newHTTPClient(t)
	user.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	var genuine, nonce string
	var replays sync.WaitGroup
	p.token = func(w http.ResponseWriter, _ *http.Request) {
		replays.Go(func() {
			resp, err := user.Get(genuine)
			if err != nil {
				return
			}
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Errorf("a replay got %d", resp.StatusCode)
			}
		})
		p.serveTokens(w, nonce)
	}
	r := p.signIn(t, signInOptions{openURL: func(_ context.Context, address string) error {
		there := fetch(t, user, newRequest(t, "GET", address))
		genuine = there.header.Get("Location")
		p.mu.Lock()
		for _, request := range p.codes {
			nonce = request.Get("nonce")
		}
		p.mu.Unlock()
		if first := fetch(t, user, newRequest(t, "GET", genuine)); first.status != http.StatusOK {
			t.Errorf("the redirect got %d", first.status)
		}
		return nil
	}})
	replays.Wait()
	if r.err != nil || len(p.grants) != 1 {
		t.Errorf("a code was sent %d times; %v", len(p.grants), r.err)
	}
}

func edit(pairs ...string) func(url.Values) {
	return func(response url.Values) {
		for i := 0; i < len(pairs); i += 2 {
			response.Set(pairs[i], pairs[i+1])
		}
	}
}

func unsignedToken(_ *testing.T, c map[string]any) any { return unsigned(`{"alg":"none"}`, c) }

// confusedToken is a MAC with what everybody knows: the public key as PEM.
func confusedToken(t *testing.T, c map[string]any) any {
	der, err := x509.MarshalPKIXPublicKey(rsaKey().Public())
	if err != nil {
		t.Fatal(err)
	}
	return sign(t, jose.HS256, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), keyID, c)
}

func signedBy(kid string) func(*testing.T, map[string]any) any {
	return func(t *testing.T, c map[string]any) any { return sign(t, jose.RS256, rsaKey(), kid, c) }
}

func signedByOther(t *testing.T, c map[string]any) any {
	return sign(t, jose.RS256, otherKey(), keyID, c)
}

// ownKey is signed with a key that the token's header brings along.
func ownKey(t *testing.T, c map[string]any) any {
	key := otherKey()
	options := (&jose.SignerOptions{EmbedJWK: true}).WithHeader("kid", keyID)
	return signWith(t, jose.SigningKey{Algorithm: jose.RS256, Key: key}, options, c)
}

// rotate has the provider sign with a key that it began to publish just now.
func rotate(p *idp) {
	keys := []jose.JSONWebKey{publicKey(keyID, "sig")}
	p.jwks = func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: keys})
	}
	p.sign = func(t *testing.T, c map[string]any) any {
		next := otherKey()
		keys = append(keys, jose.JSONWebKey{Key: next.Public(), KeyID: "key-2", Algorithm: "RS256", Use: "sig"})
		return sign(t, jose.RS256, next, "key-2", c)
	}
}

// TestKeysAreNotKept: a key that the provider took back is of no use at once.
func TestKeysAreNotKept(t *testing.T) {
	p := newIDP(t)
	client := oidclogin.New(p.settings(), oidclogin.Env{Wait: noWait, HTTPClient: newHTTPClient(t)})
	token, _ := p.idToken("").(string)
	if _, err := client.Verify(t.Context(), secret.New(token)); err != nil {
		t.Fatal(err)
	}
	p.jwks = serveKey(jose.JSONWebKey{Key: otherKey().Public(), KeyID: "key-2", Algorithm: "RS256"})
	_, err := client.Verify(t.Context(), secret.New(token))
	wantError(t, err, oidclogin.KindVerification, "is not among the RS256 keys")
}
