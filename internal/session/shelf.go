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
)

// defaultSessionLength is what STS gives a role session when no duration is asked
// for, and the most that role chaining gives.
const defaultSessionLength = time.Hour

// shelf is what was obtained for a configuration and lies on disk.
type shelf struct {
	store       *store.Store
	config      config.Config
	fingerprint string
	ambient     ambientRegion // zero if not known
}

// ambientRegion is a region with the [RegionMark] of the AWS config file that it is from.
type ambientRegion struct{ name, mark string }

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
// return them as they are. The request has a region. mark is the [RegionMark] of the AWS
// config file if that region is from there, and else empty.
func HeldGrant(st *store.Store, c config.Config, r GrantRequest, mark string) (store.S3Entry, bool) {
	s := newShelf(st, c)
	held, role, ok := s.grantOf(&r)
	if ok {
		if mark != "" {
			s.ambient = ambientRegion{r.Region, mark}
		}
		s.introduce(role)
	}
	return held, ok
}

// RegionMark stands for what an AWS config file says of the region of a profile.
func RegionMark(profile string, text []byte) string { return answer.RegionMark(profile, text) }

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
func GrantLength(duration time.Duration) time.Duration { return cmp.Or(duration, answer.GrantLife) }

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
		stored.RenewBefore = answer.Window(Length(s.config))
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

// knownConfig returns config.json and its digest if it is this configuration, valid and
// without a warning: if the ordinary path has nothing to say but the credentials, so
// that the fast one may answer in its place. It looks at the file again, since another
// configuration may have been written meanwhile.
func (s *shelf) knownConfig() (c config.Config, digest string, ok bool) {
	text, err := s.store.LoadConfig()
	if err != nil {
		return c, "", false
	}
	c, warnings, err := config.Parse(text, "")
	if err != nil || len(warnings) > 0 || c.Validate() != nil || c.Fingerprint() != s.fingerprint {
		return c, "", false
	}
	return c, answer.Digest(text), true
}

// presented returns a role session of this configuration with what the fast path knows
// it by, and what it needs to know the S3 credentials of the same person. ok is false if
// config.json is not to be known.
func (s *shelf) presented(role store.RoleCredentials) (_ store.RoleCredentials, ok bool) {
	c, digest, ok := s.knownConfig()
	if !ok {
		return role, false
	}
	role.ConfigDigest, role.S3AccountID, role.S3Identity = digest, c.S3AGAccountID, ""
	switch {
	case c.Region != "":
		role.S3Region, role.S3RegionMark = c.Region, ""
	case s.ambient.mark != "":
		role.S3Region, role.S3RegionMark = s.ambient.name, s.ambient.mark
	case role.S3RegionMark == "": // it is another config.json's
		role.S3Region = ""
	}
	if role.UserID != "" {
		role.S3Identity = s.identity(role)
	}
	if role.RenewBefore == 0 {
		role.RenewBefore = spread(answer.Window(Length(s.config)))
	}
	return role, true
}

// introduce makes credentials of this configuration known to the fast path, after
// config.json was written anew without a change that matters, or where a version
// without a fast path has stored them. Nobody waits for it, and nothing is lost if it
// fails. Credentials of the original stay as they are.
func (s *shelf) introduce(held store.RoleCredentials) {
	known, ok := s.presented(held)
	if !ok || held.Fingerprint != s.fingerprint || held == known {
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
	if known, ok = s.presented(now); ok {
		_ = s.store.SaveRole(known)
	}
}

// ours reports whether something stored was made for this configuration. The
// original wrote no fingerprint; `configure idp` clears what it left behind.
func (s *shelf) ours(fingerprint string) bool {
	return fingerprint == "" || fingerprint == s.fingerprint
}

// account is that of the Access Grants instance: the one asked for, the
// configured one, else the caller's.
func (s *shelf) account(r *GrantRequest, role store.RoleCredentials) string {
	return cmp.Or(r.AccountID, s.config.S3AGAccountID, s.caller(role))
}

// caller is the account of a role session. Credentials of the original do not carry it,
// but the role's ARN does.
func (s *shelf) caller(role store.RoleCredentials) string {
	return cmp.Or(role.AccountID, config.AccountOf(s.config.IDEnhancedRoleARN))
}

// heldGrant finds stored credentials of the same person that serve a request: of
// several the one that [answer.BestGrant] finds.
func (s *shelf) heldGrant(r *GrantRequest) (store.S3Entry, bool) {
	held, _, ok := s.grantOf(r)
	return held, ok
}

// grantOf is heldGrant, with the role session of the person. That need not last: what was
// granted outlives it.
func (s *shelf) grantOf(r *GrantRequest) (store.S3Entry, store.RoleCredentials, bool) {
	if r.Force {
		return store.S3Entry{}, store.RoleCredentials{}, false
	}
	role, err := s.store.LoadRole()
	if err != nil || role.UserID == "" || !s.ours(role.Fingerprint) {
		return store.S3Entry{}, role, false
	}
	entries, err := s.store.LoadS3()
	if err != nil {
		return store.S3Entry{}, role, false
	}
	grants := make([]answer.Grant, len(entries))
	for i := range entries {
		grants[i] = entries[i].Grant()
	}
	best := answer.BestGrant(grants, s.asked(r, role))
	if best < 0 {
		return store.S3Entry{}, role, false
	}
	return entries[best], role, true
}

// asked is a request of a person as internal/answer has it.
func (s *shelf) asked(r *GrantRequest, role store.RoleCredentials) *answer.GrantRequest {
	return &answer.GrantRequest{
		Now: time.Now(), Target: r.Target, Permission: string(r.Permission), TargetType: targetType(r), Privilege: string(r.Privilege),
		Identity: s.grantIdentity(role, r), AccountID: r.AccountID, Region: r.Region,
		Configured: s.config.S3AGAccountID, Caller: s.caller(role),
		Duration: r.Duration, MinTTL: r.MinTTL,
	}
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
