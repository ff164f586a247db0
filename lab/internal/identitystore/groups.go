package identitystore

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func groupKey(g *world.Group) string { return g.ID }

func (h *handlers) describeGroup(_ context.Context, c *awswire.Caller, in *identitystore.DescribeGroupInput) (*identitystore.DescribeGroupOutput, error) {
	store, err := h.store(c, in.IdentityStoreId, h.resource("group", *in.GroupId))
	if err != nil {
		return nil, err
	}
	g, ok := h.world.Group(store, *in.GroupId)
	if !ok {
		return nil, notFound(aGroup, *in.GroupId)
	}
	return &identitystore.DescribeGroupOutput{IdentityStoreId: &store.IdentityStoreID, GroupId: &g.ID, DisplayName: &g.DisplayName}, nil
}

func (h *handlers) listGroups(_ context.Context, c *awswire.Caller, in *identitystore.ListGroupsInput) (*identitystore.ListGroupsOutput, error) {
	store, err := h.store(c, in.IdentityStoreId, h.resource("group", all))
	if err != nil {
		return nil, err
	}
	groups := h.world.Groups(store)
	name, filtered, err := filter(in.Filters, "DisplayName") //nolint:staticcheck // clients still send them
	if err != nil {
		return nil, err
	}
	if filtered {
		groups = named(groups, name)
	}
	page, next, err := pageOf(groups, groupKey, "groups "+store.IdentityStoreID, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &identitystore.ListGroupsOutput{Groups: make([]types.Group, len(page)), NextToken: next}
	for i, g := range page {
		out.Groups[i] = types.Group{IdentityStoreId: &store.IdentityStoreID, GroupId: &g.ID, DisplayName: &g.DisplayName}
	}
	return out, nil
}

func named(groups []*world.Group, name string) []*world.Group {
	return slices.DeleteFunc(slices.Clone(groups), func(g *world.Group) bool { return g.DisplayName != name })
}

func (h *handlers) getGroupID(_ context.Context, c *awswire.Caller, in *identitystore.GetGroupIdInput) (*identitystore.GetGroupIdOutput, error) {
	store, err := h.store(c, in.IdentityStoreId, h.resource("group", all))
	if err != nil {
		return nil, err
	}
	by, ok := in.AlternateIdentifier.(*types.AlternateIdentifierMemberUniqueAttribute)
	if !ok { // groups of the world have no external ids
		return nil, notFound(aGroup, "")
	}
	if path := aws.ToString(by.Value.AttributePath); path != displayNamePath {
		return nil, unknownPath(path)
	}
	name, err := text(by.Value.AttributeValue)
	if err != nil {
		return nil, err
	}
	found := named(h.world.Groups(store), name)
	if len(found) == 0 {
		return nil, notFound(aGroup, "")
	}
	return &identitystore.GetGroupIdOutput{IdentityStoreId: &store.IdentityStoreID, GroupId: &found[0].ID}, nil
}

func (h *handlers) isMemberInGroups(_ context.Context, c *awswire.Caller, in *identitystore.IsMemberInGroupsInput) (*identitystore.IsMemberInGroupsOutput, error) {
	id, err := member(in.MemberId)
	if err != nil {
		return nil, err
	}
	resources := []string{h.resource("user", id), h.resource("membership", all)}
	for _, g := range in.GroupIds {
		resources = append(resources, h.resource("group", g))
	}
	store, err := h.store(c, in.IdentityStoreId, resources...)
	if err != nil {
		return nil, err
	}
	if _, ok := h.world.User(store, id); !ok {
		return nil, notFound(aUser, id)
	}
	out := &identitystore.IsMemberInGroupsOutput{}
	for _, groupID := range in.GroupIds {
		g, ok := h.world.Group(store, groupID)
		if !ok {
			return nil, notFound(aGroup, groupID)
		}
		out.Results = append(out.Results, types.GroupMembershipExistenceResult{
			GroupId: &g.ID, MemberId: in.MemberId, MembershipExists: slices.Contains(g.Members, id),
		})
	}
	return out, nil
}
