package world

import (
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/policy"
)

// kindRole and kindUser are the kinds of [entityKey].
const (
	kindRole = "role"
	kindUser = "user"
)

// NewRole is a role without policies. It is nobody's until [World.AddRole].
func (w *World) NewRole(account, path, name string) *Role {
	r := &Role{Entity: w.newEntity(kindRole, account, path, name), MaxSessionDuration: time.Hour}
	r.ID = "AROA" + uniqueID(17)
	return r
}

func (w *World) newEntity(kind, account, path, name string) Entity {
	return Entity{
		Account: account, Name: name, Path: path, Created: w.now().UTC().Truncate(time.Second),
		arn: w.entityARN(kind, account, path, name),
	}
}

func (w *World) entityARN(kind, account, path, name string) string {
	return "arn:" + w.Partition + ":iam::" + account + ":" + kind + path + name
}

// RoleNamed returns the role of an account by its name, whatever its case.
func (w *World) RoleNamed(account, name string) (*Role, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.roleNamed(account, name)
}

func (w *World) roleNamed(account, name string) (*Role, bool) {
	r, ok := w.roles[w.iam.names[entityKey(kindRole, account, name)]]
	return r, ok
}

// Roles returns the roles of an account in the order of their names.
func (w *World) Roles(account string) []*Role {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var all []*Role
	for _, r := range w.roles {
		if r.Account == account {
			all = append(all, r)
		}
	}
	sort.Slice(all, func(a, b int) bool { return strings.ToLower(all[a].Name) < strings.ToLower(all[b].Name) })
	return all
}

// AddRole stores a new role. The error is [ErrIAMExists] or [ErrIAMQuota].
func (w *World) AddRole(r *Role) error {
	quota := w.IAMQuotas(r.Account).Roles
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, taken := w.roleNamed(r.Account, r.Name); taken {
		return ErrIAMExists
	}
	made := 0
	for _, other := range w.roles {
		if other.Account == r.Account {
			made++
		}
	}
	if made >= quota {
		return ErrIAMQuota
	}
	w.storeRole(r)
	return nil
}

// storeRole puts a role in its place. w.mu is held.
func (w *World) storeRole(r *Role) {
	w.settle(&r.Entity)
	w.roles[r.arn] = r
	w.iam.names[entityKey(kindRole, r.Account, r.Name)] = r.arn
}

// ChangeRole has edit change a copy of a role, stores it, and returns it. edit must
// not touch what slices and maps of the copy hold, only replace it. The error is
// that of edit, or [ErrNoEntity].
func (w *World) ChangeRole(account, name string, edit func(*Role) error) (*Role, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, ok := w.roleNamed(account, name)
	if !ok {
		return nil, ErrNoEntity
	}
	edited := *r
	if err := edit(&edited); err != nil {
		return nil, err
	}
	w.storeRole(&edited)
	return &edited, nil
}

// RemoveRole forgets a role unless check refuses. Trust policies that name it show
// its id from then on, as IAM's do: a role made anew under its name is another.
func (w *World) RemoveRole(account, name string, check func(*Role) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, ok := w.roleNamed(account, name)
	if !ok {
		return ErrNoEntity
	}
	if err := check(r); err != nil {
		return err
	}
	delete(w.roles, r.arn)
	delete(w.iam.names, entityKey(kindRole, account, name))
	w.forgetUse(r.ID)
	w.bereave(&r.Entity)
	return nil
}

// bereave puts the id of a removed entity in the place of its ARN in all trust
// policies. w.mu is held.
func (w *World) bereave(e *Entity) {
	for _, r := range w.roles {
		if !slices.Contains(r.Trust.PrincipalARNs(), e.arn) {
			continue
		}
		text := strings.ReplaceAll(r.Trust.Text(), `"`+e.arn+`"`, `"`+e.ID+`"`)
		trust, err := policy.Parse([]byte(text), policy.Trust)
		if err != nil { // the ARN stands there escaped: the old text stays
			continue
		}
		edited := *r
		edited.Trust = trust
		w.storeRole(&edited)
	}
}
