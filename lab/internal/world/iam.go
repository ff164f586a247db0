package world

import (
	"errors"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// Errors of changes to IAM.
var (
	ErrIAMExists = errors.New("the name is taken")
	ErrNoEntity  = errors.New("there is no such role, user, policy or provider")
	ErrIAMQuota  = errors.New("too many of them in the account")
)

// Default quotas of an account (IAM user guide, "IAM and AWS STS quotas").
const (
	MaxRoles         = 1_000
	MaxIAMUsers      = 5_000
	MaxPolicies      = 1_500
	MaxOIDCProviders = 100
)

// iamState is what a world knows of IAM beside roles, users and providers.
type iamState struct {
	names    map[string]string         // ARNs of roles and users by [entityKey]
	policies map[string]*ManagedPolicy // by ARN; those of AWS as well
	roles    *byName[Role]
	users    *byName[IAMUser]
	listed   *byName[ManagedPolicy]
	quotas   map[string]IAMQuotas // by account

	mu   sync.Mutex     // of uses: every request notes one
	uses map[string]Use // by access key id, or by id of a role
}

func newIAMState() *iamState {
	return &iamState{
		names: map[string]string{}, policies: map[string]*ManagedPolicy{}, quotas: map[string]IAMQuotas{}, uses: map[string]Use{},
		roles: newByName(ofRole), users: newByName(ofUser), listed: newByName(ofPolicy),
	}
}

// entityKey is what a role or user is looked up by: names are told apart without
// regard to case.
func entityKey(kind, account, name string) string {
	return kind + " " + account + " " + strings.ToLower(name)
}

// IAMQuotas returns the quotas of an account.
func (w *World) IAMQuotas(account string) IAMQuotas {
	q := w.iam.quotas[account] // never changed after loading
	for _, one := range []struct {
		quota    *int
		standard int
	}{{&q.Roles, MaxRoles}, {&q.Users, MaxIAMUsers}, {&q.Policies, MaxPolicies}, {&q.OIDCProviders, MaxOIDCProviders}} {
		if *one.quota == 0 {
			*one.quota = one.standard
		}
	}
	return q
}

// IdentityPolicies returns the identity policies of a session's role or user as they are now.
// The second result is false when the role or user no longer exists.
func (w *World) IdentityPolicies(s *Session) ([]*policy.Document, bool) {
	e, ok := w.entity(s)
	if !ok {
		return nil, false
	}
	return e.Policies, true
}

// Boundary is the permissions boundary of a session's role or user as it is now,
// nil when there is none.
func (w *World) Boundary(s *Session) *policy.Document {
	e, ok := w.entity(s)
	if !ok {
		return nil
	}
	return e.Boundary
}

// PrincipalTags are the tags of a session's role or user as it is now. They must not
// be changed.
func (w *World) PrincipalTags(s *Session) map[string]string {
	e, ok := w.entity(s)
	if !ok {
		return nil
	}
	return e.Tags
}

// entity returns the role or user of a session. One that was made anew under the
// old name is another.
func (w *World) entity(s *Session) (*Entity, bool) {
	if w.administrators.has(s) {
		return w.administrators.entity, true
	}
	if s.Kind == KindIAMUser {
		u, ok := w.IAMUser(s.ARN)
		if !ok || s.UserID != u.ID {
			return nil, false
		}
		return &u.Entity, true
	}
	r, ok := w.Role(s.RoleARN)
	if !ok || !strings.HasPrefix(s.UserID, r.ID+":") {
		return nil, false
	}
	return &r.Entity, true
}

// settle fills what follows from an entity's policies. w.mu is held.
func (w *World) settle(e *Entity) {
	e.Policies, e.Boundary = make([]*policy.Document, 0, len(e.Inline)+len(e.Attached)), nil
	for _, p := range e.Inline {
		e.Policies = append(e.Policies, p.Document)
	}
	for _, arn := range e.Attached {
		if p, ok := w.iam.policies[arn]; ok {
			e.Policies = append(e.Policies, p.Document())
		}
	}
	if p, ok := w.iam.policies[e.BoundaryARN]; ok {
		e.Boundary = p.Document()
	}
}

// Inlined returns the inline policy with a name.
func (e *Entity) Inlined(name string) (*InlinePolicy, bool) {
	i := slices.IndexFunc(e.Inline, func(p InlinePolicy) bool { return strings.EqualFold(p.Name, name) })
	if i < 0 {
		return nil, false
	}
	return &e.Inline[i], true
}

// PutInline adds an inline policy, or puts it in the place of the one of its name.
func (e *Entity) PutInline(name string, doc *policy.Document) {
	e.DropInline(name)
	e.Inline = append(e.Inline, InlinePolicy{name, doc})
	sort.Slice(e.Inline, func(a, b int) bool { return e.Inline[a].Name < e.Inline[b].Name })
}

// DropInline takes an inline policy away and reports whether there was one.
func (e *Entity) DropInline(name string) bool {
	before := e.Inline
	e.Inline = slices.DeleteFunc(slices.Clone(before), func(p InlinePolicy) bool { return strings.EqualFold(p.Name, name) })
	return len(e.Inline) < len(before)
}

// Attach adds a managed policy, unless it is attached.
func (e *Entity) Attach(arn string) {
	if !slices.Contains(e.Attached, arn) {
		e.Attached = append(slices.Clone(e.Attached), arn)
	}
}

// Detach takes a managed policy away and reports whether it was attached.
func (e *Entity) Detach(arn string) bool {
	before := e.Attached
	e.Attached = slices.DeleteFunc(slices.Clone(before), func(a string) bool { return a == arn })
	return len(e.Attached) < len(before)
}

// Use is when something was last used, for which service and in which region.
type Use struct {
	At              time.Time
	Service, Region string
}

// NoteUse notes that an access key was used: of a user's key, and of the role
// behind a session.
func (w *World) NoteUse(accessKeyID, service, region string) {
	s, ok := w.Session(accessKeyID)
	if !ok {
		return
	}
	id := accessKeyID
	if s.Kind == KindAssumedRole {
		id, _, _ = strings.Cut(s.UserID, ":")
	}
	w.iam.mu.Lock()
	defer w.iam.mu.Unlock()
	w.iam.uses[id] = Use{w.now().UTC().Truncate(time.Second), service, region}
}

// LastUse returns the last use of an access key, or of a role by its id.
func (w *World) LastUse(id string) (Use, bool) {
	w.iam.mu.Lock()
	defer w.iam.mu.Unlock()
	u, ok := w.iam.uses[id]
	return u, ok
}

func (w *World) forgetUse(id string) {
	w.iam.mu.Lock()
	defer w.iam.mu.Unlock()
	delete(w.iam.uses, id)
}
