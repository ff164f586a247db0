package jwks_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/jwks"
)

const issuer = "https://idp.example/oauth2/default"

// provider answers for one issuer in memory.
type provider struct {
	issuer   string
	key      *ecdsa.PrivateKey
	keyID    string
	keys     func(jose.JSONWebKey) any // the key set; nil for just the key
	document func(map[string]any)      // changes the discovery document
	status   int

	mu      sync.Mutex
	fetched []string
	block   chan struct{} // closed: answer
}

func newProvider(t *testing.T, issuer string) *provider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &provider{issuer: issuer, key: key, keyID: "one", status: http.StatusOK}
}

// RoundTrip implements http.RoundTripper.
func (p *provider) RoundTrip(r *http.Request) (*http.Response, error) {
	p.mu.Lock()
	p.fetched = append(p.fetched, r.URL.String())
	p.mu.Unlock()
	if p.block != nil {
		select {
		case <-p.block:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	var body any
	switch r.URL.String() {
	case strings.TrimSuffix(p.issuer, "/") + "/.well-known/openid-configuration":
		doc := map[string]any{"issuer": p.issuer, "jwks_uri": "https://idp.example/keys"}
		if p.document != nil {
			p.document(doc)
		}
		body = doc
	case "https://idp.example/keys":
		key := jose.JSONWebKey{Key: p.key.Public(), KeyID: p.keyID, Use: "sig"}
		body = jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key}}
		if p.keys != nil {
			body = p.keys(key)
		}
	default:
		return p.answer(r, http.StatusNotFound, nil), nil
	}
	text, err := json.Marshal(body)
	return p.answer(r, p.status, text), err
}

func (p *provider) answer(r *http.Request, status int, body []byte) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(body))), Request: r}
}

func (p *provider) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.fetched)
}

func (p *provider) token(t *testing.T, keyID string) *jwks.Token {
	t.Helper()
	opts := &jose.SignerOptions{}
	if keyID != "" {
		opts = opts.WithHeader("kid", keyID)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: p.key}, opts)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(`{"sub":"somebody","n":12345678901234567}`))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwks.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func keysOver(p *provider) *jwks.Keys {
	return jwks.New(&http.Client{Transport: p}, time.Hour, time.Now)
}

func TestVerify(t *testing.T) {
	for _, name := range []string{issuer, "https://tenant.example/"} {
		p := newProvider(t, name)
		keys := keysOver(p)
		for _, keyID := range []string{"one", ""} {
			doc, err := keys.Verify(t.Context(), name, p.token(t, keyID), jose.RS256, jose.ES256)
			if err != nil || doc.Issuer != name {
				t.Errorf("%s, key id %q: %v, issuer %q", name, keyID, err, doc.Issuer)
			}
		}
		if n := p.count(); n != 2 {
			t.Errorf("%s: %d requests %v, want the two documents once", name, n, p.fetched)
		}
	}
}

func TestVerifyRefuses(t *testing.T) {
	set := func(change func(*jose.JSONWebKey)) func(jose.JSONWebKey) any {
		return func(key jose.JSONWebKey) any {
			change(&key)
			return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key}}
		}
	}
	for name, c := range map[string]struct {
		fault      func(*provider)
		algorithms []jose.SignatureAlgorithm
		want       error
	}{
		"algorithm":       {algorithms: []jose.SignatureAlgorithm{jose.RS256}, want: jwks.ErrAlgorithm},
		"no algorithm":    {algorithms: []jose.SignatureAlgorithm{}, want: jwks.ErrAlgorithm},
		"status":          {fault: func(p *provider) { p.status = http.StatusBadGateway }, want: jwks.ErrUnreachable},
		"redirect":        {fault: func(p *provider) { p.status = http.StatusFound }, want: jwks.ErrUnreachable},
		"other issuer":    {fault: func(p *provider) { p.document = func(d map[string]any) { d["issuer"] = issuer + "/" } }, want: jwks.ErrDiscovery},
		"no jwks_uri":     {fault: func(p *provider) { p.document = func(d map[string]any) { delete(d, "jwks_uri") } }, want: jwks.ErrDiscovery},
		"bad jwks_uri":    {fault: func(p *provider) { p.document = func(d map[string]any) { d["jwks_uri"] = "::" } }, want: jwks.ErrDiscovery},
		"no keys":         {fault: func(p *provider) { p.keys = func(jose.JSONWebKey) any { return map[string]any{"keys": []any{}} } }, want: jwks.ErrDiscovery},
		"not a key set":   {fault: func(p *provider) { p.keys = func(jose.JSONWebKey) any { return "keys" } }, want: jwks.ErrDiscovery},
		"too long":        {fault: func(p *provider) { p.keys = func(jose.JSONWebKey) any { return strings.Repeat("x", 1<<20) } }, want: jwks.ErrDiscovery},
		"a shared secret": {fault: func(p *provider) { p.keys = set(func(k *jose.JSONWebKey) { k.Key = []byte("secret") }) }, want: jwks.ErrDiscovery},
		"the private key": {fault: func(p *provider) { p.keys = set(func(k *jose.JSONWebKey) { k.Key = p.key }) }, want: jwks.ErrDiscovery},
		"for encryption":  {fault: func(p *provider) { p.keys = set(func(k *jose.JSONWebKey) { k.Use = "enc" }) }, want: jwks.ErrSignature},
		"other algorithm": {fault: func(p *provider) { p.keys = set(func(k *jose.JSONWebKey) { k.Algorithm = "ES512" }) }, want: jwks.ErrSignature},
		"other key id":    {fault: func(p *provider) { p.keyID = "two" }, want: jwks.ErrSignature},
		"too many keys": {fault: func(p *provider) {
			p.keys = func(key jose.JSONWebKey) any {
				many := jose.JSONWebKeySet{}
				for range 101 {
					many.Keys = append(many.Keys, key)
				}
				return many
			}
		}, want: jwks.ErrDiscovery},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t, issuer)
			token := p.token(t, "one")
			if c.fault != nil {
				c.fault(p)
			}
			if c.algorithms == nil {
				c.algorithms = []jose.SignatureAlgorithm{jose.ES256}
			}
			if _, err := keysOver(p).Verify(t.Context(), issuer, token, c.algorithms...); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
		})
	}
}

func TestVerifyRefusesAnothersSignature(t *testing.T) {
	p := newProvider(t, issuer)
	if _, err := keysOver(p).Verify(t.Context(), issuer, newProvider(t, issuer).token(t, "one"), jose.ES256); !errors.Is(err, jwks.ErrSignature) {
		t.Errorf("error %v, want %v", err, jwks.ErrSignature)
	}
}

// A withdrawn key counts until the cache's time is over, and no longer.
func TestWithdrawnKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(t, issuer)
		keys, token := keysOver(p), p.token(t, "one")
		verify := func() error {
			_, err := keys.Verify(t.Context(), issuer, token, jose.ES256)
			return err
		}
		if err := verify(); err != nil {
			t.Fatal(err)
		}
		p.key, p.keyID = newProvider(t, issuer).key, "two"
		time.Sleep(time.Hour - time.Second)
		if err := verify(); err != nil {
			t.Errorf("within the cache's time: %v", err)
		}
		time.Sleep(time.Second)
		if err := verify(); !errors.Is(err, jwks.ErrSignature) {
			t.Errorf("after it: %v, want %v", err, jwks.ErrSignature)
		}
	})
}

// Whoever waits for another's fetch stops waiting with its own context.
func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(t, issuer)
		p.block = make(chan struct{})
		keys, token := keysOver(p), p.token(t, "one")
		first := make(chan error)
		go func() {
			_, err := keys.Verify(context.Background(), issuer, token, jose.ES256)
			first <- err
		}()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := keys.Verify(ctx, issuer, token, jose.ES256)
		if !errors.Is(err, jwks.ErrUnreachable) || time.Since(start) != time.Second {
			t.Errorf("after %s: %v, want %v after 1s", time.Since(start), err, jwks.ErrUnreachable)
		}
		close(p.block)
		if err := <-first; err != nil {
			t.Errorf("the first: %v", err)
		}
	})
}

// A provider that does not answer holds nobody up for longer than the limit.
func TestSlowProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(t, issuer)
		p.block = make(chan struct{})
		start := time.Now()
		_, err := keysOver(p).Verify(context.Background(), issuer, p.token(t, "one"), jose.ES256)
		if !errors.Is(err, jwks.ErrUnreachable) || time.Since(start) != 5*time.Second {
			t.Errorf("after %s: %v, want %v after 5s", time.Since(start), err, jwks.ErrUnreachable)
		}
	})
}

func TestUnknownKeyIDsFetchInBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(t, issuer)
		keys, token := keysOver(p), p.token(t, "unknown")
		var counts []int
		for range 2 {
			for range 30 {
				if _, err := keys.Verify(t.Context(), issuer, token, jose.ES256); !errors.Is(err, jwks.ErrSignature) {
					t.Fatal(err)
				}
			}
			counts = append(counts, p.count()/2)
			time.Sleep(10 * time.Second)
		}
		if diff := cmp.Diff([]int{11, 21}, counts); diff != "" {
			t.Error(diff)
		}
	})
}

// While one token's unknown key is fetched, tokens of known keys are verified.
func TestKnownKeysDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newProvider(t, issuer)
		keys, known, unknown := keysOver(p), p.token(t, "one"), p.token(t, "unknown")
		if _, err := keys.Verify(t.Context(), issuer, known, jose.ES256); err != nil {
			t.Fatal(err)
		}
		p.block = make(chan struct{})
		fetched := make(chan error)
		go func() {
			_, err := keys.Verify(context.Background(), issuer, unknown, jose.ES256)
			fetched <- err
		}()
		synctest.Wait()
		start := time.Now()
		if doc, err := keys.Verify(t.Context(), issuer, known, jose.ES256); err != nil || doc.Issuer != issuer || time.Since(start) != 0 {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		close(p.block)
		if err := <-fetched; !errors.Is(err, jwks.ErrSignature) {
			t.Errorf("the unknown one: %v", err)
		}
	})
}
