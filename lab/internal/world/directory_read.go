package world

import (
	"cmp"
	"maps"
	"slices"
)

// User returns the user of an instance's identity store.
func (w *World) User(i *Instance, id string) (*User, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	u, ok := i.users.byID[id]
	return u, ok
}

// UserNamed returns the user of a name, in any case.
func (w *World) UserNamed(i *Instance, name string) (*User, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	u := i.userNamed(name)
	return u, u != nil
}

// FindUsers returns the users whose attribute has the value, in the order of their ids.
// path is userName, emails.value or the external-id path of the switches.
func (w *World) FindUsers(i *Instance, path, value string) []*User {
	w.mu.RLock()
	found := inOrder(w.index(i, path)[FoldKey(value)], userID)
	w.mu.RUnlock()
	if !*w.Switches.FoldUserAttributes {
		found = slices.DeleteFunc(found, func(u *User) bool { return !slices.Contains(w.attribute(u, path), value) })
	}
	return found
}

// index is the one of an attribute; nil for an unknown one.
func (w *World) index(i *Instance, path string) map[string][]*User {
	switch path {
	case "userName":
		return i.names
	case "emails.value":
		return i.emails
	case w.Switches.ExternalIDPath:
		return i.externalIDs
	}
	return nil
}

func (w *World) attribute(u *User, path string) []string {
	switch path {
	case "userName":
		return []string{u.UserName}
	case "emails.value":
		return []string{u.Email}
	}
	values := make([]string, 0, len(u.ExternalIDs))
	for _, e := range u.ExternalIDs {
		values = append(values, e.ID)
	}
	return values
}

// UsersOfExternalID returns the users that an issuer knows by an id, in the order
// of their ids.
func (w *World) UsersOfExternalID(i *Instance, id ExternalIDFile) []*User {
	w.mu.RLock()
	found := inOrder(i.externalIDs[FoldKey(id.ID)], userID)
	w.mu.RUnlock()
	return slices.DeleteFunc(found, func(u *User) bool { return !slices.Contains(u.ExternalIDs, id) })
}

// GroupsOf returns the groups of a user, in the order of their ids.
func (w *World) GroupsOf(i *Instance, userID string) []*Group {
	w.mu.RLock()
	defer w.mu.RUnlock()
	var found []*Group
	for _, m := range listed(i.memberOf, userID) {
		found = append(found, i.groups.byID[m.GroupID])
	}
	return inOrder(found, groupID)
}

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

// IdentityStores returns the Identity Center instances in the order of the ids of
// their identity stores.
func (w *World) IdentityStores() []*Instance {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return slices.SortedFunc(maps.Values(w.instances), func(a, b *Instance) int { return cmp.Compare(a.IdentityStoreID, b.IdentityStoreID) })
}

// Users returns the users of an instance's identity store, in the order of their
// ids. The list is shared: nobody may change it.
func (w *World) Users(i *Instance) []*User {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return i.users.list()
}

// Groups returns the groups of an instance's identity store, in the order of their
// ids. The list is shared: nobody may change it.
func (w *World) Groups(i *Instance) []*Group {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return i.groups.list()
}

// Group returns the group of an instance's identity store.
func (w *World) Group(i *Instance, id string) (*Group, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	g, ok := i.groups.byID[id]
	return g, ok
}

// GroupNamed returns the group of a display name.
func (w *World) GroupNamed(i *Instance, name string) (*Group, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	g := i.groupNamed(name)
	return g, g != nil
}

// GroupOfExternalID returns the group that an issuer knows by an id.
func (w *World) GroupOfExternalID(i *Instance, id ExternalIDFile) (*Group, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	g, ok := i.groups.byID[i.groupExternalIDs[id]]
	return g, ok
}
