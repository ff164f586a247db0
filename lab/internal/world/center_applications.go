package world

import (
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Applications returns those of an instance, in the order of their ARNs.
func (w *World) Applications(in *Instance) []*Application {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.applicationsOf(in)
}

func (w *World) applicationsOf(in *Instance) []*Application {
	var found []*Application
	for _, a := range w.applications {
		if a.Instance == in {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, byARN)
	return found
}

// NewApplication is an application of an instance as CreateApplication makes it,
// without grants, authentication method, scopes and assignments. It is nobody's
// until [World.CreateApplication].
func (w *World) NewApplication(in *Instance, creator, name string) *Application {
	id := strings.ReplaceAll(uuid.NewString(), "-", "")[:16]
	return w.newApplication(in, creator, "arn:"+w.Partition+":sso::"+in.Account+":application/"+instanceID(in)+"/apl-"+id, name)
}

func (w *World) newApplication(in *Instance, creator, arn, name string) *Application {
	return &Application{
		ARN: arn, Name: name, Account: in.Account, Region: in.Region, Creator: creator, Created: w.stamp(), Instance: in,
		AssignmentRequired: true, assigned: newAssignments(), RefreshTokenLifetime: defaultRefreshTokenLifetime, BackgroundSessions: true,
		ClientID: base64.StdEncoding.EncodeToString([]byte(stableID(arn))),
	}
}

// CreateApplication stores a new application. A request that repeats another gets
// what that one got. The error is [ErrNoInstance], [ErrApplicationName], [ErrAppQuota]
// or [ErrOtherParameters].
func (w *World) CreateApplication(r Repeatable, a *Application) (*Application, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.instances[a.Instance.ARN] != a.Instance {
		return nil, ErrNoInstance
	}
	arn, err := w.repeated(r)
	if err != nil {
		return nil, err
	}
	if made, ok := w.applications[arn]; ok {
		return made, nil
	}
	if err := w.admits(a); err != nil {
		return nil, err
	}
	if len(w.applicationsOf(a.Instance)) >= quota(a.Instance.maxApplications, maxApplications) {
		return nil, ErrAppQuota
	}
	w.applications[a.ARN] = a
	w.remember(r, a.ARN)
	return a, nil
}

// admits refuses an application of whose name there is another in the instance.
func (w *World) admits(a *Application) error {
	if !*w.Switches.ApplicationNamesUnique {
		return nil
	}
	for _, other := range w.applications {
		if other.Instance == a.Instance && other.Name == a.Name && other.ARN != a.ARN {
			return ErrApplicationName
		}
	}
	return nil
}

// ChangeApplication has change edit a copy of an application and stores it. change
// must not touch what slices and maps of the copy hold, only replace it. The error
// is that of change, [ErrNoApplication] or [ErrApplicationName].
func (w *World) ChangeApplication(arn string, change func(*Application) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, ok := w.applications[arn]
	if !ok {
		return ErrNoApplication
	}
	edited := *a
	if err := change(&edited); err != nil {
		return err
	}
	if edited.Name != a.Name {
		if err := w.admits(&edited); err != nil {
			return err
		}
	}
	w.applications[arn] = &edited
	return nil
}

// DeleteApplication forgets an application with everything of it, and its refresh
// tokens. The error is [ErrNoApplication].
func (w *World) DeleteApplication(arn string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, ok := w.applications[arn]; !ok {
		return ErrNoApplication
	}
	delete(w.applications, arn)
	maps.DeleteFunc(w.refresh, func(_ string, t *RefreshToken) bool { return t.ApplicationARN == arn })
	return nil
}

// Assign assigns a user or group to an application. The error is
// [ErrNoApplication], [ErrNoMember] if there is no such user or group, or [ErrAssigned].
func (w *World) Assign(arn string, to Assignment) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, ok := w.applications[arn]
	if !ok {
		return ErrNoApplication
	}
	if !a.Instance.has(to) {
		return ErrNoMember
	}
	if !a.assigned.add(to.ID, to.Group) {
		return ErrAssigned
	}
	return nil
}

// has reports whether the user or group exists. w.mu is held.
func (in *Instance) has(to Assignment) bool {
	if to.Group {
		return in.groups.byID[to.ID] != nil
	}
	return in.users.byID[to.ID] != nil
}

// Unassign takes an assignment away. The error is [ErrNoApplication] or [ErrNotAssigned].
func (w *World) Unassign(arn string, to Assignment) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	a, ok := w.applications[arn]
	if !ok {
		return ErrNoApplication
	}
	if !a.assigned.remove(to) {
		return ErrNotAssigned
	}
	return nil
}

// RemoveGrant takes a grant away, by its type. The error is [ErrNoGrant].
func (a *Application) RemoveGrant(kind string) error {
	if !slices.Contains(a.GrantTypes(), kind) {
		return ErrNoGrant
	}
	switch kind {
	case GrantAuthorizationCode:
		a.AuthorizationCode = nil
	case GrantRefreshToken:
		a.RefreshToken, a.RefreshTokenLifetime = false, defaultRefreshTokenLifetime
	case GrantJWTBearer:
		a.JWTBearer = nil
	case GrantTokenExchange:
		a.TokenExchange = false
	}
	return nil
}

// Grant types, as OAuth and PutApplicationGrant spell them.
const (
	GrantAuthorizationCode = "authorization_code"
	GrantRefreshToken      = "refresh_token"
	GrantJWTBearer         = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	GrantTokenExchange     = "urn:ietf:params:oauth:grant-type:token-exchange"
)

// GrantTypes are the types of the grants that an application has, in a stable order.
func (a *Application) GrantTypes() []string {
	var types []string
	for _, g := range []struct {
		has  bool
		kind string
	}{
		{a.AuthorizationCode != nil, GrantAuthorizationCode}, {a.RefreshToken, GrantRefreshToken},
		{a.JWTBearer != nil, GrantJWTBearer}, {a.TokenExchange, GrantTokenExchange},
	} {
		if g.has {
			types = append(types, g.kind)
		}
	}
	return types
}

// Errors of changes to the access scopes of an application.
var (
	ErrScopeQuota = errors.New("too many access scopes")
	ErrNoScope    = errors.New("there is no such access scope")
)

// Scope returns the access scope of a name.
func (a *Application) Scope(name string) (Scope, bool) {
	i := slices.IndexFunc(a.Scopes, func(s Scope) bool { return s.Name == name })
	if i < 0 {
		return Scope{}, false
	}
	return a.Scopes[i], true
}

// PutScope adds an access scope or replaces the one of its name. The error is [ErrScopeQuota].
func (a *Application) PutScope(s Scope) error {
	i := slices.IndexFunc(a.Scopes, func(other Scope) bool { return other.Name == s.Name })
	if i < 0 && len(a.Scopes) >= MaxAccessScopes {
		return ErrScopeQuota
	}
	a.Scopes = slices.Clone(a.Scopes)
	if i < 0 {
		a.Scopes = append(a.Scopes, s)
	} else {
		a.Scopes[i] = s
	}
	return nil
}

// RemoveScope takes an access scope away. The error is [ErrNoScope].
func (a *Application) RemoveScope(name string) error {
	i := slices.IndexFunc(a.Scopes, func(s Scope) bool { return s.Name == name })
	if i < 0 {
		return ErrNoScope
	}
	a.Scopes = slices.Concat(a.Scopes[:i], a.Scopes[i+1:])
	return nil
}
