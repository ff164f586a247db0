package s3control

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func (h *handlers) createAccessGrantsInstance(_ context.Context, c *awswire.Caller, in *s3control.CreateAccessGrantsInstanceInput) (*s3control.CreateAccessGrantsInstanceOutput, error) {
	tags, tagsErr := tagsOf(in.Tags)
	session, _, err := h.permit(c, *in.AccountId, func(_ *world.AccessGrants, q *question) { requestTags(q.keys, tags) })
	if err == nil {
		return nil, refuse("AccessGrantsInstanceAlreadyExists")
	}
	if session == nil {
		return nil, err
	}
	if tagsErr != nil {
		return nil, tagsErr
	}
	made := h.world.NewAccessGrants(*in.AccountId, c.Region)
	made.Tags = tags
	if in.IdentityCenterArn != nil {
		center, err := h.center(c, session, *in.IdentityCenterArn, "sso:DescribeInstance")
		if err != nil {
			return nil, err
		}
		made.Associate(center)
	}
	if err := h.world.AddAccessGrants(made); err != nil {
		return nil, refused(err, made)
	}
	return &s3control.CreateAccessGrantsInstanceOutput{
		CreatedAt: &made.Created, AccessGrantsInstanceId: aws.String(instanceID), AccessGrantsInstanceArn: &made.ARN,
		IdentityCenterArn:         optional(made.ApplicationARN), //nolint:staticcheck // old clients read it
		IdentityCenterInstanceArn: centerARN(made), IdentityCenterApplicationArn: optional(made.ApplicationARN),
	}, nil
}

// optional leaves out what is empty.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func centerARN(g *world.AccessGrants) *string {
	if g.IdentityCenter == nil {
		return nil
	}
	return &g.IdentityCenter.ARN
}

func (h *handlers) getAccessGrantsInstance(_ context.Context, c *awswire.Caller, in *s3control.GetAccessGrantsInstanceInput) (*s3control.GetAccessGrantsInstanceOutput, error) {
	_, g, err := h.permit(c, *in.AccountId, nil)
	if err != nil {
		return nil, err
	}
	return &s3control.GetAccessGrantsInstanceOutput{
		CreatedAt: &g.Created, AccessGrantsInstanceId: aws.String(instanceID), AccessGrantsInstanceArn: &g.ARN,
		IdentityCenterArn:         optional(g.ApplicationARN), //nolint:staticcheck // old clients read it
		IdentityCenterInstanceArn: centerARN(g), IdentityCenterApplicationArn: optional(g.ApplicationARN),
	}, nil
}

func (h *handlers) deleteAccessGrantsInstance(_ context.Context, c *awswire.Caller, in *s3control.DeleteAccessGrantsInstanceInput) (*s3control.DeleteAccessGrantsInstanceOutput, error) {
	if _, _, err := h.permit(c, *in.AccountId, nil); err != nil {
		return nil, err
	}
	err := h.world.RemoveAccessGrants(*in.AccountId, c.Region, func(g *world.AccessGrants) error {
		if len(g.Locations) > 0 {
			return refuse("AccessGrantsInstanceNotEmptyError")
		}
		if g.IdentityCenter != nil {
			return refuse(h.world.Switches.AssociatedInstanceRefusal)
		}
		return nil
	})
	if err != nil {
		return nil, refused(err, nil)
	}
	return &s3control.DeleteAccessGrantsInstanceOutput{}, nil
}

// listAccessGrantsInstances lists the one that an account has in the region, or none.
// Its action has no resource type (Service Authorization Reference).
func (h *handlers) listAccessGrantsInstances(_ context.Context, c *awswire.Caller, in *s3control.ListAccessGrantsInstancesInput) (*s3control.ListAccessGrantsInstancesOutput, error) {
	session, g, err := h.permit(c, *in.AccountId, func(_ *world.AccessGrants, q *question) { q.anything = true })
	if session == nil {
		return nil, err
	}
	var all []*world.AccessGrants
	if g != nil {
		all = append(all, g)
	}
	page, next, err := pageOf(h, all, func(*world.AccessGrants) int { return 1 }, "instances", in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &s3control.ListAccessGrantsInstancesOutput{NextToken: next}
	for _, g := range page {
		out.AccessGrantsInstancesList = append(out.AccessGrantsInstancesList, types.ListAccessGrantsInstanceEntry{
			CreatedAt: &g.Created, AccessGrantsInstanceId: aws.String(instanceID), AccessGrantsInstanceArn: &g.ARN,
			IdentityCenterArn:         optional(g.ApplicationARN), //nolint:staticcheck // old clients read it
			IdentityCenterInstanceArn: centerARN(g), IdentityCenterApplicationArn: optional(g.ApplicationARN),
		})
	}
	return out, nil
}
