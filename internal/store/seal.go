package store

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// sealVersion is the version of the sealed form that this program writes.
const sealVersion = 1

// errSeal: the text was not sealed with this key for this place.
var errSeal = errors.New("it does not open them")

// sealText encrypts text with AES-256-GCM under a random nonce. The file and the
// field are additional data, so that a sealed text opens only where it was put.
// The empty secret stays empty.
func sealText(key []byte, file, field string, text secret.Value) (string, error) {
	if text.IsZero() {
		return "", nil
	}
	aead, err := newAEAD(key)
	if err != nil {
		return "", err
	}
	box := aead.Seal(nil, nil, []byte(text.Reveal()), additional(file, field))
	return base64.StdEncoding.EncodeToString(box), nil
}

// openText reverses sealText. Its error is errSeal whatever is wrong.
func openText(key []byte, file, field, sealed string) (secret.Value, error) {
	if sealed == "" {
		return secret.Value{}, nil
	}
	box, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return secret.Value{}, errSeal
	}
	aead, err := newAEAD(key)
	if err != nil {
		return secret.Value{}, err
	}
	text, err := aead.Open(nil, nil, box, additional(file, field))
	if err != nil {
		return secret.Value{}, errSeal
	}
	return secret.New(string(text)), nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func additional(file, field string) []byte {
	return fmt.Appendf(nil, "tip-cli sealed v%d\x00%s\x00%s", sealVersion, file, field)
}
