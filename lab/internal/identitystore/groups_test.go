package identitystore_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// TestGroup makes a group with a member, reads both back, changes and deletes them.
func TestGroup(t *testing.T) {
	b := start(t)
	ctx := t.Context()
	made, err := b.CreateGroup(ctx, &identitystore.CreateGroupInput{IdentityStoreId: id(), DisplayName: aws.String("New group"), Description: aws.String("Some people.")})
	group := probe.Must(t, made, err).GroupId
	out, err := b.DescribeGroup(ctx, &identitystore.DescribeGroupInput{IdentityStoreId: id(), GroupId: group})
	want := &identitystore.DescribeGroupOutput{
		IdentityStoreId: id(), GroupId: group, DisplayName: aws.String("New group"), Description: aws.String("Some people."),
		CreatedAt: probe.Must(t, out, err).CreatedAt, UpdatedAt: out.CreatedAt, CreatedBy: aws.String(caller), UpdatedBy: aws.String(caller),
	}
	if diff := cmp.Diff(want, out, same); diff != "" || out.CreatedAt == nil {
		t.Errorf("group (-want +got):\n%s", diff)
	}
	there := b.join(t, *group, engineer)
	got, err := b.DescribeGroupMembership(ctx, &identitystore.DescribeGroupMembershipInput{IdentityStoreId: id(), MembershipId: &there})
	membership := &identitystore.DescribeGroupMembershipOutput{
		IdentityStoreId: id(), MembershipId: &there, GroupId: group, MemberId: member(engineer),
		CreatedAt: probe.Must(t, got, err).CreatedAt, UpdatedAt: got.CreatedAt, CreatedBy: aws.String(caller), UpdatedBy: aws.String(caller),
	}
	if diff := cmp.Diff(membership, got, same); diff != "" || got.CreatedAt == nil {
		t.Errorf("membership (-want +got):\n%s", diff)
	}
	probe.Expect(t, probe.Answer{}, b.updateGroup(*group, setting("displayName", "renamed"), setting("DESCRIPTION", nil)))
	list, err := b.ListGroups(ctx, &identitystore.ListGroupsInput{IdentityStoreId: id(), Filters: []types.Filter{ //nolint:staticcheck // clients still send them
		{AttributePath: aws.String("DisplayName"), AttributeValue: aws.String("renamed")},
	}})
	if found := probe.Must(t, list, err).Groups; len(found) != 1 || *found[0].GroupId != *group || found[0].Description != nil {
		t.Errorf("renamed: %+v", found)
	}
	_, err = b.DeleteGroup(ctx, &identitystore.DeleteGroupInput{IdentityStoreId: id(), GroupId: group})
	probe.Expect(t, probe.Answer{}, err)
	_, err = b.DescribeGroup(ctx, &identitystore.DescribeGroupInput{IdentityStoreId: id(), GroupId: group})
	probe.Expect(t, notFound("GROUP not found."), err)
	_, err = b.DescribeGroupMembership(ctx, &identitystore.DescribeGroupMembershipInput{IdentityStoreId: id(), MembershipId: &there})
	probe.Expect(t, notFound("GROUP_MEMBERSHIP not found."), err)
	b.group(t, "renamed")
}

// TestGroupOfExternalID: what provisioning left of a group is read, and not written.
func TestGroupOfExternalID(t *testing.T) {
	known := types.ExternalId{Issuer: aws.String("https://scim.aws.com/example"), Id: aws.String("group-1")}
	b := start(t, func(w *lab.World) {
		w.IdentityCenter[0].Groups[0].ExternalIDs = []world.ExternalIDFile{{Issuer: *known.Issuer, ID: *known.Id}}
	})
	find := func(e types.ExternalId) (*identitystore.GetGroupIdOutput, error) {
		return b.GetGroupId(t.Context(), &identitystore.GetGroupIdInput{IdentityStoreId: id(), AlternateIdentifier: &types.AlternateIdentifierMemberExternalId{Value: e}})
	}
	out, err := find(known)
	if got := *probe.Must(t, out, err).GroupId; got != analysts {
		t.Errorf("found %s", got)
	}
	_, err = find(types.ExternalId{Issuer: aws.String("https://other.example.com"), Id: known.Id})
	probe.Expect(t, notFound("GROUP not found."), err)
	group, err := b.DescribeGroup(t.Context(), &identitystore.DescribeGroupInput{IdentityStoreId: id(), GroupId: aws.String(analysts)})
	if diff := cmp.Diff([]types.ExternalId{known}, probe.Must(t, group, err).ExternalIds, same); diff != "" {
		t.Errorf("external ids (-want +got):\n%s", diff)
	}
}

// TestDeletedUser: a user who goes leaves every group.
func TestDeletedUser(t *testing.T) {
	b := start(t)
	user := b.user(t, plain("somebody"))
	there := b.join(t, analysts, user)
	_, err := b.DeleteUser(t.Context(), &identitystore.DeleteUserInput{IdentityStoreId: id(), UserId: &user})
	probe.Expect(t, probe.Answer{}, err)
	list, err := b.ListGroupMemberships(t.Context(), &identitystore.ListGroupMembershipsInput{IdentityStoreId: id(), GroupId: aws.String(analysts)})
	for _, m := range probe.Must(t, list, err).GroupMemberships {
		if *m.MembershipId == there {
			t.Errorf("the membership is still there: %+v", m)
		}
	}
	_, err = b.ListGroupMembershipsForMember(t.Context(), &identitystore.ListGroupMembershipsForMemberInput{IdentityStoreId: id(), MemberId: member(user)})
	probe.Expect(t, notFound("USER not found."), err)
}
