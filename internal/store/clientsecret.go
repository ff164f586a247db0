package store

import (
	"context"

	"github.com/tip-cli/tip-cli/internal/secret"
)

type clientSecretFile struct {
	Sealed *sealedClientSecret `json:"sealed"`
}

type sealedClientSecret struct {
	sealHeader
	Secret string `json:"client_secret"`
}

func (f *sealedClientSecret) members(text *secret.Value) []member {
	return []member{{"client_secret", text, &f.Secret}}
}

// LoadClientSecret reads client_secret.json: the secret of a confidential OAuth 2.0
// client (RFC 6749 section 2.3.1). ctx bounds the wait for the keyring. The error
// wraps [ErrNotFound], [ErrCorrupt], [ErrKeyLost] or
// [ErrKeyUnavailable] where one of them applies.
func (s *Store) LoadClientSecret(ctx context.Context) (secret.Value, error) {
	file, err := s.readClientSecret()
	if err != nil {
		return secret.Value{}, err
	}
	var text secret.Value
	if err := s.open(ctx, ClientSecretFile, file.Sealed.keyRef, file.Sealed.members(&text)); err != nil {
		return secret.Value{}, err
	}
	return text, nil
}

func (s *Store) readClientSecret() (clientSecretFile, error) {
	var file clientSecretFile
	if err := s.decode(ClientSecretFile, &file); err != nil {
		return file, err
	}
	if file.Sealed == nil || file.Sealed.Secret == "" {
		return file, s.corrupt(ClientSecretFile, "no sealed secret is in it")
	}
	return file, s.checkHeader(ClientSecretFile, file.Sealed.sealHeader)
}

// SaveClientSecret seals text, with the key of [Store.SaveIDPToken], and replaces
// client_secret.json. ctx bounds the wait for the keyring.
func (s *Store) SaveClientSecret(ctx context.Context, text secret.Value) error {
	if text.IsZero() {
		return s.corrupt(ClientSecretFile, "refusing to write an empty secret")
	}
	var sealed sealedClientSecret
	var err error
	if sealed.sealHeader, err = s.seal(ctx, ClientSecretFile, sealed.members(&text)); err != nil {
		return err
	}
	return s.encode(ClientSecretFile, clientSecretFile{Sealed: &sealed})
}

// ClearClientSecret deletes client_secret.json, or sets it aside if it is damaged.
// That there is none is no error. The key stays until [Store.ClearIDPToken] or
// [Store.ClearKeys].
func (s *Store) ClearClientSecret() error { return s.clear(ClientSecretFile) }
