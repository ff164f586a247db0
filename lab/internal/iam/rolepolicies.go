package iam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

func (h *handlers) putRolePolicy(_ context.Context, c *awswire.Caller, in *iam.PutRolePolicyInput) (*iam.PutRolePolicyOutput, error) {
	x, err := h.roleHolder(c, *in.RoleName, nil)
	if err != nil {
		return nil, err
	}
	return &iam.PutRolePolicyOutput{}, x.putInline(*in.PolicyName, *in.PolicyDocument)
}

func (h *handlers) getRolePolicy(_ context.Context, c *awswire.Caller, in *iam.GetRolePolicyInput) (*iam.GetRolePolicyOutput, error) {
	x, err := h.roleHolder(c, *in.RoleName, nil)
	if err != nil {
		return nil, err
	}
	p, err := x.inline(*in.PolicyName)
	if err != nil {
		return nil, err
	}
	return &iam.GetRolePolicyOutput{RoleName: &x.Name, PolicyName: &p.Name, PolicyDocument: encoded(p.Document)}, nil
}

func (h *handlers) listRolePolicies(_ context.Context, c *awswire.Caller, in *iam.ListRolePoliciesInput) (*iam.ListRolePoliciesOutput, error) {
	x, err := h.roleHolder(c, *in.RoleName, nil)
	if err != nil {
		return nil, err
	}
	p, err := x.inlineNames(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListRolePoliciesOutput{PolicyNames: p.items, IsTruncated: p.truncated, Marker: p.marker}, nil
}

func (h *handlers) deleteRolePolicy(_ context.Context, c *awswire.Caller, in *iam.DeleteRolePolicyInput) (*iam.DeleteRolePolicyOutput, error) {
	x, err := h.roleHolder(c, *in.RoleName, nil)
	if err != nil {
		return nil, err
	}
	return &iam.DeleteRolePolicyOutput{}, x.dropInline(*in.PolicyName)
}

func (h *handlers) attachRolePolicy(_ context.Context, c *awswire.Caller, in *iam.AttachRolePolicyInput) (*iam.AttachRolePolicyOutput, error) {
	x, err := h.roleHolder(c, *in.RoleName, attachKeys(*in.PolicyArn))
	if err != nil {
		return nil, err
	}
	return &iam.AttachRolePolicyOutput{}, h.attach(x, *in.PolicyArn)
}

func (h *handlers) detachRolePolicy(_ context.Context, c *awswire.Caller, in *iam.DetachRolePolicyInput) (*iam.DetachRolePolicyOutput, error) {
	x, err := h.roleHolder(c, *in.RoleName, attachKeys(*in.PolicyArn))
	if err != nil {
		return nil, err
	}
	return &iam.DetachRolePolicyOutput{}, h.detach(x, *in.PolicyArn)
}

func (h *handlers) listAttachedRolePolicies(_ context.Context, c *awswire.Caller, in *iam.ListAttachedRolePoliciesInput) (*iam.ListAttachedRolePoliciesOutput, error) {
	x, err := h.roleHolder(c, *in.RoleName, nil)
	if err != nil {
		return nil, err
	}
	p, err := h.attached(x, in.PathPrefix, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListAttachedRolePoliciesOutput{AttachedPolicies: p.items, IsTruncated: p.truncated, Marker: p.marker}, nil
}

func (h *handlers) putRolePermissionsBoundary(_ context.Context, c *awswire.Caller, in *iam.PutRolePermissionsBoundaryInput) (*iam.PutRolePermissionsBoundaryOutput, error) {
	x, err := h.roleHolder(c, *in.RoleName, boundaryKeys(*in.PermissionsBoundary))
	if err != nil {
		return nil, err
	}
	return &iam.PutRolePermissionsBoundaryOutput{}, h.setBoundary(x, in.PermissionsBoundary)
}

func (h *handlers) deleteRolePermissionsBoundary(_ context.Context, c *awswire.Caller, in *iam.DeleteRolePermissionsBoundaryInput) (*iam.DeleteRolePermissionsBoundaryOutput, error) {
	x, err := h.roleHolder(c, *in.RoleName, nil)
	if err != nil {
		return nil, err
	}
	return &iam.DeleteRolePermissionsBoundaryOutput{}, h.setBoundary(x, nil)
}
