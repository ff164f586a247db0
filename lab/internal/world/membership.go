package world

import (
	"errors"
	"slices"

	"github.com/google/uuid"
)

// ErrNoMember says that an identity store lacks a group or a user that a change names.
var ErrNoMember = errors.New("there is no such group or user")

// Membership returns a membership by its id.
func (w *World) Membership(i *Instance, id string) (*Membership, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	m, ok := i.memberships.byID[id]
	return m, ok
}

// MembershipOf returns the membership of a user in a group.
func (w *World) MembershipOf(i *Instance, groupID, userID string) (*Membership, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	m := i.membership(groupID, userID)
	return m, m != nil
}

// Members returns the memberships of a group, in the order of their ids. The list
// is shared: nobody may change it.
func (w *World) Members(i *Instance, groupID string) []*Membership {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return listed(i.members, groupID)
}

// Memberships returns those of a user, in the order of their ids. The list is
// shared: nobody may change it.
func (w *World) Memberships(i *Instance, userID string) []*Membership {
	w.mu.RLock()
	defer w.mu.RUnlock()
	return listed(i.memberOf, userID)
}

// CreateMembership puts a user into a group, both of the store, and gives the
// membership an id. The error is [ErrNoUser], [ErrNoGroup] or [ErrMembershipExists].
func (w *World) CreateMembership(i *Instance, m Membership) (*Membership, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case i.users.byID[m.UserID] == nil:
		return nil, ErrNoUser
	case i.groups.byID[m.GroupID] == nil:
		return nil, ErrNoGroup
	case i.membership(m.GroupID, m.UserID) != nil:
		return nil, ErrMembershipExists
	}
	m.ID = uuid.NewString()
	i.addMembership(&m)
	return &m, nil
}

// DeleteMembership takes a user out of a group. The error is [ErrNoMembership].
func (w *World) DeleteMembership(i *Instance, id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	m, ok := i.memberships.byID[id]
	if !ok {
		return ErrNoMembership
	}
	i.removeMembership(m)
	return nil
}

// SetGroupMembers makes users, by their ids, the members of a group, as the
// provisioning of an IdP does. Who stays keeps the membership. The error is [ErrNoMember].
func (w *World) SetGroupMembers(i *Instance, groupID string, members ...string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i.groups.byID[groupID] == nil || slices.ContainsFunc(members, func(id string) bool { return i.users.byID[id] == nil }) {
		return ErrNoMember
	}
	stays := make(map[string]bool, len(members))
	for _, id := range members {
		stays[id] = true
	}
	for _, m := range listed(i.members, groupID) {
		if !stays[m.UserID] {
			i.removeMembership(m)
		}
	}
	for _, id := range members {
		if i.membership(groupID, id) == nil {
			i.addMembership(&Membership{ID: MembershipID(groupID, id), GroupID: groupID, UserID: id})
		}
	}
	return nil
}
