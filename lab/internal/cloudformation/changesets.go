package cloudformation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/google/uuid"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const noChanges = "The submitted information didn't contain changes. Submit different information to create a change set."

func (h *handlers) createChangeSet(ctx context.Context, c *awswire.Caller, in *cloudformation.CreateChangeSetInput) (*cloudformation.CreateChangeSetOutput, error) {
	ask, err := h.permit(c, *in.StackName, keysOf(in.TemplateURL, in.RoleARN, nil, in.ChangeSetName, in.ResourceTypes, in.Tags))
	if err != nil {
		return nil, err
	}
	s, err := h.stackFor(ask, in)
	if err != nil {
		return nil, err
	}
	old, taken := s.ChangeSet(*in.ChangeSetName)
	if taken && !executed(old) {
		if in.ClientToken != nil && old.Token == *in.ClientToken {
			return &cloudformation.CreateChangeSetOutput{Id: &old.ID, StackId: &s.ID}, nil
		}
		return nil, &awswire.Error{Code: "AlreadyExistsException", Message: fmt.Sprintf("ChangeSet [%s] already exists", *in.ChangeSetName)}
	}
	var current *world.Stack
	if s.Status != world.StackReview {
		current = s
	}
	d, err := h.draft(ctx, ask, identityOf(s), &wish{
		body: in.TemplateBody, url: in.TemplateURL, previousTemplate: in.UsePreviousTemplate, parameters: in.Parameters, tags: in.Tags,
		capabilities: in.Capabilities, role: in.RoleARN, notifications: in.NotificationARNs, resourceTypes: in.ResourceTypes, rollback: in.RollbackConfiguration,
	}, current)
	if err != nil {
		return nil, err
	}
	set, err := h.changeSet(d, in, current)
	if err != nil {
		return nil, err
	}
	if ask.stack == nil {
		h.begin(s, world.StackReview, "", nil)
		if err := h.add(s); err != nil {
			return nil, err
		}
	}
	_, err = h.world.ChangeStack(s.ID, func(s *world.Stack) error {
		if taken { // the name of one that was executed is free
			s.RemoveChangeSet(old.ID)
		}
		s.SetChangeSet(set)
		return nil
	})
	return &cloudformation.CreateChangeSetOutput{Id: &set.ID, StackId: &s.ID}, err
}

// stackFor is the stack that a change set is for, a new one with CREATE.
func (h *handlers) stackFor(c *call, in *cloudformation.CreateChangeSetInput) (*world.Stack, error) {
	kind, s := in.ChangeSetType, c.stack
	if in.DeploymentMode != "" {
		return nil, invalid("This lab detects no drift that a change set could revert.")
	}
	if kind == types.ChangeSetTypeImport || len(in.ResourcesToImport) > 0 || aws.ToBool(in.ImportExistingResources) {
		return nil, invalid("This lab imports no resources into stacks.")
	}
	if in.OnStackFailure == types.OnStackFailureDelete && kind != types.ChangeSetTypeCreate {
		return nil, invalid("OnStackFailure cannot be set to DELETE while updating a stack.")
	}
	if kind == types.ChangeSetTypeCreate {
		switch {
		case s == nil:
			if strings.HasPrefix(*in.StackName, "arn:") {
				return nil, noStack(*in.StackName)
			}
			return h.newStack(c, *in.StackName), checkName("stackName", *in.StackName)
		case s.Status != world.StackReview:
			return nil, invalid("Stack [%s] already exists and cannot be created again with the changeSet [%s].", *in.StackName, *in.ChangeSetName)
		}
		return s, nil
	}
	if s == nil || s.Status == world.StackReview || s.Status == world.StackDeleted {
		return nil, noStack(*in.StackName)
	}
	return s, mayUpdate(s)
}

// changeSet works out what the draft changes.
func (h *handlers) changeSet(d *draft, in *cloudformation.CreateChangeSetInput, current *world.Stack) (*world.ChangeSet, error) {
	set := &world.ChangeSet{
		Name: *in.ChangeSetName, Type: string(in.ChangeSetType), Status: "CREATE_COMPLETE", ExecutionStatus: "AVAILABLE", Created: h.now(),
		Comment: aws.ToString(in.Description), OnStackFailure: string(in.OnStackFailure), IncludeNestedStacks: aws.ToBool(in.IncludeNestedStacks),
		Token: aws.ToString(in.ClientToken), Input: d.input,
	}
	if set.Type == "" {
		set.Type = string(types.ChangeSetTypeUpdate)
	}
	set.ID = h.arn(d.region, d.account, "changeSet/"+set.Name+"/"+uuid.NewString())
	changes, others, err := h.plan(d, current)
	if err != nil {
		return nil, err
	}
	set.Changes = changes
	if len(changes) == 0 && !others && (current == nil || !failed(current)) {
		set.Status, set.StatusReason, set.ExecutionStatus = "FAILED", noChanges, "UNAVAILABLE"
	}
	return set, nil
}

// find returns the change set that a request names, by its ARN or with a stack.
func (h *handlers) find(c *awswire.Caller, name string, stack *string) (*call, *world.ChangeSet, error) {
	isARN := strings.HasPrefix(name, "arn:")
	if stack == nil && !isARN {
		return nil, nil, invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
	}
	if stack == nil {
		stack = aws.String(h.stackOf(c, name))
	}
	keys := keysOf(nil, nil, nil, &name, nil, nil)
	ask, err := h.permit(c, *stack, keys)
	if err != nil {
		return nil, nil, err
	}
	if ask.stack == nil && !isARN {
		return nil, nil, noStack(*stack)
	}
	if ask.stack == nil {
		return nil, nil, noChangeSet(name)
	}
	set, ok := ask.stack.ChangeSet(name)
	if !ok {
		return nil, nil, noChangeSet(name)
	}
	return ask, set, nil
}

// stackOf is the id of the stack that has a change set of the caller's account; a
// name that nothing has for none.
func (h *handlers) stackOf(c *awswire.Caller, id string) string {
	if session, err := h.authz.Session(c); err == nil {
		for _, s := range h.world.Stacks(session.Account, c.Region) {
			if _, ok := s.ChangeSet(id); ok {
				return s.ID
			}
		}
	}
	return "*"
}

func (h *handlers) describeChangeSet(_ context.Context, c *awswire.Caller, in *cloudformation.DescribeChangeSetInput) (*cloudformation.DescribeChangeSetOutput, error) {
	ask, set, err := h.find(c, *in.ChangeSetName, in.StackName)
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(set.Changes, func(c world.StackChange) string { return c.LogicalID }, "changes "+set.ID, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &cloudformation.DescribeChangeSetOutput{
		ChangeSetId: &set.ID, ChangeSetName: &set.Name, StackId: &ask.stack.ID, StackName: &ask.stack.Name, CreationTime: &set.Created,
		Status: types.ChangeSetStatus(set.Status), ExecutionStatus: types.ExecutionStatus(set.ExecutionStatus), StatusReason: optional(set.StatusReason),
		Description: optional(set.Comment), OnStackFailure: types.OnStackFailure(set.OnStackFailure), IncludeNestedStacks: &set.IncludeNestedStacks,
		Capabilities: capabilitiesOf(&set.Input), NotificationARNs: present(set.Input.NotificationARNs), Parameters: parametersOf(&set.Input),
		Tags: stackTags(set.Input.Tags), RollbackConfiguration: &types.RollbackConfiguration{}, Changes: []types.Change{}, NextToken: next,
	}
	for _, change := range page {
		out.Changes = append(out.Changes, types.Change{Type: types.ChangeTypeResource, ResourceChange: shownChange(&change, aws.ToBool(in.IncludePropertyValues))})
	}
	return out, nil
}

// shownChange is a change as the API has it, with the values of properties or not.
func shownChange(c *world.StackChange, values bool) *types.ResourceChange {
	out := &types.ResourceChange{
		Action: types.ChangeAction(c.Action), LogicalResourceId: &c.LogicalID, PhysicalResourceId: optional(c.PhysicalID), ResourceType: &c.Type,
		Replacement: types.Replacement(c.Replacement), PolicyAction: types.PolicyAction(c.PolicyAction),
	}
	for _, scope := range c.Scope {
		out.Scope = append(out.Scope, types.ResourceAttribute(scope))
	}
	if values {
		out.BeforeContext, out.AfterContext = optional(c.Before), optional(c.After)
	}
	for _, d := range c.Details {
		target := &types.ResourceTargetDefinition{
			Attribute: types.ResourceAttribute(d.Attribute), Name: optional(d.Name), RequiresRecreation: types.RequiresRecreation(d.RequiresRecreation),
		}
		if values {
			target.AttributeChangeType = types.AttributeChangeType(d.ChangeType)
			target.BeforeValue, target.AfterValue = optional(d.Before), optional(d.After)
			if d.Name != "" {
				target.Path = aws.String("/Properties/" + d.Name)
			}
		}
		out.Details = append(out.Details, types.ResourceChangeDetail{
			Target: target, Evaluation: types.EvaluationType(d.Evaluation), ChangeSource: types.ChangeSource(d.Source), CausingEntity: optional(d.CausingEntity),
		})
	}
	return out
}

func (h *handlers) executeChangeSet(ctx context.Context, c *awswire.Caller, in *cloudformation.ExecuteChangeSetInput) (*cloudformation.ExecuteChangeSetOutput, error) {
	ask, set, err := h.find(c, *in.ChangeSetName, in.StackName)
	if err != nil {
		return nil, err
	}
	out := &cloudformation.ExecuteChangeSetOutput{}
	if again, err := repeated(ask.stack, kindOf(set), in.ClientRequestToken); again || err != nil {
		return out, err
	}
	if set.ExecutionStatus != "AVAILABLE" {
		return nil, &awswire.Error{Code: "InvalidChangeSetStatusException", Message: fmt.Sprintf("ChangeSet [%s] cannot be executed in its current status of [%s]", set.ID, set.Status)}
	}
	d, err := h.accepted(ask.stack, set)
	if err != nil {
		return nil, err
	}
	if kindOf(set) == "UPDATE" {
		return out, h.startUpdate(ctx, ask, ask.stack, d, &update{
			token: in.ClientRequestToken, changeSet: set.ID, retainExceptOnCreate: aws.ToBool(in.RetainExceptOnCreate),
			disableRollback: aws.ToBool(in.DisableRollback) || set.OnStackFailure == "DO_NOTHING",
		})
	}
	return out, h.startCreate(ctx, ask, ask.stack, d, func(s *world.Stack) error {
		_, err := h.world.ChangeStack(s.ID, func(s *world.Stack) error {
			if s.Status != world.StackReview {
				return invalid("Stack:%s is in %s state and can not be updated.", s.ID, s.Status)
			}
			s.Input, s.Updated, s.OnFailure = d.input, h.now(), set.OnStackFailure
			s.DisableRollback, s.RetainExceptOnCreate = aws.ToBool(in.DisableRollback) || set.OnStackFailure == "DO_NOTHING", aws.ToBool(in.RetainExceptOnCreate)
			h.supersede(s, set.ID)
			h.begin(s, "CREATE_IN_PROGRESS", "CREATE", in.ClientRequestToken)
			return nil
		})
		return err
	})
}

// executed reports whether a change set has done what it is for.
func executed(set *world.ChangeSet) bool { return strings.HasPrefix(set.ExecutionStatus, "EXECUTE_") }

// kindOf is the kind of operation that executes a change set.
func kindOf(set *world.ChangeSet) string { return set.Type }

// accepted is the draft that a change set was made of.
func (h *handlers) accepted(s *world.Stack, set *world.ChangeSet) (*draft, error) {
	t, err := h.load(set.Input.Template)
	if err != nil {
		return nil, err
	}
	return &draft{identity: identityOf(s), input: set.Input, template: t}, nil
}

func (h *handlers) deleteChangeSet(_ context.Context, c *awswire.Caller, in *cloudformation.DeleteChangeSetInput) (*cloudformation.DeleteChangeSetOutput, error) {
	ask, set, err := h.find(c, *in.ChangeSetName, in.StackName)
	out := &cloudformation.DeleteChangeSetOutput{}
	if ask == nil {
		if e := (*awswire.Error)(nil); errors.As(err, &e) && e.Code == "ChangeSetNotFoundException" {
			return out, nil // AWS answers the same
		}
		return nil, err
	}
	if executed(set) {
		return nil, &awswire.Error{Code: "InvalidChangeSetStatusException", Message: fmt.Sprintf("ChangeSet [%s] cannot be deleted in its current execution status of [%s]", set.ID, set.ExecutionStatus)}
	}
	_, err = h.world.ChangeStack(ask.stack.ID, func(s *world.Stack) error {
		s.RemoveChangeSet(set.ID)
		return nil
	})
	return out, err
}

func (h *handlers) listChangeSets(_ context.Context, c *awswire.Caller, in *cloudformation.ListChangeSetsInput) (*cloudformation.ListChangeSetsOutput, error) {
	ask, err := h.permit(c, *in.StackName, nil)
	if err != nil {
		return nil, err
	}
	if ask.stack == nil {
		return nil, noStack(*in.StackName)
	}
	all := slices.DeleteFunc(slices.Clone(ask.stack.ChangeSets), func(c world.ChangeSet) bool { return executed(&c) })
	page, next, err := pageOf(all, func(c world.ChangeSet) string { return c.ID }, "changeSets", in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &cloudformation.ListChangeSetsOutput{Summaries: []types.ChangeSetSummary{}, NextToken: next}
	for _, set := range page {
		out.Summaries = append(out.Summaries, types.ChangeSetSummary{
			ChangeSetId: &set.ID, ChangeSetName: &set.Name, StackId: &ask.stack.ID, StackName: &ask.stack.Name, CreationTime: &set.Created,
			Status: types.ChangeSetStatus(set.Status), ExecutionStatus: types.ExecutionStatus(set.ExecutionStatus), StatusReason: optional(set.StatusReason),
			Description: optional(set.Comment), IncludeNestedStacks: &set.IncludeNestedStacks,
		})
	}
	return out, nil
}
