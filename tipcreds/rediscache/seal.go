package rediscache

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// A sealed value is
//
//	version (1 byte), length of the key id (1 byte), key id, nonce (12 bytes),
//	ciphertext, tag (16 bytes)
//
// The additional data of the AEAD is everything before the nonce, then the key in
// Redis with its prefix.

// version of the format, the first byte of every value.
const version = 1

// Sizes of the parts, in bytes.
const (
	headerSize = 2 // what precedes the key id
	nonceSize  = 12
	tagSize    = 16
)

// maxValue is the longest value that is read, in bytes: some ten times a session.
const maxValue = 64 << 10

// maxSealed is the longest that such a value is when it is sealed.
const maxSealed = headerSize + maxKeyID + nonceSize + maxValue + tagSize

// Why a value cannot be opened. The texts go to the log.
var (
	errType       = errors.New("it is of another type than is written here")
	errTooLong    = errors.New("it is longer than 64 KiB")
	errEmpty      = errors.New("it is shorter than any sealed value")
	errVersion    = errors.New("it has a format that is not known here")
	errUnknownKey = errors.New("it is sealed with a key that is not in the list")
	errForged     = errors.New("it was changed, cut or moved, or sealed with another key of this id")
)

// sealer seals with one key and opens with any of several.
type sealer struct {
	header []byte // of what it seals
	aead   cipher.AEAD
	openBy map[string]cipher.AEAD // by key id
}

func newSealer(keys []Key) (*sealer, error) {
	if len(keys) == 0 {
		return nil, &KeyError{Err: ErrNoKeys}
	}
	s := &sealer{openBy: make(map[string]cipher.AEAD, len(keys))}
	for i, key := range keys {
		if key.inner == nil {
			return nil, &KeyError{Position: i + 1, Err: ErrKeyLength}
		}
		if s.openBy[key.ID()] != nil {
			return nil, &KeyError{ID: key.ID(), Position: i + 1, Err: ErrDuplicateKeyID}
		}
		aead, err := newAEAD(key)
		if err != nil {
			return nil, &KeyError{ID: key.ID(), Position: i + 1, Err: err}
		}
		s.openBy[key.ID()] = aead
	}
	first := keys[0].ID()
	s.header = append([]byte{version, byte(len(first))}, first...)
	s.aead = s.openBy[first]
	return s, nil
}

func newAEAD(key Key) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key.inner.material)
	if err != nil {
		return nil, fmt.Errorf("AES: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal returns value sealed for the Redis key name, never the same bytes twice.
func (s *sealer) seal(name string, value []byte) []byte {
	sealed := make([]byte, len(s.header), len(s.header)+s.aead.Overhead()+len(value))
	copy(sealed, s.header)
	return s.aead.Seal(sealed, nil, value, additionalData(s.header, name)) //nolint:gosec // the AEAD draws the nonce itself
}

// open returns the value, not nil, with the id of its key. The id is also returned
// with errUnknownKey and errForged, for the log.
func (s *sealer) open(name string, sealed []byte) (value []byte, keyID string, err error) {
	if len(sealed) < headerSize {
		return nil, "", errEmpty
	}
	if sealed[0] != version {
		return nil, "", errVersion
	}
	end := headerSize + int(sealed[1])
	if len(sealed) < end || !validKeyID(string(sealed[headerSize:end])) {
		return nil, "", errForged
	}
	header := sealed[:end]
	keyID = string(header[headerSize:])
	aead := s.openBy[keyID]
	if aead == nil {
		return nil, keyID, errUnknownKey
	}
	plain := make([]byte, 0, max(0, len(sealed)-end-aead.Overhead()))
	if value, err = aead.Open(plain, nil, sealed[end:], additionalData(header, name)); err != nil {
		return nil, keyID, errForged
	}
	return value, keyID, nil
}

func additionalData(header []byte, name string) []byte {
	data := make([]byte, 0, len(header)+len(name))
	return append(append(data, header...), name...)
}
