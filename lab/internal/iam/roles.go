package iam

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// trustSize is the quota of a trust policy, in characters without white space.
const trustSize = 2048

func (h *handlers) createRole(_ context.Context, c *awswire.Caller, in *iam.CreateRoleInput) (*iam.CreateRoleOutput, error) {
	s, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	tags, err := foldedTags.tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	role := h.world.NewRole(s.Account, path(in.Path), strings.Clone(*in.RoleName))
	if err := h.permitNew(c, s, "Role", role.ARN(), in.PermissionsBoundary, tags); err != nil {
		return nil, err
	}
	if role.Trust, err = h.trust(*in.AssumeRolePolicyDocument); err != nil {
		return nil, err
	}
	role.Tags, role.Description = tags, strings.Clone(aws.ToString(in.Description))
	if in.MaxSessionDuration != nil {
		role.MaxSessionDuration = time.Duration(*in.MaxSessionDuration) * time.Second
	}
	if role.BoundaryARN, err = h.boundary(s.Account, in.PermissionsBoundary); err != nil {
		return nil, err
	}
	switch err := h.world.AddRole(role); {
	case errors.Is(err, world.ErrIAMExists):
		return nil, refuse("EntityAlreadyExists", "Role with name %s already exists.", *in.RoleName)
	case errors.Is(err, world.ErrIAMQuota):
		return nil, overQuota("RolesPerAccount", h.world.IAMQuotas(s.Account).Roles)
	case errors.Is(err, world.ErrNoPolicy):
		return nil, noBoundary(role.BoundaryARN)
	}
	out := roleOf(role)
	out.Tags, out.PermissionsBoundary = tagList(role.Tags), boundaryOf(&role.Entity)
	return &iam.CreateRoleOutput{Role: out}, nil
}

// permitNew authorizes the making of a role or user, and of its tags.
func (h *handlers) permitNew(c *awswire.Caller, s *world.Session, kind, arn string, boundary *string, tags map[string]string) error {
	keys := requestKeys(tags)
	if boundary != nil {
		keys.Set("iam:PermissionsBoundary", *boundary)
	}
	if err := h.permit(c, s, c.Operation, resource{arn: arn, keys: maps.Clone(keys)}); err != nil {
		return err
	}
	if len(tags) == 0 {
		return nil
	}
	return h.permit(c, s, "Tag"+kind, resource{arn: arn, keys: keys})
}

// path is a path of a request, which outlives it.
func path(p *string) string {
	if p == nil {
		return "/"
	}
	return strings.Clone(*p)
}

// trust reads a trust policy and looks whether the roles and users that it names
// exist, as far as their accounts are of this world.
func (h *handlers) trust(text string) (*policy.Document, error) {
	doc, err := parse(strings.Clone(text), policy.Trust)
	if err != nil {
		return nil, err
	}
	gone := doc.PrincipalIDs() // what IAM shows of deleted ones cannot be saved
	for _, arn := range doc.PrincipalARNs() {
		if !h.world.HasPrincipal(arn) {
			gone = append(gone, arn)
		}
	}
	if len(gone) > 0 {
		return nil, refuse("MalformedPolicyDocument", `Invalid principal in policy: "AWS":"%s"`, gone[0])
	}
	if policy.Size([]byte(text)) > trustSize {
		return nil, overQuota("ACLSizePerRole", trustSize)
	}
	return doc, nil
}

// roleOf is a role as all answers have it.
func roleOf(r *world.Role) *types.Role {
	out := &types.Role{
		Path: &r.Path, RoleName: &r.Name, RoleId: &r.ID, Arn: aws.String(r.ARN()), CreateDate: &r.Created, AssumeRolePolicyDocument: encoded(r.Trust),
	}
	if r.Description != "" {
		out.Description = &r.Description
	}
	return out
}

// listedRole is a role as ListRoles has it.
func listedRole(r *world.Role) *types.Role {
	out := roleOf(r)
	out.MaxSessionDuration = aws.Int32(int32(r.MaxSessionDuration / time.Second))
	return out
}

func (h *handlers) lastUsed(r *world.Role) *types.RoleLastUsed {
	use, ok := h.world.LastUse(r.ID)
	if !ok {
		return &types.RoleLastUsed{}
	}
	return &types.RoleLastUsed{LastUsedDate: &use.At, Region: &use.Region}
}

func (h *handlers) getRole(_ context.Context, c *awswire.Caller, in *iam.GetRoleInput) (*iam.GetRoleOutput, error) {
	r, err := h.role(c, *in.RoleName, nil)
	if err != nil {
		return nil, err
	}
	out := listedRole(r)
	out.Tags, out.PermissionsBoundary, out.RoleLastUsed = tagList(r.Tags), boundaryOf(&r.Entity), h.lastUsed(r)
	return &iam.GetRoleOutput{Role: out}, nil
}

func (h *handlers) listRoles(_ context.Context, c *awswire.Caller, in *iam.ListRolesInput) (*iam.ListRolesOutput, error) {
	p, err := pageBelow(h, c, "role", h.world.Roles, entityOfRole, in.PathPrefix, paging{in.Marker, in.MaxItems, "roles"})
	if err != nil {
		return nil, err
	}
	return &iam.ListRolesOutput{Roles: converted(p.items, listedRole), IsTruncated: p.truncated, Marker: p.marker}, nil
}

func (h *handlers) updateRole(_ context.Context, c *awswire.Caller, in *iam.UpdateRoleInput) (*iam.UpdateRoleOutput, error) {
	_, err := h.changeRole(c, *in.RoleName, nil, func(r *world.Role) error {
		if in.Description != nil {
			r.Description = strings.Clone(*in.Description)
		}
		if in.MaxSessionDuration != nil {
			r.MaxSessionDuration = time.Duration(*in.MaxSessionDuration) * time.Second
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UpdateRoleOutput{}, nil
}

// changeRole authorizes the operation of c on a role and has edit change it.
func (h *handlers) changeRole(c *awswire.Caller, name string, keys policy.Context, edit func(*world.Role) error) (*world.Role, error) {
	r, err := h.role(c, name, keys)
	if err != nil {
		return nil, err
	}
	changed, err := h.world.ChangeRole(r.Account, r.Name, edit)
	return changed, found(err, noRole(name))
}

func (h *handlers) updateRoleDescription(_ context.Context, c *awswire.Caller, in *iam.UpdateRoleDescriptionInput) (*iam.UpdateRoleDescriptionOutput, error) {
	r, err := h.changeRole(c, *in.RoleName, nil, func(r *world.Role) error {
		r.Description = strings.Clone(*in.Description)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UpdateRoleDescriptionOutput{Role: roleOf(r)}, nil
}

func (h *handlers) updateAssumeRolePolicy(_ context.Context, c *awswire.Caller, in *iam.UpdateAssumeRolePolicyInput) (*iam.UpdateAssumeRolePolicyOutput, error) {
	r, err := h.role(c, *in.RoleName, nil)
	if err != nil {
		return nil, err
	}
	trust, err := h.trust(*in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	_, err = h.world.ChangeRole(r.Account, r.Name, func(r *world.Role) error {
		r.Trust = trust
		return nil
	})
	if err != nil {
		return nil, found(err, noRole(*in.RoleName))
	}
	return &iam.UpdateAssumeRolePolicyOutput{}, nil
}

func (h *handlers) deleteRole(_ context.Context, c *awswire.Caller, in *iam.DeleteRoleInput) (*iam.DeleteRoleOutput, error) {
	r, err := h.role(c, *in.RoleName, nil)
	if err != nil {
		return nil, err
	}
	err = h.world.RemoveRole(r.Account, r.Name, func(r *world.Role) error { return empty(&r.Entity) })
	if err != nil {
		return nil, found(err, noRole(*in.RoleName))
	}
	return &iam.DeleteRoleOutput{}, nil
}

// empty refuses to delete a role or user with policies.
func empty(e *world.Entity) error {
	switch {
	case len(e.Attached) > 0:
		return conflict("Cannot delete entity, must detach all policies first.")
	case len(e.Inline) > 0:
		return conflict("Cannot delete entity, must delete policies first.")
	}
	return nil
}

func (h *handlers) tagRole(_ context.Context, c *awswire.Caller, in *iam.TagRoleInput) (*iam.TagRoleOutput, error) {
	tags, err := foldedTags.tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	_, err = h.changeRole(c, *in.RoleName, requestKeys(tags), func(r *world.Role) error {
		r.Tags, err = foldedTags.added(r.Tags, tags)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &iam.TagRoleOutput{}, nil
}

func (h *handlers) untagRole(_ context.Context, c *awswire.Caller, in *iam.UntagRoleInput) (*iam.UntagRoleOutput, error) {
	_, err := h.changeRole(c, *in.RoleName, untagKeys(in.TagKeys), func(r *world.Role) error {
		r.Tags = foldedTags.without(r.Tags, in.TagKeys)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UntagRoleOutput{}, nil
}

func (h *handlers) listRoleTags(_ context.Context, c *awswire.Caller, in *iam.ListRoleTagsInput) (*iam.ListRoleTagsOutput, error) {
	r, err := h.role(c, *in.RoleName, nil)
	if err != nil {
		return nil, err
	}
	p, err := tagPage(r.Tags, paging{in.Marker, in.MaxItems, "tags " + r.ID})
	if err != nil {
		return nil, err
	}
	return &iam.ListRoleTagsOutput{Tags: p.items, IsTruncated: p.truncated, Marker: p.marker}, nil
}

// listInstanceProfilesForRole finds none: the lab has no instances.
func (h *handlers) listInstanceProfilesForRole(_ context.Context, c *awswire.Caller, in *iam.ListInstanceProfilesForRoleInput) (*iam.ListInstanceProfilesForRoleOutput, error) {
	if _, err := h.role(c, *in.RoleName, nil); err != nil {
		return nil, err
	}
	return &iam.ListInstanceProfilesForRoleOutput{InstanceProfiles: []types.InstanceProfile{}}, nil
}
