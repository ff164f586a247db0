package cloudformation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/google/uuid"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const userInitiated = "User Initiated"

// newStack is a stack that is nobody's yet.
func (h *handlers) newStack(c *call, name string) *world.Stack {
	s := &world.Stack{Name: name, Account: c.account(), Region: c.Region, Created: h.now()}
	s.ID = h.arn(s.Region, s.Account, "stack/"+name+"/"+uuid.NewString())
	return s
}

// add stores a new stack.
func (h *handlers) add(s *world.Stack) error {
	err := h.world.AddStack(s)
	switch {
	case errors.Is(err, world.ErrStackExists):
		return exists(s.Name)
	case errors.Is(err, world.ErrStackQuota):
		return &awswire.Error{Code: "LimitExceededException", Message: fmt.Sprintf("Limit for stack has been exceeded (%d)", world.MaxStacks)}
	}
	return err
}

func exists(name string) error {
	return &awswire.Error{Code: "AlreadyExistsException", Message: fmt.Sprintf("Stack [%s] already exists", name)}
}

// begin puts a stack at the beginning of an operation.
func (h *handlers) begin(s *world.Stack, status, kind string, token *string) {
	s.Status, s.StatusReason, s.Operation, s.Token, s.Cancelled = status, userInitiated, kind, aws.ToString(token), false
	s.Events = append(s.Events, h.event(s, s.Name, s.ID, stackType, status, userInitiated, ""))
}

// repeated reports whether a request is one that was carried out before, by its
// token. The error is for a token that another kind of request had.
func repeated(s *world.Stack, kind string, token *string) (bool, error) {
	if token == nil || s == nil || s.Token != *token {
		return false, nil
	}
	if s.Operation != kind {
		return false, &awswire.Error{Code: "TokenAlreadyExistsException", Message: fmt.Sprintf("A stack operation with token %s already exists for stack %s", *token, s.ID)}
	}
	return true, nil
}

func (h *handlers) createStack(ctx context.Context, c *awswire.Caller, in *cloudformation.CreateStackInput) (*cloudformation.CreateStackOutput, error) {
	ask, err := h.permit(c, *in.StackName, keysOf(in.TemplateURL, in.RoleARN, in.StackPolicyURL, nil, in.ResourceTypes, in.Tags))
	if err != nil {
		return nil, err
	}
	if err := checkName("stackName", *in.StackName); err != nil {
		return nil, err
	}
	if again, err := repeated(ask.stack, "CREATE", in.ClientRequestToken); again || err != nil {
		if err != nil {
			return nil, err
		}
		return &cloudformation.CreateStackOutput{StackId: &ask.stack.ID}, nil
	}
	if ask.stack != nil {
		return nil, exists(*in.StackName)
	}
	if in.OnFailure != "" && aws.ToBool(in.DisableRollback) {
		return nil, invalid("You can specify either DisableRollback or OnFailure, but not both.")
	}
	s := h.newStack(ask, *in.StackName)
	s.DisableRollback, s.OnFailure, s.TimeoutInMinutes = aws.ToBool(in.DisableRollback), string(in.OnFailure), aws.ToInt32(in.TimeoutInMinutes)
	s.RetainExceptOnCreate, s.TerminationProtection = aws.ToBool(in.RetainExceptOnCreate), aws.ToBool(in.EnableTerminationProtection)
	d, err := h.draft(ctx, ask, identityOf(s), &wish{
		body: in.TemplateBody, url: in.TemplateURL, parameters: in.Parameters, tags: in.Tags, capabilities: in.Capabilities,
		role: in.RoleARN, notifications: in.NotificationARNs, resourceTypes: in.ResourceTypes, rollback: in.RollbackConfiguration,
	}, nil)
	if err != nil {
		return nil, err
	}
	text, err := h.policyText(ctx, ask, in.StackPolicyBody, in.StackPolicyURL)
	if err != nil {
		return nil, err
	}
	s.Policy = aws.ToString(text)
	if _, _, err := h.plan(d, nil); err != nil {
		return nil, err
	}
	s.Input = d.input
	h.begin(s, "CREATE_IN_PROGRESS", "CREATE", in.ClientRequestToken)
	if err := h.startCreate(ctx, ask, s, d, h.add); err != nil {
		return nil, err
	}
	return &cloudformation.CreateStackOutput{StackId: &s.ID}, nil
}

// startCreate makes the resources of a stack, which store puts into the world.
func (h *handlers) startCreate(ctx context.Context, c *call, s *world.Stack, d *draft, store func(*world.Stack) error) error {
	o, err := h.operation(c, s.ID, d.input.RoleARN)
	if err != nil {
		return err
	}
	if err := store(s); err != nil {
		return err
	}
	o.use(d)
	if s.TimeoutInMinutes > 0 {
		o.deadline = h.now().Add(time.Duration(s.TimeoutInMinutes) * time.Minute)
	}
	return h.start(ctx, o, o.create)
}

// updatable are the statuses in which a stack can be updated.
var updatable = strings.Fields("CREATE_COMPLETE CREATE_FAILED UPDATE_COMPLETE UPDATE_ROLLBACK_COMPLETE UPDATE_FAILED")

func mayUpdate(s *world.Stack) error {
	switch {
	case !slices.Contains(updatable, s.Status):
		return invalid("Stack:%s is in %s state and can not be updated.", s.ID, s.Status)
	case s.Status == "CREATE_FAILED" && s.OnFailure == "DO_NOTHING" && !s.DisableRollback:
		return invalid("This stack cannot be updated from [%s] state because it contains [on-failure: DO_NOTHING]. Please use disable-rollback option instead during stack creation.", s.Status)
	}
	return nil
}

// failed reports whether an operation failed on a stack and was not rolled back.
func failed(s *world.Stack) bool { return s.Status == "CREATE_FAILED" || s.Status == "UPDATE_FAILED" }

// mayUpdateNow also refuses an update that would be rolled back to what failed:
// one for which roll-back is not disabled.
func mayUpdateNow(s *world.Stack, disabled bool) error {
	if err := mayUpdate(s); err != nil || disabled || !failed(s) {
		return err
	}
	return invalid("This stack is currently in a non-terminal [%s] state. To update the stack from this state, please use the disable-rollback parameter with update-stack API. "+
		"To rollback to the last known good state, use the rollback-stack API", s.Status)
}

func (h *handlers) updateStack(ctx context.Context, c *awswire.Caller, in *cloudformation.UpdateStackInput) (*cloudformation.UpdateStackOutput, error) {
	policyURL := in.StackPolicyURL
	if policyURL == nil {
		policyURL = in.StackPolicyDuringUpdateURL
	}
	ask, err := h.permit(c, *in.StackName, keysOf(in.TemplateURL, in.RoleARN, policyURL, nil, in.ResourceTypes, in.Tags))
	if err != nil {
		return nil, err
	}
	s := ask.stack
	if s == nil || s.Status == world.StackDeleted {
		return nil, noStack(*in.StackName)
	}
	if again, err := repeated(s, "UPDATE", in.ClientRequestToken); again || err != nil {
		if err != nil {
			return nil, err
		}
		return &cloudformation.UpdateStackOutput{StackId: &s.ID}, nil
	}
	if err := mayUpdateNow(s, aws.ToBool(in.DisableRollback)); err != nil {
		return nil, err
	}
	d, err := h.draft(ctx, ask, identityOf(s), &wish{
		body: in.TemplateBody, url: in.TemplateURL, previousTemplate: in.UsePreviousTemplate, parameters: in.Parameters, tags: in.Tags,
		capabilities: in.Capabilities, role: in.RoleARN, notifications: in.NotificationARNs, resourceTypes: in.ResourceTypes, rollback: in.RollbackConfiguration,
	}, s)
	if err != nil {
		return nil, err
	}
	u, err := h.updatePolicies(ctx, ask, in)
	if err != nil {
		return nil, err
	}
	changes, others, err := h.plan(d, s)
	if err != nil {
		return nil, err
	}
	if len(changes) == 0 && !others && !failed(s) {
		return nil, invalid("No updates are to be performed.")
	}
	u.token, u.disableRollback, u.retainExceptOnCreate = in.ClientRequestToken, aws.ToBool(in.DisableRollback), aws.ToBool(in.RetainExceptOnCreate)
	if err := h.startUpdate(ctx, ask, s, d, u); err != nil {
		return nil, err
	}
	return &cloudformation.UpdateStackOutput{StackId: &s.ID}, nil
}

// update is how a stack is updated.
type update struct {
	token                                 *string
	disableRollback, retainExceptOnCreate bool
	// policy becomes the stack's; during holds for this update only. nil for neither.
	policy, during *string
	changeSet      string
}

func (h *handlers) updatePolicies(ctx context.Context, c *call, in *cloudformation.UpdateStackInput) (*update, error) {
	var u update
	var err error
	if u.policy, err = h.policyText(ctx, c, in.StackPolicyBody, in.StackPolicyURL); err != nil {
		return nil, err
	}
	u.during, err = h.policyText(ctx, c, in.StackPolicyDuringUpdateBody, in.StackPolicyDuringUpdateURL)
	return &u, err
}

func (h *handlers) startUpdate(ctx context.Context, c *call, s *world.Stack, d *draft, u *update) error {
	o, err := h.operation(c, s.ID, d.input.RoleARN)
	if err != nil {
		return err
	}
	s, err = h.world.ChangeStack(s.ID, func(s *world.Stack) error {
		if err := mayUpdateNow(s, u.disableRollback); err != nil {
			return err
		}
		if s.Before == nil { // else a failed update was kept: what counts is what was before it
			s.Before = s.State()
			s.Before.Resources = slices.DeleteFunc(slices.Clone(s.Resources), func(r world.StackResource) bool { return lives(&r) && !made(&r) })
		}
		s.Input, s.Updated, s.DisableRollback, s.RetainExceptOnCreate = d.input, h.now(), u.disableRollback, u.retainExceptOnCreate
		if u.policy != nil {
			s.Policy = *u.policy
		}
		h.supersede(s, u.changeSet)
		h.begin(s, "UPDATE_IN_PROGRESS", "UPDATE", u.token)
		return nil
	})
	if err != nil {
		return err
	}
	holds := s.Policy
	if u.during != nil {
		holds = *u.during
	}
	policy, err := parsePolicy(holds)
	if err != nil {
		return err
	}
	o.use(d)
	return h.start(ctx, o, func(ctx context.Context) { o.update(ctx, policy) })
}

// supersede does away with the change sets of a stack but the one that is executed,
// if any is: they were made for what the stack no longer is.
func (h *handlers) supersede(s *world.Stack, executed string) {
	if executed != "" {
		s.ChangeSetID = executed
	}
	s.ChangeSets = slices.DeleteFunc(slices.Clone(s.ChangeSets), func(c world.ChangeSet) bool { return c.ID != executed })
	for i := range s.ChangeSets {
		s.ChangeSets[i].ExecutionStatus = "EXECUTE_COMPLETE"
	}
}
