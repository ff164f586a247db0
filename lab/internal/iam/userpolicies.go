package iam

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

func (h *handlers) putUserPolicy(_ context.Context, c *awswire.Caller, in *iam.PutUserPolicyInput) (*iam.PutUserPolicyOutput, error) {
	x, err := h.userHolder(c, *in.UserName, nil)
	if err != nil {
		return nil, err
	}
	return &iam.PutUserPolicyOutput{}, x.putInline(*in.PolicyName, *in.PolicyDocument)
}

func (h *handlers) getUserPolicy(_ context.Context, c *awswire.Caller, in *iam.GetUserPolicyInput) (*iam.GetUserPolicyOutput, error) {
	x, err := h.userHolder(c, *in.UserName, nil)
	if err != nil {
		return nil, err
	}
	p, err := x.inline(*in.PolicyName)
	if err != nil {
		return nil, err
	}
	return &iam.GetUserPolicyOutput{UserName: &x.Name, PolicyName: &p.Name, PolicyDocument: encoded(p.Document)}, nil
}

func (h *handlers) listUserPolicies(_ context.Context, c *awswire.Caller, in *iam.ListUserPoliciesInput) (*iam.ListUserPoliciesOutput, error) {
	x, err := h.userHolder(c, *in.UserName, nil)
	if err != nil {
		return nil, err
	}
	p, err := x.inlineNames(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListUserPoliciesOutput{PolicyNames: p.items, IsTruncated: p.truncated, Marker: p.marker}, nil
}

func (h *handlers) deleteUserPolicy(_ context.Context, c *awswire.Caller, in *iam.DeleteUserPolicyInput) (*iam.DeleteUserPolicyOutput, error) {
	x, err := h.userHolder(c, *in.UserName, nil)
	if err != nil {
		return nil, err
	}
	return &iam.DeleteUserPolicyOutput{}, x.dropInline(*in.PolicyName)
}

func (h *handlers) attachUserPolicy(_ context.Context, c *awswire.Caller, in *iam.AttachUserPolicyInput) (*iam.AttachUserPolicyOutput, error) {
	x, err := h.userHolder(c, *in.UserName, attachKeys(*in.PolicyArn))
	if err != nil {
		return nil, err
	}
	return &iam.AttachUserPolicyOutput{}, h.attach(x, *in.PolicyArn)
}

func (h *handlers) detachUserPolicy(_ context.Context, c *awswire.Caller, in *iam.DetachUserPolicyInput) (*iam.DetachUserPolicyOutput, error) {
	x, err := h.userHolder(c, *in.UserName, attachKeys(*in.PolicyArn))
	if err != nil {
		return nil, err
	}
	return &iam.DetachUserPolicyOutput{}, h.detach(x, *in.PolicyArn)
}

func (h *handlers) listAttachedUserPolicies(_ context.Context, c *awswire.Caller, in *iam.ListAttachedUserPoliciesInput) (*iam.ListAttachedUserPoliciesOutput, error) {
	x, err := h.userHolder(c, *in.UserName, nil)
	if err != nil {
		return nil, err
	}
	p, err := h.attached(x, in.PathPrefix, in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	return &iam.ListAttachedUserPoliciesOutput{AttachedPolicies: p.items, IsTruncated: p.truncated, Marker: p.marker}, nil
}

func (h *handlers) putUserPermissionsBoundary(_ context.Context, c *awswire.Caller, in *iam.PutUserPermissionsBoundaryInput) (*iam.PutUserPermissionsBoundaryOutput, error) {
	x, err := h.userHolder(c, *in.UserName, boundaryKeys(*in.PermissionsBoundary))
	if err != nil {
		return nil, err
	}
	return &iam.PutUserPermissionsBoundaryOutput{}, h.setBoundary(x, in.PermissionsBoundary)
}

func (h *handlers) deleteUserPermissionsBoundary(_ context.Context, c *awswire.Caller, in *iam.DeleteUserPermissionsBoundaryInput) (*iam.DeleteUserPermissionsBoundaryOutput, error) {
	x, err := h.userHolder(c, *in.UserName, nil)
	if err != nil {
		return nil, err
	}
	return &iam.DeleteUserPermissionsBoundaryOutput{}, h.setBoundary(x, nil)
}
