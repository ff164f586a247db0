package bearer_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/tip-cli/tip-cli/tipcreds"
	"github.com/tip-cli/tip-cli/tipcreds/bearer"
)

// fakeIssuer is the discovery and the keys of an issuer, without a network.
type fakeIssuer struct {
	mu       sync.Mutex
	metadata map[string]any
	keys     map[string]*rsa.PrivateKey
	broken   func() (*http.Response, error) // instead of the keys
	fetches  int
}

func newIssuer() *fakeIssuer {
	return &fakeIssuer{
		metadata: map[string]any{
			"issuer": issuer, "jwks_uri": issuer + "/keys", "id_token_signing_alg_values_supported": []string{"none", "HS256", "RS256"},
		},
		keys: map[string]*rsa.PrivateKey{"key-1": signingKey()},
	}
}

func (f *fakeIssuer) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration") {
		return jsonResponse(200, f.metadata)
	}
	f.fetches++
	if f.broken != nil {
		return f.broken()
	}
	return jsonResponse(200, f.set())
}

func (f *fakeIssuer) set() (set jose.JSONWebKeySet) {
	for id, key := range f.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: id, Algorithm: "RS256", Use: "sig"})
	}
	return set
}

func jsonResponse(status int, body any) (*http.Response, error) {
	raw, err := json.Marshal(body)
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(raw)),
	}, err
}

func (f *fakeIssuer) alter(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fakeIssuer) fetched() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fetches
}

func (f *fakeIssuer) verifier(t *testing.T) bearer.Verifier {
	t.Helper()
	v, err := bearer.NewVerifier(f.context(), issuer, &oidc.Config{ClientID: audience})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (f *fakeIssuer) context() context.Context {
	return oidc.ClientContext(context.Background(), &http.Client{Transport: f})
}

// TestKeysOutage: while the keys cannot be had, a token is not judged, and tokens cost
// one attempt in a second; then they are judged.
func TestKeysOutage(t *testing.T) {
	for name, broken := range map[string]func() (*http.Response, error){
		"no answer":    func() (*http.Response, error) { return nil, errors.New("no route to the issuer") },
		"error answer": func() (*http.Response, error) { return jsonResponse(503, newIssuer().set()) },
		"no JSON": func() (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("<html>"))}, nil
		},
		"broken off": func() (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(errReader{})}, nil
		},
		"never-ending": func() (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(endless{})}, nil
		},
		"wrong contents": func() (*http.Response, error) { return jsonResponse(200, []int{1}) },
		"no such set":    func() (*http.Response, error) { return jsonResponse(200, map[string]any{"keys": "none"}) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newIssuer()
				f.broken = broken
				h := protected(t, fakePool(t, &clients{}), f.verifier(t), who)
				token := "Bearer " + mint(t, "a", nil)
				for fetches := 1; fetches <= 2; fetches++ {
					for range 20 {
						if got := seen(t, get(h, token)); got.Status != 503 || got.Challenge != "" || f.fetched() != fetches {
							t.Errorf("during the outage: %+v, %d fetches instead of %d", got, f.fetched(), fetches)
						}
						time.Sleep(50 * time.Millisecond)
					}
				}
				f.alter(func() { f.broken = nil })
				if got := seen(t, get(h, token)); got.Status != 200 {
					t.Errorf("behind it: %+v", got)
				}
			})
		})
	}
}

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '['
	}
	return len(p), nil
}

// TestEmptyKeySet: an issuer that has no keys at the moment is asked again in a second.
func TestEmptyKeySet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newIssuer()
		f.broken = func() (*http.Response, error) { return jsonResponse(200, map[string]any{"keys": []any{}}) }
		h := protected(t, fakePool(t, &clients{}), f.verifier(t), who)
		token := "Bearer " + mint(t, "a", nil)
		for range 2 {
			if got := seen(t, get(h, token)); got.Status != 401 || f.fetched() != 1 {
				t.Errorf("without keys: %+v, %d fetches", got, f.fetched())
			}
		}
		f.alter(func() { f.broken = nil })
		time.Sleep(time.Second)
		if got := seen(t, get(h, token)); got.Status != 200 {
			t.Errorf("with keys: %+v", got)
		}
	})
}

// TestKeysPause: tokens with keys that do not exist cost one fetch in KeyPause, and a
// new key is found behind it.
func TestKeysPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newIssuer()
		h := protected(t, fakePool(t, &clients{}), f.verifier(t), who)
		next, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		signed := func(key *rsa.PrivateKey, id string) string {
			return "Bearer " + sign(t, key, id, map[string]any{
				"iss": issuer, "sub": "a", "aud": audience, "exp": time.Now().Add(time.Hour).Unix(), "jti": rand.Text(),
			})
		}
		for i := range 100 {
			if got := seen(t, get(h, signed(next, rand.Text()))); got.Status != 401 || got.Challenge != invalid {
				t.Fatalf("%d: %+v", i, got)
			}
		}
		if got := f.fetched(); got != 1 {
			t.Errorf("%d fetches", got)
		}
		if got := seen(t, get(h, signed(next, "key-1"))); got.Status != 401 || f.fetched() != 1 {
			t.Errorf("forged with the id of a key: %+v, %d fetches", got, f.fetched())
		}
		f.alter(func() { f.keys["key-2"] = next })
		if got := seen(t, get(h, signed(next, "key-2"))); got.Status != 401 {
			t.Errorf("within the pause: %+v", got)
		}
		time.Sleep(bearer.KeyPause)
		if got := seen(t, get(h, signed(next, "key-2"))); got.Status != 200 || f.fetched() != 2 {
			t.Errorf("behind the pause: %+v, %d fetches", got, f.fetched())
		}
		if got := seen(t, get(h, "Bearer "+mint(t, "a", nil))); got.Status != 200 {
			t.Errorf("the old key: %+v", got)
		}
	})
}

// TestSlowKeys: a fetch that hangs holds no request longer than VerifyTimeout.
func TestSlowKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newIssuer()
		v := f.verifier(t)
		f.broken = func() (*http.Response, error) { time.Sleep(time.Minute); return nil, errors.New("too late") }
		h := protected(t, fakePool(t, &clients{}), v, who)
		began := time.Now()
		if got := seen(t, get(h, "Bearer "+mint(t, "a", nil))); got.Status != 503 || time.Since(began) != bearer.DefaultVerifyTimeout {
			t.Errorf("%+v after %v", got, time.Since(began))
		}
		time.Sleep(time.Minute) // the fetch ends
	})
}

// TestNewVerifierRefuses: settings under which everything, or nothing, would be
// accepted.
func TestNewVerifierRefuses(t *testing.T) {
	good := &oidc.Config{ClientID: audience}
	for name, tt := range map[string]struct {
		issuer string
		config *oidc.Config
		ctx    func(context.Context) context.Context
		want   any
	}{
		"no config":      {issuer, nil, nil, new(*tipcreds.OptionError)},
		"no audience":    {issuer, &oidc.Config{}, nil, new(*tipcreds.OptionError)},
		"another issuer": {issuer + "/other", good, nil, new(*oidc.IssuerMismatchError)},
		"another issuer, allowed to go-oidc": {issuer + "/other", good, func(ctx context.Context) context.Context {
			return oidc.InsecureIssuerURLContext(ctx, issuer)
		}, new(*oidc.IssuerMismatchError)},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := newIssuer().context()
			if tt.ctx != nil {
				ctx = tt.ctx(ctx)
			}
			if _, err := bearer.NewVerifier(ctx, tt.issuer, tt.config); err == nil || !errors.As(err, tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestNewVerifierAlone needs no client in the context, and takes no algorithm from the
// issuer that needs no key.
func TestNewVerifierAlone(t *testing.T) {
	f := newIssuer()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		res, err := f.RoundTrip(r)
		if err != nil {
			t.Error(err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.Copy(w, res.Body)
	}))
	defer s.Close()
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	f.metadata["issuer"], f.metadata["jwks_uri"] = s.URL, s.URL+"/keys"
	v, err := bearer.NewVerifier(t.Context(), s.URL, &oidc.Config{ClientID: audience})
	if err != nil {
		t.Fatal(err)
	}
	token := mint(t, "a", map[string]any{"iss": s.URL})
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	for _, header := range []string{"eyJhbGciOiJub25lIn0", "eyJhbGciOiJIUzI1NiJ9"} { // none, HS256
		if _, err := v.Verify(t.Context(), header+"."+payload+".c2ln"); err == nil || f.fetched() != 0 {
			t.Errorf("%s: %v, %d fetches of keys", header, err, f.fetched())
		}
	}
	if _, err := v.Verify(t.Context(), token); err != nil || f.fetched() != 1 {
		t.Errorf("%v, %d fetches of keys", err, f.fetched())
	}
}
