// Package jwks verifies JSON Web Tokens with the keys that their issuer
// publishes: OpenID Connect discovery, then jwks_uri, over the HTTP client that
// it is given.
//
// [Keys] caches documents per issuer, fetches anew at once for an unknown key
// id (bounded in rate), and is safe for concurrent use. It decides neither
// which issuers are trusted nor what the claims must say: the callers do.
package jwks

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // IAM knows chains by it
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Errors of [Parse] and [Keys.Verify].
var (
	// ErrMalformed: not a compact JWS with a JSON object as payload.
	ErrMalformed = errors.New("the token is malformed")
	// ErrAlgorithm: the algorithm is not among those that are accepted.
	ErrAlgorithm = errors.New("the token's algorithm is not accepted")
	// ErrUnreachable: the issuer did not answer, or not in time.
	ErrUnreachable = errors.New("the issuer cannot be reached")
	// ErrDiscovery: the discovery document or the key set is unusable.
	ErrDiscovery = errors.New("the issuer's discovery document or key set is unusable")
	// ErrSignature: no key of the issuer verifies the signature.
	ErrSignature = errors.New("the signature does not verify")
)

const (
	// fetchTimeout bounds one discovery or key request: slower providers fail at AWS, too.
	fetchTimeout = 5 * time.Second
	// documentLimit bounds what is read of either document, in bytes.
	documentLimit = 1 << 20
	// refetchBurst is how many fetches unknown key ids may cause in a refetchWindow.
	refetchBurst  = 10
	refetchWindow = 10 * time.Second
	// keyLimit of each family, as IAM documents it.
	keyLimit = 100
)

// Discovery is an issuer's OpenID Connect discovery document.
type Discovery struct {
	Issuer                string   `json:"issuer"`
	JWKSURI               string   `json:"jwks_uri"`
	ClaimsSupported       []string `json:"claims_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	SubjectTypes          []string `json:"subject_types_supported"`
	IDTokenSigningAlgs    []string `json:"id_token_signing_alg_values_supported"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	// Thumbprint is the SHA-1 fingerprint, 40 lower-case hexadecimal digits, of the
	// last certificate of the chain with which the host of JWKSURI proved itself;
	// empty where the keys came without TLS. It is no part of the document.
	Thumbprint string `json:"-"`
}

// Keys fetches and caches the keys of issuers.
type Keys struct {
	client *http.Client
	ttl    time.Duration
	now    func() time.Time
	// ended says which tokens were ended before their time; nil for none.
	ended func(claim func(string) (string, bool)) (time.Time, bool)

	mu      sync.Mutex
	entries map[string]*entry
}

// entry is what is known of one issuer. Whoever holds turn may change it, and
// fetch: nobody else fetches the same documents meanwhile.
type entry struct {
	turn chan struct{}
	// latest are the documents, which anybody may read; nil before the first fetch.
	latest atomic.Pointer[documents]
	// window began the count of refetches.
	window    time.Time
	refetches int
}

// documents are what an issuer published at a time. They are immutable.
type documents struct {
	fetched time.Time
	doc     Discovery
	set     jose.JSONWebKeySet
}

// take waits for e's turn, which release gives back.
func (e *entry) take(ctx context.Context) error {
	select {
	case e.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrUnreachable, context.Cause(ctx))
	}
}

func (e *entry) release() { <-e.turn }

// mayRefetch counts a fetch for an unknown key id, and bounds their rate.
func (e *entry) mayRefetch(now time.Time) bool {
	if age := now.Sub(e.window); age < 0 || age >= refetchWindow { // or the clock went back
		e.window, e.refetches = now, 0
	}
	e.refetches++
	return e.refetches <= refetchBurst
}

// New returns Keys that fetch with client and cache for ttl. Redirects are not
// followed unless client has a CheckRedirect of its own.
func New(client *http.Client, ttl time.Duration, now func() time.Time) *Keys {
	c := *client
	if c.CheckRedirect == nil {
		c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return &Keys{client: &c, ttl: ttl, now: now, entries: map[string]*entry{}}
}

// verify is [Keys.Verify] for an algorithm that is accepted.
func (k *Keys) verify(ctx context.Context, issuer string, t *Token) (Discovery, error) {
	e := k.entry(issuer)
	if d := e.latest.Load(); k.fresh(d) && verified(t, &d.set) {
		return d.doc, nil
	}
	return k.inTurn(ctx, issuer, e, t)
}

// inTurn verifies what the documents at hand do not, with newer ones where the
// time of those is over or where they lack the key.
func (k *Keys) inTurn(ctx context.Context, issuer string, e *entry, t *Token) (Discovery, error) {
	if err := e.take(ctx); err != nil {
		return Discovery{}, err
	}
	defer e.release()
	var err error
	d := e.latest.Load() // which others may have fetched meanwhile
	if !k.fresh(d) {
		if d, err = k.fetch(ctx, issuer, e); err != nil {
			return Discovery{}, err
		}
	}
	if verified(t, &d.set) {
		return d.doc, nil
	}
	if len(d.set.Key(t.KeyID)) == 0 && e.mayRefetch(k.now()) {
		if d, err = k.fetch(ctx, issuer, e); err != nil {
			return Discovery{}, err
		}
		if verified(t, &d.set) {
			return d.doc, nil
		}
	}
	return d.doc, ErrSignature
}

// fresh reports whether there are documents whose time is not over. Those of a later
// time than now, before the clock went back, are not.
func (k *Keys) fresh(d *documents) bool {
	if d == nil {
		return false
	}
	age := k.now().Sub(d.fetched)
	return age >= 0 && age < k.ttl
}

func (k *Keys) entry(issuer string) *entry {
	k.mu.Lock()
	defer k.mu.Unlock()
	e, ok := k.entries[issuer]
	if !ok {
		e = &entry{turn: make(chan struct{}, 1)}
		k.entries[issuer] = e
	}
	return e
}

// verified tries the keys with t's key id, or every key when it names none.
func verified(t *Token, set *jose.JSONWebKeySet) bool {
	keys := set.Keys
	if t.KeyID != "" {
		keys = set.Key(t.KeyID)
	}
	for _, key := range keys {
		if key.Use != "" && key.Use != "sig" || key.Algorithm != "" && key.Algorithm != t.Algorithm {
			continue
		}
		if _, err := t.jws.Verify(key.Key); err == nil {
			return true
		}
	}
	return false
}

// fetch replaces e's documents, or leaves them and returns an error. A slash at
// the issuer's end belongs to its name, not to the path (OpenID Connect
// Discovery 1.0, section 4.1).
func (k *Keys) fetch(ctx context.Context, issuer string, e *entry) (*documents, error) {
	var doc Discovery
	if _, err := k.get(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration", &doc); err != nil {
		return nil, err
	}
	if doc.Issuer != issuer || doc.JWKSURI == "" {
		return nil, fmt.Errorf("%w: it says issuer %q", ErrDiscovery, doc.Issuer)
	}
	var raw struct {
		Keys []json.RawMessage `json:"keys"`
	}
	connection, err := k.get(ctx, doc.JWKSURI, &raw)
	if err != nil {
		return nil, err
	}
	doc.Thumbprint = thumbprint(connection)
	set, err := usableKeys(raw.Keys)
	if err != nil {
		return nil, err
	}
	d := &documents{doc: doc, set: set, fetched: k.now()}
	e.latest.Store(d)
	return d, nil
}

// usableKeys keeps the public RSA and EC keys. Keys of other kinds are passed over.
func usableKeys(raw []json.RawMessage) (jose.JSONWebKeySet, error) {
	var set jose.JSONWebKeySet
	var rsaKeys, ecKeys int
	for _, text := range raw {
		var key jose.JSONWebKey
		if json.Unmarshal(text, &key) != nil || !key.IsPublic() {
			continue
		}
		switch key.Key.(type) {
		case *rsa.PublicKey:
			rsaKeys++
		case *ecdsa.PublicKey:
			ecKeys++
		default:
			continue
		}
		set.Keys = append(set.Keys, key)
	}
	if len(set.Keys) == 0 || rsaKeys > keyLimit || ecKeys > keyLimit {
		return set, fmt.Errorf("%w: %d RSA and %d EC keys", ErrDiscovery, rsaKeys, ecKeys)
	}
	return set, nil
}

// thumbprint is the fingerprint by which IAM knows the chain of a connection.
func thumbprint(connection *tls.ConnectionState) string {
	if connection == nil || len(connection.VerifiedChains) == 0 {
		return ""
	}
	chain := connection.VerifiedChains[0]
	sum := sha1.Sum(chain[len(chain)-1].Raw) //nolint:gosec // no secret, a name
	return hex.EncodeToString(sum[:])
}

// get reads a JSON document. The connection is nil without TLS.
func (k *Keys) get(ctx context.Context, url string, into any) (*tls.ConnectionState, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDiscovery, err)
	}
	resp, err := k.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: HTTP status %d", ErrUnreachable, resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, documentLimit+1))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	if len(body) > documentLimit || json.Unmarshal(body, into) != nil {
		return nil, fmt.Errorf("%w: not JSON, or too long", ErrDiscovery)
	}
	return resp.TLS, nil
}

func decodeSegment(s string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(s) }
