package cloudformation

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func (h *handlers) deleteStack(ctx context.Context, c *awswire.Caller, in *cloudformation.DeleteStackInput) (*cloudformation.DeleteStackOutput, error) {
	ask, err := h.permit(c, *in.StackName, keysOf(nil, in.RoleARN, nil, nil, nil, nil))
	if err != nil {
		return nil, err
	}
	out := &cloudformation.DeleteStackOutput{}
	s := ask.stack
	if s == nil || s.Status == world.StackDeleted || s.Status == "DELETE_IN_PROGRESS" {
		return out, nil // AWS answers the same
	}
	if again, err := repeated(s, "DELETE", in.ClientRequestToken); again || err != nil {
		return out, err
	}
	if err := mayDelete(s, in); err != nil {
		return nil, err
	}
	if err := h.pass(ask, in.RoleARN, s.ID); err != nil {
		return nil, err
	}
	role := s.Input.RoleARN
	if in.RoleARN != nil {
		role = *in.RoleARN
	}
	o, err := h.operation(ask, s.ID, role)
	if err != nil {
		return nil, err
	}
	_, err = h.world.ChangeStack(s.ID, func(s *world.Stack) error {
		if err := mayDelete(s, in); err != nil {
			return err
		}
		if s.Before != nil || s.Leftover != nil { // what an update left is the stack's, too
			adopt(s)
		}
		s.DeletionMode = string(in.DeletionMode)
		s.ChangeSets = nil
		h.begin(s, "DELETE_IN_PROGRESS", "DELETE", in.ClientRequestToken)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, h.start(ctx, o, func(ctx context.Context) { o.delete(ctx, in.RetainResources) })
}

// adopt makes resources that only an unfinished update knows those of the stack.
func adopt(s *world.Stack) {
	others := s.Leftover
	if s.Before != nil {
		others = slices.Concat(others, s.Before.Resources)
	}
	for i, r := range others {
		now, ok := s.Resource(r.LogicalID)
		if ok && (now.PhysicalID == r.PhysicalID || !lives(&r)) {
			continue
		}
		if ok {
			r.LogicalID += "Replaced" + suffix()[:4+i%4]
		}
		s.SetResource(&r)
	}
	s.Before, s.Leftover = nil, nil
}

func mayDelete(s *world.Stack, in *cloudformation.DeleteStackInput) error {
	switch {
	case s.TerminationProtection:
		return invalid("Stack [%s] cannot be deleted while TerminationProtection is enabled", s.Name)
	case strings.HasSuffix(s.Status, "_IN_PROGRESS") && s.Status != world.StackReview && s.Status != "CREATE_IN_PROGRESS":
		return invalid("Stack [%s] cannot be deleted while in status %s", s.Name, s.Status)
	case s.Status == "CREATE_IN_PROGRESS":
		return invalid("Stack [%s] cannot be deleted while in status %s: this lab ends no creation", s.Name, s.Status)
	case len(in.RetainResources) > 0 && s.Status != "DELETE_FAILED":
		return invalid("Invalid operation on stack [%s]. Specify which resources to retain only when the stack is in the DELETE_FAILED state.", s.ID)
	case in.DeletionMode == "FORCE_DELETE_STACK" && s.Status != "DELETE_FAILED":
		return invalid("Invalid operation on stack [%s]. When you specify DeletionMode FORCE_DELETE_STACK, the stack must be in the DELETE_FAILED state.", s.ID)
	}
	for _, id := range in.RetainResources {
		if _, ok := s.Resource(id); !ok {
			return invalid("The specified resources to retain must be in a valid state. Resource [%s] does not exist in the stack", id)
		}
	}
	return nil
}

func (h *handlers) cancelUpdateStack(_ context.Context, c *awswire.Caller, in *cloudformation.CancelUpdateStackInput) (*cloudformation.CancelUpdateStackOutput, error) {
	ask, err := h.permit(c, *in.StackName, nil)
	if err != nil {
		return nil, err
	}
	if ask.stack == nil {
		return nil, noStack(*in.StackName)
	}
	_, err = h.world.ChangeStack(ask.stack.ID, func(s *world.Stack) error {
		if s.Status != "UPDATE_IN_PROGRESS" {
			return invalid("CancelUpdateStack cannot be called from current stack status")
		}
		s.Cancelled = true
		return nil
	})
	return &cloudformation.CancelUpdateStackOutput{}, err
}

func (h *handlers) continueUpdateRollback(ctx context.Context, c *awswire.Caller, in *cloudformation.ContinueUpdateRollbackInput) (*cloudformation.ContinueUpdateRollbackOutput, error) {
	ask, err := h.permit(c, *in.StackName, keysOf(nil, in.RoleARN, nil, nil, nil, nil))
	if err != nil {
		return nil, err
	}
	s := ask.stack
	if s == nil {
		return nil, noStack(*in.StackName)
	}
	out := &cloudformation.ContinueUpdateRollbackOutput{}
	o, again, err := h.rollingBack(ask, "CONTINUE_ROLLBACK", in.ClientRequestToken, in.RoleARN)
	if again || err != nil {
		return out, err
	}
	_, err = h.world.ChangeStack(s.ID, func(s *world.Stack) error {
		if s.Status != "UPDATE_ROLLBACK_FAILED" || s.Before == nil {
			return invalid("Stack:%s is in %s state and can not continue update rollback.", s.ID, s.Status)
		}
		for _, id := range in.ResourcesToSkip {
			if r, ok := s.Resource(id); !ok || r.Status != "UPDATE_FAILED" {
				return invalid("Invalid resources to skip: [%s]. Only resources in the UPDATE_FAILED state can be skipped.", id)
			}
		}
		h.begin(s, "UPDATE_ROLLBACK_IN_PROGRESS", "CONTINUE_ROLLBACK", in.ClientRequestToken)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, h.start(ctx, o, func(ctx context.Context) { o.rollback(ctx, in.ResourcesToSkip) })
}

// rollingBack is the operation that rolls a stack back, with the role of the request
// or else of the stack. again says that the request repeats one that was answered.
func (h *handlers) rollingBack(ask *call, kind string, token, role *string) (o *operation, again bool, err error) {
	s := ask.stack
	if again, err := repeated(s, kind, token); again || err != nil {
		return nil, again, err
	}
	if err := h.pass(ask, role, s.ID); err != nil {
		return nil, false, err
	}
	o, err = h.operation(ask, s.ID, or(role, s.Input.RoleARN))
	return o, false, err
}

func or(given *string, otherwise string) string {
	if given != nil {
		return *given
	}
	return otherwise
}

func (h *handlers) rollbackStack(ctx context.Context, c *awswire.Caller, in *cloudformation.RollbackStackInput) (*cloudformation.RollbackStackOutput, error) {
	ask, err := h.permit(c, *in.StackName, keysOf(nil, in.RoleARN, nil, nil, nil, nil))
	if err != nil {
		return nil, err
	}
	s := ask.stack
	if s == nil {
		return nil, noStack(*in.StackName)
	}
	out := &cloudformation.RollbackStackOutput{StackId: &s.ID}
	o, again, err := h.rollingBack(ask, "ROLLBACK", in.ClientRequestToken, in.RoleARN)
	if again || err != nil {
		return out, err
	}
	s, err = h.world.ChangeStack(s.ID, func(s *world.Stack) error {
		status := map[string]string{"CREATE_FAILED": "ROLLBACK_IN_PROGRESS", "UPDATE_FAILED": "UPDATE_ROLLBACK_IN_PROGRESS"}[s.Status]
		if status == "" || s.Status == "UPDATE_FAILED" && s.Before == nil {
			return invalid("Stack:%s is in %s state and can not be rolled back.", s.ID, s.Status)
		}
		s.RetainExceptOnCreate = aws.ToBool(in.RetainExceptOnCreate)
		h.begin(s, status, "ROLLBACK", in.ClientRequestToken)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, h.start(ctx, o, func(ctx context.Context) {
		if s.Status == "ROLLBACK_IN_PROGRESS" {
			o.removeAll(ctx, "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", nil)
			return
		}
		o.rollback(ctx, nil)
	})
}

func (h *handlers) updateTerminationProtection(_ context.Context, c *awswire.Caller, in *cloudformation.UpdateTerminationProtectionInput) (*cloudformation.UpdateTerminationProtectionOutput, error) {
	ask, err := h.permit(c, *in.StackName, nil)
	if err != nil {
		return nil, err
	}
	if ask.stack == nil {
		return nil, noStack(*in.StackName)
	}
	_, err = h.world.ChangeStack(ask.stack.ID, func(s *world.Stack) error {
		if s.Status == world.StackDeleted || s.Status == "DELETE_IN_PROGRESS" {
			return invalid("Termination protection cannot be changed on a stack in %s state", s.Status)
		}
		s.TerminationProtection = *in.EnableTerminationProtection
		return nil
	})
	return &cloudformation.UpdateTerminationProtectionOutput{StackId: &ask.stack.ID}, err
}
