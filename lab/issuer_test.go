package lab_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// idp is a test's own OIDC provider: one issuer per path, each with its fault.
type idp struct {
	*httptest.Server
	key *ecdsa.PrivateKey
	rsa *rsa.PrivateKey

	mu      sync.Mutex
	fetches map[string]int
}

// documents of an issuer; a status other than 0 answers in their place.
type documents struct {
	discovery  map[string]any
	keys       any
	status     int
	keysStatus int
}

func newIDP(t *testing.T, faults map[string]func(*idp, *documents)) *idp {
	t.Helper()
	mux := http.NewServeMux()
	p := &idp{Server: httptest.NewServer(mux), fetches: map[string]int{}}
	t.Cleanup(p.Close)
	var err error
	if p.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	if p.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	for name, fault := range faults {
		d := p.documents(name)
		fault(p, d)
		mux.HandleFunc("/"+name+"/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
			p.count(name)
			serve(w, d.status, "/good/.well-known/openid-configuration", d.discovery)
		})
		mux.HandleFunc("/"+name+"/keys", func(w http.ResponseWriter, _ *http.Request) { serve(w, d.keysStatus, "/good/keys", d.keys) })
	}
	return p
}

// closedPort is a URL at which nobody listens.
func closedPort() string {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	return s.URL
}

func (p *idp) count(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fetches[name]++
}

func serve(w http.ResponseWriter, status int, location string, v any) {
	if status == http.StatusFound {
		w.Header().Set("Location", location)
	}
	if status != 0 {
		w.WriteHeader(status)
	}
	if text, ok := v.(string); ok {
		_, _ = fmt.Fprint(w, text)
		return
	}
	_ = json.NewEncoder(w).Encode(v)
}

func (p *idp) issuer(name string) string { return p.URL + "/" + name }

func (p *idp) documents(name string) *documents {
	return &documents{
		discovery: map[string]any{
			"issuer": p.issuer(name), "jwks_uri": p.issuer(name) + "/keys", "claims_supported": []string{"sub"},
			"response_types_supported": []string{"id_token"}, "subject_types_supported": []string{"pairwise"},
			"id_token_signing_alg_values_supported": []string{"RS256"},
		},
		keys: p.set(jose.JSONWebKey{Key: p.key.Public(), KeyID: "ec"}, jose.JSONWebKey{Key: p.rsa.Public(), KeyID: "rsa"}),
	}
}

func (p *idp) set(keys ...jose.JSONWebKey) jose.JSONWebKeySet {
	return jose.JSONWebKeySet{Keys: keys}
}

// sign makes a JWT of an issuer, with more claims on top.
func (p *idp) sign(t *testing.T, alg jose.SignatureAlgorithm, kid, issuer string, more map[string]any) string {
	t.Helper()
	var key crypto.PrivateKey = p.rsa
	if strings.HasPrefix(string(alg), "ES") {
		key = p.key
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	all := map[string]any{"iss": issuer, "sub": "subject", "aud": clientID, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"email": "analyst@example.com", "jti": rand.Text()}
	for k, v := range more {
		all[k] = v
		if v == nil {
			delete(all, k)
		}
	}
	payload, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// trusted makes IAM and Identity Center trust issuers on loopback, through a role "local".
func trusted(issuers map[string]string) func(*lab.World) {
	return func(w *lab.World) {
		w.Switches.CentralTokenAlgorithm = "ES256"
		labtest.WithoutNotebook(w) // for the room that its issuer takes
		a, c := &w.Accounts[1], &w.IdentityCenter[0]
		var federated []any
		for name, issuer := range issuers {
			a.OIDCProviders = append(a.OIDCProviders, world.OIDCProviderFile{URL: issuer, ClientIDs: []string{clientID}})
			federated = append(federated, "arn:aws:iam::444455556666:oidc-provider/"+issuer[strings.Index(issuer, "://")+3:])
			if len(c.TrustedTokenIssuers) < 10 {
				c.TrustedTokenIssuers = append(c.TrustedTokenIssuers, world.TrustedTokenIssuerFile{Name: name, IssuerURL: issuer, ClaimAttributePath: "email", IdentityStoreAttributePath: "emails.value"})
				c.Applications[0].JWTBearer = append(c.Applications[0].JWTBearer, world.AuthorizedIssuerFile{Issuer: name, Audiences: []string{clientID}})
			}
		}
		addRole(w, 1, "local", policyOf(statement("Allow", "sts:AssumeRoleWithWebIdentity", "Principal", map[string]any{"Federated": federated})), nil)
	}
}

// faults are the ways in which an issuer's documents are unusable, and some in which they are not.
func faults() map[string]func(*idp, *documents) {
	without := func(name string) func(*idp, *documents) {
		return func(_ *idp, d *documents) { delete(d.discovery, name) }
	}
	only := func(edit func(*jose.JSONWebKey)) func(*idp, *documents) {
		return func(p *idp, d *documents) {
			key := jose.JSONWebKey{Key: p.rsa.Public(), KeyID: "rsa"}
			edit(&key)
			d.keys = p.set(key)
		}
	}
	return map[string]func(*idp, *documents){
		"good":              func(*idp, *documents) {},
		"no-issuer":         without("issuer"),
		"no-jwks-uri":       without("jwks_uri"),
		"no-claims":         without("claims_supported"),
		"no-response-types": without("response_types_supported"),
		"no-subject-types":  without("subject_types_supported"),
		"no-algorithms":     without("id_token_signing_alg_values_supported"),
		"other-issuer":      func(_ *idp, d *documents) { d.discovery["issuer"] = "https://example.com" },
		"slash":             func(p *idp, d *documents) { d.discovery["issuer"] = p.issuer("slash") + "/" },
		"no-keys":           func(p *idp, d *documents) { d.keys = p.set() },
		"error":             func(_ *idp, d *documents) { d.status = http.StatusInternalServerError },
		"keys-error":        func(_ *idp, d *documents) { d.keysStatus = http.StatusNotFound },
		"redirect":          func(_ *idp, d *documents) { d.status = http.StatusFound },
		"keys-redirect":     func(_ *idp, d *documents) { d.keysStatus = http.StatusFound },
		"closed-keys":       func(_ *idp, d *documents) { d.discovery["jwks_uri"] = closedPort() },
		"keys-elsewhere":    func(_ *idp, d *documents) { d.discovery["jwks_uri"] = "https://example.com/keys" },
		"keys-in-a-file":    func(_ *idp, d *documents) { d.discovery["jwks_uri"] = "file:///etc/passwd" },
		"too-long":          func(_ *idp, d *documents) { d.discovery["x"] = strings.Repeat("x", 1<<20) },
		"no-json":           func(_ *idp, d *documents) { d.keys = "<html>" },
		"hundred":           func(p *idp, d *documents) { d.keys = p.many(100) },
		"hundred-and-one":   func(p *idp, d *documents) { d.keys = p.many(101) },
		"symmetric":         func(_ *idp, d *documents) { d.keys = `{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"rsa"}]}` },
		"odd-beside": func(p *idp, d *documents) {
			d.keys = map[string]any{"keys": []any{map[string]any{"kty": "moon"}, p.set(jose.JSONWebKey{Key: p.rsa.Public(), KeyID: "rsa"}).Keys[0]}}
		},
		"for-encryption":  only(func(k *jose.JSONWebKey) { k.Use = "enc" }),
		"other-algorithm": only(func(k *jose.JSONWebKey) { k.Algorithm = "RS384" }),
	}
}

// many makes a set of n RSA keys, the right one last.
func (p *idp) many(n int) jose.JSONWebKeySet {
	var set jose.JSONWebKeySet
	for i := range n {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: p.rsa.Public(), KeyID: fmt.Sprint("key", i)})
	}
	set.Keys[n-1].KeyID = "rsa"
	return set
}

func TestWebIdentityIssuer(t *testing.T) {
	p := newIDP(t, faults())
	issuers := map[string]string{"closed": closedPort() + "/closed"}
	for name := range faults() {
		issuers[name] = p.issuer(name)
	}
	b := start(t, trusted(issuers))
	signature := invalidToken("The ID Token's signature is invalid")
	wants := map[string]answer{"good": {}, "hundred": {}, "odd-beside": {}, "for-encryption": signature, "other-algorithm": signature}
	for name, issuer := range issuers {
		t.Run(name, func(t *testing.T) {
			want, ok := wants[name]
			if !ok {
				want = invalidToken(noKey)
			}
			_, err := b.on(t).webIdentity(roleIn(appl, "local"), p.sign(t, jose.RS256, "rsa", issuer, nil))
			expect(t, want, err)
		})
	}
}

// Identity Center asks for less of the discovery document than IAM does, and has one answer for all.
func TestAssertionIssuer(t *testing.T) {
	p := newIDP(t, faults())
	refused := answer{400, "InvalidGrantException", "The assertion cannot be verified"}
	wants := map[string]answer{"good": {}, "no-claims": {}, "no-response-types": {}, "no-subject-types": {}, "no-algorithms": {}, "hundred": {}, "odd-beside": {}}
	for part := range slices.Chunk(slices.Sorted(maps.Keys(faults())), 6) { // ten issuers an instance at most, four are there
		issuers := map[string]string{}
		for _, name := range part {
			issuers[name] = p.issuer(name)
		}
		b := start(t, trusted(issuers))
		caller := b.session(oidcRole)
		for name, issuer := range issuers {
			t.Run(name, func(t *testing.T) {
				want, ok := wants[name]
				if !ok {
					want = refused
				}
				_, err := b.on(t).createToken(caller, asserting(p.sign(t, jose.RS256, "rsa", issuer, nil)))
				expect(t, want, err)
			})
		}
	}
}

func TestAlgorithmsOfAssertions(t *testing.T) {
	p := newIDP(t, map[string]func(*idp, *documents){"good": func(*idp, *documents) {}})
	b := start(t, trusted(map[string]string{"good": p.issuer("good")}))
	caller := b.session(oidcRole)
	for _, alg := range []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.ES256} {
		t.Run(string(alg), func(t *testing.T) {
			want := answer{400, "InvalidGrantException", "The assertion cannot be verified"}
			if alg == jose.RS256 {
				want = answer{}
			}
			kid := "rsa"
			if alg == jose.ES256 {
				kid = "ec"
			}
			_, err := b.on(t).createToken(caller, asserting(p.sign(t, alg, kid, p.issuer("good"), nil)))
			expect(t, want, err)
		})
	}
}

// An unknown key id is looked for at once, but not without end.
func TestUnknownKeyIDsAreBounded(t *testing.T) {
	p := newIDP(t, map[string]func(*idp, *documents){"good": func(*idp, *documents) {}})
	b := start(t, trusted(map[string]string{"good": p.issuer("good")}))
	for i := range 40 {
		_, err := b.webIdentity(roleIn(appl, "local"), p.sign(t, jose.RS256, fmt.Sprint("kid", i), p.issuer("good"), nil))
		expect(t, invalidToken("The ID Token's signature is invalid"), err)
	}
	if n := p.fetches["good"]; n > 12 {
		t.Errorf("40 tokens with unknown key ids caused %d fetches", n)
	}
	_, err := b.webIdentity(roleIn(appl, "local"), p.sign(t, jose.RS256, "rsa", p.issuer("good"), nil))
	expect(t, answer{}, err)
}

func TestRotatedKeysAreSeenAtOnce(t *testing.T) {
	b := start(t, webIdentityWorld)
	caller := b.session(oidcRole)
	before := b.jwt("analyst")
	for range 3 { // the keys are cached when they are rotated
		_, err := b.webIdentity(roleIn(appl, "any"), b.jwt("analyst"))
		expect(t, answer{}, err)
		_, err = b.createToken(caller, asserting(b.jwt("analyst")))
		expect(t, answer{}, err)
		if err := b.lab.RotateKeys("okta"); err != nil {
			t.Fatal(err)
		}
	}
	_, err := b.webIdentity(roleIn(appl, "any"), before) // the old key stays published
	expect(t, answer{}, err)
}
