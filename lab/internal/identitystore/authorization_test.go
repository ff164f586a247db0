package identitystore_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// operation is one of the service, with the resources that it needs besides the
// store.
type operation struct {
	call      func(*identitystore.Client) error
	resources []string
}

// done drops the output of an operation.
func done[T any](_ T, err error) error { return err }

const (
	users       = "arn:aws:identitystore:::user/"
	groups      = "arn:aws:identitystore:::group/"
	memberships = "arn:aws:identitystore:::membership/"
)

// operations are all of the service. What they ask about exists.
func operations() map[string]operation {
	ctx := context.Background()
	there := world.MembershipID(analysts, analyst)
	unique := func(path string) types.AlternateIdentifier {
		return &types.AlternateIdentifierMemberUniqueAttribute{Value: types.UniqueAttribute{AttributePath: &path, AttributeValue: document.NewLazyDocument("x")}}
	}
	ops := map[string]operation{
		"CreateUser": {func(c *identitystore.Client) error { return done(c.CreateUser(ctx, plain("new"))) }, nil},
		"UpdateUser": {func(c *identitystore.Client) error {
			return done(c.UpdateUser(ctx, &identitystore.UpdateUserInput{IdentityStoreId: id(), UserId: aws.String(analyst), Operations: []types.AttributeOperation{setting("title", "x")}}))
		}, []string{users + analyst}},
		"DeleteUser": {func(c *identitystore.Client) error {
			return done(c.DeleteUser(ctx, &identitystore.DeleteUserInput{IdentityStoreId: id(), UserId: aws.String(analyst)}))
		}, []string{users + analyst}},
		"DescribeUser": {func(c *identitystore.Client) error {
			return done(c.DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: id(), UserId: aws.String(analyst)}))
		}, []string{users + analyst}},
		"ListUsers": {func(c *identitystore.Client) error {
			return done(c.ListUsers(ctx, &identitystore.ListUsersInput{IdentityStoreId: id()}))
		}, []string{users + "*"}},
		"GetUserId": {func(c *identitystore.Client) error {
			return done(c.GetUserId(ctx, &identitystore.GetUserIdInput{IdentityStoreId: id(), AlternateIdentifier: unique("userName")}))
		}, []string{users + "*"}},
		"CreateGroup": {func(c *identitystore.Client) error {
			return done(c.CreateGroup(ctx, &identitystore.CreateGroupInput{IdentityStoreId: id(), DisplayName: aws.String("new")}))
		}, nil},
		"UpdateGroup": {func(c *identitystore.Client) error {
			return done(c.UpdateGroup(ctx, &identitystore.UpdateGroupInput{IdentityStoreId: id(), GroupId: aws.String(analysts), Operations: []types.AttributeOperation{setting("description", "x")}}))
		}, []string{groups + analysts}},
		"DeleteGroup": {func(c *identitystore.Client) error {
			return done(c.DeleteGroup(ctx, &identitystore.DeleteGroupInput{IdentityStoreId: id(), GroupId: aws.String(analysts)}))
		}, []string{groups + analysts}},
		"DescribeGroup": {func(c *identitystore.Client) error {
			return done(c.DescribeGroup(ctx, &identitystore.DescribeGroupInput{IdentityStoreId: id(), GroupId: aws.String(analysts)}))
		}, []string{groups + analysts}},
		"ListGroups": {func(c *identitystore.Client) error {
			return done(c.ListGroups(ctx, &identitystore.ListGroupsInput{IdentityStoreId: id()}))
		}, []string{groups + "*"}},
		"GetGroupId": {func(c *identitystore.Client) error {
			return done(c.GetGroupId(ctx, &identitystore.GetGroupIdInput{IdentityStoreId: id(), AlternateIdentifier: unique("displayName")}))
		}, []string{groups + "*"}},
	}
	ops["CreateGroupMembership"] = operation{func(c *identitystore.Client) error {
		return done(c.CreateGroupMembership(ctx, &identitystore.CreateGroupMembershipInput{IdentityStoreId: id(), GroupId: aws.String(analysts), MemberId: member(engineer)}))
	}, []string{groups + analysts, users + engineer}}
	ops["DeleteGroupMembership"] = operation{func(c *identitystore.Client) error {
		return done(c.DeleteGroupMembership(ctx, &identitystore.DeleteGroupMembershipInput{IdentityStoreId: id(), MembershipId: &there}))
	}, []string{memberships + there, groups + analysts, users + analyst}}
	ops["DescribeGroupMembership"] = operation{func(c *identitystore.Client) error {
		return done(c.DescribeGroupMembership(ctx, &identitystore.DescribeGroupMembershipInput{IdentityStoreId: id(), MembershipId: &there}))
	}, []string{memberships + there}}
	ops["GetGroupMembershipId"] = operation{func(c *identitystore.Client) error {
		return done(c.GetGroupMembershipId(ctx, &identitystore.GetGroupMembershipIdInput{IdentityStoreId: id(), GroupId: aws.String(analysts), MemberId: member(analyst)}))
	}, []string{groups + analysts, users + analyst, memberships + "*"}}
	ops["ListGroupMemberships"] = operation{func(c *identitystore.Client) error {
		return done(c.ListGroupMemberships(ctx, &identitystore.ListGroupMembershipsInput{IdentityStoreId: id(), GroupId: aws.String(analysts)}))
	}, []string{groups + analysts, memberships + "*"}}
	ops["ListGroupMembershipsForMember"] = operation{func(c *identitystore.Client) error {
		return done(c.ListGroupMembershipsForMember(ctx, &identitystore.ListGroupMembershipsForMemberInput{IdentityStoreId: id(), MemberId: member(analyst)}))
	}, []string{users + analyst, memberships + "*"}}
	ops["IsMemberInGroups"] = operation{func(c *identitystore.Client) error {
		return done(c.IsMemberInGroups(ctx, &identitystore.IsMemberInGroupsInput{IdentityStoreId: id(), MemberId: member(analyst), GroupIds: []string{analysts}}))
	}, []string{users + analyst, memberships + "*", groups + analysts}}
	return ops
}

// denied is a refusal for each of the resources.
func denied(who, operation, why string, resources []string) probe.Answer {
	var texts []string
	for _, arn := range resources {
		texts = append(texts, "User: arn:aws:sts::"+who+"/probe is not authorized to perform: identitystore:"+operation+
			" on resource: "+arn+" because no "+why+" policy allows the identitystore:"+operation+" action")
	}
	return probe.Answer{Status: 400, Code: "AccessDeniedException", Message: strings.Join(texts, ", ")}
}

// TestDenied: every operation is denied to who lacks the right, on the store and
// every other resource, and to who lacks it on any one of them.
func TestDenied(t *testing.T) {
	var nobody aws.CredentialsProvider
	lacking := map[string]aws.CredentialsProvider{}
	for name, op := range operations() {
		for i := range op.resources {
			lacking[name+op.resources[i]] = nil
		}
	}
	b := start(t, func(w *lab.World) {
		nobody = probe.Actor(w, probe.Center, "nobody")
		for name, op := range operations() {
			for i, arn := range op.resources {
				others := slices.Delete(append(slices.Clone(op.resources), storeARN), i, i+1)
				lacking[name+arn] = probe.Actor(w, probe.Center, name+string(rune('a'+i)), probe.Statement("Allow", "identitystore:"+name, "Resource", toAny(others)))
			}
		}
	})
	if n := len(operations()); n != 19 {
		t.Fatalf("%d operations", n)
	}
	client := func(p aws.CredentialsProvider) *identitystore.Client { return identitystore.NewFromConfig(b.Config(p)) }
	for name, op := range operations() {
		t.Run(name, func(t *testing.T) {
			probe.Expect(t, denied("111122223333:assumed-role/nobody", name, "identity-based", append(slices.Clone(op.resources), storeARN)), op.call(client(nobody)))
			for i, arn := range op.resources {
				role := "111122223333:assumed-role/" + name + string(rune('a'+i))
				probe.Expect(t, denied(role, name, "identity-based", []string{arn}), op.call(client(lacking[name+arn])))
			}
		})
	}
}

func toAny(list []string) []any {
	out := make([]any, len(list))
	for i, one := range list {
		out[i] = one
	}
	return out
}

// TestAllowed: who has the right on just these resources may.
func TestAllowed(t *testing.T) {
	actors := map[string]aws.CredentialsProvider{}
	edit := func(w *lab.World) {
		for name, op := range operations() {
			actors[name] = probe.Actor(w, probe.Center, name, probe.Statement("Allow", "identitystore:"+name, "Resource", toAny(append(slices.Clone(op.resources), storeARN))))
		}
	}
	b := start(t, edit)
	for name, op := range operations() {
		if strings.HasPrefix(name, "Delete") || strings.HasSuffix(name, "Id") { // they have worlds of their own, or find nothing
			continue
		}
		t.Run(name, func(t *testing.T) {
			probe.Expect(t, probe.Answer{}, op.call(identitystore.NewFromConfig(b.Config(actors[name]))))
		})
	}
	for _, name := range []string{"DeleteUser", "DeleteGroup", "DeleteGroupMembership"} {
		t.Run(name, func(t *testing.T) {
			b := start(t, edit)
			probe.Expect(t, probe.Answer{}, operations()[name].call(identitystore.NewFromConfig(b.Config(actors[name]))))
		})
	}
}

// TestMemberAccounts: a member account reads and does not write, a delegated
// administrator does both.
func TestMemberAccounts(t *testing.T) {
	const everything = "application-administrator"
	for delegated, want := range map[bool]func(string, []string) probe.Answer{
		true: func(string, []string) probe.Answer { return probe.Answer{} },
		false: func(name string, resources []string) probe.Answer {
			return denied("444455556666:assumed-role/"+everything, name, "resource-based", append(slices.Clone(resources), storeARN))
		},
	} {
		var p aws.CredentialsProvider
		b := start(t, func(w *lab.World) {
			if delegated {
				w.Organization.DelegatedAdministrators = map[string][]string{"sso.amazonaws.com": {probe.Application}}
			}
			p = probe.Actor(w, probe.Application, everything, probe.Statement("Allow", "*", "Resource", "*"))
		})
		c := identitystore.NewFromConfig(b.Config(p))
		for _, name := range []string{"CreateUser", "UpdateUser", "CreateGroup", "UpdateGroup", "CreateGroupMembership", "DeleteGroupMembership", "DeleteGroup", "DeleteUser"} {
			op := operations()[name]
			if delegated && name == "DeleteGroupMembership" {
				op.resources = nil
			}
			probe.Expect(t, want(name, op.resources), op.call(c))
		}
		probe.Expect(t, probe.Answer{}, operations()["ListUsers"].call(c))
	}
}
