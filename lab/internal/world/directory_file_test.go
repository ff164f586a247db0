package world_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// fill sets every field below v to a value of its own that a directory admits.
func fill(v reflect.Value, name string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(name)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name)
	case reflect.Pointer:
		at := time.Date(2024, 5, 6, 7, 8, 9, 123_000_000, time.UTC)
		v.Set(reflect.ValueOf(&at))
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), name+v.Type().Field(i).Name)
		}
	default:
	}
}

// fullDirectory has every key of the schema of directories.
func fullDirectory() world.InstanceFile {
	var u world.UserFile
	fill(reflect.ValueOf(&u).Elem(), "u")
	u.ID, u.UserName, u.Email, u.Birthdate = userID(1), "full", "", "1999-12-31"
	u.Emails[0].Type = "home"
	var g world.GroupFile
	fill(reflect.ValueOf(&g).Elem(), "g")
	g.ID, g.Members = groupID(1), []string{"short"}
	g.Memberships[0].User, g.Memberships[0].ID = "full", "99999999-0000-4000-8000-000000000001"
	return world.InstanceFile{
		Account: "111122223333", ARN: "arn:aws:sso:::instance/ssoins-1234567890abcdef", IdentityStoreID: "d-1234567890",
		DirectoryQuotas: world.DirectoryQuotas{MaxUsers: 7, MaxGroups: 8},
		Users:           []world.UserFile{u, {ID: userID(2), UserName: "short", Email: "short@example.com", Disabled: true}, {ID: userID(3), UserName: "bare"}},
		Groups:          []world.GroupFile{g, {ID: groupID(2), DisplayName: "bare"}},
	}
}

// TestDirectoryFile: what a world makes of a directory is the same directory, through YAML, too.
func TestDirectoryFile(t *testing.T) {
	want := fullDirectory()
	w := smallWorld(t, time.Now, func(f *world.File) { f.IdentityCenter = []world.InstanceFile{want} })
	in, _ := w.IdentityStore("d-1234567890")
	got := w.DirectoryFile(in)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	text, err := yaml.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	var read world.InstanceFile
	if err := d.Decode(&read); err != nil {
		t.Fatal(err)
	}
	same := cmp.Transformer("none", func(list []world.ApplicationFile) int { return len(list) })
	issuers := cmp.Transformer("none", func(list []world.TrustedTokenIssuerFile) int { return len(list) })
	if diff := cmp.Diff(want, read, same, issuers); diff != "" {
		t.Errorf("through YAML (-want +got):\n%s", diff)
	}
	if bare := got.Users[2]; !reflect.DeepEqual(bare, world.UserFile{ID: userID(3), UserName: "bare"}) {
		t.Errorf("a bare user became %+v", bare)
	}
}

// TestDirectoryFileRefusals: every check of a directory refuses something.
func TestDirectoryFileRefusals(t *testing.T) {
	long := strings.Repeat("x", 1025)
	user := func(edit func(*world.UserFile)) func(*world.InstanceFile) {
		return func(f *world.InstanceFile) { edit(&f.Users[0]) }
	}
	group := func(edit func(*world.GroupFile)) func(*world.InstanceFile) {
		return func(f *world.InstanceFile) { edit(&f.Groups[0]) }
	}
	for name, c := range map[string]struct {
		edit func(*world.InstanceFile)
		want string
	}{
		"quota of users":    {func(f *world.InstanceFile) { f.MaxUsers = -1 }, "maxUsers"},
		"quota of groups":   {func(f *world.InstanceFile) { f.MaxGroups = -1 }, "maxGroups"},
		"long user name":    {user(func(u *world.UserFile) { u.UserName = strings.Repeat("x", 129) }), "1 to 128"},
		"two addresses":     {user(func(u *world.UserFile) { u.Addresses = append(u.Addresses, u.Addresses[0]) }), "addresses: 2 entries"},
		"two numbers":       {user(func(u *world.UserFile) { u.PhoneNumbers = append(u.PhoneNumbers, u.PhoneNumbers[0]) }), "phoneNumbers: 2 entries"},
		"two roles":         {user(func(u *world.UserFile) { u.Roles = append(u.Roles, u.Roles[0]) }), "roles: 2 entries"},
		"two e-mails":       {user(func(u *world.UserFile) { u.Emails = append(u.Emails, u.Emails[0]) }), "emails: 2 entries"},
		"both e-mails":      {user(func(u *world.UserFile) { u.Email = "a@example.com" }), "in place of email"},
		"no e-mail":         {user(func(u *world.UserFile) { u.Emails[0].Value = "" }), "in place of email"},
		"four photos":       {user(func(u *world.UserFile) { u.Photos = make([]world.PhotoFile, 4) }), "photos: 4 entries"},
		"no photo":          {user(func(u *world.UserFile) { u.Photos[0].Value = "" }), "a value is missing"},
		"birthdate":         {user(func(u *world.UserFile) { u.Birthdate = "31.12.1999" }), "YYYY-MM-DD"},
		"long display name": {user(func(u *world.UserFile) { u.DisplayName = long }), "displayName: 1025 characters"},
		"long part":         {user(func(u *world.UserFile) { u.Name.GivenName = long }), "name.givenName: 1025 characters"},
		"long in a list":    {user(func(u *world.UserFile) { u.Addresses[0].Region = long }), "addresses.region: 1025"},
		"control character": {user(func(u *world.UserFile) { u.Enterprise.Manager.Value = "a\x01" }), "enterprise.manager.value: letters"},
		"many external ids": {user(func(u *world.UserFile) { u.ExternalIDs = make([]world.ExternalIDFile, 11) }), "externalIds: 11 entries"},
		"empty external id": {user(func(u *world.UserFile) { u.ExternalIDs[0].ID = "" }), "1 to 256 characters"},
		"long external id":  {user(func(u *world.UserFile) { u.ExternalIDs[0].ID = long }), "1 to 256 characters"},
		"long issuer":       {user(func(u *world.UserFile) { u.ExternalIDs[0].Issuer = long }), "256 at most"},
		"description":       {group(func(g *world.GroupFile) { g.Description = long }), "description: 1025"},
		"group's name":      {group(func(g *world.GroupFile) { g.DisplayName = long }), "displayName: 1025"},
		"group's ids":       {group(func(g *world.GroupFile) { g.ExternalIDs[0].ID = "" }), "1 to 256 characters"},
		"group's id twice":  {func(f *world.InstanceFile) { f.Groups[1].ExternalIDs = f.Groups[0].ExternalIDs }, "stands twice"},
		"unknown member":    {group(func(g *world.GroupFile) { g.Memberships[0].User = "nobody" }), `no user "nobody"`},
		"membership id":     {group(func(g *world.GroupFile) { g.Memberships[0].ID = "one" }), "not a UUID"},
		"membership twice": {func(f *world.InstanceFile) {
			f.Groups[1].Memberships = f.Groups[0].Memberships
		}, "membership id"},
	} {
		t.Run(name, func(t *testing.T) {
			f := fullDirectory()
			c.edit(&f)
			file := defaultFile(t)
			file.IdentityCenter, file.AccessGrants = []world.InstanceFile{f}, nil
			_, err := world.New(file, time.Now)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
