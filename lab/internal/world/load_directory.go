package world

import (
	"fmt"
	"unicode/utf8"
)

func (l *loader) loadUsers(in *Instance, f *InstanceFile) error {
	for _, u := range f.Users {
		switch {
		case !principalForm.MatchString(u.ID):
			return fmt.Errorf("user %q: id %q is not a UUID", u.UserName, u.ID)
		case u.UserName == "" || utf8.RuneCountInString(u.UserName) > 128:
			return fmt.Errorf("user %q: userName has 1 to 128 characters", u.ID)
		case in.users[u.ID] != nil:
			return fmt.Errorf("user id %q stands twice", u.ID)
		case in.userNamed(u.UserName) != nil:
			return fmt.Errorf("userName %q stands twice", u.UserName)
		}
		in.addUser(&User{
			ID: u.ID, UserName: u.UserName, DisplayName: u.DisplayName, Email: u.Email,
			ExternalIDs: u.ExternalIDs, Disabled: u.Disabled,
		})
	}
	return nil
}

func (l *loader) loadGroups(in *Instance, f *InstanceFile) error {
	for _, g := range f.Groups {
		switch {
		case !principalForm.MatchString(g.ID):
			return fmt.Errorf("group %q: id %q is not a UUID", g.DisplayName, g.ID)
		case g.DisplayName == "" || in.groupNamed(g.DisplayName) != nil:
			return fmt.Errorf("group %q: displayName is missing or stands twice", g.ID)
		case in.groups[g.ID] != nil || in.users[g.ID] != nil:
			return fmt.Errorf("group id %q stands twice", g.ID)
		}
		group := &Group{ID: g.ID, DisplayName: g.DisplayName}
		for _, name := range g.Members {
			u := in.userNamed(name)
			if u == nil {
				return fmt.Errorf("group %q: no user %q", g.DisplayName, name)
			}
			group.Members = append(group.Members, u.ID)
		}
		in.addGroup(group)
	}
	return nil
}
