package idp

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const rsaBits = 2048

// keyring holds the signing keys of an issuer.
type keyring struct {
	now, past func() time.Time
	// first generates the first key, once; later callers wait for it.
	first func() error

	mu countingMutex
	// keys that are published; the current one of each algorithm comes before
	// those that were retired.
	keys []*signingKey
}

type signingKey struct {
	id        string
	algorithm jose.SignatureAlgorithm
	private   crypto.Signer
	// retired is when the key stops being published; zero while it signs.
	retired time.Time
}

func newKeyring(now, past func() time.Time) *keyring {
	k := &keyring{now: now, past: past}
	k.first = sync.OnceValue(func() error { return k.rotate(now()) })
	return k
}

// rotate generates a new RS256 key and publishes the old one until the given time.
func (k *keyring) rotate(until time.Time) error {
	key, err := generate(jose.RS256)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, old := range k.keys {
		if old.algorithm == jose.RS256 && old.retired.IsZero() {
			old.retired = until
		}
	}
	k.keys = slices.Insert(k.until(k.past()), 0, key)
	return nil
}

// published returns the keys that have not gone yet. The caller holds mu.
func (k *keyring) published() []*signingKey { return k.until(k.now()) }

// until returns the keys that had not gone at a time. The caller holds mu.
func (k *keyring) until(at time.Time) []*signingKey {
	return slices.DeleteFunc(slices.Clone(k.keys), func(key *signingKey) bool {
		return !key.retired.IsZero() && !at.Before(key.retired)
	})
}

// current returns the key that signs with an algorithm. Keys for others than
// RS256 are made, and published, when they are first asked for.
func (k *keyring) current(algorithm jose.SignatureAlgorithm) (*signingKey, error) {
	if err := k.first(); err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if key := k.signing(algorithm); key != nil {
		return key, nil
	}
	key, err := k.further(algorithm)
	if err == nil {
		k.keys = append(k.keys, key)
	}
	return key, err
}

func (k *keyring) signing(algorithm jose.SignatureAlgorithm) *signingKey {
	for _, key := range k.keys {
		if key.algorithm == algorithm && key.retired.IsZero() {
			return key
		}
	}
	return nil
}

// further makes a key for another algorithm. Those of RSA share the RS256 key
// under a name of their own, since generating one takes long.
func (k *keyring) further(algorithm jose.SignatureAlgorithm) (*signingKey, error) {
	switch algorithm {
	case jose.RS384, jose.RS512, jose.PS256:
		key := *k.signing(jose.RS256)
		key.id, key.algorithm = key.id+"-"+string(algorithm), algorithm
		return &key, nil
	}
	return generate(algorithm)
}

func generate(algorithm jose.SignatureAlgorithm) (*signingKey, error) {
	private, err := generatePrivate(algorithm)
	if err != nil {
		return nil, fmt.Errorf("generate %s key: %w", algorithm, err)
	}
	sum, err := (&jose.JSONWebKey{Key: private.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("generate %s key: %w", algorithm, err)
	}
	return &signingKey{id: base64.RawURLEncoding.EncodeToString(sum), algorithm: algorithm, private: private}, nil
}

func generatePrivate(algorithm jose.SignatureAlgorithm) (crypto.Signer, error) {
	switch algorithm {
	case jose.RS256, jose.RS384, jose.RS512, jose.PS256:
		return rsa.GenerateKey(rand.Reader, rsaBits)
	case jose.ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.ES384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case jose.ES512:
		return ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	}
	return nil, fmt.Errorf("unknown algorithm %q", algorithm)
}

// sign makes a JWT. The header names keyID, or no key when that is empty.
func (key *signingKey) sign(keyID string, claims map[string]any) (string, error) {
	return signJWT(key.algorithm, key.private, keyID, claims)
}

func signJWT(algorithm jose.SignatureAlgorithm, key any, keyID string, claims map[string]any) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: keyID}}, nil)
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return token, nil
}

// jwks answers with the JWK set (RFC 7517, 5).
func (p *provider) jwks(w http.ResponseWriter, _ *http.Request) {
	set := jose.JSONWebKeySet{}
	for _, ring := range p.keyrings() {
		if err := ring.first(); err != nil {
			http.Error(w, "no key", http.StatusInternalServerError)
			return
		}
		ring.mu.Lock()
		keys := ring.published()
		ring.mu.Unlock()
		for _, key := range keys {
			set.Keys = append(set.Keys, jose.JSONWebKey{
				Key: key.private.Public(), KeyID: key.id, Algorithm: string(key.algorithm), Use: "sig",
			})
		}
	}
	writePublic(w, set)
}

// writePublic answers with JSON that may be kept but must be asked for again,
// so that a rotated key is seen as soon as the reader likes.
func writePublic(w http.ResponseWriter, v any) {
	var body bytes.Buffer
	if err := newEncoder(&body).Encode(v); err != nil {
		http.Error(w, "cannot encode", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(body.Bytes()) // the client is gone: nobody to tell
}
