package identitystore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func membershipKey(m *world.Membership) string { return m.ID }

// member is the user of a MemberId; there are no other members.
func member(id types.MemberId) (string, error) {
	if m, ok := id.(*types.MemberIdMemberUserId); ok {
		return m.Value, nil
	}
	return "", invalid("MemberId has no UserId.")
}

// entries are memberships in the API's form.
func entries(store *world.Instance, list []*world.Membership) []types.GroupMembership {
	out := make([]types.GroupMembership, len(list))
	for i, m := range list {
		out[i] = types.GroupMembership{
			IdentityStoreId: &store.IdentityStoreID, MembershipId: &m.ID, GroupId: &m.GroupID, MemberId: &types.MemberIdMemberUserId{Value: m.UserID},
			CreatedAt: m.Created, CreatedBy: optional(m.CreatedBy), UpdatedAt: m.Updated, UpdatedBy: optional(m.UpdatedBy),
		}
	}
	return out
}

func (h *handlers) listGroupMemberships(_ context.Context, c *awswire.Caller, in *identitystore.ListGroupMembershipsInput) (*identitystore.ListGroupMembershipsOutput, error) {
	store, err := h.store(c, in.IdentityStoreId, h.resource("group", *in.GroupId), h.resource("membership", all))
	if err != nil {
		return nil, err
	}
	g, ok := h.world.Group(store, *in.GroupId)
	if !ok {
		return nil, notFound(aGroup, *in.GroupId)
	}
	page, next, err := pageOf(h.world.Members(store, g.ID), membershipKey, "members "+g.ID, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &identitystore.ListGroupMembershipsOutput{GroupMemberships: entries(store, page), NextToken: next}, nil
}

func (h *handlers) listGroupMembershipsForMember(_ context.Context, c *awswire.Caller, in *identitystore.ListGroupMembershipsForMemberInput) (*identitystore.ListGroupMembershipsForMemberOutput, error) {
	id, err := member(in.MemberId)
	if err != nil {
		return nil, err
	}
	store, err := h.store(c, in.IdentityStoreId, h.resource("user", id), h.resource("membership", all))
	if err != nil {
		return nil, err
	}
	if _, ok := h.world.User(store, id); !ok {
		return nil, notFound(aUser, id)
	}
	page, next, err := pageOf(h.world.Memberships(store, id), membershipKey, "memberships "+id, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	return &identitystore.ListGroupMembershipsForMemberOutput{GroupMemberships: entries(store, page), NextToken: next}, nil
}

func (h *handlers) getGroupMembershipID(_ context.Context, c *awswire.Caller, in *identitystore.GetGroupMembershipIdInput) (*identitystore.GetGroupMembershipIdOutput, error) {
	id, err := member(in.MemberId)
	if err != nil {
		return nil, err
	}
	store, err := h.store(c, in.IdentityStoreId, h.resource("group", *in.GroupId), h.resource("user", id), h.resource("membership", all))
	if err != nil {
		return nil, err
	}
	m, ok := h.world.MembershipOf(store, *in.GroupId, id)
	if !ok {
		return nil, notFound(aMembership, "")
	}
	return &identitystore.GetGroupMembershipIdOutput{IdentityStoreId: &store.IdentityStoreID, MembershipId: &m.ID}, nil
}

func (h *handlers) describeGroupMembership(_ context.Context, c *awswire.Caller, in *identitystore.DescribeGroupMembershipInput) (*identitystore.DescribeGroupMembershipOutput, error) {
	store, err := h.store(c, in.IdentityStoreId, h.resource("membership", *in.MembershipId))
	if err != nil {
		return nil, err
	}
	m, ok := h.world.Membership(store, *in.MembershipId)
	if !ok {
		return nil, notFound(aMembership, *in.MembershipId)
	}
	one := entries(store, []*world.Membership{m})[0]
	return &identitystore.DescribeGroupMembershipOutput{
		IdentityStoreId: one.IdentityStoreId, MembershipId: one.MembershipId, GroupId: one.GroupId, MemberId: one.MemberId,
		CreatedAt: one.CreatedAt, CreatedBy: one.CreatedBy, UpdatedAt: one.UpdatedAt, UpdatedBy: one.UpdatedBy,
	}, nil
}
