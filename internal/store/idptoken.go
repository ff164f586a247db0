package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	// Unverified says that the tokens come from a plaintext file of the original,
	// which verified no signature, and were not verified since.
	Unverified bool
	// Plaintext reports that the file was read unsealed: one of the original. The
	// next save seals it. It is not stored.
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
	Unverified      bool          `json:"unverified,omitempty"`
}

type sealedTokens struct {
	sealHeader
	Token        string `json:"token,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
}

func (f *sealedTokens) members(t *IDPToken) []member {
	return []member{{"token", &t.Token, &f.Token}, {"refresh_token", &t.RefreshToken, &f.RefreshToken}}
}

// LoadIDPToken reads idp_token.json. ctx bounds the wait for the keyring, which
// is asked at most once in the life of s, and not at all for a file of the
// original. The error wraps [ErrNotFound], [ErrCorrupt], [ErrKeyLost] or
// [ErrKeyUnavailable] where one of them applies.
func (s *Store) LoadIDPToken(ctx context.Context) (IDPToken, error) {
	file, err := s.readIDPToken()
	if err != nil {
		return IDPToken{}, err
	}
	token := IDPToken{
		Token: secret.New(file.Token), RefreshToken: secret.New(file.RefreshToken),
		RequiresRefresh: file.RequiresRefresh == nil || *file.RequiresRefresh,
		SpentSHA256:     file.SpentSHA256, SpentAt: file.SpentAt,
		ObtainedAt: file.ObtainedAt, Fingerprint: file.Fingerprint,
		Unverified: file.Unverified || file.Sealed == nil, Plaintext: file.Sealed == nil,
	}
	if token.Plaintext {
		return token, nil
	}
	if err := s.open(ctx, IDPTokenFile, file.Sealed.keyRef, file.Sealed.members(&token)); err != nil {
		return IDPToken{}, err
	}
	return token, nil
}

// readIDPToken reads idp_token.json and checks its form, without a key.
func (s *Store) readIDPToken() (idpTokenFile, error) {
	var file idpTokenFile
	if err := s.decode(IDPTokenFile, &file); err != nil {
		return file, err
	}
	plain := file.Token != "" || file.RefreshToken != ""
	switch {
	case file.Sealed == nil && !plain:
		return file, s.fileError(IDPTokenFile, ErrNotFound)
	case file.Sealed == nil:
		return file, nil
	case plain:
		return file, s.corrupt(IDPTokenFile, "it has sealed and plain tokens at once")
	}
	return file, s.checkHeader(IDPTokenFile, file.Sealed.sealHeader)
}

// SaveIDPToken seals t and replaces idp_token.json. It goes on with the key that
// seals the present files, if that can be had, and else makes a new one, which
// [Options].Notice says if the keyring may have the present one. ctx bounds the wait
// for the keyring.
func (s *Store) SaveIDPToken(ctx context.Context, t IDPToken) error {
	var sealed sealedTokens
	var err error
	if sealed.sealHeader, err = s.seal(ctx, IDPTokenFile, sealed.members(&t)); err != nil {
		return err
	}
	return s.encode(IDPTokenFile, idpTokenFile{
		RequiresRefresh: &t.RequiresRefresh, Sealed: &sealed,
		SpentSHA256: t.SpentSHA256, SpentAt: t.SpentAt.UTC(),
		ObtainedAt: t.ObtainedAt.UTC(), Fingerprint: t.Fingerprint, Unverified: t.Unverified,
	})
}

// ClearIDPToken deletes idp_token.json, and the key that seals it unless another
// file is sealed with it. That there is none is no error; a damaged file is set
// aside. ctx bounds the wait for the keyring; that the keyring does not drop the
// key is no error here, but one of [Store.ClearKeys].
func (s *Store) ClearIDPToken(ctx context.Context) error {
	ref, refErr := s.keyOf(IDPTokenFile)
	if err := s.clear(IDPTokenFile); err != nil {
		return err
	}
	if used, err := s.usedKeys(); refErr == nil && err == nil && !used[ref.ID] {
		_ = s.dropKey(ctx, ref)
	}
	return nil
}
