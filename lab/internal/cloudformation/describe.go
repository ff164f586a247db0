package cloudformation

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Members of the answers.

func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// present is a list that is in the answer also where it is empty.
func present[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func capabilitiesOf(in *world.StackInput) []types.Capability {
	var all []types.Capability
	for _, one := range in.Capabilities {
		all = append(all, types.Capability(one))
	}
	return all
}

// parametersOf hides the values of parameters with NoEcho.
func parametersOf(in *world.StackInput) []types.Parameter {
	var all []types.Parameter
	for _, p := range in.Parameters {
		value := p.Value
		if p.NoEcho {
			value = "****"
		}
		all = append(all, types.Parameter{ParameterKey: aws.String(p.Key), ParameterValue: &value})
	}
	return all
}

func stackTags(tags map[string]string) []types.Tag {
	var all []types.Tag
	for _, key := range sortedKeys(tags) {
		all = append(all, types.Tag{Key: &key, Value: aws.String(tags[key])})
	}
	return all
}

func described(s *world.Stack) types.Stack {
	out := types.Stack{
		StackId: &s.ID, StackName: &s.Name, Description: optional(s.Input.Description), StackStatus: types.StackStatus(s.Status),
		StackStatusReason: optional(s.StatusReason), CreationTime: &s.Created, LastUpdatedTime: moment(s.Updated), DeletionTime: moment(s.Deleted),
		Parameters: parametersOf(&s.Input), Tags: present(stackTags(s.Input.Tags)), Capabilities: capabilitiesOf(&s.Input),
		NotificationARNs: present(s.Input.NotificationARNs), RoleARN: optional(s.Input.RoleARN), ChangeSetId: optional(s.ChangeSetID),
		DisableRollback: &s.DisableRollback, EnableTerminationProtection: &s.TerminationProtection, DeletionMode: types.DeletionMode(s.DeletionMode),
		RollbackConfiguration: &types.RollbackConfiguration{}, DriftInformation: &types.StackDriftInformation{StackDriftStatus: types.StackDriftStatusNotChecked},
	}
	if s.TimeoutInMinutes > 0 {
		out.TimeoutInMinutes = &s.TimeoutInMinutes
	}
	if s.RetainExceptOnCreate {
		out.RetainExceptOnCreate = &s.RetainExceptOnCreate
	}
	for _, o := range s.Outputs {
		out.Outputs = append(out.Outputs, types.Output{OutputKey: &o.Key, OutputValue: &o.Value, Description: optional(o.Description), ExportName: optional(o.Export)})
	}
	return out
}

func (h *handlers) describeStacks(_ context.Context, c *awswire.Caller, in *cloudformation.DescribeStacksInput) (*cloudformation.DescribeStacksOutput, error) {
	if in.StackName != nil {
		ask, err := h.permit(c, *in.StackName, nil)
		if err != nil {
			return nil, err
		}
		if ask.stack == nil {
			return nil, noStackID(*in.StackName)
		}
		return &cloudformation.DescribeStacksOutput{Stacks: []types.Stack{described(ask.stack)}}, nil
	}
	ask, err := h.permitAny(c, nil, "ListStacks")
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(h.living(ask.account(), c.Region), stackID, "describe", in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &cloudformation.DescribeStacksOutput{Stacks: []types.Stack{}, NextToken: next}
	for _, s := range page {
		out.Stacks = append(out.Stacks, described(s))
	}
	return out, nil
}

func stackID(s *world.Stack) string { return s.ID }

func (h *handlers) listStacks(_ context.Context, c *awswire.Caller, in *cloudformation.ListStacksInput) (*cloudformation.ListStacksOutput, error) {
	ask, err := h.permitAny(c, nil)
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(h.world.Stacks(ask.account(), c.Region), func(s *world.Stack) bool {
		return len(in.StackStatusFilter) > 0 && !slices.Contains(in.StackStatusFilter, types.StackStatus(s.Status))
	})
	page, next, err := pageOf(all, stackID, "list", in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &cloudformation.ListStacksOutput{StackSummaries: []types.StackSummary{}, NextToken: next}
	for _, s := range page {
		out.StackSummaries = append(out.StackSummaries, types.StackSummary{
			StackId: &s.ID, StackName: &s.Name, TemplateDescription: optional(s.Input.Description), StackStatus: types.StackStatus(s.Status),
			StackStatusReason: optional(s.StatusReason), CreationTime: &s.Created, LastUpdatedTime: moment(s.Updated), DeletionTime: moment(s.Deleted),
			DriftInformation: &types.StackDriftInformationSummary{StackDriftStatus: types.StackDriftStatusNotChecked},
		})
	}
	return out, nil
}

func (h *handlers) describeStackEvents(_ context.Context, c *awswire.Caller, in *cloudformation.DescribeStackEventsInput) (*cloudformation.DescribeStackEventsOutput, error) {
	ask, err := h.permit(c, *in.StackName, nil)
	if err != nil {
		return nil, err
	}
	s := ask.stack
	if s == nil {
		return nil, noStack(*in.StackName)
	}
	events := slices.Clone(s.Events)
	slices.Reverse(events)
	page, next, err := pageOf(events, func(e world.StackEvent) string { return e.ID }, "events "+s.ID, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &cloudformation.DescribeStackEventsOutput{StackEvents: []types.StackEvent{}, NextToken: next}
	for _, e := range page {
		out.StackEvents = append(out.StackEvents, types.StackEvent{
			EventId: &e.ID, StackId: &s.ID, StackName: &s.Name, LogicalResourceId: &e.LogicalID, PhysicalResourceId: aws.String(e.PhysicalID),
			ResourceType: &e.Type, Timestamp: &e.Time, ResourceStatus: types.ResourceStatus(e.Status), ResourceStatusReason: optional(e.StatusReason),
			ResourceProperties: optional(e.Properties), ClientRequestToken: optional(e.Token),
		})
	}
	return out, nil
}
