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
	"fmt"
	"strings"
)

// contextPrefix is how the opaque values of AWS begin.
const contextPrefix = "AQoJb3JpZ2luX2Vj"

// contextLength is that of every opaque value, in characters: the most that a
// ContextAssertion of AssumeRole may have, so that clients are tried with it.
const contextLength = 2048

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
	nonce := make([]byte, w.seal.aead.NonceSize())
	_, _ = rand.Read(nonce)
	room := base64.StdEncoding.DecodedLen(contextLength-len(contextPrefix)) - len(nonce) - w.seal.aead.Overhead()
	plain, err := pack(c, room)
	if err != nil {
		return "", err
	}
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

// pack makes a context small and then as long as there is room, with zeros at
// the end that the reader passes over.
func pack(c *IdentityContext, room int) ([]byte, error) {
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
	if b.Len() > room {
		return nil, fmt.Errorf("an identity context of %d bytes is longer than %d", b.Len(), room)
	}
	return append(b.Bytes(), make([]byte, room-b.Len())...), nil
}
