package world

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/google/uuid"
)

// directory is an identity store with its indexes: a request must not cost more
// in a world of 10,000 users than in one of two. [World.mu] guards it. All of it
// is references, so that copies of an [Instance] share one directory.
type directory struct {
	users  *ordered[User]
	groups *ordered[Group]
	// memberships of the whole store, of a group id and of a user id.
	memberships       *ordered[Membership]
	members, memberOf map[string]*ordered[Membership]
	// names, emails and externalIDs hold users by what [FoldKey] makes of the value.
	names, emails, externalIDs map[string][]*User
	// displayNames and groupExternalIDs hold the ids of groups.
	displayNames     map[string]string
	groupExternalIDs map[ExternalIDFile]string
	quotas           DirectoryQuotas
}

func newDirectory() directory {
	return directory{
		users: newOrdered(userID), groups: newOrdered(groupID), memberships: newOrdered(membershipID),
		members: map[string]*ordered[Membership]{}, memberOf: map[string]*ordered[Membership]{},
		names: map[string][]*User{}, emails: map[string][]*User{}, externalIDs: map[string][]*User{},
		displayNames: map[string]string{}, groupExternalIDs: map[ExternalIDFile]string{},
	}
}

func userID(u *User) string             { return u.ID }
func groupID(g *Group) string           { return g.ID }
func membershipID(m *Membership) string { return m.ID }

// addUser adds a user whose id and name nobody has.
func (d *directory) addUser(u *User) {
	d.users.put(u)
	for _, k := range d.keys(u) {
		k.index[k.key] = append(k.index[k.key], u)
	}
}

// removeUser takes a user out of the store and its indexes, memberships aside.
func (d *directory) removeUser(u *User) {
	d.users.remove(u.ID)
	for _, k := range d.keys(u) {
		rest := slices.DeleteFunc(k.index[k.key], func(other *User) bool { return other == u })
		if k.index[k.key] = rest; len(rest) == 0 {
			delete(k.index, k.key)
		}
	}
}

// indexKey is under which a user stands in an index.
type indexKey struct {
	index map[string][]*User
	key   string
}

// keys of a user, once each: two external ids may fold to the same.
func (d *directory) keys(u *User) []indexKey {
	keys := []indexKey{{d.names, FoldKey(u.UserName)}}
	if u.Email != "" {
		keys = append(keys, indexKey{d.emails, FoldKey(u.Email)})
	}
	seen := map[string]bool{}
	for _, e := range u.ExternalIDs {
		if key := FoldKey(e.ID); !seen[key] {
			seen[key] = true
			keys = append(keys, indexKey{d.externalIDs, key})
		}
	}
	return keys
}

// addGroup adds a group whose id and name no other has.
func (d *directory) addGroup(g *Group) {
	d.groups.put(g)
	d.displayNames[g.DisplayName] = g.ID
	for _, e := range g.ExternalIDs {
		d.groupExternalIDs[e] = g.ID
	}
}

// removeGroup takes a group out of the store and its indexes, memberships aside.
func (d *directory) removeGroup(g *Group) {
	d.groups.remove(g.ID)
	delete(d.displayNames, g.DisplayName)
	for _, e := range g.ExternalIDs {
		delete(d.groupExternalIDs, e)
	}
}

// addMembership adds a membership of a user and a group of the store.
func (d *directory) addMembership(m *Membership) {
	d.memberships.put(m)
	of(d.members, m.GroupID).put(m)
	of(d.memberOf, m.UserID).put(m)
}

func (d *directory) removeMembership(m *Membership) {
	d.memberships.remove(m.ID)
	of(d.members, m.GroupID).remove(m.ID)
	of(d.memberOf, m.UserID).remove(m.ID)
}

func of(index map[string]*ordered[Membership], id string) *ordered[Membership] {
	if index[id] == nil {
		index[id] = newOrdered(membershipID)
	}
	return index[id]
}

// membership is that of a user in a group, nil for none. A user is in few groups.
func (d *directory) membership(groupID, userID string) *Membership {
	for _, m := range listed(d.memberOf, userID) {
		if m.GroupID == groupID {
			return m
		}
	}
	return nil
}

func listed(index map[string]*ordered[Membership], id string) []*Membership {
	if index[id] == nil {
		return nil
	}
	return index[id].list()
}

// userNamed returns the user of a name, in any case, or nil.
func (d *directory) userNamed(name string) *User {
	if named := d.names[FoldKey(name)]; named != nil {
		return named[0]
	}
	return nil
}

// groupNamed returns the group of a display name, or nil.
func (d *directory) groupNamed(name string) *Group { return d.groups.byID[d.displayNames[name]] }

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

// inOrder is a list of its own, in the order of the ids.
func inOrder[T any](list []*T, id func(*T) string) []*T {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b *T) int { return cmp.Compare(id(a), id(b)) })
	return list
}

// MembershipID is the id of a membership that has no other: the same in every run,
// and of the form of the group's own id.
func MembershipID(groupID, userID string) string {
	id := stableUUID(groupID + " " + userID)
	if prefix := len(groupID) - len(uuid.UUID{}.String()); prefix > 0 {
		return groupID[:prefix] + id
	}
	return id
}
