package store

import (
	"math"
	"os"
	"time"

	"github.com/tip-cli/tip-cli/internal/answer"
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
	// ObtainedAt is when they were stored, by this machine's clock; to the second.
	ObtainedAt time.Time
	// RenewBefore is how long before Expiration they should be renewed; in seconds.
	RenewBefore time.Duration
	// ConfigDigest is answer.Digest of a config.json with that fingerprint which is
	// valid and warns of nothing: with it the fast path knows them for its own.
	ConfigDigest string
	// S3Identity is what [S3Entry].Identity is for this person under this configuration,
	// and S3AccountID the account that the config.json of ConfigDigest names for S3 Access
	// Grants: with them the fast path knows which of the S3 credentials answer.
	S3Identity, S3AccountID string
	// S3Region is the region that the config.json of ConfigDigest names or, if
	// S3RegionMark is not empty, that the AWS config file of that answer.RegionMark does;
	// empty if neither is known to.
	S3Region, S3RegionMark string
	// Exposed says that others can read or write the file they were read from, or
	// that it is another user's. It is not stored.
	Exposed bool
	// ClockAhead is how far the local clock was ahead of AWS's when they were made, if
	// this process made them. It is not stored.
	ClockAhead time.Duration
}

// Judged returns what internal/answer judges them by.
func (c *RoleCredentials) Judged() *answer.Stored {
	return &answer.Stored{
		Complete: c.complete(), Private: !c.Exposed,
		Expiration: c.Expiration, ObtainedAt: c.ObtainedAt, RenewBefore: c.RenewBefore,
		Fingerprint: c.Fingerprint, ConfigDigest: c.ConfigDigest,
	}
}

func (c *RoleCredentials) complete() bool {
	return c.AccessKeyID != "" && !c.SecretAccessKey.IsZero() && !c.SessionToken.IsZero() && !c.Expiration.IsZero()
}

type roleFile struct {
	AccessKeyID     string `json:"access_key_id"`
	SecretAccessKey string `json:"secret_access_key"`
	SessionToken    string `json:"session_token"`
	Expiration      string `json:"expiration"`
	AccountID       string `json:"account_id,omitempty"`
	UserID          string `json:"user_id,omitempty"`
	Fingerprint     string `json:"fingerprint,omitempty"`
	ObtainedAt      string `json:"obtained_at,omitempty"`
	RenewBefore     uint32 `json:"renew_before,omitempty"` // seconds
	ConfigDigest    string `json:"config_digest,omitempty"`
	S3Identity      string `json:"s3_identity,omitempty"`
	S3AccountID     string `json:"s3_account_id,omitempty"`
	S3Region        string `json:"s3_region,omitempty"`
	S3RegionMark    string `json:"s3_region_mark,omitempty"`
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
	var obtained time.Time
	if file.ObtainedAt != "" {
		if obtained, err = time.Parse(time.RFC3339, file.ObtainedAt); err != nil {
			return RoleCredentials{}, s.corrupt(RoleFile, `"obtained_at" is not an ISO 8601 time with an offset`)
		}
	}
	return RoleCredentials{
		AccessKeyID:     file.AccessKeyID,
		SecretAccessKey: secret.New(file.SecretAccessKey),
		SessionToken:    secret.New(file.SessionToken),
		Expiration:      expiration.UTC(),
		AccountID:       file.AccountID, UserID: file.UserID, Fingerprint: file.Fingerprint,
		ObtainedAt: obtained.UTC(), RenewBefore: time.Duration(file.RenewBefore) * time.Second, ConfigDigest: file.ConfigDigest,
		S3Identity: file.S3Identity, S3AccountID: file.S3AccountID, S3Region: file.S3Region, S3RegionMark: file.S3RegionMark,
		Exposed: s.exposed(RoleFile),
	}, nil
}

// exposed reports whether a file is not this user's alone.
func (s *Store) exposed(name string) bool {
	info, err := os.Lstat(s.Path(name))
	return err != nil || !answer.Private(info)
}

// SaveRole replaces role_creds.json.
func (s *Store) SaveRole(c RoleCredentials) error {
	if !c.complete() {
		return s.corrupt(RoleFile, "refusing to write incomplete credentials")
	}
	obtained := ""
	if !c.ObtainedAt.IsZero() {
		obtained = c.ObtainedAt.UTC().Format(time.RFC3339)
	}
	return s.encode(RoleFile, roleFile{
		AccessKeyID:     c.AccessKeyID,
		SecretAccessKey: c.SecretAccessKey.Reveal(),
		SessionToken:    c.SessionToken.Reveal(),
		Expiration:      c.Expiration.UTC().Format(time.RFC3339),
		AccountID:       c.AccountID, UserID: c.UserID, Fingerprint: c.Fingerprint,
		ObtainedAt: obtained, RenewBefore: uint32(max(0, min(c.RenewBefore/time.Second, math.MaxUint32))), ConfigDigest: c.ConfigDigest,
		S3Identity: c.S3Identity, S3AccountID: c.S3AccountID, S3Region: c.S3Region, S3RegionMark: c.S3RegionMark,
	})
}

// ClearRole deletes role_creds.json, or sets it aside if it is damaged. That there is
// none is no error.
func (s *Store) ClearRole() error { return s.clear(RoleFile) }
