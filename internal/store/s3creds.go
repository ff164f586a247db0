package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/internal/secret"
)

// S3Entry is one answer of S3 GetDataAccess in s3_creds.json.
type S3Entry struct {
	// Target is the MatchedGrantTarget, such as s3://bucket/prefix/*.
	Target string
	// Permission is READ, WRITE or READWRITE; TargetType Prefix or Object;
	// Privilege Default or Minimal.
	Permission, TargetType, Privilege string

	AccessKeyID     string
	SecretAccessKey secret.Value
	SessionToken    secret.Value
	// Expiration is in UTC, to the second.
	Expiration time.Time

	// The rest is ours and empty in a file of the original.

	// AccountID is the account of the Access Grants instance, 12 digits.
	AccountID string
	// Duration is the DurationSeconds that was asked for.
	Duration time.Duration
	// Identity is the fingerprint of whom and what the credentials were made for.
	Identity string
	// RequestedTarget is the Target of the request. With Privilege Minimal the
	// credentials reach no further.
	RequestedTarget string
	// Resolved says that the request named no account, so that AccountID was found; it
	// then answers other requests that name none.
	Resolved bool
	// Region is that of the Access Grants instance. It is empty in what older versions have
	// stored for requests that named none, which then serves nobody.
	Region string
	// UserID is the person in the identity store; GranteeType (DIRECTORY_USER,
	// DIRECTORY_GROUP, IAM) and GranteeID tell to whom the grant was made, if AWS said it.
	UserID, GranteeType, GranteeID string
	// ObtainedAt is when it was stored, in UTC, to the second.
	ObtainedAt time.Time
}

// same reports whether a and b answer the same question, so that the newer
// replaces the older. What was asked for counts only where it bounds the
// credentials.
func (a S3Entry) same(b S3Entry) bool {
	return a.Target == b.Target && a.Permission == b.Permission && a.TargetType == b.TargetType &&
		a.Privilege == b.Privilege && a.AccountID == b.AccountID && a.Identity == b.Identity && a.Region == b.Region &&
		(a.Privilege != "Minimal" || a.RequestedTarget == b.RequestedTarget)
}

// Grant returns what internal/answer judges it by.
func (a *S3Entry) Grant() answer.Grant {
	return answer.Grant{
		Target: a.Target, Permission: a.Permission, TargetType: a.TargetType, Privilege: a.Privilege, RequestedTarget: a.RequestedTarget,
		Identity: a.Identity, AccountID: a.AccountID, Region: a.Region, Resolved: a.Resolved,
		Duration: a.Duration, Expiration: a.Expiration, ObtainedAt: a.ObtainedAt,
	}
}

// s3File is s3_creds.json: lists of entries under their MatchedGrantTarget.
type s3File map[string][]s3Member

type s3Member struct {
	ID              string      `json:"id"`
	Permission      string      `json:"permission"`
	TargetType      string      `json:"target_type"`
	Privilege       string      `json:"privilege"`
	Expiration      json.Number `json:"expiration"` // seconds since 1970, with a fraction
	Creds           s3Keys      `json:"creds"`
	AccountID       string      `json:"account_id,omitempty"`
	DurationSeconds int64       `json:"duration_seconds,omitempty"`
	Identity        string      `json:"identity,omitempty"`
	RequestedTarget string      `json:"requested_target,omitempty"`
	Resolved        bool        `json:"resolved,omitempty"`
	Region          string      `json:"region,omitempty"`
	UserID          string      `json:"user_id,omitempty"`
	GranteeType     string      `json:"grantee_type,omitempty"`
	GranteeID       string      `json:"grantee_id,omitempty"`
	ObtainedAt      int64       `json:"obtained_at,omitempty"` // seconds since 1970
}

type s3Keys struct {
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string `json:"SecretAccessKey"`
	SessionToken    string `json:"SessionToken"`
}

// LoadS3 reads s3_creds.json: all entries, expired ones as well, sorted by
// target. No file, or an empty one, is an empty list. The error wraps
// [ErrCorrupt] if the file cannot be read.
func (s *Store) LoadS3() ([]S3Entry, error) {
	var file s3File
	if err := s.decode(S3File, &file); errors.Is(err, ErrNotFound) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var entries []S3Entry
	for _, target := range slices.Sorted(maps.Keys(file)) {
		for _, member := range file[target] {
			entry, err := member.entry(target)
			if err != nil {
				return nil, s.corrupt(S3File, "an entry is not readable: %v", err)
			}
			entries = append(entries, entry)
		}
	}
	return entries, nil
}

func (m s3Member) entry(target string) (S3Entry, error) {
	seconds, err := m.Expiration.Float64()
	if err != nil || !(seconds > 0 && seconds < 1<<37) {
		return S3Entry{}, errors.New(`"expiration" is not a number of seconds since 1970`)
	}
	if m.Creds.AccessKeyID == "" || m.Creds.SecretAccessKey == "" || m.Creds.SessionToken == "" {
		return S3Entry{}, errors.New(`"creds" is incomplete`)
	}
	if m.DurationSeconds < 0 || m.DurationSeconds > math.MaxInt32 {
		return S3Entry{}, errors.New(`"duration_seconds" is out of range`)
	}
	return S3Entry{
		Target: target, Permission: m.Permission, TargetType: m.TargetType, Privilege: m.Privilege,
		AccessKeyID:     m.Creds.AccessKeyID,
		SecretAccessKey: secret.New(m.Creds.SecretAccessKey),
		SessionToken:    secret.New(m.Creds.SessionToken),
		Expiration:      time.Unix(int64(seconds), 0).UTC(),
		AccountID:       m.AccountID, Duration: time.Duration(m.DurationSeconds) * time.Second,
		Identity: m.Identity, RequestedTarget: m.RequestedTarget, Resolved: m.Resolved, Region: m.Region,
		UserID: m.UserID, GranteeType: m.GranteeType, GranteeID: m.GranteeID, ObtainedAt: obtained(m.ObtainedAt),
	}, nil
}

// obtained is a time that is zero if nobody wrote it down.
func obtained(seconds int64) time.Time {
	if seconds <= 0 || seconds > 1<<37 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// MaxS3Entries is the most that s3_creds.json may hold.
const MaxS3Entries = 1000

// SaveS3 replaces s3_creds.json with the entries that have not expired; of more than
// [MaxS3Entries], or if they exceed [MaxFileSize], with those that last longest. The
// caller holds a lock if it read them before; [Store.UpsertS3] does so itself.
func (s *Store) SaveS3(entries []S3Entry) error { return s.saveS3(entries, nil) }

// saveS3 is SaveS3; newest, if it is not nil, is kept whatever goes.
func (s *Store) saveS3(entries []S3Entry, newest *S3Entry) error {
	now := time.Now()
	kept := slices.DeleteFunc(slices.Clone(entries), func(e S3Entry) bool { return !e.Expiration.After(now) })
	if len(kept) > MaxS3Entries {
		kept = lasting(kept, MaxS3Entries, newest)
	}
	err := s.encode(S3File, fileOf(kept))
	for errors.Is(err, ErrTooLarge) && len(kept) > 0 {
		kept = lasting(kept, len(kept)*3/4, newest)
		err = s.encode(S3File, fileOf(kept))
	}
	return err
}

// lasting returns the n entries that last longest, newest among them.
func lasting(entries []S3Entry, n int, newest *S3Entry) []S3Entry {
	isNewest := func(e *S3Entry) bool { return newest != nil && e.AccessKeyID == newest.AccessKeyID && e.same(*newest) }
	slices.SortStableFunc(entries, func(a, b S3Entry) int {
		if m, n := isNewest(&a), isNewest(&b); m != n {
			if m {
				return -1
			}
			return 1
		}
		return b.Expiration.Compare(a.Expiration)
	})
	return entries[:n]
}

func fileOf(entries []S3Entry) s3File {
	file := s3File{}
	for _, entry := range entries {
		file[entry.Target] = append(file[entry.Target], entry.member())
	}
	return file
}

func (a S3Entry) member() s3Member {
	return s3Member{
		ID: a.id(), Permission: a.Permission, TargetType: a.TargetType, Privilege: a.Privilege,
		Expiration: json.Number(fmt.Sprintf("%d.0", a.Expiration.Unix())),
		Creds: s3Keys{
			AccessKeyID:     a.AccessKeyID,
			SecretAccessKey: a.SecretAccessKey.Reveal(),
			SessionToken:    a.SessionToken.Reveal(),
		},
		AccountID: a.AccountID, DurationSeconds: int64(a.Duration / time.Second),
		Identity: a.Identity, RequestedTarget: a.RequestedTarget, Resolved: a.Resolved, Region: a.Region,
		UserID: a.UserID, GranteeType: a.GranteeType, GranteeID: a.GranteeID, ObtainedAt: max(0, a.ObtainedAt.Unix()),
	}
}

// id is the original's: the SHA-256 of how Python prints the sorted pairs.
func (a S3Entry) id() string {
	text := fmt.Sprintf("(('Permission', '%s'), ('Privilege', '%s'), ('TargetType', '%s'))", a.Permission, a.Privilege, a.TargetType)
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// UpsertS3 adds entry to s3_creds.json, in the place of an older answer to the
// same question, and drops what has expired, and what would answer that question
// although AWS has answered it otherwise since. It takes the lock called
// "s3_creds.json" while it reads and writes, and waits for it as long as ctx lets.
// A damaged file is set aside.
func (s *Store) UpsertS3(ctx context.Context, entry S3Entry) error {
	return s.UpsertS3If(ctx, entry, func([]S3Entry) bool { return true })
}

// UpsertS3If is [Store.UpsertS3] if wanted, which is called with what is stored while the
// lock is held, says so. It takes no lock itself.
func (s *Store) UpsertS3If(ctx context.Context, entry S3Entry, wanted func(held []S3Entry) bool) error {
	_, err := s.changeS3(ctx, &entry, func(entries []S3Entry) ([]S3Entry, bool) {
		if !wanted(entries) {
			return nil, false
		}
		return append(slices.DeleteFunc(entries, func(e S3Entry) bool { return e.same(entry) || entry.supersedes(&e) }), entry), true
	})
	return err
}

// supersedes reports whether an older entry would be taken before this one for the very
// request that this one answers: a narrower grant that is gone, say, or one that lasts
// longer.
func (a *S3Entry) supersedes(older *S3Entry) bool {
	r := answer.GrantRequest{
		Target: a.RequestedTarget, Permission: a.Permission, TargetType: a.TargetType, Privilege: a.Privilege,
		Identity: a.Identity, AccountID: a.AccountID, Region: a.Region,
	}
	mine, theirs := a.Grant(), older.Grant()
	matches := r.Matches(&theirs)
	if r.AccountID = ""; a.Resolved {
		matches = matches || r.Matches(&theirs)
	}
	return matches && r.Prefers(&theirs, &mine)
}

// ClearS3 drops the entries under target, or all of them if target is "", and
// returns how many there were. "s3://b" is "s3://b/". It takes the lock of
// [Store.UpsertS3], and sets a damaged file aside like it.
func (s *Store) ClearS3(ctx context.Context, target string) (int, error) {
	return s.changeS3(ctx, nil, func(entries []S3Entry) ([]S3Entry, bool) {
		return slices.DeleteFunc(entries, func(e S3Entry) bool { return target == "" || answer.SameTarget(e.Target, target) }), true
	})
}

// RemoveS3 deletes s3_creds.json, or sets it aside if it is damaged, without a look at
// the lock: where [Store.ClearS3] fails, and nothing may be left. That there is none is no
// error.
func (s *Store) RemoveS3() error { return s.clear(S3File) }

// changeS3 replaces s3_creds.json by what change makes of it, if it wants to, and keeps newest.
func (s *Store) changeS3(ctx context.Context, newest *S3Entry, change func([]S3Entry) ([]S3Entry, bool)) (dropped int, err error) {
	release, err := s.Lock(ctx, S3File)
	if err != nil {
		return 0, err
	}
	defer release()
	if _, err := s.SetAside(S3File); err != nil {
		return 0, err
	}
	before, err := s.LoadS3()
	if err != nil {
		return 0, err
	}
	count := len(before)
	after, changed := change(before)
	if !changed {
		return 0, nil
	}
	return count - len(after), s.saveS3(after, newest)
}
