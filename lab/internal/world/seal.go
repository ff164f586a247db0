package world

import (
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// contextPrefix is how the opaque values of AWS begin.
const contextPrefix = "AQoJb3JpZ2luX2Vj"

// errContext says that a context assertion was not made by this lab.
var errContext = errors.New("the context assertion cannot be opened")

// sealer makes identity contexts opaque and unforgeable. The key lives as long as the lab.
type sealer struct{ aead cipher.AEAD }

func newSealer() (*sealer, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &sealer{aead: aead}, nil
}

// SealContext returns the opaque form of a context, as sts:identity_context or
// sts:audit_context carries it.
func (w *World) SealContext(c *IdentityContext) (string, error) {
	plain, err := pack(c)
	if err != nil {
		return "", err
	}
	nonce := make([]byte, w.seal.aead.NonceSize())
	_, _ = rand.Read(nonce)
	return contextPrefix + base64.StdEncoding.EncodeToString(w.seal.aead.Seal(nonce, nonce, plain, []byte(contextPrefix))), nil
}

// OpenContext opens what [World.SealContext] made. It does not look at the expiry.
func (w *World) OpenContext(s string) (*IdentityContext, error) {
	text, ok := strings.CutPrefix(s, contextPrefix)
	if !ok || strings.ContainsAny(text, "\r\n") { // which the decoder would pass over
		return nil, errContext
	}
	sealed, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(sealed) < w.seal.aead.NonceSize() {
		return nil, errContext
	}
	n := w.seal.aead.NonceSize()
	plain, err := w.seal.aead.Open(nil, sealed[:n], sealed[n:], []byte(contextPrefix))
	if err != nil {
		return nil, errContext
	}
	var c IdentityContext
	if err := json.NewDecoder(flate.NewReader(bytes.NewReader(plain))).Decode(&c); err != nil {
		return nil, errContext
	}
	return &c, nil
}

// pack makes a context small: a ContextAssertion has 2048 characters at most.
func pack(c *IdentityContext) ([]byte, error) {
	var b bytes.Buffer
	z, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(z).Encode(c); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// RefreshToken is a refresh token of Identity Center.
type RefreshToken struct {
	ApplicationARN, UserID string
	Scopes                 []string
	// IssuerARN is the trusted token issuer whose JWT began the chain.
	IssuerARN string
	Expires   time.Time
}

// IssueRefreshToken stores t and returns its opaque text.
func (w *World) IssueRefreshToken(t *RefreshToken) string {
	text := "aorAAAAA" + randomText(120)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sweep()
	w.refresh[text] = t
	return text
}

// RefreshToken returns the refresh token with the text, also when it has expired.
func (w *World) RefreshToken(text string) (*RefreshToken, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	t, ok := w.refresh[text]
	return t, ok
}
