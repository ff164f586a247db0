package identitystore_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// caller is the ARN of the bench's administrator.
const caller = "arn:aws:sts::111122223333:assumed-role/probe-administrator/probe"

// full has every attribute that CreateUser takes.
func full() *identitystore.CreateUserInput {
	s := aws.String
	return &identitystore.CreateUserInput{
		IdentityStoreId: id(), UserName: s("Full@example.com"), DisplayName: s("Full Name"), NickName: s("Nick"),
		Name: &types.Name{
			GivenName: s("Full"), FamilyName: s("Name"), MiddleName: s("M"), Formatted: s("Dr Full M Name jr"),
			HonorificPrefix: s("Dr"), HonorificSuffix: s("jr"),
		},
		ProfileUrl:   s("https://example.com/full"),
		Emails:       []types.Email{{Value: s("full@example.com"), Type: s("home"), Primary: true}},
		Addresses:    []types.Address{{StreetAddress: s("1 Street"), Locality: s("Town"), Region: s("R"), PostalCode: s("1"), Country: s("IE"), Formatted: s("1 Street, Town"), Type: s("work"), Primary: true}},
		PhoneNumbers: []types.PhoneNumber{{Value: s("+353 1"), Type: s("work"), Primary: true}},
		UserType:     s("employee"), Title: s("Engineer"), PreferredLanguage: s("en-IE"), Locale: s("en-IE"), Timezone: s("Europe/Dublin"),
		Photos:  []types.Photo{{Value: s("https://example.com/a.png"), Type: s("photo"), Display: s("A"), Primary: true}, {Value: s("https://example.com/b.png")}},
		Website: s("https://full.example.com"), Birthdate: s("1999-12-31"), Roles: []types.Role{{Value: s("lead"), Type: s("team"), Primary: true}},
		Extensions: map[string]document.Interface{"aws:identitystore:enterprise": document.NewLazyDocument(map[string]any{
			"employeeNumber": "7", "costCenter": "C", "organization": "O", "division": "D", "department": "P", "manager": map[string]any{"value": analyst},
		})},
	}
}

// extension is the JSON of the only extension.
func extension(t *testing.T, documents map[string]document.Interface) string {
	t.Helper()
	d := documents["aws:identitystore:enterprise"]
	if d == nil {
		return ""
	}
	var v any
	probe.Must(t, 0, d.UnmarshalSmithyDocument(&v))
	text, err := json.Marshal(v)
	return string(probe.Must(t, text, err))
}

// TestUser makes a user with every attribute, reads it back, changes and deletes it.
func TestUser(t *testing.T) {
	b := start(t)
	in := full()
	user := b.user(t, in)
	got := b.describe(t, user)
	if age := time.Since(*got.CreatedAt); age < 0 || age > time.Minute || !got.CreatedAt.Equal(*got.UpdatedAt) {
		t.Errorf("created at %v, updated at %v", got.CreatedAt, got.UpdatedAt)
	}
	want := &identitystore.DescribeUserOutput{
		IdentityStoreId: id(), UserId: &user, UserName: in.UserName, DisplayName: in.DisplayName, NickName: in.NickName, Name: in.Name,
		ProfileUrl: in.ProfileUrl, Emails: in.Emails, Addresses: in.Addresses, PhoneNumbers: in.PhoneNumbers, UserType: in.UserType,
		Title: in.Title, PreferredLanguage: in.PreferredLanguage, Locale: in.Locale, Timezone: in.Timezone, Photos: in.Photos,
		Website: in.Website, Birthdate: in.Birthdate, Roles: in.Roles, UserStatus: types.UserStatusEnabled,
		CreatedAt: got.CreatedAt, UpdatedAt: got.UpdatedAt, CreatedBy: aws.String(caller), UpdatedBy: aws.String(caller),
	}
	const enterprise = `{"costCenter":"C","department":"P","division":"D","employeeNumber":"7","manager":{"value":"` + analyst + `"},"organization":"O"}`
	if text := extension(t, got.Extensions); text != enterprise {
		t.Errorf("extension %s", text)
	}
	got.Extensions = nil
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	list, err := b.ListUsers(t.Context(), &identitystore.ListUsersInput{IdentityStoreId: id(), Extensions: []string{"aws:identitystore:enterprise"}})
	var listed *types.User
	for i, u := range probe.Must(t, list, err).Users {
		if *u.UserId == user {
			listed = &list.Users[i]
		}
	}
	if listed == nil || extension(t, listed.Extensions) != enterprise || *listed.Website != *in.Website || *listed.CreatedBy != caller {
		t.Errorf("listed %+v", listed)
	}
	unasked, err := b.DescribeUser(t.Context(), &identitystore.DescribeUserInput{IdentityStoreId: id(), UserId: &user})
	if probe.Must(t, unasked, err).Extensions != nil {
		t.Error("the extension was not asked for")
	}
	_, err = b.DeleteUser(t.Context(), &identitystore.DeleteUserInput{IdentityStoreId: id(), UserId: &user})
	probe.Expect(t, probe.Answer{}, err)
	_, err = b.DescribeUser(t.Context(), &identitystore.DescribeUserInput{IdentityStoreId: id(), UserId: &user})
	probe.Expect(t, notFound("USER not found."), err)
	b.user(t, full()) // name and address are free again
}

// TestUpdateUser changes and removes every attribute by its path.
func TestUpdateUser(t *testing.T) {
	b := start(t)
	text := func(field func(*identitystore.DescribeUserOutput) *string) func(*identitystore.DescribeUserOutput) any {
		return func(u *identitystore.DescribeUserOutput) any { return aws.ToString(field(u)) }
	}
	type out = identitystore.DescribeUserOutput
	contact := []any{map[string]any{"value": "new", "type": "other", "primary": false}}
	for path, c := range map[string]struct {
		value, want any
		read        func(*out) any
		required    bool
	}{
		"userName":                    {"other@example.com", "other@example.com", text(func(u *out) *string { return u.UserName }), true},
		"displayName":                 {"New", "New", text(func(u *out) *string { return u.DisplayName }), true},
		"name.givenName":              {"New", "New", text(func(u *out) *string { return u.Name.GivenName }), true},
		"name.familyName":             {"New", "New", text(func(u *out) *string { return u.Name.FamilyName }), true},
		"name.middleName":             {"New", "New", text(func(u *out) *string { return u.Name.MiddleName }), false},
		"name.formatted":              {"New", "New", text(func(u *out) *string { return u.Name.Formatted }), false},
		"name.honorificPrefix":        {"New", "New", text(func(u *out) *string { return u.Name.HonorificPrefix }), false},
		"NAME.honorificsuffix":        {"New", "New", text(func(u *out) *string { return u.Name.HonorificSuffix }), false},
		"nickName":                    {"New", "New", text(func(u *out) *string { return u.NickName }), false},
		"profileUrl":                  {"New", "New", text(func(u *out) *string { return u.ProfileUrl }), false},
		"userType":                    {"New", "New", text(func(u *out) *string { return u.UserType }), false},
		"title":                       {"New title", "New title", text(func(u *out) *string { return u.Title }), false},
		"preferredLanguage":           {"New", "New", text(func(u *out) *string { return u.PreferredLanguage }), false},
		"locale":                      {"New", "New", text(func(u *out) *string { return u.Locale }), false},
		"timezone":                    {"New", "New", text(func(u *out) *string { return u.Timezone }), false},
		"website":                     {"New", "New", text(func(u *out) *string { return u.Website }), false},
		"birthdate":                   {"2000-01-01", "2000-01-01", text(func(u *out) *string { return u.Birthdate }), false},
		"emails":                      {contact, types.Email{Value: aws.String("new"), Type: aws.String("other")}, func(u *out) any { return first(u.Emails) }, false},
		"phoneNumbers":                {contact, types.PhoneNumber{Value: aws.String("new"), Type: aws.String("other")}, func(u *out) any { return first(u.PhoneNumbers) }, false},
		"roles":                       {contact, types.Role{Value: aws.String("new"), Type: aws.String("other")}, func(u *out) any { return first(u.Roles) }, false},
		"photos":                      {contact, types.Photo{Value: aws.String("new"), Type: aws.String("other")}, func(u *out) any { return first(u.Photos) }, false},
		"addresses":                   {[]any{map[string]any{"Locality": "New", "primary": true}}, types.Address{Locality: aws.String("New"), Primary: true}, func(u *out) any { return first(u.Addresses) }, false},
		enterprise:                    {map[string]any{"department": "New"}, `{"department":"New"}`, func(u *out) any { return extension(t, u.Extensions) }, false},
		enterprise + ".division":      {"New", nil, nil, false},
		enterprise + ".manager":       {map[string]any{"value": engineer}, nil, nil, false},
		enterprise + ".manager.value": {engineer, nil, nil, false},
		"name":                        {map[string]any{"GivenName": "A", "familyName": "B"}, types.Name{GivenName: aws.String("A"), FamilyName: aws.String("B")}, func(u *out) any { return *u.Name }, true},
	} {
		t.Run(path, func(t *testing.T) {
			user := b.user(t, full())
			defer func() {
				_, err := b.DeleteUser(t.Context(), &identitystore.DeleteUserInput{IdentityStoreId: id(), UserId: &user})
				probe.Expect(t, probe.Answer{}, err)
			}()
			before := b.describe(t, user)
			b.Clock.Advance(time.Minute)
			probe.Expect(t, probe.Answer{}, b.update(user, setting(path, c.value)))
			after := b.describe(t, user)
			if c.read != nil {
				if diff := cmp.Diff(c.want, c.read(after), same); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			} else if extension(t, before.Extensions) == extension(t, after.Extensions) {
				t.Error("the extension is as it was")
			}
			if !after.CreatedAt.Equal(*before.CreatedAt) || !after.UpdatedAt.After(*before.UpdatedAt) {
				t.Errorf("created %v, updated %v, before %v", after.CreatedAt, after.UpdatedAt, before.UpdatedAt)
			}
			err := b.update(user, setting(path, nil))
			if c.required {
				probe.Expect(t, invalid("*"), err)
				return
			}
			probe.Expect(t, probe.Answer{}, err)
			if c.read != nil {
				if got, is := c.read(b.describe(t, user)).(string); is && got != "" {
					t.Errorf("removed, it is %q", got)
				}
			}
		})
	}
}

const enterprise = "aws:identitystore:enterprise"

// first is the only element of a list.
func first[T any](list []T) any {
	if len(list) != 1 {
		return len(list)
	}
	return list[0]
}
