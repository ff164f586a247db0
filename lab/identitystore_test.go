package lab_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const (
	storeID   = "d-1234567890"
	storeARN  = "arn:aws:identitystore::111122223333:identitystore/d-1234567890"
	analysts  = "1234567890-cccccccc-3333-4ccc-8ccc-cccccccccccc"
	engineers = "1234567890-dddddddd-4444-4ddd-8ddd-dddddddddddd"
	nobody    = "1234567890-eeeeeeee-5555-4eee-8eee-eeeeeeeeeeee"
)

// directory opens the identity store to the identity-enhanced role: its own
// policy, and the allow list of identity contexts.
func directory(w *lab.World) {
	strict(w)
	w.Switches.IdentityContextAllowList = []string{"identitystore:*", "s3:GetDataAccess"}
	w.Accounts[1].Roles[1].Policies["directory"] = policyOf(statement("Allow", "identitystore:*", "Resource", "*"))
	u := &w.IdentityCenter[0].Users[0]
	u.ExternalIDs = []world.ExternalIDFile{{Issuer: "https://scim.aws.com/example", ID: "external-1"}}
}

func (b *bench) identityStore(p aws.CredentialsProvider) *identitystore.Client {
	return identitystore.NewFromConfig(b.config(p))
}

// same compares outputs: documents and metadata aside.
var same = cmp.Options{
	cmpopts.IgnoreTypes(middleware.Metadata{}), cmpopts.EquateEmpty(),
	cmp.FilterPath(func(p cmp.Path) bool { return strings.HasPrefix(p.Last().String(), ".noSmithy") }, cmp.Ignore()),
	cmpopts.IgnoreUnexported(
		types.Email{}, types.ExternalId{}, types.User{}, types.Group{}, types.GroupMembership{}, types.MemberIdMemberUserId{}, types.GroupMembershipExistenceResult{},
		identitystore.DescribeUserOutput{}, identitystore.GetUserIdOutput{}, identitystore.DescribeGroupOutput{}, identitystore.GetGroupIdOutput{},
		identitystore.ListUsersOutput{}, identitystore.ListGroupsOutput{}, identitystore.ListGroupMembershipsOutput{},
		identitystore.ListGroupMembershipsForMemberOutput{}, identitystore.IsMemberInGroupsOutput{},
		identitystore.GetGroupMembershipIdOutput{}, identitystore.DescribeGroupMembershipOutput{},
	),
}

func unique(path string, value any) types.AlternateIdentifier {
	return &types.AlternateIdentifierMemberUniqueAttribute{Value: types.UniqueAttribute{AttributePath: &path, AttributeValue: document.NewLazyDocument(value)}}
}

func externalID(issuer, id string) types.AlternateIdentifier {
	return &types.AlternateIdentifierMemberExternalId{Value: types.ExternalId{Issuer: &issuer, Id: &id}}
}

func memberOf(user string) types.MemberId { return &types.MemberIdMemberUserId{Value: user} }

// TestIdentityStore reads what the default world has, as the person.
func TestIdentityStore(t *testing.T) {
	b := start(t, directory)
	c, ctx, id := b.identityStore(b.person(analyst)), t.Context(), aws.String(storeID)
	membership := world.MembershipID(analysts, analyst)
	person := types.User{
		IdentityStoreId: id, UserId: aws.String(analyst), UserName: aws.String("analyst@example.com"), DisplayName: aws.String("Analyst"),
		Emails:      []types.Email{{Value: aws.String("analyst@example.com"), Type: aws.String("work"), Primary: true}},
		ExternalIds: []types.ExternalId{{Issuer: aws.String("https://scim.aws.com/example"), Id: aws.String("external-1")}},
		UserStatus:  types.UserStatusEnabled,
	}
	entry := types.GroupMembership{IdentityStoreId: id, MembershipId: &membership, GroupId: aws.String(analysts), MemberId: memberOf(analyst)}
	group := types.Group{IdentityStoreId: id, GroupId: aws.String(analysts), DisplayName: aws.String("analysts")}
	userID := &identitystore.GetUserIdOutput{IdentityStoreId: id, UserId: aws.String(analyst)}
	for name, test := range map[string]struct {
		call func() (any, error)
		want any
	}{
		"DescribeUser": {func() (any, error) {
			return c.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: id, UserId: aws.String(analyst)})
		}, &identitystore.DescribeUserOutput{
			IdentityStoreId: id, UserId: person.UserId, UserName: person.UserName, DisplayName: person.DisplayName,
			Emails: person.Emails, ExternalIds: person.ExternalIds, UserStatus: person.UserStatus,
		}},
		"ListUsers by name": {func() (any, error) {
			return c.ListUsers(ctx, &identitystore.ListUsersInput{IdentityStoreId: id, Filters: []types.Filter{ //nolint:staticcheck // clients still send them
				{AttributePath: aws.String("UserName"), AttributeValue: aws.String("analyst@example.com")},
			}})
		}, &identitystore.ListUsersOutput{Users: []types.User{person}}},
		"GetUserId by name": {func() (any, error) {
			return c.GetUserId(ctx, &identitystore.GetUserIdInput{IdentityStoreId: id, AlternateIdentifier: unique("userName", "analyst@example.com")})
		}, userID},
		"GetUserId by address": {func() (any, error) {
			return c.GetUserId(ctx, &identitystore.GetUserIdInput{IdentityStoreId: id, AlternateIdentifier: unique("emails.value", "analyst@example.com")})
		}, userID},
		"GetUserId by external id": {func() (any, error) {
			return c.GetUserId(ctx, &identitystore.GetUserIdInput{IdentityStoreId: id, AlternateIdentifier: externalID("https://scim.aws.com/example", "external-1")})
		}, userID},
		"DescribeGroup": {func() (any, error) {
			return c.DescribeGroup(ctx, &identitystore.DescribeGroupInput{IdentityStoreId: id, GroupId: aws.String(analysts)})
		}, &identitystore.DescribeGroupOutput{IdentityStoreId: id, GroupId: group.GroupId, DisplayName: group.DisplayName}},
		"ListGroups by name": {func() (any, error) {
			return c.ListGroups(ctx, &identitystore.ListGroupsInput{IdentityStoreId: id, Filters: []types.Filter{ //nolint:staticcheck // clients still send them
				{AttributePath: aws.String("DisplayName"), AttributeValue: aws.String("analysts")},
			}})
		}, &identitystore.ListGroupsOutput{Groups: []types.Group{group}}},
		"GetGroupId": {func() (any, error) {
			return c.GetGroupId(ctx, &identitystore.GetGroupIdInput{IdentityStoreId: id, AlternateIdentifier: unique("displayName", "analysts")})
		}, &identitystore.GetGroupIdOutput{IdentityStoreId: id, GroupId: aws.String(analysts)}},
		"ListGroupMemberships": {func() (any, error) {
			return c.ListGroupMemberships(ctx, &identitystore.ListGroupMembershipsInput{IdentityStoreId: id, GroupId: aws.String(analysts)})
		}, &identitystore.ListGroupMembershipsOutput{GroupMemberships: []types.GroupMembership{entry}}},
		"ListGroupMembershipsForMember": {func() (any, error) {
			return c.ListGroupMembershipsForMember(ctx, &identitystore.ListGroupMembershipsForMemberInput{IdentityStoreId: id, MemberId: memberOf(analyst)})
		}, &identitystore.ListGroupMembershipsForMemberOutput{GroupMemberships: []types.GroupMembership{entry}}},
		"IsMemberInGroups": {func() (any, error) {
			return c.IsMemberInGroups(ctx, &identitystore.IsMemberInGroupsInput{IdentityStoreId: id, MemberId: memberOf(analyst), GroupIds: []string{engineers, analysts}})
		}, &identitystore.IsMemberInGroupsOutput{Results: []types.GroupMembershipExistenceResult{
			{GroupId: aws.String(engineers), MemberId: memberOf(analyst)},
			{GroupId: aws.String(analysts), MemberId: memberOf(analyst), MembershipExists: true},
		}}},
		"GetGroupMembershipId": {func() (any, error) {
			return c.GetGroupMembershipId(ctx, &identitystore.GetGroupMembershipIdInput{IdentityStoreId: id, GroupId: aws.String(analysts), MemberId: memberOf(analyst)})
		}, &identitystore.GetGroupMembershipIdOutput{IdentityStoreId: id, MembershipId: &membership}},
		"DescribeGroupMembership": {func() (any, error) {
			return c.DescribeGroupMembership(ctx, &identitystore.DescribeGroupMembershipInput{IdentityStoreId: id, MembershipId: &membership})
		}, &identitystore.DescribeGroupMembershipOutput{IdentityStoreId: id, MembershipId: &membership, GroupId: entry.GroupId, MemberId: entry.MemberId}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := test.call()
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, same); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestIdentityStorePages: MaxResults and NextToken, on pages as small as can be.
func TestIdentityStorePages(t *testing.T) {
	b := start(t, directory, func(w *lab.World) {
		c := &w.IdentityCenter[0]
		for i := range 103 {
			name := fmt.Sprintf("user%03d", i)
			c.Users = append(c.Users, world.UserFile{ID: fmt.Sprintf("1234567890-ffffffff-0000-4000-8000-%012d", i), UserName: name})
			c.Groups[0].Members = append(c.Groups[0].Members, name)
			c.Groups = append(c.Groups, world.GroupFile{ID: fmt.Sprintf("1234567890-99999999-0000-4000-8000-%012d", i), DisplayName: name, Members: []string{"analyst@example.com"}})
		}
	})
	c, ctx, id := b.identityStore(b.person(analyst)), t.Context(), aws.String(storeID)
	lists := map[string]func(limit *int32, token *string) (keys []string, next *string, err error){
		"users": func(limit *int32, token *string) (keys []string, next *string, err error) {
			out, err := c.ListUsers(ctx, &identitystore.ListUsersInput{IdentityStoreId: id, MaxResults: limit, NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			for _, u := range out.Users {
				keys = append(keys, *u.UserId)
			}
			return keys, out.NextToken, nil
		},
		"groups": func(limit *int32, token *string) (keys []string, next *string, err error) {
			out, err := c.ListGroups(ctx, &identitystore.ListGroupsInput{IdentityStoreId: id, MaxResults: limit, NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			for _, g := range out.Groups {
				keys = append(keys, *g.GroupId)
			}
			return keys, out.NextToken, nil
		},
		"members": func(limit *int32, token *string) (keys []string, next *string, err error) {
			out, err := c.ListGroupMemberships(ctx, &identitystore.ListGroupMembershipsInput{IdentityStoreId: id, GroupId: aws.String(analysts), MaxResults: limit, NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			for _, m := range out.GroupMemberships {
				keys = append(keys, *m.MembershipId)
			}
			return keys, out.NextToken, nil
		},
		"memberships": func(limit *int32, token *string) (keys []string, next *string, err error) {
			out, err := c.ListGroupMembershipsForMember(ctx, &identitystore.ListGroupMembershipsForMemberInput{IdentityStoreId: id, MemberId: memberOf(analyst), MaxResults: limit, NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			for _, m := range out.GroupMemberships {
				keys = append(keys, *m.MembershipId)
			}
			return keys, out.NextToken, nil
		},
	}
	sizes := map[string]int{"users": 105, "groups": 105, "members": 104, "memberships": 104}
	for name, list := range lists {
		t.Run(name, func(t *testing.T) {
			for _, limit := range []*int32{nil, aws.Int32(100), aws.Int32(7)} {
				seen, pages := map[string]bool{}, 0
				var token *string
				for range 20 {
					keys, next, err := list(limit, token)
					if err != nil {
						t.Fatal(err)
					}
					for _, key := range keys {
						seen[key] = true
					}
					pages++
					if token = next; token == nil {
						break
					}
				}
				want := 2
				if aws.ToInt32(limit) == 7 {
					want = 15
				}
				if len(seen) != sizes[name] || pages != want {
					t.Errorf("%d entries on %d pages, want %d on %d", len(seen), pages, sizes[name], want)
				}
			}
			_, other, err := lists["groups"](aws.Int32(1), nil)
			if err != nil {
				t.Fatal(err)
			}
			foreign := answer{400, "ValidationException", "The NextToken is not valid for this request."}
			if name != "groups" {
				_, _, err = list(nil, other)
				expect(t, foreign, err)
			}
			_, _, err = list(nil, aws.String("abc"))
			expect(t, foreign, err)
			_, _, err = list(aws.Int32(101), nil)
			expect(t, answer{400, "ValidationException", "*"}, err)
			_, _, err = list(aws.Int32(0), nil)
			expect(t, answer{400, "ValidationException", "*"}, err)
		})
	}
}

func describeUser(ctx context.Context, c *identitystore.Client, store, user string) error {
	_, err := c.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: &store, UserId: &user})
	return err
}

// TestIdentityStoreRefusals: what is not there, and what cannot be asked.
func TestIdentityStoreRefusals(t *testing.T) {
	b := start(t, directory)
	c, ctx, id := b.identityStore(b.person(analyst)), t.Context(), aws.String(storeID)
	missing := func(kind string) answer {
		return answer{400, "ResourceNotFoundException", kind + " not found."}
	}
	badPath := func(path string) answer {
		return answer{400, "ValidationException", "The attribute path " + path + " is not that of a unique attribute."}
	}
	userID := func(by types.AlternateIdentifier) func() error {
		return func() error {
			_, err := c.GetUserId(ctx, &identitystore.GetUserIdInput{IdentityStoreId: id, AlternateIdentifier: by})
			return err
		}
	}
	groupID := func(by types.AlternateIdentifier) func() error {
		return func() error {
			_, err := c.GetGroupId(ctx, &identitystore.GetGroupIdInput{IdentityStoreId: id, AlternateIdentifier: by})
			return err
		}
	}
	inGroups := func(user string, groups ...string) func() error {
		return func() error {
			groups = append([]string{}, groups...) // not nil, which the SDK refuses
			_, err := c.IsMemberInGroups(ctx, &identitystore.IsMemberInGroupsInput{IdentityStoreId: id, MemberId: memberOf(user), GroupIds: groups})
			return err
		}
	}
	filters := func(path string) []types.Filter {
		return []types.Filter{{AttributePath: &path, AttributeValue: aws.String("x")}}
	}
	for name, test := range map[string]struct {
		call func() error
		want answer
	}{
		"unknown user":            {func() error { return describeUser(ctx, c, storeID, nobody) }, missing("USER")},
		"unknown store":           {func() error { return describeUser(ctx, c, "d-0000000000", analyst) }, missing("IDENTITY_STORE")},
		"user id of another form": {func() error { return describeUser(ctx, c, storeID, "analyst") }, answer{400, "ValidationException", "*"}},
		"unknown name":            {userID(unique("userName", "nobody@example.com")), missing("USER")},
		"unknown external id":     {userID(externalID("https://scim.aws.com/example", "external-2")), missing("USER")},
		"id of another issuer":    {userID(externalID("https://scim.aws.com/other", "external-1")), missing("USER")},
		"path of users":           {userID(unique("displayName", "Analyst")), badPath("displayName")},
		"path of groups":          {groupID(unique("userName", "analysts")), badPath("userName")},
		"number for a name":       {userID(unique("userName", 1)), answer{400, "ValidationException", "The value of a unique attribute must be a string."}},
		"number for a group":      {groupID(unique("displayName", 1)), answer{400, "ValidationException", "The value of a unique attribute must be a string."}},
		"unknown group name":      {groupID(unique("displayName", "nobodies")), missing("GROUP")},
		"external id of a group":  {groupID(externalID("https://scim.aws.com/example", "external-1")), missing("GROUP")},
		"unknown group": {func() error {
			_, err := c.DescribeGroup(ctx, &identitystore.DescribeGroupInput{IdentityStoreId: id, GroupId: aws.String(nobody)})
			return err
		}, missing("GROUP")},
		"members of an unknown group": {func() error {
			_, err := c.ListGroupMemberships(ctx, &identitystore.ListGroupMembershipsInput{IdentityStoreId: id, GroupId: aws.String(nobody)})
			return err
		}, missing("GROUP")},
		"memberships of nobody": {func() error {
			_, err := c.ListGroupMembershipsForMember(ctx, &identitystore.ListGroupMembershipsForMemberInput{IdentityStoreId: id, MemberId: memberOf(nobody)})
			return err
		}, missing("USER")},
		"nobody in groups":    {inGroups(nobody, analysts), missing("USER")},
		"in an unknown group": {inGroups(analyst, analysts, nobody), missing("GROUP")},
		"in no group at all":  {inGroups(analyst), answer{400, "ValidationException", "*"}},
		"membership not there": {func() error {
			_, err := c.GetGroupMembershipId(ctx, &identitystore.GetGroupMembershipIdInput{IdentityStoreId: id, GroupId: aws.String(engineers), MemberId: memberOf(analyst)})
			return err
		}, missing("GROUP_MEMBERSHIP")},
		"unknown membership": {func() error {
			_, err := c.DescribeGroupMembership(ctx, &identitystore.DescribeGroupMembershipInput{IdentityStoreId: id, MembershipId: aws.String(nobody)})
			return err
		}, missing("GROUP_MEMBERSHIP")},
		"filter of users": {func() error {
			_, err := c.ListUsers(ctx, &identitystore.ListUsersInput{IdentityStoreId: id, Filters: filters("DisplayName")}) //nolint:staticcheck // clients still send them
			return err
		}, answer{400, "ValidationException", "The attribute path DisplayName cannot be filtered by: use UserName."}},
		"filter of groups": {func() error {
			_, err := c.ListGroups(ctx, &identitystore.ListGroupsInput{IdentityStoreId: id, Filters: filters("UserName")}) //nolint:staticcheck // clients still send them
			return err
		}, answer{400, "ValidationException", "The attribute path UserName cannot be filtered by: use DisplayName."}},
		"store of another region": {func() error {
			other := b.config(b.person(analyst))
			other.Region = "us-east-1"
			return describeUser(ctx, identitystore.NewFromConfig(other), storeID, analyst)
		}, missing("IDENTITY_STORE")},
	} {
		t.Run(name, func(t *testing.T) { expect(t, test.want, test.call()) })
	}
}
