package lab

import (
	"fmt"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// SetGroupMembers makes users, by their user names in any case, the only members of
// the Identity Center group with that display name, as the provisioning of an
// identity provider does. It takes effect with the next request. Where several
// identity stores have such a group, it is the one of the first in the order of
// their ids.
func (l *Lab) SetGroupMembers(group string, userNames ...string) error {
	w := l.current().world
	for _, in := range w.IdentityStores() {
		g, ok := w.GroupNamed(in, group)
		if !ok {
			continue
		}
		ids := make([]string, len(userNames))
		for i, name := range userNames {
			u, ok := w.UserNamed(in, name)
			if !ok {
				return fmt.Errorf("set the members of %q: there is no user %q", group, name)
			}
			ids[i] = u.ID
		}
		if err := w.SetGroupMembers(in, g.ID, ids...); err != nil {
			return fmt.Errorf("set the members of %q: %w", group, err)
		}
		return nil
	}
	return fmt.Errorf("set the members of %q: there is no such group", group)
}

// SetUserDisabled disables the Identity Center user of a user name, in any case, as the
// provisioning of an identity provider does, or enables the user again. Whoever is
// disabled cannot exchange tokens; sessions that were given out go on.
func (l *Lab) SetUserDisabled(userName string, disabled bool) error {
	w := l.current().world
	for _, in := range w.IdentityStores() {
		u, ok := w.UserNamed(in, userName)
		if !ok {
			continue
		}
		err := w.UpdateUser(in, u.ID, func(u *world.User) error {
			u.Disabled = disabled
			return nil
		})
		if err != nil {
			return fmt.Errorf("disable %q: %w", userName, err)
		}
		return nil
	}
	return fmt.Errorf("disable %q: there is no such user", userName)
}
