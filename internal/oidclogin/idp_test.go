package oidclogin_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/oauth2"
)

const (
	clientID = "0oa1example"
	subject  = "00u1example"
	keyID    = "key-1"
)

// Keys are made once: it takes a while.
var rsaKey, otherKey = sync.OnceValue(newKey), sync.OnceValue(newKey)

func newKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

// idp is an OpenID provider with knobs. Set them before it is used.
type idp struct {
	*httptest.Server

	discovery func(doc map[string]any)
	redirect  func(response url.Values)                     // edits the authorization response
	token     http.HandlerFunc                              // stands in for the token endpoint
	answer    func(answer map[string]any)                   // edits the answer of the token endpoint
	claims    func(claims map[string]any)                   // edits the claims of ID tokens
	sign      func(t *testing.T, claims map[string]any) any // stands in for RS256
	jwks      http.HandlerFunc                              // stands in for the keys
	clock     time.Duration                                 // by which Date is off
	device    http.HandlerFunc                              // the device authorization endpoint
	revoke    http.HandlerFunc                              // the revocation endpoint
	client    func(r *http.Request) bool                    // stands in for a public client

	t       *testing.T
	mu      sync.Mutex
	codes   map[string]url.Values // authorization request by code
	secrets []string              // everything that must never show
	grants  []url.Values          // what came to the token endpoint
}

func newIDP(t *testing.T) *idp {
	p := &idp{t: t, codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.serveDiscovery)
	mux.HandleFunc("GET /authorize", p.serveAuthorize)
	mux.HandleFunc("POST /token", p.serveToken)
	mux.HandleFunc("GET /keys", p.serveKeys)
	mux.HandleFunc("POST /device", func(w http.ResponseWriter, r *http.Request) { p.device(w, r) })
	mux.HandleFunc("POST /revoke", func(w http.ResponseWriter, r *http.Request) { p.revoke(w, r) })
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(p.clock).UTC().Format(http.TimeFormat))
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// secret makes a value that must never show and remembers it.
func (p *idp) secret(kind string) string {
	s := "canary-" + kind + "-" + rand.Text()
	p.remember(s)
	return s
}

func (p *idp) remember(s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.secrets = append(p.secrets, s)
}

// assertNoSecret fails if anything secret shows in the texts.
func (p *idp) assertNoSecret(t *testing.T, texts ...string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, text := range texts {
		for _, s := range p.secrets {
			if strings.Contains(text, s) {
				t.Errorf("the secret %s shows in %s", s, text)
			}
		}
	}
}

func (p *idp) serveDiscovery(w http.ResponseWriter, _ *http.Request) {
	doc := map[string]any{
		"issuer":                                p.URL,
		"authorization_endpoint":                p.URL + "/authorize",
		"token_endpoint":                        p.URL + "/token",
		"jwks_uri":                              p.URL + "/keys",
		"id_token_signing_alg_values_supported": []string{"RS256", "ES256"},
	}
	if p.device != nil {
		doc["device_authorization_endpoint"] = p.URL + "/device"
	}
	if p.revoke != nil {
		doc["revocation_endpoint"] = p.URL + "/revoke"
	}
	if p.discovery != nil {
		p.discovery(doc)
	}
	writeJSON(w, http.StatusOK, doc)
}

// serveAuthorize signs everybody in.
func (p *idp) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	switch {
	case q.Get("client_id") != clientID, q.Get("response_type") != "code",
		q.Get("code_challenge_method") != "S256", len(q.Get("code_challenge")) != 43,
		len(q.Get("state")) < 22, len(q.Get("nonce")) < 22, // 128 bits in base64url
		!slices.Contains(strings.Fields(q.Get("scope")), "openid"):
		http.Error(w, "bad authorization request", http.StatusBadRequest)
		return
	}
	code := p.secret("code")
	p.mu.Lock()
	p.codes[code] = q
	p.mu.Unlock()
	response := url.Values{"code": {code}, "state": {q.Get("state")}}
	if p.redirect != nil {
		p.redirect(response)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+response.Encode(), http.StatusFound)
}

func (p *idp) serveToken(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "bad form", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	p.grants = append(p.grants, r.PostForm)
	request := p.codes[r.PostForm.Get("code")]
	delete(p.codes, r.PostForm.Get("code"))
	p.mu.Unlock()
	if v := r.PostForm.Get("code_verifier"); v != "" {
		p.remember(v)
	}
	if p.token != nil {
		p.token(w, r)
		return
	}
	if !p.grantOK(r, request) {
		writeJSON(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	p.serveTokens(w, request.Get("nonce"))
}

// publicClient is how a client without a secret names itself.
func publicClient(r *http.Request) bool {
	_, _, basic := r.BasicAuth()
	return !basic && r.PostForm.Get("client_id") == clientID && !r.PostForm.Has("client_secret")
}

// grantOK checks what a provider checks of a code or a refresh token.
func (p *idp) grantOK(r *http.Request, request url.Values) bool {
	f, client := r.PostForm, p.client
	if client == nil {
		client = publicClient
	}
	switch {
	case !client(r):
		return false
	case f.Get("grant_type") == "refresh_token":
		return strings.HasPrefix(f.Get("refresh_token"), "canary-refresh-")
	case f.Get("grant_type") == deviceGrant:
		return strings.HasPrefix(f.Get("device_code"), "canary-device-")
	}
	return f.Get("grant_type") == "authorization_code" && request != nil &&
		f.Get("redirect_uri") == request.Get("redirect_uri") &&
		oauth2.S256ChallengeFromVerifier(f.Get("code_verifier")) == request.Get("code_challenge")
}

func (p *idp) serveTokens(w http.ResponseWriter, nonce string) {
	answer := map[string]any{
		"access_token":  p.secret("access"),
		"token_type":    "Bearer",
		"expires_in":    3600,
		"refresh_token": p.secret("refresh"),
		"id_token":      p.idToken(nonce),
	}
	if p.answer != nil {
		p.answer(answer)
	}
	writeJSON(w, http.StatusOK, answer)
}

// idToken returns a signed ID token with the edits of the knobs.
func (p *idp) idToken(nonce string) any {
	now := time.Now()
	claims := map[string]any{
		"iss": p.URL, "sub": subject, "aud": clientID,
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"jti": "ID.example", "email": "user@example.com",
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	if p.claims != nil {
		p.claims(claims)
	}
	if p.sign != nil {
		return p.sign(p.t, claims)
	}
	token := sign(p.t, jose.RS256, rsaKey(), keyID, claims)
	p.remember(token)
	return token
}

// sign makes a compact JWS.
func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, kid string, claims map[string]any) string {
	t.Helper()
	options := &jose.SignerOptions{}
	if kid != "" {
		options = options.WithHeader("kid", kid)
	}
	return signWith(t, jose.SigningKey{Algorithm: alg, Key: key}, options, claims)
}

func signWith(t *testing.T, key jose.SigningKey, options *jose.SignerOptions, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(key, options.WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (p *idp) serveKeys(w http.ResponseWriter, r *http.Request) {
	if p.jwks != nil {
		p.jwks(w, r)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"keys": []any{
		map[string]any{"kty": "OKP", "crv": "Ed448", "kid": "of-no-use", "x": "AA"},
		publicKey(keyID, "sig"),
	}})
}

func publicKey(kid, use string) jose.JSONWebKey {
	return jose.JSONWebKey{Key: rsaKey().Public(), KeyID: kid, Algorithm: "RS256", Use: use}
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
