package world

import (
	"errors"

	"github.com/google/uuid"
)

// What refuses a change of an identity store.
var (
	ErrNoUser           = errors.New("there is no such user")
	ErrNoGroup          = errors.New("there is no such group")
	ErrNoMembership     = errors.New("there is no such membership")
	ErrUserNameTaken    = errors.New("the user name is taken")
	ErrEmailTaken       = errors.New("the e-mail address is taken")
	ErrDisplayNameTaken = errors.New("the display name is taken")
	ErrMembershipExists = errors.New("the user is in the group already")
	ErrDirectoryFull    = errors.New("the identity store holds no more")
)

// AWS's quotas of an identity store (IAM Identity Center user guide).
const (
	maxUsers  = 200_000
	maxGroups = 100_000
)

// CreateUser adds a user and gives it an id. The error is [ErrUserNameTaken],
// [ErrEmailTaken] (both whatever the case) or [ErrDirectoryFull].
func (w *World) CreateUser(i *Instance, u User) (*User, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	u.ID = uuid.NewString()
	if err := i.unique(&u); err != nil {
		return nil, err
	}
	if len(i.users.byID) >= quota(i.quotas.MaxUsers, maxUsers) {
		return nil, ErrDirectoryFull
	}
	i.addUser(&u)
	return &u, nil
}

// unique refuses a user whose name or e-mail address another has.
func (d *directory) unique(u *User) error {
	if named := d.userNamed(u.UserName); named != nil && named.ID != u.ID {
		return ErrUserNameTaken
	}
	if u.Email == "" {
		return nil
	}
	for _, other := range d.emails[FoldKey(u.Email)] {
		if other.ID != u.ID {
			return ErrEmailTaken
		}
	}
	return nil
}

func quota(lower, ofAWS int) int {
	if lower > 0 {
		return lower
	}
	return ofAWS
}

// UpdateUser changes a user; edit gets a copy whose lists it must not write into.
// The error is [ErrNoUser], that of edit, or one of [World.CreateUser].
func (w *World) UpdateUser(i *Instance, id string, edit func(*User) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	old, ok := i.users.byID[id]
	if !ok {
		return ErrNoUser
	}
	u := *old
	if err := edit(&u); err != nil {
		return err
	}
	if moved(old, &u) {
		if err := i.unique(&u); err != nil {
			return err
		}
	}
	i.removeUser(old)
	i.addUser(&u)
	return nil
}

// moved reports whether what must be unique has changed: a world file may have two
// users with one e-mail address, which other changes leave alone.
func moved(a, b *User) bool { return a.UserName != b.UserName || a.Email != b.Email }

// DeleteUser removes a user with the memberships and the assignments to
// applications. Access grants stay, and name nobody. The error is [ErrNoUser].
func (w *World) DeleteUser(i *Instance, id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	u, ok := i.users.byID[id]
	if !ok {
		return ErrNoUser
	}
	i.removeUser(u)
	w.forget(i, i.memberOf, id)
	return nil
}

// forget takes a user or group that is no more from the memberships that of has for
// it, and from the applications of the instance.
func (w *World) forget(i *Instance, of map[string]*ordered[Membership], id string) {
	for _, m := range listed(of, id) {
		i.removeMembership(m)
	}
	delete(of, id)
	for _, a := range w.applications {
		if a.Instance == i {
			a.assigned.forget(id)
		}
	}
}

// CreateGroup adds a group and gives it an id. The error is [ErrDisplayNameTaken]
// or [ErrDirectoryFull].
func (w *World) CreateGroup(i *Instance, g Group) (*Group, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i.groupNamed(g.DisplayName) != nil {
		return nil, ErrDisplayNameTaken
	}
	if len(i.groups.byID) >= quota(i.quotas.MaxGroups, maxGroups) {
		return nil, ErrDirectoryFull
	}
	g.ID = uuid.NewString()
	i.addGroup(&g)
	return &g, nil
}

// UpdateGroup changes a group; edit gets a copy. The error is [ErrNoGroup], that of
// edit, or [ErrDisplayNameTaken].
func (w *World) UpdateGroup(i *Instance, id string, edit func(*Group) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	old, ok := i.groups.byID[id]
	if !ok {
		return ErrNoGroup
	}
	g := *old
	if err := edit(&g); err != nil {
		return err
	}
	if named := i.groupNamed(g.DisplayName); named != nil && named != old {
		return ErrDisplayNameTaken
	}
	i.removeGroup(old)
	i.addGroup(&g)
	return nil
}

// DeleteGroup removes a group with its memberships and its assignments to
// applications. Access grants stay, and name nobody. The error is [ErrNoGroup].
func (w *World) DeleteGroup(i *Instance, id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, ok := i.groups.byID[id]
	if !ok {
		return ErrNoGroup
	}
	i.removeGroup(g)
	w.forget(i, i.members, id)
	return nil
}
