package identitystore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

const twoGiven = "givenname: The attribute givenname is required, familyname: The attribute familyname is required"

// TestCreateUserRefusals: what a new user must and must not have.
func TestCreateUserRefusals(t *testing.T) {
	b := start(t)
	type in = identitystore.CreateUserInput
	extension := func(name string, value any) func(*in) {
		return func(i *in) { i.Extensions = map[string]document.Interface{name: document.NewLazyDocument(value)} }
	}
	emails := func(list ...types.Email) func(*in) { return func(i *in) { i.Emails = list } }
	for name, c := range map[string]struct {
		edit func(*in)
		want probe.Answer
	}{
		"no name":           {func(i *in) { i.UserName = nil }, invalid("userName is a required attribute")},
		"bare":              {func(i *in) { i.DisplayName, i.Name = nil, nil }, invalid("displayname: The attribute displayname is required, " + twoGiven)},
		"parts":             {func(i *in) { i.Name = &types.Name{Formatted: aws.String("x")} }, invalid(twoGiven)},
		"reserved":          {func(i *in) { i.UserName = aws.String("administrator") }, invalid("Administrator is a reserved name.")},
		"reserved, too":     {func(i *in) { i.UserName = aws.String("AWSAdministrators") }, invalid("AWSAdministrators is a reserved name.")},
		"spaces":            {func(i *in) { i.UserName = aws.String("a b") }, invalid("1 validation error detected: ...")},
		"long":              {func(i *in) { i.Title = aws.String(strings.Repeat("x", 1025)) }, invalid("1 validation error detected: ...")},
		"birthdate":         {func(i *in) { i.Birthdate = aws.String("31.12.1999") }, invalid("birthdate: The attribute birthdate must have the format YYYY-MM-DD")},
		"two e-mails":       {emails(types.Email{Value: aws.String("a")}, types.Email{Value: aws.String("b")}), invalid("1 validation error detected: ...")},
		"valueless e-mail":  {emails(types.Email{Type: aws.String("work")}), invalid("emails.value: The attribute emails.value is required")},
		"name twice":        {func(i *in) { i.UserName = aws.String("ANALYST@example.com") }, conflict("Duplicate UserName")},
		"e-mail twice":      {emails(types.Email{Value: aws.String("Analyst@EXAMPLE.com")}), conflict("Duplicate Email")},
		"unknown extension": {extension("aws:identitystore:other", map[string]any{"department": "x"}), invalid("The extension aws:identitystore:other is not supported: use aws:identitystore:enterprise.")},
		"unknown attribute": {extension(enterprise, map[string]any{"office": "x"}), invalid("The value of aws:identitystore:enterprise is not of its form.")},
		"empty attribute":   {extension(enterprise, map[string]any{"department": ""}), invalid("The value of aws:identitystore:enterprise has empty members: leave them out.")},
		"long attribute":    {extension(enterprise, map[string]any{"department": strings.Repeat("x", 1025)}), invalid("1 validation error detected: Value at 'aws:identitystore:enterprise.department' failed...")},
		"unknown store":     {func(i *in) { i.IdentityStoreId = aws.String("d-0000000000") }, notFound("IDENTITY_STORE not found.")},
		"no store's id":     {func(i *in) { i.IdentityStoreId = aws.String("store") }, invalid("1 validation error detected: ...")},
	} {
		t.Run(name, func(t *testing.T) {
			i := plain("somebody")
			c.edit(i)
			_, err := b.CreateUser(t.Context(), i)
			probe.Expect(t, c.want, err)
		})
	}
	_, err := b.CreateUser(t.Context(), plain("analyst@example.com"))
	if refused, ok := errors.AsType[*types.ConflictException](err); !ok || refused.Reason != types.ConflictExceptionReasonUniquenessConstraintViolation {
		t.Errorf("%v has no reason", err)
	}
	if n := len(b.users(t)); n != 2 {
		t.Errorf("%d users after refusals", n)
	}
}

func (b *bench) users(t testing.TB) []types.User {
	t.Helper()
	out, err := b.ListUsers(t.Context(), &identitystore.ListUsersInput{IdentityStoreId: id()})
	return probe.Must(t, out, err).Users
}

// TestUpdateUserRefusals: an update is carried out whole or not at all.
func TestUpdateUserRefusals(t *testing.T) {
	b := start(t)
	user := b.user(t, full())
	contact := func(kv ...any) map[string]any {
		m := map[string]any{"value": "x"}
		for i := 0; i < len(kv); i += 2 {
			m[kv[i].(string)] = kv[i+1]
		}
		return m
	}
	length := func(path, rule string) probe.Answer {
		return invalid("1 validation error detected: Value at '" + path + "' failed to satisfy constraint: Member must " + rule)
	}
	const whole = "Unsupported update operation on multi-value attribute emails, please provide full replacement of Multi-Value attribute types"
	for name, c := range map[string]struct {
		path  string
		value any
		want  probe.Answer
	}{
		"unknown path":       {"shoeSize", "x", invalid("The attribute path shoeSize cannot be updated.")},
		"path of an id":      {"userId", analyst, invalid("The attribute path userId cannot be updated.")},
		"status":             {"userStatus", "DISABLED", invalid("The attribute path userStatus cannot be updated.")},
		"external ids":       {"externalIds", []any{contact()}, invalid("The attribute path externalIds cannot be updated.")},
		"unknown part":       {"name.suffix", "x", invalid("The attribute path name.suffix cannot be updated.")},
		"other extension":    {"aws:identitystore:other", map[string]any{"a": "b"}, invalid("The attribute path aws:identitystore:other cannot be updated.")},
		"no path":            {"emails[0]", "x", length("*", "")},
		"part of a list":     {"emails.value", "x", invalid(whole)},
		"two e-mails":        {"emails", []any{contact(), contact()}, invalid("List attribute emails exceeds allowed limit of 1")},
		"four photos":        {"photos", []any{contact(), contact(), contact(), contact()}, invalid("List attribute photos exceeds allowed limit of 3")},
		"no photo":           {"photos", []any{map[string]any{"type": "x"}}, invalid("photos.value: The attribute photos.value is required")},
		"no e-mail":          {"emails", []any{map[string]any{"type": "x"}}, invalid("emails.value: The attribute emails.value is required")},
		"no list":            {"emails", "x", invalid("The value of emails is not of its form.")},
		"empty list":         {"emails", []any{}, invalid("The value of emails has empty members: leave them out.")},
		"null in a list":     {"emails", []any{contact("type", nil)}, invalid("The value of emails has empty members: leave them out.")},
		"empty in a list":    {"phoneNumbers", []any{contact("type", "")}, invalid("The value of phoneNumbers has empty members: leave them out.")},
		"unknown in a list":  {"roles", []any{contact("since", "x")}, invalid("The value of roles is not of its form.")},
		"long in a list":     {"emails", []any{contact("value", strings.Repeat("x", 1025))}, length("emails.value", "have length less than or equal to 1024")},
		"number for a text":  {"title", 7, invalid("The value of title must be a string.")},
		"empty text":         {"title", "", length("title", "have length greater than or equal to 1")},
		"long text":          {"title", strings.Repeat("x", 1025), length("title", "have length less than or equal to 1024")},
		"long user name":     {"userName", strings.Repeat("x", 129), length("userName", "have length less than or equal to 128")},
		"space in a name":    {"userName", "a b", length("userName", `satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+`)},
		"control character":  {"title", "a\x01", length("title", "satisfy regular expression pattern: ...")},
		"birthdate":          {"birthdate", "today", invalid("birthdate: The attribute birthdate must have the format YYYY-MM-DD")},
		"reserved name":      {"userName", "Administrator", invalid("Administrator is a reserved name.")},
		"name taken":         {"userName", "analyst@example.com", conflict("Duplicate UserName")},
		"e-mail taken":       {"emails", []any{map[string]any{"value": "analyst@example.com"}}, conflict("Duplicate Email")},
		"no user name":       {"userName", nil, invalid("userName is a required attribute")},
		"no display name":    {"displayName", nil, invalid("displayname: The attribute displayname is required")},
		"no names":           {"name", nil, invalid(twoGiven)},
		"names, half":        {"name", map[string]any{"givenName": "x"}, invalid("familyname: The attribute familyname is required")},
		"text for names":     {"name", "x", invalid("The value of name is not of its form.")},
		"text for extension": {enterprise, "x", invalid("The value of aws:identitystore:enterprise is not of its form.")},
	} {
		t.Run(name, func(t *testing.T) {
			if c.want.Message == length("*", "").Message {
				c.want = invalid("1 validation error detected: ...")
			}
			probe.Expect(t, c.want, b.update(user, setting("nickName", "changed"), setting(c.path, c.value)))
		})
	}
	if nick := *b.describe(t, user).NickName; nick != "Nick" {
		t.Errorf("a refused update has changed the nick name to %s", nick)
	}
	probe.Expect(t, invalid("*"), b.update(user))
	probe.Expect(t, notFound("USER not found."), b.update(nothing, setting("title", "x")))
	// A user of a world file may lack what new ones must have.
	probe.Expect(t, probe.Answer{}, b.update(analyst, setting("title", "x")))
	probe.Expect(t, probe.Answer{}, b.update(user, setting("userName", "FULL@example.com")))
}

// TestUserNameFixed: the switch that keeps user names.
func TestUserNameFixed(t *testing.T) {
	on := true
	b := start(t, func(w *lab.World) { w.Switches.UserNameFixed = &on })
	probe.Expect(t, invalid("The attribute userName cannot be updated."), b.update(analyst, setting("username", "x")))
	probe.Expect(t, probe.Answer{}, b.update(analyst, setting("title", "x")))
}

// TestGroupRefusals: names, paths and what is not there.
func TestGroupRefusals(t *testing.T) {
	b := start(t)
	ctx := t.Context()
	create := func(name string) func() error {
		return func() error {
			in := &identitystore.CreateGroupInput{IdentityStoreId: id()}
			if name != "" {
				in.DisplayName = &name
			}
			_, err := b.CreateGroup(ctx, in)
			return err
		}
	}
	update := func(group, path string, value any) func() error {
		return func() error { return b.updateGroup(group, setting(path, value)) }
	}
	join := func(group, user string) func() error {
		return func() error {
			_, err := b.CreateGroupMembership(ctx, &identitystore.CreateGroupMembershipInput{IdentityStoreId: id(), GroupId: &group, MemberId: member(user)})
			return err
		}
	}
	for name, c := range map[string]struct {
		call func() error
		want probe.Answer
	}{
		"no name":          {create(""), invalid("displayname: The attribute displayname is required")},
		"reserved":         {create("AWSAdministrators"), invalid("AWSAdministrators is a reserved name.")},
		"long":             {create(strings.Repeat("x", 1025)), invalid("1 validation error detected: ...")},
		"twice":            {create("analysts"), conflict("Duplicate GroupDisplayName")},
		"renamed alike":    {update(analysts, "displayName", "engineers"), conflict("Duplicate GroupDisplayName")},
		"unnamed":          {update(analysts, "displayName", nil), invalid("displayname: The attribute displayname is required")},
		"renamed reserved": {update(analysts, "displayName", "Administrator"), invalid("Administrator is a reserved name.")},
		"number":           {update(analysts, "description", 7), invalid("The value of description must be a string.")},
		"empty":            {update(analysts, "description", ""), invalid("1 validation error detected: ...")},
		"path":             {update(analysts, "members", "x"), invalid("The attribute path members cannot be updated.")},
		"no such group":    {update(nothing, "description", "x"), notFound("GROUP not found.")},
		"deleted": {func() error {
			_, err := b.DeleteGroup(ctx, &identitystore.DeleteGroupInput{IdentityStoreId: id(), GroupId: aws.String(nothing)})
			return err
		}, notFound("GROUP not found.")},
		"deleted user": {func() error {
			_, err := b.DeleteUser(ctx, &identitystore.DeleteUserInput{IdentityStoreId: id(), UserId: aws.String(nothing)})
			return err
		}, notFound("USER not found.")},
		"deleted membership": {func() error {
			_, err := b.DeleteGroupMembership(ctx, &identitystore.DeleteGroupMembershipInput{IdentityStoreId: id(), MembershipId: aws.String(nothing)})
			return err
		}, notFound("GROUP_MEMBERSHIP not found.")},
		"member twice":      {join(analysts, analyst), conflict("Member and Group relationship already exists")},
		"nobody joins":      {join(analysts, nothing), notFound("Member does not exist")},
		"joins no group":    {join(nothing, analyst), notFound("Group does not exist")},
		"group as a member": {join(analysts, engineers), notFound("Member does not exist")},
		"no id":             {join(analysts, "analyst"), invalid("1 validation error detected: ...")},
	} {
		t.Run(name, func(t *testing.T) { probe.Expect(t, c.want, c.call()) })
	}
}

// TestDirectoryQuotas: no more than the world's quotas, and room again after a delete.
func TestDirectoryQuotas(t *testing.T) {
	b := start(t, limited(3, 3))
	full := probe.Answer{Status: 400, Code: "ServiceQuotaExceededException", Message: "The quota of the identity store is reached."}
	user, group := b.user(t, plain("third")), b.group(t, "third")
	_, err := b.CreateUser(t.Context(), plain("fourth"))
	probe.Expect(t, full, err)
	_, err = b.CreateGroup(t.Context(), &identitystore.CreateGroupInput{IdentityStoreId: id(), DisplayName: aws.String("fourth")})
	probe.Expect(t, full, err)
	_, err = b.DeleteUser(t.Context(), &identitystore.DeleteUserInput{IdentityStoreId: id(), UserId: &user})
	probe.Expect(t, probe.Answer{}, err)
	_, err = b.DeleteGroup(t.Context(), &identitystore.DeleteGroupInput{IdentityStoreId: id(), GroupId: &group})
	probe.Expect(t, probe.Answer{}, err)
	b.user(t, plain("fourth"))
	b.group(t, "fourth")
}

// TestExtensionNames: reads take the one extension only.
func TestExtensionNames(t *testing.T) {
	b := start(t)
	unknown := invalid("The extension aws:identitystore:other is not supported: use aws:identitystore:enterprise.")
	_, err := b.DescribeUser(t.Context(), &identitystore.DescribeUserInput{IdentityStoreId: id(), UserId: aws.String(analyst), Extensions: []string{"aws:identitystore:other"}})
	probe.Expect(t, unknown, err)
	_, err = b.ListUsers(t.Context(), &identitystore.ListUsersInput{IdentityStoreId: id(), Extensions: []string{"aws:identitystore:other"}})
	probe.Expect(t, unknown, err)
}
