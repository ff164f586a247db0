package world

import "time"

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

// AddRole stores a new role. The error is [ErrIAMExists], [ErrIAMQuota] or [ErrNoPolicy].
func (w *World) AddRole(r *Role) error {
	quota := w.IAMQuotas(r.Account).Roles
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, taken := w.roleNamed(r.Account, r.Name); taken {
		return ErrIAMExists
	}
	if len(w.iam.roles.list(r.Account)) >= quota {
		return ErrIAMQuota
	}
	if err := w.checkPolicies(&r.Entity); err != nil {
		return err
	}
	w.storeRole(r)
	return nil
}

// storeRole puts a role in its place. w.mu is held.
func (w *World) storeRole(r *Role) {
	w.settle(&r.Entity)
	w.roles[r.arn] = r
	w.iam.roles.put(r)
	w.iam.names[entityKey(kindRole, r.Account, r.Name)] = r.arn
}

// ChangeRole has edit change a copy of a role, stores it, and returns it. edit must
// not touch what slices and maps of the copy hold, only replace it. The error is
// that of edit, [ErrNoEntity], or [ErrNoPolicy] for a managed policy that is not there.
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
	if err := w.checkPolicies(&edited.Entity); err != nil {
		return nil, err
	}
	w.storeRole(&edited)
	return &edited, nil
}

// RemoveRole forgets a role unless check refuses. Policies of roles and resources
// that name it show its id from then on, as AWS's do: a role made anew under its
// name is another.
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
	w.iam.roles.remove(r)
	delete(w.iam.names, entityKey(kindRole, account, name))
	w.forgetUse(r.ID)
	w.renamePrincipal(&r.Entity, r.ID)
	return nil
}
