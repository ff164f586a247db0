package world

import (
	"errors"
	"slices"
)

// ErrNoMember says that an identity store lacks a group or a user that a change names.
var ErrNoMember = errors.New("there is no such group or user")

// SetGroupMembers makes users, by their ids, the members of a group, as an
// administrator or the provisioning of an IdP does. Whoever read the group before
// keeps it as it was. The error is [ErrNoMember].
func (w *World) SetGroupMembers(i *Instance, groupID string, members ...string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	old, ok := i.groups[groupID]
	if !ok || slices.ContainsFunc(members, func(id string) bool { return i.users[id] == nil }) {
		return ErrNoMember
	}
	for id := range toSet(old.Members) {
		i.memberOf[id] = slices.DeleteFunc(i.memberOf[id], func(g *Group) bool { return g == old })
	}
	i.addGroup(&Group{ID: old.ID, DisplayName: old.DisplayName, Members: slices.Clone(members)})
	return nil
}
