package world

import (
	"cmp"
	"slices"

	"github.com/google/uuid"
)

// IdentityStore returns the Identity Center instance with the identity store.
func (w *World) IdentityStore(id string) (*Instance, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	for _, i := range w.instances {
		if i.IdentityStoreID == id {
			return i, true
		}
	}
	return nil, false
}

// Users returns the users of an instance's identity store, in the order of their ids.
func (w *World) Users(i *Instance) []*User {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return inOrder(i.users, func(u *User) string { return u.ID })
}

// Groups returns the groups of an instance's identity store, in the order of their ids.
func (w *World) Groups(i *Instance) []*Group {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return inOrder(i.groups, func(g *Group) string { return g.ID })
}

// Group returns the group of an instance's identity store.
func (w *World) Group(i *Instance, id string) (*Group, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	g, ok := i.groups[id]
	return g, ok
}

func inOrder[T any](all map[string]*T, id func(*T) string) []*T {
	list := make([]*T, 0, len(all))
	for _, one := range all {
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b *T) int { return cmp.Compare(id(a), id(b)) })
	return list
}

// MembershipID is the id of a user's membership in a group: the same in every run,
// and of the form of the group's own id.
func MembershipID(g *Group, userID string) string {
	id := stableUUID(g.ID + " " + userID)
	if prefix := len(g.ID) - len(uuid.UUID{}.String()); prefix > 0 {
		return g.ID[:prefix] + id
	}
	return id
}
