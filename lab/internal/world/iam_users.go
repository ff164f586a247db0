package world

import (
	"slices"
	"time"
)

// NewIAMUser is a user without policies and keys. It is nobody's until [World.AddIAMUser].
func (w *World) NewIAMUser(account, path, name string) *IAMUser {
	u := &IAMUser{Entity: w.newEntity(kindUser, account, path, name)}
	u.ID = "AIDA" + uniqueID(17)
	return u
}

// IAMUserNamed returns the IAM user of an account by its name, whatever its case.
func (w *World) IAMUserNamed(account, name string) (*IAMUser, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return w.userNamed(account, name)
}

func (w *World) userNamed(account, name string) (*IAMUser, bool) {
	u, ok := w.iamUsers[w.iam.names[entityKey(kindUser, account, name)]]
	return u, ok
}

// AddIAMUser stores a new user. The error is [ErrIAMExists], [ErrIAMQuota] or [ErrNoPolicy].
func (w *World) AddIAMUser(u *IAMUser) error {
	quota := w.IAMQuotas(u.Account).Users
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, taken := w.userNamed(u.Account, u.Name); taken {
		return ErrIAMExists
	}
	if len(w.iam.users.list(u.Account)) >= quota {
		return ErrIAMQuota
	}
	if err := w.checkPolicies(&u.Entity); err != nil {
		return err
	}
	w.storeUser(u)
	return nil
}

// storeUser puts a user in its place, and sessions in that of its active keys.
// w.mu is held.
func (w *World) storeUser(u *IAMUser) {
	w.settle(&u.Entity)
	w.iamUsers[u.arn] = u
	w.iam.users.put(u)
	w.iam.names[entityKey(kindUser, u.Account, u.Name)] = u.arn
	for _, k := range u.Keys {
		if k.Inactive {
			delete(w.sessions, k.ID)
			continue
		}
		w.sessions[k.ID] = &Session{
			AccessKeyID: k.ID, SecretAccessKey: k.Secret, Issued: k.Created, Kind: KindIAMUser,
			Account: u.Account, ARN: u.arn, UserID: u.ID,
		}
	}
}

// ChangeIAMUser has edit change a copy of a user, stores it, and returns it. edit must
// not touch what slices and maps of the copy hold, only replace it; it may change
// Name and Path, which changes the ARN, also in the policies that name the user. The
// error is that of edit, [ErrNoEntity], [ErrNoPolicy] for a managed policy that is not
// there, or [ErrIAMExists] if somebody has the new name.
func (w *World) ChangeIAMUser(account, name string, edit func(*IAMUser) error) (*IAMUser, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u, ok := w.userNamed(account, name)
	if !ok {
		return nil, ErrNoEntity
	}
	edited := *u
	if err := edit(&edited); err != nil {
		return nil, err
	}
	if other, taken := w.userNamed(account, edited.Name); taken && other != u {
		return nil, ErrIAMExists
	}
	if err := w.checkPolicies(&edited.Entity); err != nil {
		return nil, err
	}
	edited.arn = w.entityARN(kindUser, account, edited.Path, edited.Name)
	w.dropUser(u)
	w.storeUser(&edited)
	w.forgetKeys(u, &edited)
	if edited.arn != u.arn {
		w.renamePrincipal(&u.Entity, edited.arn)
	}
	return &edited, nil
}

func (w *World) dropUser(u *IAMUser) {
	delete(w.iamUsers, u.arn)
	w.iam.users.remove(u)
	delete(w.iam.names, entityKey(kindUser, u.Account, u.Name))
	for _, k := range u.Keys {
		delete(w.sessions, k.ID)
	}
}

// forgetKeys forgets the last uses of the access keys that a user does not have any more.
func (w *World) forgetKeys(before, after *IAMUser) {
	for _, k := range before.Keys {
		if _, ok := after.Key(k.ID); !ok {
			w.forgetUse(k.ID)
		}
	}
}

// RemoveIAMUser forgets a user unless check refuses. Policies of roles and resources
// that name it show its id from then on.
func (w *World) RemoveIAMUser(account, name string, check func(*IAMUser) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	u, ok := w.userNamed(account, name)
	if !ok {
		return ErrNoEntity
	}
	if err := check(u); err != nil {
		return err
	}
	w.dropUser(u)
	w.forgetKeys(u, &IAMUser{})
	w.renamePrincipal(&u.Entity, u.ID)
	return nil
}

// Key returns the access key with an id.
func (u *IAMUser) Key(id string) (*AccessKey, bool) {
	i := slices.IndexFunc(u.Keys, func(k AccessKey) bool { return k.ID == id })
	if i < 0 {
		return nil, false
	}
	return &u.Keys[i], true
}

// AddKey makes an active access key.
func (u *IAMUser) AddKey(now time.Time) *AccessKey {
	k := AccessKey{ID: "AKIA" + uniqueID(16), Secret: randomText(30), Created: now.UTC().Truncate(time.Second)}
	u.Keys = append(slices.Clone(u.Keys), k)
	return &k
}

// SetKey switches an access key on or off.
func (u *IAMUser) SetKey(id string, inactive bool) {
	u.Keys = slices.Clone(u.Keys)
	if k, ok := u.Key(id); ok {
		k.Inactive = inactive
	}
}

// DropKey takes an access key away.
func (u *IAMUser) DropKey(id string) {
	u.Keys = slices.DeleteFunc(slices.Clone(u.Keys), func(k AccessKey) bool { return k.ID == id })
}

// KeyOwner returns the user who has an access key, active or not.
func (w *World) KeyOwner(accessKeyID string) (*IAMUser, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if s, ok := w.sessions[accessKeyID]; ok {
		u, ok := w.iamUsers[s.ARN]
		return u, ok
	}
	for _, u := range w.iamUsers {
		if _, ok := u.Key(accessKeyID); ok {
			return u, true
		}
	}
	return nil, false
}
