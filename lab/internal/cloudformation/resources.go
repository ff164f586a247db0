package cloudformation

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func (h *handlers) describeStackResource(_ context.Context, c *awswire.Caller, in *cloudformation.DescribeStackResourceInput) (*cloudformation.DescribeStackResourceOutput, error) {
	ask, err := h.permit(c, *in.StackName, nil)
	if err != nil {
		return nil, err
	}
	s := ask.stack
	if s == nil {
		return nil, invalid("Stack '%s' does not exist", *in.StackName)
	}
	r, ok := s.Resource(*in.LogicalResourceId)
	if !ok {
		return nil, invalid("Resource %s does not exist for stack %s", *in.LogicalResourceId, s.Name)
	}
	return &cloudformation.DescribeStackResourceOutput{StackResourceDetail: &types.StackResourceDetail{
		StackId: &s.ID, StackName: &s.Name, LogicalResourceId: &r.LogicalID, PhysicalResourceId: optional(r.PhysicalID), ResourceType: &r.Type,
		ResourceStatus: types.ResourceStatus(r.Status), ResourceStatusReason: optional(r.StatusReason), LastUpdatedTimestamp: &r.Updated,
		Description: optional(r.Description), Metadata: optional(or(optional(r.Metadata), "{}")),
		DriftInformation: &types.StackResourceDriftInformation{StackResourceDriftStatus: types.StackResourceDriftStatusNotChecked},
	}}, nil
}

func (h *handlers) describeStackResources(_ context.Context, c *awswire.Caller, in *cloudformation.DescribeStackResourcesInput) (*cloudformation.DescribeStackResourcesOutput, error) {
	switch {
	case in.StackName == nil && in.PhysicalResourceId == nil:
		return nil, invalid("You must specify either StackName or PhysicalResourceId")
	case in.StackName != nil && in.PhysicalResourceId != nil:
		return nil, invalid("Cannot specify both StackName and PhysicalResourceId")
	}
	name := or(in.StackName, "*")
	if in.StackName == nil {
		name = h.holder(c, *in.PhysicalResourceId)
	}
	ask, err := h.permit(c, name, nil)
	if err != nil {
		return nil, err
	}
	s := ask.stack
	switch {
	case s == nil && in.StackName == nil:
		return nil, invalid("Stack for %s does not exist", *in.PhysicalResourceId)
	case s == nil:
		return nil, noStackID(name)
	}
	out := &cloudformation.DescribeStackResourcesOutput{StackResources: []types.StackResource{}}
	for _, r := range s.Resources {
		if in.LogicalResourceId == nil || *in.LogicalResourceId == r.LogicalID {
			out.StackResources = append(out.StackResources, types.StackResource{
				StackId: &s.ID, StackName: &s.Name, LogicalResourceId: &r.LogicalID, PhysicalResourceId: optional(r.PhysicalID), ResourceType: &r.Type,
				ResourceStatus: types.ResourceStatus(r.Status), ResourceStatusReason: optional(r.StatusReason), Timestamp: &r.Updated, Description: optional(r.Description),
				DriftInformation: &types.StackResourceDriftInformation{StackResourceDriftStatus: types.StackResourceDriftStatusNotChecked},
			})
		}
	}
	return out, nil
}

// holder is the id of the stack that has a resource; a name that nothing has for none.
func (h *handlers) holder(c *awswire.Caller, physicalID string) string {
	if session, err := h.authz.Session(c); err == nil {
		for _, s := range h.living(session.Account, c.Region) {
			for _, r := range s.Resources {
				if r.PhysicalID == physicalID && lives(&r) {
					return s.ID
				}
			}
		}
	}
	return "*"
}

func (h *handlers) listStackResources(_ context.Context, c *awswire.Caller, in *cloudformation.ListStackResourcesInput) (*cloudformation.ListStackResourcesOutput, error) {
	ask, err := h.permit(c, *in.StackName, nil)
	if err != nil {
		return nil, err
	}
	if ask.stack == nil {
		return nil, noStackID(*in.StackName)
	}
	page, next, err := pageOf(ask.stack.Resources, func(r world.StackResource) string { return r.LogicalID }, "resources "+ask.stack.ID, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &cloudformation.ListStackResourcesOutput{StackResourceSummaries: []types.StackResourceSummary{}, NextToken: next}
	for _, r := range page {
		out.StackResourceSummaries = append(out.StackResourceSummaries, types.StackResourceSummary{
			LogicalResourceId: &r.LogicalID, PhysicalResourceId: optional(r.PhysicalID), ResourceType: &r.Type,
			ResourceStatus: types.ResourceStatus(r.Status), ResourceStatusReason: optional(r.StatusReason), LastUpdatedTimestamp: &r.Updated,
			DriftInformation: &types.StackResourceDriftInformationSummary{StackResourceDriftStatus: types.StackResourceDriftStatusNotChecked},
		})
	}
	return out, nil
}
