package store

import (
	"context"
	"time"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// ApplicationToken is the content of application_token.json: the refresh token that
// IAM Identity Center gives where the application has that grant (CreateTokenWithIAM,
// grant type refresh_token).
type ApplicationToken struct {
	// RefreshToken is opaque.
	RefreshToken secret.Value
	// Fingerprint is that of the configuration it was made for.
	Fingerprint string
	// ObtainedAt is when it came from Identity Center.
	ObtainedAt time.Time
}

type applicationTokenFile struct {
	Sealed      *sealedApplicationToken `json:"sealed"`
	ObtainedAt  time.Time               `json:"obtained_at,omitzero"`
	Fingerprint string                  `json:"fingerprint,omitempty"`
}

type sealedApplicationToken struct {
	sealHeader
	RefreshToken string `json:"refresh_token"`
}

func (f *sealedApplicationToken) members(t *ApplicationToken) []member {
	return []member{{"refresh_token", &t.RefreshToken, &f.RefreshToken}}
}

// LoadApplicationToken reads application_token.json. ctx bounds the wait for the
// keyring. The error wraps [ErrNotFound], [ErrCorrupt], [ErrKeyLost] or
// [ErrKeyUnavailable] where one of them applies.
func (s *Store) LoadApplicationToken(ctx context.Context) (ApplicationToken, error) {
	file, err := s.readApplicationToken()
	if err != nil {
		return ApplicationToken{}, err
	}
	token := ApplicationToken{Fingerprint: file.Fingerprint, ObtainedAt: file.ObtainedAt}
	if err := s.open(ctx, ApplicationTokenFile, file.Sealed.keyRef, file.Sealed.members(&token)); err != nil {
		return ApplicationToken{}, err
	}
	return token, nil
}

func (s *Store) readApplicationToken() (applicationTokenFile, error) {
	var file applicationTokenFile
	if err := s.decode(ApplicationTokenFile, &file); err != nil {
		return file, err
	}
	if file.Sealed == nil || file.Sealed.RefreshToken == "" {
		return file, s.corrupt(ApplicationTokenFile, "no sealed token is in it")
	}
	return file, s.checkHeader(ApplicationTokenFile, file.Sealed.sealHeader)
}

// SaveApplicationToken seals t, with the key of [Store.SaveIDPToken], and replaces
// application_token.json. ctx bounds the wait for the keyring.
func (s *Store) SaveApplicationToken(ctx context.Context, t ApplicationToken) error {
	if t.RefreshToken.IsZero() {
		return s.corrupt(ApplicationTokenFile, "refusing to write an empty token")
	}
	var sealed sealedApplicationToken
	var err error
	if sealed.sealHeader, err = s.seal(ctx, ApplicationTokenFile, sealed.members(&t)); err != nil {
		return err
	}
	return s.encode(ApplicationTokenFile, applicationTokenFile{
		Sealed: &sealed, ObtainedAt: t.ObtainedAt.UTC(), Fingerprint: t.Fingerprint,
	})
}

// ClearApplicationToken deletes application_token.json, or sets it aside if it is
// damaged. That there is none is no error. The key stays until [Store.ClearIDPToken]
// or [Store.ClearKeys].
func (s *Store) ClearApplicationToken() error { return s.clear(ApplicationTokenFile) }
