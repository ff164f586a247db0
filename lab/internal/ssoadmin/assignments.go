package ssoadmin

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// assignment is that of a principal in the API's terms.
func assignment(id *string, kind types.PrincipalType) world.Assignment {
	return world.Assignment{ID: *id, Group: kind == types.PrincipalTypeGroup}
}

func principalType(a world.Assignment) types.PrincipalType {
	if a.Group {
		return types.PrincipalTypeGroup
	}
	return types.PrincipalTypeUser
}

// noPrincipal is worded as the identity store does.
func noPrincipal(kind types.PrincipalType) error { return refuse(notFound, "%s not found.", kind) }

func (h *handlers) createApplicationAssignment(_ context.Context, c *awswire.Caller, in *ssoadmin.CreateApplicationAssignmentInput) (*ssoadmin.CreateApplicationAssignmentOutput, error) {
	if _, err := h.application(c, *in.ApplicationArn, nil); err != nil {
		return nil, err
	}
	err := h.world.Assign(*in.ApplicationArn, assignment(in.PrincipalId, in.PrincipalType))
	if errors.Is(err, world.ErrNoMember) {
		return nil, noPrincipal(in.PrincipalType)
	}
	if err != nil {
		return nil, h.refused(err)
	}
	return &ssoadmin.CreateApplicationAssignmentOutput{}, nil
}

func (h *handlers) describeApplicationAssignment(_ context.Context, c *awswire.Caller, in *ssoadmin.DescribeApplicationAssignmentInput) (*ssoadmin.DescribeApplicationAssignmentOutput, error) {
	a, err := h.application(c, *in.ApplicationArn, nil)
	if err != nil {
		return nil, err
	}
	if !a.Assigned(assignment(in.PrincipalId, in.PrincipalType)) {
		return nil, h.refused(world.ErrNotAssigned)
	}
	return &ssoadmin.DescribeApplicationAssignmentOutput{ApplicationArn: &a.ARN, PrincipalId: in.PrincipalId, PrincipalType: in.PrincipalType}, nil
}

func (h *handlers) listApplicationAssignments(_ context.Context, c *awswire.Caller, in *ssoadmin.ListApplicationAssignmentsInput) (*ssoadmin.ListApplicationAssignmentsOutput, error) {
	a, err := h.application(c, *in.ApplicationArn, nil)
	if err != nil {
		return nil, err
	}
	id := func(to world.Assignment) string { return to.ID }
	page, next, err := pageOf(a.Assignments(), id, "assignments "+a.ARN, pageLimit, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ssoadmin.ListApplicationAssignmentsOutput{ApplicationAssignments: make([]types.ApplicationAssignment, len(page)), NextToken: next}
	for n, to := range page {
		out.ApplicationAssignments[n] = types.ApplicationAssignment{ApplicationArn: &a.ARN, PrincipalId: &to.ID, PrincipalType: principalType(to)}
	}
	return out, nil
}

func (h *handlers) deleteApplicationAssignment(_ context.Context, c *awswire.Caller, in *ssoadmin.DeleteApplicationAssignmentInput) (*ssoadmin.DeleteApplicationAssignmentOutput, error) {
	if _, err := h.application(c, *in.ApplicationArn, nil); err != nil {
		return nil, err
	}
	if err := h.world.Unassign(*in.ApplicationArn, assignment(in.PrincipalId, in.PrincipalType)); err != nil {
		return nil, h.refused(err)
	}
	return &ssoadmin.DeleteApplicationAssignmentOutput{}, nil
}

// applicationOf is an assignment with the application that has it.
type applicationOf struct {
	application string
	to          world.Assignment
}

// listApplicationAssignmentsForPrincipal needs a filter of a member account that
// asks the organization's instance (API reference).
func (h *handlers) listApplicationAssignmentsForPrincipal(_ context.Context, c *awswire.Caller, in *ssoadmin.ListApplicationAssignmentsForPrincipalInput) (*ssoadmin.ListApplicationAssignmentsForPrincipalOutput, error) {
	var only string
	if in.Filter != nil {
		only = aws.ToString(in.Filter.ApplicationArn)
	}
	session, i, err := h.instance(c, *in.InstanceArn, true, h.visible, func(q *question) {
		if a, ok := h.world.Application(only); ok {
			q.applicationAccount = a.Creator
		}
	})
	if err != nil {
		return nil, err
	}
	if only == "" && !h.world.Administers(session.Account, i) {
		return nil, invalid("A member account must filter the assignments of the organization instance by ApplicationArn.")
	}
	principals, err := h.principals(i, assignment(in.PrincipalId, in.PrincipalType))
	if err != nil {
		return nil, err
	}
	id := func(a applicationOf) string { return a.application + " " + a.to.ID }
	listed := "of " + *in.PrincipalId + " " + only
	page, next, err := pageOf(h.applicationsOf(i, principals, only), id, listed, pageLimit, in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &ssoadmin.ListApplicationAssignmentsForPrincipalOutput{
		ApplicationAssignments: make([]types.ApplicationAssignmentForPrincipal, len(page)), NextToken: next,
	}
	for n, a := range page {
		out.ApplicationAssignments[n] = types.ApplicationAssignmentForPrincipal{ApplicationArn: &a.application, PrincipalId: &a.to.ID, PrincipalType: principalType(a.to)}
	}
	return out, nil
}

// principals are a user or group and, where the switch says so, the groups of the
// user, in the order of their ids.
func (h *handlers) principals(i *world.Instance, of world.Assignment) ([]world.Assignment, error) {
	if of.Group {
		if _, ok := h.world.Group(i, of.ID); !ok {
			return nil, noPrincipal(types.PrincipalTypeGroup)
		}
		return []world.Assignment{of}, nil
	}
	if _, ok := h.world.User(i, of.ID); !ok {
		return nil, noPrincipal(types.PrincipalTypeUser)
	}
	all := []world.Assignment{of}
	if *h.world.Switches.AssignmentsThroughGroups {
		for _, g := range h.world.GroupsOf(i, of.ID) {
			all = append(all, world.Assignment{ID: g.ID, Group: true})
		}
	}
	slices.SortFunc(all, func(a, b world.Assignment) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

// applicationsOf are the assignments of principals, in the order of the applications' ARNs.
func (h *handlers) applicationsOf(i *world.Instance, principals []world.Assignment, only string) []applicationOf {
	var found []applicationOf
	for _, a := range h.world.Applications(i) {
		if only != "" && a.ARN != only {
			continue
		}
		for _, to := range principals {
			if a.Assigned(to) {
				found = append(found, applicationOf{a.ARN, to})
			}
		}
	}
	return found
}
