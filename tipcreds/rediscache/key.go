package rediscache

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// keySize is that of AES-256.
const keySize = 32

// maxKeyID is the longest id, in bytes.
const maxKeyID = 32

const redacted = "REDACTED"

// Key is a sealing key with the id that values name it by. It is immutable, and
// prints, logs and encodes as its id and REDACTED. The zero Key is refused.
type Key struct{ inner *keyInner }

// keyInner is behind a pointer so that %#v of an outer struct shows an address.
type keyInner struct {
	id       string
	material []byte
}

// NewKey returns a key of 32 bytes, which it copies. id is 1 to 32 letters, digits
// and characters of "._-", is readable in Redis, and must never be given to another
// key. Errors are [*KeyError].
func NewKey(id string, material []byte) (Key, error) {
	if !validKeyID(id) {
		return Key{}, &KeyError{Err: ErrKeyID}
	}
	if len(material) != keySize {
		return Key{}, &KeyError{ID: id, Err: ErrKeyLength}
	}
	return Key{&keyInner{id: id, material: bytes.Clone(material)}}, nil
}

// ParseKeys reads a list as it stands in an environment variable or a secret: keys as
// id:base64, with commas or white space between them, the sealing one first. The
// base64 is the standard one of RFC 4648 section 4, padded. Errors are [*KeyError].
func ParseKeys(text string) ([]Key, error) {
	fields := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\r' || r == '\n' })
	keys := make([]Key, 0, len(fields))
	for i, field := range fields {
		key, err := parseKey(field)
		if refused, ok := errors.AsType[*KeyError](err); ok {
			refused.Position = i + 1
			return nil, refused
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, &KeyError{Err: ErrNoKeys}
	}
	return keys, nil
}

func parseKey(text string) (Key, error) {
	id, encoded, found := strings.Cut(text, ":")
	if !found || !validKeyID(id) { // perhaps all of it is the secret
		return Key{}, &KeyError{Err: ErrKeyEncoding}
	}
	material, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return Key{}, &KeyError{ID: id, Err: ErrKeyEncoding}
	}
	return NewKey(id, material)
}

func validKeyID(id string) bool {
	return id != "" && len(id) <= maxKeyID && strings.IndexFunc(id, notKeyIDRune) < 0
}

func notKeyIDRune(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	}
	return !strings.ContainsRune("._-", r)
}

// ID returns the id, "" of the zero Key.
func (k Key) ID() string {
	if k.inner == nil {
		return ""
	}
	return k.inner.id
}

// String implements fmt.Stringer. It never returns the material.
func (k Key) String() string { return "key " + k.ID() + " " + redacted }

// GoString implements fmt.GoStringer. It never returns the material.
func (k Key) GoString() string { return k.String() }

// Format implements fmt.Formatter: every verb prints what String returns.
func (k Key) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(k.String())) }

// LogValue implements slog.LogValuer. It never returns the material.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalText implements encoding.TextMarshaler, for JSON as well. It never returns
// the material.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
