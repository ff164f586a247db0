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
	"io"
	"strings"
)

// contextPrefix is how the opaque values of AWS begin.
const contextPrefix = "AQoJb3JpZ2luX2Vj"

// contextLength is that of every opaque value, in characters: the most that a
// ContextAssertion of AssumeRole may have, so that clients are tried with it.
const contextLength = 2048

// errContext says that a context assertion was not made by this lab.
var errContext = errors.New("the context assertion cannot be opened")

// sealer makes identity contexts opaque and unforgeable. The key lives as long as
// the world, in a data directory too.
type sealer struct {
	key  []byte
	aead cipher.AEAD
}

func newSealer() (*sealer, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return sealerOf(key)
}

func sealerOf(key []byte) (*sealer, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	return &sealer{key: key, aead: aead}, nil
}

// SealContext returns the opaque form of a context, as sts:identity_context or
// sts:audit_context carries it.
func (w *World) SealContext(c *IdentityContext) (string, error) {
	w.mu.RLock()
	round := w.contextRound()
	w.mu.RUnlock()
	if round != c.Round {
		again := *c
		c, again.Round = &again, round
	}
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
	c, err := unpack(plain)
	if err != nil {
		return nil, err
	}
	return w.curtailed(c), nil
}

// The first byte of a packed context says how the rest is written.
const (
	asText     = 0 // JSON
	compressed = 1 // JSON, by DEFLATE
)

// pack writes a context as long as there is room, with zeros at the end that the
// reader passes over. Compressing takes much longer than all the rest of an
// exchange but the signatures, so that only what is too long is compressed.
func pack(c *IdentityContext, room int) ([]byte, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	b := bytes.NewBuffer(make([]byte, 0, room))
	b.WriteByte(asText)
	b.Write(text)
	if b.Len() > room {
		b.Reset()
		b.WriteByte(compressed)
		if err := deflate(b, text); err != nil {
			return nil, err
		}
	}
	if b.Len() > room {
		return nil, fmt.Errorf("an identity context of %d bytes is longer than %d", b.Len(), room)
	}
	return append(b.Bytes(), make([]byte, room-b.Len())...), nil
}

func deflate(into io.Writer, text []byte) error {
	z, err := flate.NewWriter(into, flate.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(text); err != nil {
		return err
	}
	return z.Close()
}

// unpack reads what [pack] wrote.
func unpack(plain []byte) (*IdentityContext, error) {
	if len(plain) == 0 {
		return nil, errContext
	}
	var text io.Reader = bytes.NewReader(plain[1:])
	if plain[0] == compressed {
		text = flate.NewReader(text)
	}
	var c IdentityContext
	if err := json.NewDecoder(text).Decode(&c); err != nil {
		return nil, errContext
	}
	return &c, nil
}
