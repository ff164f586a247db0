package identitystore

import (
	"context"

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
	one := group(store, g)
	return &identitystore.DescribeGroupOutput{
		IdentityStoreId: one.IdentityStoreId, GroupId: one.GroupId, DisplayName: one.DisplayName, Description: one.Description,
		ExternalIds: one.ExternalIds, CreatedAt: one.CreatedAt, CreatedBy: one.CreatedBy, UpdatedAt: one.UpdatedAt, UpdatedBy: one.UpdatedBy,
	}, nil
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
		groups = nil
		if g, ok := h.world.GroupNamed(store, name); ok {
			groups = []*world.Group{g}
		}
	}
	page, next, err := pageOf(groups, groupKey, "groups "+store.IdentityStoreID, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &identitystore.ListGroupsOutput{Groups: make([]types.Group, len(page)), NextToken: next}
	for i, g := range page {
		out.Groups[i] = group(store, g)
	}
	return out, nil
}

func (h *handlers) getGroupID(_ context.Context, c *awswire.Caller, in *identitystore.GetGroupIdInput) (*identitystore.GetGroupIdOutput, error) {
	store, err := h.store(c, in.IdentityStoreId, h.resource("group", all))
	if err != nil {
		return nil, err
	}
	g, err := h.identifiedGroup(store, in.AlternateIdentifier)
	if err != nil {
		return nil, err
	}
	return &identitystore.GetGroupIdOutput{IdentityStoreId: &store.IdentityStoreID, GroupId: &g.ID}, nil
}

// identifiedGroup is the group with an alternate identifier.
func (h *handlers) identifiedGroup(store *world.Instance, by types.AlternateIdentifier) (g *world.Group, err error) {
	var found bool
	switch by := by.(type) {
	case *types.AlternateIdentifierMemberExternalId:
		g, found = h.world.GroupOfExternalID(store, world.ExternalIDFile{Issuer: aws.ToString(by.Value.Issuer), ID: aws.ToString(by.Value.Id)})
	case *types.AlternateIdentifierMemberUniqueAttribute:
		if path := aws.ToString(by.Value.AttributePath); canonical(path, displayNamePath) == "" {
			return nil, unknownPath(path)
		}
		name, err := text(by.Value.AttributeValue)
		if err != nil {
			return nil, err
		}
		g, found = h.world.GroupNamed(store, name)
	}
	if !found {
		return nil, notFound(aGroup, "")
	}
	return g, nil
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
		_, exists := h.world.MembershipOf(store, g.ID, id)
		out.Results = append(out.Results, types.GroupMembershipExistenceResult{GroupId: &g.ID, MemberId: in.MemberId, MembershipExists: exists})
	}
	return out, nil
}
