package lab_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// storeReadings are the switches about the identity store.
func storeReadings() map[string]reading {
	return map[string]reading{
		"DirectoryAcrossAccounts": {
			world: []func(*lab.World){directory},
			turn:  func(s *world.Switches) { s.DirectoryAcrossAccounts = off() },
			ask: func(b *bench) string {
				return short(describeUser(b.Context(), b.identityStore(b.person(analyst)), storeID, analyst))
			},
			want: worked, turned: "400 AccessDeniedException",
		},
		"UserNameFixed": {
			world: []func(*lab.World){strict},
			turn:  func(s *world.Switches) { s.UserNameFixed = on() },
			ask: func(b *bench) string {
				_, err := b.identityStore(b.lab.Administrator(center)).UpdateUser(b.Context(), &identitystore.UpdateUserInput{
					IdentityStoreId: aws.String(storeID), UserId: aws.String(analyst),
					Operations: []types.AttributeOperation{{AttributePath: aws.String("userName"), AttributeValue: document.NewLazyDocument("renamed")}},
				})
				return short(err)
			},
			want: worked, turned: "400 ValidationException",
		},
	}
}

// denied is a refusal for each of the resources, as it was captured.
func denied(operation, why string, resources ...string) answer {
	var texts []string
	for _, arn := range resources {
		texts = append(texts, "User: arn:aws:sts::444455556666:assumed-role/tip-id-enhanced-role/session is not authorized to perform: identitystore:"+
			operation+" on resource: "+arn+" "+why+" the identitystore:"+operation+" action")
	}
	return answer{400, "AccessDeniedException", strings.Join(texts, ", ")}
}

const (
	deniedSession  = "with an explicit deny in a session policy"
	deniedIdentity = "because no identity-based policy allows"
	deniedResource = "because no resource-based policy allows"
	userARN        = "arn:aws:identitystore:::user/" + analyst
)

// TestIdentityStoreAuthorization: the role's policies, the allow list and the account.
func TestIdentityStoreAuthorization(t *testing.T) {
	off := false
	explicit := denied("DescribeUser", deniedSession, userARN, storeARN)
	explicit.Message = strings.ReplaceAll(explicit.Message, deniedSession+" the identitystore:DescribeUser action", deniedSession)
	for name, test := range map[string]struct {
		edit func(*lab.World)
		want answer
	}{
		"default world": {strict, explicit},
		"no policy": {func(w *lab.World) {
			directory(w)
			delete(w.Accounts[1].Roles[1].Policies, "directory")
		}, denied("DescribeUser", deniedIdentity, userARN, storeARN)},
		"store only": {func(w *lab.World) {
			directory(w)
			w.Accounts[1].Roles[1].Policies["directory"] = policyOf(statement("Allow", "identitystore:*", "Resource", storeARN))
		}, denied("DescribeUser", deniedIdentity, userARN)},
		"users only": {func(w *lab.World) {
			directory(w)
			w.Accounts[1].Roles[1].Policies["directory"] = policyOf(statement("Allow", "identitystore:*", "Resource", "arn:aws:identitystore:::user/*"))
		}, denied("DescribeUser", deniedIdentity, storeARN)},
		"oneself only": {func(w *lab.World) {
			directory(w)
			w.Accounts[1].Roles[1].Policies["directory"] = policyOf(statement("Allow", "identitystore:DescribeUser",
				"Resource", []any{"arn:aws:identitystore:::user/${identitystore:UserId}", storeARN}))
		}, answer{}},
		"account of the store": {func(w *lab.World) {
			directory(w)
			w.Accounts[1].Roles[1].Policies["directory"] = policyOf(statement("Allow", "identitystore:*", "Resource", "*",
				"Condition", map[string]any{"StringEquals": map[string]any{"aws:ResourceAccount": center}}))
		}, answer{}},
		"allowed list without it": {func(w *lab.World) {
			directory(w)
			w.Switches.IdentityContextAllowList = []string{"identitystore:ListUsers"}
		}, explicit},
		"another account": {func(w *lab.World) {
			directory(w)
			w.Switches.DirectoryAcrossAccounts = &off
		}, denied("DescribeUser", deniedResource, userARN, storeARN)},
		"all is well": {directory, answer{}},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, test.edit)
			expect(t, test.want, describeUser(t.Context(), b.identityStore(b.person(analyst)), storeID, analyst))
		})
	}
}

// TestIdentityStoreResources: every operation asks for the resources it touches.
func TestIdentityStoreResources(t *testing.T) {
	b := start(t, func(w *lab.World) {
		directory(w)
		delete(w.Accounts[1].Roles[1].Policies, "directory")
	})
	c, ctx, id := b.identityStore(b.person(analyst)), t.Context(), aws.String(storeID)
	const users, groups, members = "arn:aws:identitystore:::user/", "arn:aws:identitystore:::group/", "arn:aws:identitystore:::membership/"
	for operation, test := range map[string]struct {
		call      func() error
		resources []string
	}{
		"ListUsers": {func() error {
			_, err := c.ListUsers(ctx, &identitystore.ListUsersInput{IdentityStoreId: id})
			return err
		}, []string{users + "*"}},
		"GetUserId": {func() error {
			_, err := c.GetUserId(ctx, &identitystore.GetUserIdInput{IdentityStoreId: id, AlternateIdentifier: unique("userName", "x")})
			return err
		}, []string{users + "*"}},
		"DescribeGroup": {func() error {
			_, err := c.DescribeGroup(ctx, &identitystore.DescribeGroupInput{IdentityStoreId: id, GroupId: aws.String(analysts)})
			return err
		}, []string{groups + analysts}},
		"ListGroups": {func() error {
			_, err := c.ListGroups(ctx, &identitystore.ListGroupsInput{IdentityStoreId: id})
			return err
		}, []string{groups + "*"}},
		"GetGroupId": {func() error {
			_, err := c.GetGroupId(ctx, &identitystore.GetGroupIdInput{IdentityStoreId: id, AlternateIdentifier: unique("displayName", "x")})
			return err
		}, []string{groups + "*"}},
		"ListGroupMemberships": {func() error {
			_, err := c.ListGroupMemberships(ctx, &identitystore.ListGroupMembershipsInput{IdentityStoreId: id, GroupId: aws.String(analysts)})
			return err
		}, []string{groups + analysts, members + "*"}},
		"ListGroupMembershipsForMember": {func() error {
			_, err := c.ListGroupMembershipsForMember(ctx, &identitystore.ListGroupMembershipsForMemberInput{IdentityStoreId: id, MemberId: memberOf(analyst)})
			return err
		}, []string{users + analyst, members + "*"}},
		"IsMemberInGroups": {func() error {
			_, err := c.IsMemberInGroups(ctx, &identitystore.IsMemberInGroupsInput{IdentityStoreId: id, MemberId: memberOf(analyst), GroupIds: []string{analysts}})
			return err
		}, []string{users + analyst, members + "*", groups + analysts}},
		"GetGroupMembershipId": {func() error {
			_, err := c.GetGroupMembershipId(ctx, &identitystore.GetGroupMembershipIdInput{IdentityStoreId: id, GroupId: aws.String(analysts), MemberId: memberOf(analyst)})
			return err
		}, []string{groups + analysts, users + analyst, members + "*"}},
		"DescribeGroupMembership": {func() error {
			_, err := c.DescribeGroupMembership(ctx, &identitystore.DescribeGroupMembershipInput{IdentityStoreId: id, MembershipId: aws.String(nobody)})
			return err
		}, []string{members + nobody}},
	} {
		t.Run(operation, func(t *testing.T) {
			expect(t, denied(operation, deniedIdentity, append(test.resources, storeARN)...), test.call())
		})
	}
}

// TestIdentityStoreSignature: unsigned, with another key and with a key that is over.
func TestIdentityStoreSignature(t *testing.T) {
	b := start(t, directory)
	expect(t, answer{400, "MissingAuthenticationTokenException", "Missing Authentication Token"},
		describeUser(t.Context(), b.identityStore(aws.AnonymousCredentials{}), storeID, analyst))
	expect(t, answer{400, "UnrecognizedClientException", "*"}, describeUser(t.Context(), b.identityStore(
		aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretAccessKey: "x", SessionToken: "y"}, nil
		})), storeID, analyst))
	over := b.session(enhanced, func(s *world.Session) { s.Expires = b.clock.Now().Add(-time.Second) })
	expect(t, answer{400, "ExpiredTokenException", "*"}, describeUser(t.Context(), b.identityStore(over), storeID, analyst))
}

// TestIdentityStoreDoors: the service is found at the endpoint door, signed or not.
func TestIdentityStoreDoors(t *testing.T) {
	b := start(t, directory)
	b.door = b.lab.Endpoint()
	expect(t, answer{}, describeUser(t.Context(), b.identityStore(b.person(analyst)), storeID, analyst))
	expect(t, answer{400, "MissingAuthenticationTokenException", "Missing Authentication Token"},
		describeUser(t.Context(), b.identityStore(aws.AnonymousCredentials{}), storeID, analyst))
}

// TestIdentityStoreAmbiguous: an external id that two users have names neither.
func TestIdentityStoreAmbiguous(t *testing.T) {
	b := start(t, directory, func(w *lab.World) {
		users := w.IdentityCenter[0].Users
		users[1].ExternalIDs = users[0].ExternalIDs
	})
	c, by := b.identityStore(b.person(analyst)), externalID("https://scim.aws.com/example", "external-1")
	_, err := c.GetUserId(t.Context(), &identitystore.GetUserIdInput{IdentityStoreId: aws.String(storeID), AlternateIdentifier: by})
	expect(t, answer{400, "ResourceNotFoundException", "USER not found."}, err)
}

// TestIdentityStoreTrail: reads name the person, and show nobody's name.
func TestIdentityStoreTrail(t *testing.T) {
	b := start(t, directory)
	c := b.identityStore(b.person(analyst))
	expect(t, answer{}, describeUser(t.Context(), c, storeID, analyst))
	_, err := c.GetUserId(t.Context(), &identitystore.GetUserIdInput{IdentityStoreId: aws.String(storeID), AlternateIdentifier: unique("userName", "analyst@example.com")})
	expect(t, answer{}, err)
	expect(t, answer{400, "ResourceNotFoundException", "*"}, describeUser(t.Context(), c, storeID, nobody))
	events := b.lab.Events()
	if len(events) != 3 {
		t.Fatalf("%d events", len(events))
	}
	for _, e := range events {
		if e.EventSource != "identitystore.amazonaws.com" || !e.ReadOnly || !e.ManagementEvent || e.RecipientAccountID != center || e.ResponseElements != nil {
			t.Errorf("event %+v", e)
		}
		if who := e.UserIdentity.OnBehalfOf; who == nil || who.UserID != analyst || who.IdentityStoreARN != storeARN {
			t.Errorf("on behalf of %+v", who)
		}
		if text := fmt.Sprint(e.RequestParameters); strings.Contains(text, "@example.com") {
			t.Errorf("the trail shows a name: %s", text)
		}
	}
	if got := events[2].ErrorCode; got != "ResourceNotFoundException" {
		t.Errorf("error code %s", got)
	}
}
