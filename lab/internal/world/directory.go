package world

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"
)

// directory is an identity store with its indexes: a request must not cost more
// in a world of 10,000 users than in one of two. [World.mu] guards it.
type directory struct {
	users  map[string]*User  // by id
	groups map[string]*Group // by id
	// names, emails and externalIDs hold users by what [FoldKey] makes of the value.
	names, emails, externalIDs map[string][]*User
	// displayNames holds the ids of groups.
	displayNames map[string]string
	// memberOf holds the groups of a user id.
	memberOf map[string][]*Group
}

func newDirectory() directory {
	return directory{
		users: map[string]*User{}, groups: map[string]*Group{},
		names: map[string][]*User{}, emails: map[string][]*User{}, externalIDs: map[string][]*User{},
		displayNames: map[string]string{}, memberOf: map[string][]*Group{},
	}
}

// addUser adds a user whose id and name nobody has.
func (d *directory) addUser(u *User) {
	d.users[u.ID] = u
	add(d.names, u.UserName, u)
	if u.Email != "" {
		add(d.emails, u.Email, u)
	}
	for _, e := range u.ExternalIDs {
		add(d.externalIDs, e.ID, u)
	}
}

func add(index map[string][]*User, value string, u *User) {
	key := FoldKey(value)
	if !slices.Contains(index[key], u) { // two external ids may fold to the same
		index[key] = append(index[key], u)
	}
}

// addGroup adds a group whose id and name no other has.
func (d *directory) addGroup(g *Group) {
	d.groups[g.ID], d.displayNames[g.DisplayName] = g, g.ID
	for id := range toSet(g.Members) {
		d.memberOf[id] = append(d.memberOf[id], g)
	}
}

func toSet(values []string) map[string]bool {
	set := make(map[string]bool, len(values))
	for _, v := range values {
		set[v] = true
	}
	return set
}

// userNamed returns the user of a name, in any case, or nil.
func (d *directory) userNamed(name string) *User {
	if named := d.names[FoldKey(name)]; named != nil {
		return named[0]
	}
	return nil
}

// groupNamed returns the group of a display name, or nil.
func (d *directory) groupNamed(name string) *Group { return d.groups[d.displayNames[name]] }

// FoldKey is the same for two strings exactly if [strings.EqualFold] says that
// they are equal.
func FoldKey(s string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		return least
	}, s)
}

// User returns the user of an instance's identity store.
func (w *World) User(i *Instance, id string) (*User, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	u, ok := i.users[id]
	return u, ok
}

// FindUsers returns the users whose attribute has the value, in the order of their ids.
// path is userName, emails.value or the external-id path of the switches.
func (w *World) FindUsers(i *Instance, path, value string) []*User {
	w.mu.RLock()
	found := slices.Clone(w.index(i, path)[FoldKey(value)])
	w.mu.RUnlock()
	if !*w.Switches.FoldUserAttributes {
		found = slices.DeleteFunc(found, func(u *User) bool { return !slices.Contains(w.attribute(u, path), value) })
	}
	return inOrder(found, func(u *User) string { return u.ID })
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

// GroupsOf returns the groups of a user, in the order of their ids.
func (w *World) GroupsOf(i *Instance, userID string) []*Group {
	w.mu.RLock()
	found := slices.Clone(i.memberOf[userID])
	w.mu.RUnlock()
	return inOrder(found, func(g *Group) string { return g.ID })
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

// Users returns the users of an instance's identity store, in the order of their ids.
func (w *World) Users(i *Instance) []*User {
	w.mu.RLock()
	all := slices.Collect(maps.Values(i.users))
	w.mu.RUnlock()
	return inOrder(all, func(u *User) string { return u.ID })
}

// Groups returns the groups of an instance's identity store, in the order of their ids.
func (w *World) Groups(i *Instance) []*Group {
	w.mu.RLock()
	all := slices.Collect(maps.Values(i.groups))
	w.mu.RUnlock()
	return inOrder(all, func(g *Group) string { return g.ID })
}

// Group returns the group of an instance's identity store.
func (w *World) Group(i *Instance, id string) (*Group, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	g, ok := i.groups[id]
	return g, ok
}

func inOrder[T any](list []*T, id func(*T) string) []*T {
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
