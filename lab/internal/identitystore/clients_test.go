package identitystore_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// TestForeignClients: all nineteen operations with boto3 and the AWS CLI.
func TestForeignClients(t *testing.T) {
	for _, kind := range []string{"boto3", "cli"} {
		t.Run(kind, func(t *testing.T) {
			var p aws.CredentialsProvider
			b := probe.Start(t, func(w *lab.World) { p = probe.Administrator(w, probe.Center) })
			f := b.On(t).Foreign(kind, "identitystore", p)
			directoryOf(t, f)
		})
	}
}

type members = probe.Members

// directoryOf does everything that the service can with a client.
func directoryOf(t *testing.T, f *probe.Foreign) {
	in := func(kv ...any) []any { return append([]any{"IdentityStoreId", store}, kv...) }
	user := f.Call("", "CreateUser", in("UserName", "new@example.com", "DisplayName", "New",
		"Name", members{"GivenName": "N", "FamilyName": "W"}, "Emails", []members{{"Value": "new@example.com", "Type": "work", "Primary": true}},
		"Extensions", members{enterprise: members{"department": "D"}})...)["UserId"]
	group := f.Call("", "CreateGroup", in("DisplayName", "new", "Description", "New people")...)["GroupId"]
	membership := f.Call("", "CreateGroupMembership", in("GroupId", group, "MemberId", members{"UserId": user})...)["MembershipId"]
	f.Call("ConflictException", "CreateGroupMembership", in("GroupId", group, "MemberId", members{"UserId": user})...)
	f.Call("ConflictException", "CreateUser", in("UserName", "NEW@example.com", "DisplayName", "x", "Name", members{"GivenName": "N", "FamilyName": "W"})...)
	f.Call("ConflictException", "CreateGroup", in("DisplayName", "new")...)
	f.Call("ValidationException", "CreateUser", in("UserName", "bare")...)

	f.Call("", "UpdateUser", in("UserId", user, "Operations", []members{
		{"AttributePath": "displayName", "AttributeValue": "Newer"},
		{"AttributePath": "emails", "AttributeValue": []members{{"Value": "newer@example.com", "Type": "work", "Primary": true}}},
	})...)
	f.Call("", "UpdateGroup", in("GroupId", group, "Operations", []members{{"AttributePath": "displayName", "AttributeValue": "newer"}})...)
	f.Call("ValidationException", "UpdateUser", in("UserId", user, "Operations", []members{{"AttributePath": "emails.value", "AttributeValue": "x"}})...)
	f.Call("ResourceNotFoundException", "UpdateGroup", in("GroupId", nothing, "Operations", []members{{"AttributePath": "description", "AttributeValue": "x"}})...)

	is := f.Call("", "DescribeUser", in("UserId", user, "Extensions", []string{enterprise})...)
	if diff := cmp.Diff([]any{"Newer", []any{members{"Value": "newer@example.com", "Type": "work", "Primary": true}}, members{enterprise: members{"department": "D"}}},
		[]any{is["DisplayName"], is["Emails"], is["Extensions"]}); diff != "" {
		t.Errorf("user (-want +got):\n%s", diff)
	}
	if is["CreatedAt"] == nil { // in the form of the client
		t.Error("no time of creation")
	}
	g := f.Call("", "DescribeGroup", in("GroupId", group)...)
	m := f.Call("", "DescribeGroupMembership", in("MembershipId", membership)...)
	if diff := cmp.Diff([]any{"newer", group, members{"UserId": user}}, []any{g["DisplayName"], m["GroupId"], m["MemberId"]}); diff != "" {
		t.Errorf("group and membership (-want +got):\n%s", diff)
	}
	unique := func(path, value string) members {
		return members{"UniqueAttribute": members{"AttributePath": path, "AttributeValue": value}}
	}
	found := []any{
		f.Call("", "GetUserId", in("AlternateIdentifier", unique("emails.value", "newer@example.com"))...)["UserId"],
		f.Call("", "GetGroupId", in("AlternateIdentifier", unique("displayName", "newer"))...)["GroupId"],
		f.Call("", "GetGroupMembershipId", in("GroupId", group, "MemberId", members{"UserId": user})...)["MembershipId"],
	}
	if diff := cmp.Diff([]any{user, group, membership}, found); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
	count := func(list any) int { return len(list.([]any)) }
	counts := []int{
		count(f.Call("", "ListUsers", in()...)["Users"]), count(f.Call("", "ListGroups", in()...)["Groups"]),
		count(f.Call("", "ListGroupMemberships", in("GroupId", group)...)["GroupMemberships"]),
		count(f.Call("", "ListGroupMembershipsForMember", in("MemberId", members{"UserId": user})...)["GroupMemberships"]),
		count(f.Call("", "IsMemberInGroups", in("MemberId", members{"UserId": user}, "GroupIds", []any{group})...)["Results"]),
	}
	if diff := cmp.Diff([]int{3, 3, 1, 1, 1}, counts); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}
	f.Call("", "DeleteGroupMembership", in("MembershipId", membership)...)
	f.Call("", "DeleteGroup", in("GroupId", group)...)
	f.Call("", "DeleteUser", in("UserId", user)...)
	f.Call("ResourceNotFoundException", "DeleteUser", in("UserId", user)...)
}

// TestTrail: changes are in the trail with ids and without attributes.
func TestTrail(t *testing.T) {
	b := start(t)
	user := b.user(t, full())
	probe.Expect(t, probe.Answer{}, b.update(user, setting("title", "Secret title")))
	probe.Expect(t, notFound("*"), b.update(nothing, setting("title", "Secret title")))
	created, updated := labtest.Events(b.Lab, labtest.Named("CreateUser")), labtest.Events(b.Lab, labtest.Named("UpdateUser"))
	if len(created) != 1 || len(updated) != 2 {
		t.Fatalf("%d and %d events", len(created), len(updated))
	}
	const hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"
	e := created[0]
	if e.EventSource != "identitystore.amazonaws.com" || e.ReadOnly || e.RecipientAccountID != probe.Center || e.RequestParameters["userName"] != hidden {
		t.Errorf("event %+v", e)
	}
	if diff := cmp.Diff(map[string]any{"identityStoreId": store, "userId": user}, e.ResponseElements); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	want := map[string]any{"identityStoreId": store, "userId": user, "operations": []any{map[string]any{"attributePath": "title", "attributeValue": hidden}}}
	if diff := cmp.Diff(want, updated[0].RequestParameters); diff != "" {
		t.Errorf("update (-want +got):\n%s", diff)
	}
	if code := updated[1].ErrorCode; code != "ResourceNotFoundException" {
		t.Errorf("error code %q", code)
	}
	for i := range created[0].RequestParameters {
		if text, ok := created[0].RequestParameters[i].(string); ok && (strings.Contains(text, "example") || strings.Contains(text, "Full")) {
			t.Errorf("%s shows %s", i, text)
		}
	}
}
