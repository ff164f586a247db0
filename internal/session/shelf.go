package session

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

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

// HeldRole returns the role session on disk if [Session.RoleCredentials] would
// return it as it is. It needs no Session, whose making costs more than the answer.
func HeldRole(st *store.Store, c config.Config) (store.RoleCredentials, bool) {
	s := newShelf(st, c)
	return s.heldRole(s.margin())
}

// HeldGrant returns the S3 credentials on disk if [Session.DataAccess] would
// return them as they are.
func HeldGrant(st *store.Store, c config.Config, r GrantRequest) (store.S3Entry, bool) {
	s := newShelf(st, c)
	return s.heldGrant(&r)
}

// margin is how much life the role session needs to be handed out as it is.
func (s *shelf) margin() time.Duration {
	length := s.config.SessionLength()
	if length == 0 {
		length = defaultSessionLength
	}
	return freshMargin(length)
}

// heldRole returns the stored credentials if they are for this configuration and
// last longer than the margin.
func (s *shelf) heldRole(margin time.Duration) (store.RoleCredentials, bool) {
	held, err := s.store.LoadRole()
	if err != nil || !s.ours(held.Fingerprint) {
		return store.RoleCredentials{}, false
	}
	return held, time.Until(held.Expiration) > margin
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
	lifetime := e.Duration
	if lifetime == 0 {
		lifetime = defaultGrantDuration
	}
	if time.Until(e.Expiration) <= max(usableFor, min(freshFor, lifetime/3)) {
		return false
	}
	if r.Privilege == types.PrivilegeMinimal || e.Privilege == string(types.PrivilegeMinimal) {
		return e.Privilege == string(r.Privilege) && e.RequestedTarget == r.Target && e.Permission == string(r.Permission) &&
			e.TargetType == targetType(r)
	}
	return s3agcreds.Covers(e.Target, types.Permission(e.Permission), r.Target, r.Permission)
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
