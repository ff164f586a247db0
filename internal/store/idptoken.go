package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// IDPToken is the content of idp_token.json: what the identity provider gave at
// sign-in or refresh.
type IDPToken struct {
	// Token is the ID token, a JWT.
	Token secret.Value
	// RefreshToken is the OAuth 2.0 refresh token; empty if there is none.
	RefreshToken secret.Value
	// RequiresRefresh says that Token must not be exchanged (again). The original
	// sets it after an exchange.
	RequiresRefresh bool
	// SpentSHA256 is the SHA-256, in hex, of the last JWT that was sent to
	// CreateTokenWithIAM, and SpentAt when it was.
	SpentSHA256 string
	SpentAt     time.Time
	// ObtainedAt is when Token came from the identity provider; zero in a file of
	// the original.
	ObtainedAt time.Time
	// Fingerprint is that of the configuration the token was made for; empty in a
	// file of the original.
	Fingerprint string
	// Plaintext reports that the file was read unsealed: one of the original. The
	// next save seals it.
	Plaintext bool
}

// Unspent reports whether Token is there and was not sent to CreateTokenWithIAM
// yet. It says nothing about the token's expiry.
func (t IDPToken) Unspent() bool {
	return !t.Token.IsZero() && !t.RequiresRefresh && t.SpentSHA256 != digest(t.Token)
}

// MarkSpent returns t with Token marked as spent at now. Save it before the token
// is sent: Identity Center takes a JWT only once.
func (t IDPToken) MarkSpent(now time.Time) IDPToken {
	t.SpentSHA256, t.SpentAt, t.RequiresRefresh = digest(t.Token), now, true
	return t
}

func digest(token secret.Value) string {
	sum := sha256.Sum256([]byte(token.Reveal()))
	return hex.EncodeToString(sum[:])
}

// idpTokenFile is idp_token.json. The first three keys are the original's; a
// sealed file leaves the two texts empty there, which makes the original ask for
// a new sign-in.
type idpTokenFile struct {
	Token           string        `json:"token"`
	RefreshToken    string        `json:"refresh_token"`
	RequiresRefresh *bool         `json:"requires_refresh"`
	Sealed          *sealedTokens `json:"sealed,omitempty"`
	SpentSHA256     string        `json:"spent_sha256,omitempty"`
	SpentAt         time.Time     `json:"spent_at,omitzero"`
	ObtainedAt      time.Time     `json:"obtained_at,omitzero"`
	Fingerprint     string        `json:"fingerprint,omitempty"`
}

type sealedTokens struct {
	Version int `json:"version"`
	keyRef
	Token        string `json:"token,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
}

// LoadIDPToken reads idp_token.json. ctx bounds the wait for the keyring, which
// is asked at most once in the life of s, and not at all for a file of the
// original. The error wraps [ErrNotFound], [ErrCorrupt] or [ErrKeyLost] where one
// of them applies.
func (s *Store) LoadIDPToken(ctx context.Context) (IDPToken, error) {
	var file idpTokenFile
	if err := s.decode(IDPTokenFile, &file); err != nil {
		return IDPToken{}, err
	}
	token := IDPToken{
		Token: secret.New(file.Token), RefreshToken: secret.New(file.RefreshToken),
		RequiresRefresh: file.RequiresRefresh == nil || *file.RequiresRefresh,
		SpentSHA256:     file.SpentSHA256, SpentAt: file.SpentAt,
		ObtainedAt: file.ObtainedAt, Fingerprint: file.Fingerprint,
		Plaintext: file.Sealed == nil,
	}
	plain := file.Token != "" || file.RefreshToken != ""
	switch {
	case file.Sealed == nil && !plain:
		return IDPToken{}, s.fileError(IDPTokenFile, ErrNotFound)
	case file.Sealed == nil:
		return token, nil
	case plain:
		return IDPToken{}, s.corrupt(IDPTokenFile, "it has sealed and plain tokens at once")
	}
	return s.unseal(ctx, token, *file.Sealed)
}

func (s *Store) unseal(ctx context.Context, token IDPToken, sealed sealedTokens) (IDPToken, error) {
	if sealed.Version != sealVersion {
		return IDPToken{}, s.corrupt(IDPTokenFile, "sealed in a form (%d) that this version does not know", sealed.Version)
	}
	key, err := s.key(ctx, sealed.keyRef)
	if err == nil {
		token.Token, err = openText(key, IDPTokenFile, "token", sealed.Token)
	}
	if err == nil {
		token.RefreshToken, err = openText(key, IDPTokenFile, "refresh_token", sealed.RefreshToken)
	}
	if err != nil && ctx.Err() != nil {
		return IDPToken{}, s.fileError(IDPTokenFile, ctx.Err())
	}
	if err != nil {
		return IDPToken{}, s.fileError(IDPTokenFile, fmt.Errorf("%w: %w", ErrKeyLost, err))
	}
	return token, nil
}

// SaveIDPToken seals t and replaces idp_token.json. It goes on with the key that
// seals the present file, if that can be had, and else makes a new one. ctx
// bounds the wait for the keyring.
func (s *Store) SaveIDPToken(ctx context.Context, t IDPToken) error {
	ref, key, err := s.sealingKey(ctx)
	if err != nil {
		return err
	}
	sealed := sealedTokens{Version: sealVersion, keyRef: ref}
	var err1, err2 error
	sealed.Token, err1 = sealText(key, IDPTokenFile, "token", t.Token)
	sealed.RefreshToken, err2 = sealText(key, IDPTokenFile, "refresh_token", t.RefreshToken)
	if err := errors.Join(err1, err2); err != nil {
		return s.fileError(IDPTokenFile, err)
	}
	return s.encode(IDPTokenFile, idpTokenFile{
		RequiresRefresh: &t.RequiresRefresh, Sealed: &sealed,
		SpentSHA256: t.SpentSHA256, SpentAt: t.SpentAt.UTC(),
		ObtainedAt: t.ObtainedAt.UTC(), Fingerprint: t.Fingerprint,
	})
}

// sealingKey returns the key to seal with. A key that is in a file stays there
// until [Store.ClearIDPToken], so that one directory can serve a desktop session
// and a session without a keyring.
func (s *Store) sealingKey(ctx context.Context) (keyRef, []byte, error) {
	ref, err := s.currentKey()
	if err == nil && !(ref.Where == inKeyring && s.keyring == nil) {
		if key, err := s.key(ctx, ref); err == nil {
			return ref, key, nil
		}
	}
	return s.newKey(ctx)
}

// currentKey returns which key seals the present file, without asking for it.
func (s *Store) currentKey() (keyRef, error) {
	var file idpTokenFile
	if err := s.decode(IDPTokenFile, &file); err != nil {
		return keyRef{}, err
	}
	if file.Sealed == nil {
		return keyRef{}, s.fileError(IDPTokenFile, ErrNotFound)
	}
	return file.Sealed.keyRef, nil
}

// ClearIDPToken deletes idp_token.json and the key that seals it. That there is
// none is no error. ctx bounds the wait for the keyring.
func (s *Store) ClearIDPToken(ctx context.Context) error {
	ref, refErr := s.currentKey()
	if err := s.remove(IDPTokenFile); err != nil {
		return err
	}
	if refErr == nil {
		s.dropKey(ctx, ref)
	}
	return nil
}

// KeyLocation says where the key is that seals the tokens.
type KeyLocation struct {
	// Keyring is true for the OS keyring.
	Keyring bool
	// Path is the key file, if Keyring is false.
	Path string
	// Reason says why the key is in a file.
	Reason string
}

// String says it in words for a person.
func (l KeyLocation) String() string {
	if l.Keyring {
		return "the key is in the OS keyring"
	}
	return fmt.Sprintf("the key is in the file %s (mode 0600), beside the tokens: whoever can read this directory can open them (%s)", l.Path, l.Reason)
}

// KeyLocation returns where the key of the present idp_token.json is, without
// asking for it. The error wraps [ErrNotFound] if nothing is sealed.
func (s *Store) KeyLocation() (KeyLocation, error) {
	ref, err := s.currentKey()
	if err != nil {
		return KeyLocation{}, err
	}
	if ref.Where == inKeyring {
		return KeyLocation{Keyring: true}, nil
	}
	return KeyLocation{Path: s.Path(keyFilePrefix + ref.ID), Reason: ref.Note}, nil
}
