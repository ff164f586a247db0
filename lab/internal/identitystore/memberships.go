package identitystore

import (
	"cmp"
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// membership is one of a user in a group.
type membership struct{ id, group, user string }

func membershipKey(m membership) string { return m.id }

// memberships are those of the groups that pick chooses, in the order of their ids.
func memberships(groups []*world.Group, pick func(membership) bool) []membership {
	var list []membership
	for _, g := range groups {
		for _, u := range g.Members {
			if m := (membership{world.MembershipID(g, u), g.ID, u}); pick(m) {
				list = append(list, m)
			}
		}
	}
	slices.SortFunc(list, func(a, b membership) int { return cmp.Compare(a.id, b.id) })
	return list
}

// member is the user of a MemberId; there are no other members.
func member(id types.MemberId) (string, error) {
	if m, ok := id.(*types.MemberIdMemberUserId); ok {
		return m.Value, nil
	}
	return "", invalid("MemberId has no UserId.")
}

// entries are memberships in the API's form.
func entries(store *world.Instance, list []membership) []types.GroupMembership {
	out := make([]types.GroupMembership, len(list))
	for i, m := range list {
		out[i] = types.GroupMembership{
			IdentityStoreId: &store.IdentityStoreID, MembershipId: &m.id, GroupId: &m.group, MemberId: &types.MemberIdMemberUserId{Value: m.user},
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
	list := memberships([]*world.Group{g}, func(membership) bool { return true })
	page, next, err := pageOf(list, membershipKey, "members "+g.ID, in.MaxResults, in.NextToken)
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
	list := memberships(h.world.Groups(store), func(m membership) bool { return m.user == id })
	page, next, err := pageOf(list, membershipKey, "memberships "+id, in.MaxResults, in.NextToken)
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
	found := memberships(h.world.Groups(store), func(m membership) bool { return m.group == *in.GroupId && m.user == id })
	if len(found) == 0 {
		return nil, notFound(aMembership, "")
	}
	return &identitystore.GetGroupMembershipIdOutput{IdentityStoreId: &store.IdentityStoreID, MembershipId: &found[0].id}, nil
}

func (h *handlers) describeGroupMembership(_ context.Context, c *awswire.Caller, in *identitystore.DescribeGroupMembershipInput) (*identitystore.DescribeGroupMembershipOutput, error) {
	store, err := h.store(c, in.IdentityStoreId, h.resource("membership", *in.MembershipId))
	if err != nil {
		return nil, err
	}
	found := memberships(h.world.Groups(store), func(m membership) bool { return m.id == *in.MembershipId })
	if len(found) == 0 {
		return nil, notFound(aMembership, *in.MembershipId)
	}
	one := entries(store, found)[0]
	return &identitystore.DescribeGroupMembershipOutput{
		IdentityStoreId: one.IdentityStoreId, MembershipId: one.MembershipId, GroupId: one.GroupId, MemberId: one.MemberId,
	}, nil
}
