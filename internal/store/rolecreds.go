package store

import (
	"time"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// RoleCredentials is the content of role_creds.json: the identity-enhanced role
// session.
type RoleCredentials struct {
	AccessKeyID     string
	SecretAccessKey secret.Value
	SessionToken    secret.Value
	// Expiration is in UTC, to the second.
	Expiration time.Time

	// The rest is ours and empty in a file of the original.

	// AccountID is the account of the role, 12 digits.
	AccountID string
	// UserID is the user's id in the identity store.
	UserID string
	// Fingerprint is that of the configuration the credentials were made for.
	Fingerprint string
}

type roleFile struct {
	AccessKeyID     string `json:"access_key_id"`
	SecretAccessKey string `json:"secret_access_key"`
	SessionToken    string `json:"session_token"`
	Expiration      string `json:"expiration"`
	AccountID       string `json:"account_id,omitempty"`
	UserID          string `json:"user_id,omitempty"`
	Fingerprint     string `json:"fingerprint,omitempty"`
}

// LoadRole reads role_creds.json, expired or not. The error wraps [ErrNotFound]
// or [ErrCorrupt] where one of them applies.
func (s *Store) LoadRole() (RoleCredentials, error) {
	var file roleFile
	if err := s.decode(RoleFile, &file); err != nil {
		return RoleCredentials{}, err
	}
	if file == (roleFile{}) { // other keys, or these without values
		return RoleCredentials{}, s.fileError(RoleFile, ErrNotFound)
	}
	for _, member := range []struct{ key, value string }{
		{"access_key_id", file.AccessKeyID}, {"secret_access_key", file.SecretAccessKey},
		{"session_token", file.SessionToken}, {"expiration", file.Expiration},
	} {
		if member.value == "" {
			return RoleCredentials{}, s.corrupt(RoleFile, "%q is missing", member.key)
		}
	}
	expiration, err := time.Parse(time.RFC3339, file.Expiration)
	if err != nil {
		return RoleCredentials{}, s.corrupt(RoleFile, `"expiration" is not an ISO 8601 time with an offset`)
	}
	return RoleCredentials{
		AccessKeyID:     file.AccessKeyID,
		SecretAccessKey: secret.New(file.SecretAccessKey),
		SessionToken:    secret.New(file.SessionToken),
		Expiration:      expiration.UTC(),
		AccountID:       file.AccountID, UserID: file.UserID, Fingerprint: file.Fingerprint,
	}, nil
}

// SaveRole replaces role_creds.json.
func (s *Store) SaveRole(c RoleCredentials) error {
	if c.AccessKeyID == "" || c.SecretAccessKey.IsZero() || c.SessionToken.IsZero() || c.Expiration.IsZero() {
		return s.corrupt(RoleFile, "refusing to write incomplete credentials")
	}
	return s.encode(RoleFile, roleFile{
		AccessKeyID:     c.AccessKeyID,
		SecretAccessKey: c.SecretAccessKey.Reveal(),
		SessionToken:    c.SessionToken.Reveal(),
		Expiration:      c.Expiration.UTC().Format(time.RFC3339),
		AccountID:       c.AccountID, UserID: c.UserID, Fingerprint: c.Fingerprint,
	})
}

// ClearRole deletes role_creds.json, or sets it aside if it is damaged. That there is
// none is no error.
func (s *Store) ClearRole() error { return s.clear(RoleFile) }
