package identitystore

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func (h *handlers) createGroup(_ context.Context, c *awswire.Caller, in *identitystore.CreateGroupInput) (*identitystore.CreateGroupOutput, error) {
	store, err := h.store(c, in.IdentityStoreId)
	if err != nil {
		return nil, err
	}
	g := world.Group{DisplayName: aws.ToString(in.DisplayName), Description: aws.ToString(in.Description), StampFile: h.created(c)}
	if err := completeGroup(&g); err != nil {
		return nil, err
	}
	made, err := h.world.CreateGroup(store, g)
	if err != nil {
		return nil, refusal(err, "")
	}
	return &identitystore.CreateGroupOutput{IdentityStoreId: &store.IdentityStoreID, GroupId: &made.ID}, nil
}

func completeGroup(g *world.Group) error {
	if g.DisplayName == "" {
		return required([]string{"displayname"})
	}
	return unreserved(g.DisplayName)
}

func (h *handlers) updateGroup(_ context.Context, c *awswire.Caller, in *identitystore.UpdateGroupInput) (*identitystore.UpdateGroupOutput, error) {
	store, err := h.store(c, in.IdentityStoreId, h.resource("group", *in.GroupId))
	if err != nil {
		return nil, err
	}
	now := h.created(c)
	err = h.world.UpdateGroup(store, *in.GroupId, func(g *world.Group) error {
		for i := range in.Operations {
			if err := applyToGroup(g, &in.Operations[i]); err != nil {
				return err
			}
		}
		g.Updated, g.UpdatedBy = now.Updated, now.UpdatedBy
		return completeGroup(g)
	})
	if err != nil {
		return nil, refusal(err, *in.GroupId)
	}
	return &identitystore.UpdateGroupOutput{}, nil
}

// applyToGroup carries out one operation on a group.
func applyToGroup(g *world.Group, op *types.AttributeOperation) error {
	path := aws.ToString(op.AttributePath)
	value, err := decoded(op.AttributeValue)
	if err != nil {
		return err
	}
	key := strings.ToLower(path)
	return setText(map[string]*string{"displayname": &g.DisplayName, "description": &g.Description}[key], path, key, value)
}

func (h *handlers) deleteGroup(_ context.Context, c *awswire.Caller, in *identitystore.DeleteGroupInput) (*identitystore.DeleteGroupOutput, error) {
	store, err := h.store(c, in.IdentityStoreId, h.resource("group", *in.GroupId))
	if err != nil {
		return nil, err
	}
	if err := h.world.DeleteGroup(store, *in.GroupId); err != nil {
		return nil, refusal(err, *in.GroupId)
	}
	return &identitystore.DeleteGroupOutput{}, nil
}

func (h *handlers) createGroupMembership(_ context.Context, c *awswire.Caller, in *identitystore.CreateGroupMembershipInput) (*identitystore.CreateGroupMembershipOutput, error) {
	id, err := member(in.MemberId)
	if err != nil {
		return nil, err
	}
	store, err := h.store(c, in.IdentityStoreId, h.resource("group", *in.GroupId), h.resource("user", id))
	if err != nil {
		return nil, err
	}
	made, err := h.world.CreateMembership(store, world.Membership{GroupID: *in.GroupId, UserID: id, StampFile: h.created(c)})
	switch {
	case errors.Is(err, world.ErrNoUser):
		return nil, missing(aUser, id, "Member does not exist")
	case errors.Is(err, world.ErrNoGroup):
		return nil, missing(aGroup, *in.GroupId, "Group does not exist")
	case err != nil:
		return nil, refusal(err, "")
	}
	return &identitystore.CreateGroupMembershipOutput{IdentityStoreId: &store.IdentityStoreID, MembershipId: &made.ID}, nil
}

// deleteGroupMembership is authorized on the group and the user, too (Service
// Authorization Reference), if there is such a membership.
func (h *handlers) deleteGroupMembership(_ context.Context, c *awswire.Caller, in *identitystore.DeleteGroupMembershipInput) (*identitystore.DeleteGroupMembershipOutput, error) {
	resources := []string{h.resource("membership", *in.MembershipId)}
	if at, ok := h.world.IdentityStore(*in.IdentityStoreId); ok {
		if m, ok := h.world.Membership(at, *in.MembershipId); ok {
			resources = append(resources, h.resource("group", m.GroupID), h.resource("user", m.UserID))
		}
	}
	store, err := h.store(c, in.IdentityStoreId, resources...)
	if err != nil {
		return nil, err
	}
	if err := h.world.DeleteMembership(store, *in.MembershipId); err != nil {
		return nil, refusal(err, *in.MembershipId)
	}
	return &identitystore.DeleteGroupMembershipOutput{}, nil
}
