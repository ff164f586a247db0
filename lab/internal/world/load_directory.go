package world

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of the identity store's model.
const (
	maxUserName    = 128
	maxAttribute   = 1024
	maxPhotos      = 3
	maxExternalIDs = 10
	maxExternalID  = 256
)

var attributeForm = regexp.MustCompile(`^[\p{L}\p{M}\p{S}\p{N}\p{P}\t\n\r \x{00a0}\x{3000}]+$`)

// WalkAttributes calls visit with every text of attributes (a text, or a structure
// or list of this package) and its place below path, until visit returns an error.
func WalkAttributes(path string, attributes any, visit func(path, text string) error) error {
	return walkAttributes(path, reflect.ValueOf(attributes), visit)
}

func walkAttributes(path string, v reflect.Value, visit func(path, text string) error) error {
	switch v.Kind() {
	case reflect.String:
		return visit(path, v.String())
	case reflect.Slice:
		for i := range v.Len() {
			if err := walkAttributes(path, v.Index(i), visit); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
			if err := walkAttributes(strings.TrimPrefix(path+"."+name, "."), v.Field(i), visit); err != nil {
				return err
			}
		}
	default: // truth values
	}
	return nil
}

// ValidAttribute reports whether a text is made of what attributes may have:
// letters, marks, symbols, numbers, punctuation and some kinds of white space.
func ValidAttribute(text string) bool { return attributeForm.MatchString(text) }

func checkAttribute(path, value string) error {
	switch {
	case value == "":
		return nil
	case utf8.RuneCountInString(value) > maxAttribute:
		return fmt.Errorf("%s: %d characters, %d at most are allowed", path, utf8.RuneCountInString(value), maxAttribute)
	case !ValidAttribute(value):
		return fmt.Errorf("%s: letters, marks, symbols, numbers, punctuation and white space are allowed only", path)
	}
	return nil
}

// ValidBirthdate reports whether a text is a date as YYYY-MM-DD.
func ValidBirthdate(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

func (l *loader) loadUsers(in *Instance, f *InstanceFile) error {
	if f.MaxUsers < 0 || f.MaxGroups < 0 {
		return errors.New("maxUsers and maxGroups are 0 or more")
	}
	in.quotas = f.DirectoryQuotas
	for i := range f.Users {
		u := &f.Users[i]
		switch {
		case !principalForm.MatchString(u.ID):
			return fmt.Errorf("user %q: id %q is not a UUID", u.UserName, u.ID)
		case u.UserName == "" || utf8.RuneCountInString(u.UserName) > maxUserName:
			return fmt.Errorf("user %q: userName has 1 to %d characters", u.ID, maxUserName)
		case in.users.byID[u.ID] != nil:
			return fmt.Errorf("user id %q stands twice", u.ID)
		case in.userNamed(u.UserName) != nil:
			return fmt.Errorf("userName %q stands twice", u.UserName)
		}
		if err := checkUser(u); err != nil {
			return at(err, "user %q", u.UserName)
		}
		in.addUser(userOf(u))
	}
	return nil
}

func checkUser(u *UserFile) error {
	for name, n := range map[string]int{"emails": len(u.Emails), "addresses": len(u.Addresses), "phoneNumbers": len(u.PhoneNumbers), "roles": len(u.Roles)} {
		if n > 1 {
			return fmt.Errorf("%s: %d entries, 1 at most is allowed", name, n)
		}
	}
	if len(u.Photos) > maxPhotos {
		return fmt.Errorf("photos: %d entries, %d at most are allowed", len(u.Photos), maxPhotos)
	}
	for _, p := range u.Photos {
		if p.Value == "" {
			return errors.New("photos: a value is missing")
		}
	}
	if len(u.Emails) > 0 && (u.Email != "" || u.Emails[0].Value == "") {
		return errors.New("emails: has a value, and stands in place of email")
	}
	if u.Birthdate != "" && !ValidBirthdate(u.Birthdate) {
		return fmt.Errorf("birthdate %q is not YYYY-MM-DD", u.Birthdate)
	}
	for name, attributes := range map[string]any{"displayName": u.DisplayName, "email": u.Email, "emails": u.Emails, "": u.ProfileFile} {
		if err := WalkAttributes(name, attributes, checkAttribute); err != nil {
			return err
		}
	}
	return checkExternalIDs(u.ExternalIDs)
}

func checkExternalIDs(list []ExternalIDFile) error {
	if len(list) > maxExternalIDs {
		return fmt.Errorf("externalIds: %d entries, %d at most are allowed", len(list), maxExternalIDs)
	}
	for _, e := range list {
		if e.ID == "" || utf8.RuneCountInString(e.ID) > maxExternalID || utf8.RuneCountInString(e.Issuer) > maxExternalID {
			return fmt.Errorf("externalIds: an id has 1 to %d characters, an issuer %[1]d at most", maxExternalID)
		}
	}
	return nil
}

func userOf(f *UserFile) *User {
	u := &User{
		ID: f.ID, UserName: f.UserName, DisplayName: f.DisplayName, ExternalIDs: f.ExternalIDs, Disabled: f.Disabled,
		ProfileFile: f.ProfileFile, StampFile: f.StampFile,
	}
	if f.Email != "" {
		u.Email, u.EmailType, u.EmailPrimary = f.Email, emailType, true
	}
	for _, e := range f.Emails {
		u.Email, u.EmailType, u.EmailPrimary = e.Value, e.Type, e.Primary
	}
	return u
}

// emailType is that of an address in the short form.
const emailType = "work"

func (l *loader) loadGroups(in *Instance, f *InstanceFile) error {
	for i := range f.Groups {
		g := &f.Groups[i]
		switch {
		case !principalForm.MatchString(g.ID):
			return fmt.Errorf("group %q: id %q is not a UUID", g.DisplayName, g.ID)
		case g.DisplayName == "" || in.groupNamed(g.DisplayName) != nil:
			return fmt.Errorf("group %q: displayName is missing or stands twice", g.ID)
		case in.groups.byID[g.ID] != nil || in.users.byID[g.ID] != nil:
			return fmt.Errorf("group id %q stands twice", g.ID)
		}
		if err := l.loadGroup(in, g); err != nil {
			return at(err, "group %q", g.DisplayName)
		}
	}
	return nil
}

func (l *loader) loadGroup(in *Instance, f *GroupFile) error {
	for name, text := range map[string]string{"displayName": f.DisplayName, "description": f.Description} {
		if err := checkAttribute(name, text); err != nil {
			return err
		}
	}
	if err := checkExternalIDs(f.ExternalIDs); err != nil {
		return err
	}
	for _, e := range f.ExternalIDs {
		if in.groupExternalIDs[e] != "" {
			return fmt.Errorf("externalIds: %q of %q stands twice", e.ID, e.Issuer)
		}
	}
	in.addGroup(&Group{ID: f.ID, DisplayName: f.DisplayName, Description: f.Description, ExternalIDs: f.ExternalIDs, StampFile: f.StampFile})
	for _, name := range f.Members {
		if err := l.loadMembership(in, f.ID, &MembershipFile{User: name}); err != nil {
			return err
		}
	}
	for i := range f.Memberships {
		if err := l.loadMembership(in, f.ID, &f.Memberships[i]); err != nil {
			return err
		}
	}
	return nil
}

// loadMembership takes no notice of one that is there: lists may repeat a name.
func (l *loader) loadMembership(in *Instance, group string, f *MembershipFile) error {
	u := in.userNamed(f.User)
	if u == nil {
		return fmt.Errorf("no user %q", f.User)
	}
	m := &Membership{ID: f.ID, GroupID: group, UserID: u.ID, StampFile: f.StampFile}
	if m.ID == "" {
		m.ID = MembershipID(group, u.ID)
	}
	switch {
	case in.membership(group, u.ID) != nil:
		return nil
	case !principalForm.MatchString(m.ID):
		return fmt.Errorf("membership id %q is not a UUID", m.ID)
	case in.memberships.byID[m.ID] != nil:
		return fmt.Errorf("membership id %q stands twice", m.ID)
	}
	in.addMembership(m)
	return nil
}
