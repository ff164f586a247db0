package session

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// defaultGrantDuration is what S3 Access Grants gives when no duration is asked for.
const defaultGrantDuration = time.Hour

// defaultSessionLength is what STS gives a role session when no duration is asked
// for, and the most that role chaining gives.
const defaultSessionLength = time.Hour

// shelf is what was obtained for a configuration and lies on disk.
type shelf struct {
	store       *store.Store
	config      config.Config
	fingerprint string
}

func newShelf(st *store.Store, c config.Config) shelf {
	return shelf{store: st, config: c, fingerprint: c.Fingerprint()}
}

// HeldRole returns the role session on disk if [Session.RoleCredentialsLasting] would
// return it as it is. It needs no Session, whose making costs more than the answer.
func HeldRole(st *store.Store, c config.Config, least time.Duration) (store.RoleCredentials, bool) {
	s := newShelf(st, c)
	held, ok := s.heldRole(answer.Asked{MinTTL: least})
	if ok {
		s.introduce(held)
	}
	return held, ok
}

// HeldGrant returns the S3 credentials on disk if [Session.DataAccess] would
// return them as they are.
func HeldGrant(st *store.Store, c config.Config, r GrantRequest) (store.S3Entry, bool) {
	s := newShelf(st, c)
	return s.heldGrant(&r)
}

// Length is how long a role session for a configuration lasts when it is new: what is
// configured, else what STS gives.
func Length(c config.Config) time.Duration {
	if length := c.SessionLength(); length != 0 {
		return length
	}
	return defaultSessionLength
}

// GrantLength is how long S3 credentials last when they are new: the duration that was
// asked for, else, where that is zero, what S3 Access Grants gives.
func GrantLength(duration time.Duration) time.Duration { return cmp.Or(duration, defaultGrantDuration) }

// heldRole returns the stored credentials if [answer.Judge] has them served; the time
// and the configuration are filled in here. A file that others can read was tightened
// when it was read or, where that cannot be, warned of, so that it is no reason to
// refuse. Credentials that do not say when to renew them, such as the original's, are
// renewed as early as those of the configured length.
func (s *shelf) heldRole(asked answer.Asked) (store.RoleCredentials, bool) {
	held, err := s.store.LoadRole()
	if err != nil {
		return store.RoleCredentials{}, false
	}
	stored := held.Judged()
	if stored.RenewBefore == 0 {
		stored.RenewBefore = window(Length(s.config))
	}
	asked.Now, asked.Fingerprint = time.Now(), s.fingerprint
	switch answer.Judge(stored, &asked) {
	case answer.Serve, answer.Exposed:
		return held, true
	case answer.Incomplete, answer.Alien:
		return store.RoleCredentials{}, false
	}
	return held, false
}

// knownConfig returns the digest of config.json if it is this configuration, valid and
// without a warning: if the ordinary path has nothing to say but the credentials, so
// that the fast one may answer in its place. It looks at the file again, since another
// configuration may have been written meanwhile.
func (s *shelf) knownConfig() (digest string, ok bool) {
	text, err := s.store.LoadConfig()
	if err != nil {
		return "", false
	}
	c, warnings, err := config.Parse(text, "")
	if err != nil || len(warnings) > 0 || c.Validate() != nil || c.Fingerprint() != s.fingerprint {
		return "", false
	}
	return answer.Digest(text), true
}

// introduce makes credentials of this configuration known to the fast path, after
// config.json was written anew without a change that matters, or where a version
// without a fast path has stored them. Nobody waits for it, and nothing is lost if it
// fails. Credentials of the original stay as they are.
func (s *shelf) introduce(held store.RoleCredentials) {
	digest, ok := s.knownConfig()
	if !ok || held.Fingerprint != s.fingerprint || held.ConfigDigest == digest && held.RenewBefore != 0 {
		return
	}
	release, ok, err := s.store.TryLock(sessionLock)
	if err != nil || !ok {
		return
	}
	defer release()
	now, err := s.store.LoadRole()
	if err != nil || now.AccessKeyID != held.AccessKeyID || now.Fingerprint != s.fingerprint {
		return
	}
	if now.ConfigDigest = digest; now.RenewBefore == 0 {
		now.RenewBefore = spread(window(Length(s.config)))
	}
	_ = s.store.SaveRole(now)
}

// ours reports whether something stored was made for this configuration. The
// original wrote no fingerprint; `configure idp` clears what it left behind.
func (s *shelf) ours(fingerprint string) bool {
	return fingerprint == "" || fingerprint == s.fingerprint
}

// account is that of the Access Grants instance: the one asked for, the
// configured one, else the caller's. Credentials of the original do not carry
// that, but the role's ARN does.
func (s *shelf) account(r *GrantRequest, role store.RoleCredentials) string {
	for _, account := range []string{r.AccountID, s.config.S3AGAccountID, role.AccountID} {
		if account != "" {
			return account
		}
	}
	return config.AccountOf(s.config.IDEnhancedRoleARN)
}

// heldGrant finds stored credentials of the same person that serve a request,
// the one that lasts longest.
func (s *shelf) heldGrant(r *GrantRequest) (store.S3Entry, bool) {
	if r.Force {
		return store.S3Entry{}, false
	}
	role, err := s.store.LoadRole()
	if err != nil || role.UserID == "" || !s.ours(role.Fingerprint) {
		return store.S3Entry{}, false
	}
	entries, err := s.store.LoadS3()
	if err != nil {
		return store.S3Entry{}, false
	}
	account, identity := s.account(r, role), s.identity(role)
	var best store.S3Entry
	for _, e := range entries {
		if e.Identity == identity && e.AccountID == account && serves(&e, r) && e.Expiration.After(best.Expiration) {
			best = e
		}
	}
	return best, best.AccessKeyID != ""
}

// serves reports whether stored credentials answer a request: by the grant's
// scope for Default, by the very target for Minimal.
func serves(e *store.S3Entry, r *GrantRequest) bool {
	if !lastsFor(e, r) {
		return false
	}
	if r.Privilege == types.PrivilegeMinimal || e.Privilege == string(types.PrivilegeMinimal) {
		return e.Privilege == string(r.Privilege) && e.RequestedTarget == r.Target && e.Permission == string(r.Permission) &&
			e.TargetType == targetType(r)
	}
	return s3agcreds.Covers(e.Target, types.Permission(e.Permission), r.Target, r.Permission)
}

// lastsFor reports whether stored credentials last long enough, as [answer.Judge] has
// it: they were made a whole life before their end. Where a duration is asked for, those
// of a shorter one do not answer, those of the same or a longer one do to their end.
// With a MinTTL they have more than that left.
func lastsFor(e *store.S3Entry, r *GrantRequest) bool {
	life := GrantLength(e.Duration)
	const known = "known" // whose they are, the caller has found out
	stored := answer.Stored{
		Complete: true, Private: true, Fingerprint: known,
		Expiration: e.Expiration, ObtainedAt: e.Expiration.Add(-life), RenewBefore: window(life),
	}
	return life >= r.Duration &&
		answer.Judge(&stored, &answer.Asked{Now: time.Now(), Fingerprint: known, MinTTL: r.MinTTL}) == answer.Serve
}

// targetType is the request's target type as the original's files name it.
func targetType(r *GrantRequest) string {
	if r.TargetType == types.S3PrefixTypeObject {
		return "Object"
	}
	return "Prefix"
}

// identity names whom credentials are for: the person under this configuration.
func (s *shelf) identity(role store.RoleCredentials) string {
	return s.boundTo(role.UserID)
}

// boundTo returns a digest of the configuration and what else something is bound to.
func (s *shelf) boundTo(names ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(append([]string{s.fingerprint}, names...), "\n")))
	return hex.EncodeToString(sum[:])
}
