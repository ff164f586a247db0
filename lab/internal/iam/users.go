package iam

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func (h *handlers) createUser(_ context.Context, c *awswire.Caller, in *iam.CreateUserInput) (*iam.CreateUserOutput, error) {
	s, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	tags, err := foldedTags.tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	user := h.world.NewIAMUser(s.Account, path(in.Path), strings.Clone(*in.UserName))
	if err := h.permitNew(c, s, "User", user.ARN(), in.PermissionsBoundary, tags); err != nil {
		return nil, err
	}
	user.Tags = tags
	if user.BoundaryARN, err = h.boundary(s.Account, in.PermissionsBoundary); err != nil {
		return nil, err
	}
	switch err := h.world.AddIAMUser(user); {
	case errors.Is(err, world.ErrIAMExists):
		return nil, userExists(*in.UserName)
	case errors.Is(err, world.ErrIAMQuota):
		return nil, overQuota("UsersPerAccount", h.world.IAMQuotas(s.Account).Users)
	case errors.Is(err, world.ErrNoPolicy):
		return nil, noBoundary(user.BoundaryARN)
	}
	return &iam.CreateUserOutput{User: wholeUser(user)}, nil
}

func userExists(name string) error {
	return refuse("EntityAlreadyExists", "User with name %s already exists.", name)
}

// userOf is a user as ListUsers has it.
func userOf(u *world.IAMUser) *types.User {
	return &types.User{Path: &u.Path, UserName: &u.Name, UserId: &u.ID, Arn: aws.String(u.ARN()), CreateDate: &u.Created}
}

func wholeUser(u *world.IAMUser) *types.User {
	out := userOf(u)
	out.Tags, out.PermissionsBoundary = tagList(u.Tags), boundaryOf(&u.Entity)
	return out
}

func (h *handlers) getUser(_ context.Context, c *awswire.Caller, in *iam.GetUserInput) (*iam.GetUserOutput, error) {
	u, err := h.user(c, in.UserName, nil)
	if err != nil {
		return nil, err
	}
	return &iam.GetUserOutput{User: wholeUser(u)}, nil
}

func (h *handlers) listUsers(_ context.Context, c *awswire.Caller, in *iam.ListUsersInput) (*iam.ListUsersOutput, error) {
	p, err := pageBelow(h, c, "user", h.world.IAMUsers, entityOfUser, in.PathPrefix, paging{in.Marker, in.MaxItems, "users"})
	if err != nil {
		return nil, err
	}
	return &iam.ListUsersOutput{Users: converted(p.items, userOf), IsTruncated: p.truncated, Marker: p.marker}, nil
}

// updateUser renames and moves: it has to be allowed for the user before and after.
func (h *handlers) updateUser(_ context.Context, c *awswire.Caller, in *iam.UpdateUserInput) (*iam.UpdateUserOutput, error) {
	u, err := h.user(c, in.UserName, nil)
	if err != nil {
		return nil, err
	}
	newName, newPath := u.Name, u.Path
	if in.NewUserName != nil {
		newName = strings.Clone(*in.NewUserName)
	}
	if in.NewPath != nil {
		newPath = path(in.NewPath)
	}
	if after := h.arn(u.Account, "user", newPath, newName); after != u.ARN() {
		s, err := h.authz.Session(c)
		if err != nil {
			return nil, err
		}
		if err := h.permit(c, s, c.Operation, resource{arn: after, keys: entityKeys(&u.Entity, nil)}); err != nil {
			return nil, err
		}
	}
	_, err = h.world.ChangeIAMUser(u.Account, u.Name, func(u *world.IAMUser) error {
		u.Name, u.Path = newName, newPath
		return nil
	})
	if errors.Is(err, world.ErrIAMExists) {
		return nil, userExists(newName)
	}
	if err != nil {
		return nil, found(err, noUser(*in.UserName))
	}
	return &iam.UpdateUserOutput{}, nil
}

func (h *handlers) deleteUser(_ context.Context, c *awswire.Caller, in *iam.DeleteUserInput) (*iam.DeleteUserOutput, error) {
	u, err := h.user(c, in.UserName, nil)
	if err != nil {
		return nil, err
	}
	err = h.world.RemoveIAMUser(u.Account, u.Name, func(u *world.IAMUser) error {
		if len(u.Keys) > 0 {
			return conflict("Cannot delete entity, must delete access keys first.")
		}
		return empty(&u.Entity)
	})
	if err != nil {
		return nil, found(err, noUser(*in.UserName))
	}
	return &iam.DeleteUserOutput{}, nil
}

// changeUser authorizes the operation of c on a user and has edit change it.
func (h *handlers) changeUser(c *awswire.Caller, name *string, keys policy.Context, edit func(*world.IAMUser) error) (*world.IAMUser, error) {
	u, err := h.user(c, name, keys)
	if err != nil {
		return nil, err
	}
	changed, err := h.world.ChangeIAMUser(u.Account, u.Name, edit)
	return changed, found(err, noUser(u.Name))
}

func (h *handlers) tagUser(_ context.Context, c *awswire.Caller, in *iam.TagUserInput) (*iam.TagUserOutput, error) {
	tags, err := foldedTags.tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	_, err = h.changeUser(c, in.UserName, requestKeys(tags), func(u *world.IAMUser) error {
		u.Tags, err = foldedTags.added(u.Tags, tags)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &iam.TagUserOutput{}, nil
}

func (h *handlers) untagUser(_ context.Context, c *awswire.Caller, in *iam.UntagUserInput) (*iam.UntagUserOutput, error) {
	_, err := h.changeUser(c, in.UserName, untagKeys(in.TagKeys), func(u *world.IAMUser) error {
		u.Tags = foldedTags.without(u.Tags, in.TagKeys)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UntagUserOutput{}, nil
}

func (h *handlers) listUserTags(_ context.Context, c *awswire.Caller, in *iam.ListUserTagsInput) (*iam.ListUserTagsOutput, error) {
	u, err := h.user(c, in.UserName, nil)
	if err != nil {
		return nil, err
	}
	p, err := tagPage(u.Tags, paging{in.Marker, in.MaxItems, "tags " + u.ID})
	if err != nil {
		return nil, err
	}
	return &iam.ListUserTagsOutput{Tags: p.items, IsTruncated: p.truncated, Marker: p.marker}, nil
}

// listGroupsForUser finds none: the lab has no groups of IAM.
func (h *handlers) listGroupsForUser(_ context.Context, c *awswire.Caller, in *iam.ListGroupsForUserInput) (*iam.ListGroupsForUserOutput, error) {
	if _, err := h.user(c, in.UserName, nil); err != nil {
		return nil, err
	}
	return &iam.ListGroupsForUserOutput{Groups: []types.Group{}}, nil
}
