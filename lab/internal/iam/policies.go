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

// Quotas of a managed policy (IAM user guide, "IAM and AWS STS quotas").
const (
	policySize  = 6_144
	maxVersions = 5
)

// managed reads the document of a managed policy.
func managed(text string) (*policy.Document, error) {
	doc, err := parse(strings.Clone(text), policy.Identity)
	if err != nil {
		return nil, err
	}
	if doc.Version() != policy.Version2012 {
		return nil, refuse("MalformedPolicyDocument", "Policy document must be version 2012-10-17 or greater.")
	}
	if policy.Size([]byte(text)) > policySize {
		return nil, overQuota("PolicySize", policySize)
	}
	return doc, nil
}

func (h *handlers) createPolicy(_ context.Context, c *awswire.Caller, in *iam.CreatePolicyInput) (*iam.CreatePolicyOutput, error) {
	s, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	tags, err := exactTags.tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	name, below := strings.Clone(*in.PolicyName), path(in.Path)
	r := resource{arn: h.arn(s.Account, "policy", below, name), shown: "policy " + name, keys: requestKeys(tags)}
	if err := h.permit(c, s, c.Operation, r); err != nil {
		return nil, err
	}
	if len(tags) > 0 {
		if err := h.permit(c, s, "TagPolicy", r); err != nil {
			return nil, err
		}
	}
	doc, err := managed(*in.PolicyDocument)
	if err != nil {
		return nil, err
	}
	p := h.world.NewManagedPolicy(s.Account, below, name, doc)
	p.Description, p.Tags = strings.Clone(aws.ToString(in.Description)), tags
	switch err := h.world.AddPolicy(p); {
	case errors.Is(err, world.ErrIAMExists):
		return nil, refuse("EntityAlreadyExists", "A policy called %s already exists. Duplicate names are not allowed.", name)
	case errors.Is(err, world.ErrIAMQuota):
		return nil, overQuota("PoliciesPerAccount", h.world.IAMQuotas(s.Account).Policies)
	}
	out := policyOf(p, world.PolicyUse{})
	out.Tags = tagList(tags)
	return &iam.CreatePolicyOutput{Policy: out}, nil
}

// policyOf is a policy as ListPolicies has it.
func policyOf(p *world.ManagedPolicy, use world.PolicyUse) *types.Policy {
	return &types.Policy{
		PolicyName: &p.Name, PolicyId: &p.ID, Arn: aws.String(p.ARN()), Path: &p.Path, DefaultVersionId: &p.Default,
		AttachmentCount: aws.Int32(int32(use.Attached)), PermissionsBoundaryUsageCount: aws.Int32(int32(use.Boundary)), IsAttachable: true,
		CreateDate: &p.Created, UpdateDate: &p.Updated,
	}
}

func (h *handlers) getPolicy(_ context.Context, c *awswire.Caller, in *iam.GetPolicyInput) (*iam.GetPolicyOutput, error) {
	p, s, err := h.policy(c, *in.PolicyArn, noPolicy(*in.PolicyArn), nil)
	if err != nil {
		return nil, err
	}
	out := policyOf(p, h.world.PolicyUses(s.Account)[p.ARN()])
	if out.Tags = tagList(p.Tags); out.Tags == nil {
		out.Tags = []types.Tag{}
	}
	if p.Description != "" {
		out.Description = &p.Description
	}
	return &iam.GetPolicyOutput{Policy: out}, nil
}

func (h *handlers) listPolicies(_ context.Context, c *awswire.Caller, in *iam.ListPoliciesInput) (*iam.ListPoliciesOutput, error) {
	s, err := h.authz.Session(c)
	if err != nil {
		return nil, err
	}
	below := path(in.PathPrefix)
	if err := h.permit(c, s, c.Operation, resource{arn: h.arn(s.Account, "policy", below, ""), shown: "policy path " + below}); err != nil {
		return nil, err
	}
	uses := h.world.PolicyUses(s.Account)
	list := filtered(h.world.Policies(s.Account), func(p *world.ManagedPolicy) bool {
		return strings.HasPrefix(p.Path, below) && scoped(p, uses[p.ARN()], in)
	})
	page, err := pageOf(list, (*world.ManagedPolicy).SortName, paging{in.Marker, in.MaxItems, "policies"})
	if err != nil {
		return nil, err
	}
	shown := func(p *world.ManagedPolicy) *types.Policy { return policyOf(p, uses[p.ARN()]) }
	return &iam.ListPoliciesOutput{Policies: converted(page.items, shown), IsTruncated: page.truncated, Marker: page.marker}, nil
}

// scoped reports whether the filters of ListPolicies let a policy through.
func scoped(p *world.ManagedPolicy, use world.PolicyUse, in *iam.ListPoliciesInput) bool {
	ours := p.Account != awsOwned
	switch {
	case in.Scope == types.PolicyScopeTypeLocal && !ours, in.Scope == types.PolicyScopeTypeAws && ours:
		return false
	case in.PolicyUsageFilter == types.PolicyUsageTypePermissionsPolicy:
		return use.Attached > 0
	case in.PolicyUsageFilter == types.PolicyUsageTypePermissionsBoundary:
		return use.Boundary > 0
	}
	return !in.OnlyAttached || use.Attached > 0
}

func (h *handlers) deletePolicy(_ context.Context, c *awswire.Caller, in *iam.DeletePolicyInput) (*iam.DeletePolicyOutput, error) {
	gone := noPolicy(*in.PolicyArn)
	p, err := h.ownPolicy(c, *in.PolicyArn, gone, nil)
	if err != nil {
		return nil, err
	}
	err = h.world.RemovePolicy(p.ARN(), func(p *world.ManagedPolicy, use world.PolicyUse) error {
		switch {
		case use.Attached > 0:
			return conflict("Cannot delete a policy attached to entities.")
		case use.Boundary > 0:
			return conflict("Cannot delete a policy that is used as a permissions boundary.")
		case len(p.Versions) > 1:
			return conflict("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		return nil
	})
	if err != nil {
		return nil, found(err, gone)
	}
	return &iam.DeletePolicyOutput{}, nil
}

// changePolicy authorizes the operation of c on a customer managed policy and has
// edit change it.
func (h *handlers) changePolicy(c *awswire.Caller, arn string, gone error, keys policy.Context, edit func(*world.ManagedPolicy) error) error {
	p, err := h.ownPolicy(c, arn, gone, keys)
	if err != nil {
		return err
	}
	_, err = h.world.ChangePolicy(p.ARN(), edit)
	return found(err, gone)
}

func (h *handlers) tagPolicy(_ context.Context, c *awswire.Caller, in *iam.TagPolicyInput) (*iam.TagPolicyOutput, error) {
	tags, err := exactTags.tagsOf(in.Tags)
	if err != nil {
		return nil, err
	}
	err = h.changePolicy(c, *in.PolicyArn, noPolicy(*in.PolicyArn), requestKeys(tags), func(p *world.ManagedPolicy) error {
		p.Tags, err = exactTags.added(p.Tags, tags)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &iam.TagPolicyOutput{}, nil
}

func (h *handlers) untagPolicy(_ context.Context, c *awswire.Caller, in *iam.UntagPolicyInput) (*iam.UntagPolicyOutput, error) {
	err := h.changePolicy(c, *in.PolicyArn, noPolicy(*in.PolicyArn), untagKeys(in.TagKeys), func(p *world.ManagedPolicy) error {
		p.Tags = exactTags.without(p.Tags, in.TagKeys)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UntagPolicyOutput{}, nil
}

func (h *handlers) listPolicyTags(_ context.Context, c *awswire.Caller, in *iam.ListPolicyTagsInput) (*iam.ListPolicyTagsOutput, error) {
	p, _, err := h.policy(c, *in.PolicyArn, noPolicy(*in.PolicyArn), nil)
	if err != nil {
		return nil, err
	}
	page, err := tagPage(p.Tags, paging{in.Marker, in.MaxItems, "tags " + p.ID})
	if err != nil {
		return nil, err
	}
	return &iam.ListPolicyTagsOutput{Tags: page.items, IsTruncated: page.truncated, Marker: page.marker}, nil
}
