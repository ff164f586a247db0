package center

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/tip-cli/tip-cli/internal/diag/refusal"
)

// assignment looks whether assignments are required and the user has one.
func (l *look) assignment(ctx context.Context) {
	out, err := l.sso.GetApplicationAssignmentConfiguration(ctx, &ssoadmin.GetApplicationAssignmentConfigurationInput{ApplicationArn: &l.c.Asked.ApplicationARN})
	switch r := refusal.Of("sso:GetApplicationAssignmentConfiguration", err); {
	case r != nil:
		l.unread(r, "center.assignment")
	case out.AssignmentRequired == nil:
		l.Unread("center.assignment", "the answer of GetApplicationAssignmentConfiguration does not say whether assignment is required", nil)
	case !*out.AssignmentRequired:
		l.OK("center.assignment", "not required")
	case l.c.Person == nil && l.Has("center.user.unread"):
		l.Unread("center.assignment", "assignment is required; whether it is met needs the user, who could not be read: see center.user", nil)
	case l.c.Person == nil:
		l.Skip("center.assignment", "required; whether it is met needs the user: see center.user")
	default:
		l.assigned(ctx)
	}
}

// assigned looks for an assignment of the user, then for those of the user's groups.
func (l *look) assigned(ctx context.Context) {
	direct, r := l.isAssigned(ctx, l.c.Person.UserID, types.PrincipalTypeUser)
	switch {
	case r != nil:
		r.Seen = "assignment is required; " + r.Seen
		l.unread(r, "center.assignment")
	case direct:
		l.OK("center.assignment", "required, and the user is assigned")
	default:
		l.assignedByGroup(ctx)
	}
}

// mostGroups bounds the groups whose assignment is asked for.
const mostGroups = 200

func (l *look) assignedByGroup(ctx context.Context) {
	if !l.c.Person.GroupsRead {
		if r := l.groups(ctx); r != nil {
			r.Seen = "the user is not assigned directly, and " + r.Seen + ", so that it is not known whether a group is"
			l.unread(r, "center.assignment")
			return
		}
	}
	groups := l.c.Person.Groups
	for _, group := range groups[:min(len(groups), mostGroups)] {
		assigned, r := l.isAssigned(ctx, group, types.PrincipalTypeGroup)
		switch {
		case r != nil:
			l.unread(r, "center.assignment")
			return
		case assigned:
			l.OK("center.assignment", "required, and the user's group "+group+" is assigned")
			return
		}
	}
	if len(groups) > mostGroups {
		l.Unread("center.assignment", fmt.Sprintf("neither the user nor %d of the user's %d groups are assigned; the others were not looked at", mostGroups, len(groups)), nil)
		return
	}
	l.Found("center.not-assigned", l.c.Asked.ApplicationARN,
		fmt.Sprintf("assignment is required, and neither the user %s nor one of the user's %d groups is assigned", l.c.Person.UserID, len(groups)),
		fix("assign the user to the application", l.aws("sso-admin", "create-application-assignment", "--application-arn", l.c.Asked.ApplicationARN,
			"--principal-id", l.c.Person.UserID, "--principal-type", "USER")))
}

// isAssigned asks for the assignment of one principal, by the one or the other
// operation, whichever is allowed.
func (l *look) isAssigned(ctx context.Context, id string, kind types.PrincipalType) (bool, *refusal.Refusal) {
	_, err := l.sso.DescribeApplicationAssignment(ctx, &ssoadmin.DescribeApplicationAssignmentInput{
		ApplicationArn: &l.c.Asked.ApplicationARN, PrincipalId: &id, PrincipalType: kind,
	})
	r := refusal.Of("sso:DescribeApplicationAssignment", err)
	switch {
	case r == nil:
		return true, nil
	case r.NotFound:
		return false, nil
	case !r.Denied:
		return false, r
	}
	list, err := every(ctx, ssoadmin.NewListApplicationAssignmentsForPrincipalPaginator(l.sso, &ssoadmin.ListApplicationAssignmentsForPrincipalInput{
		InstanceArn: &l.c.Registration.InstanceARN, PrincipalId: &id, PrincipalType: kind,
		Filter: &types.ListApplicationAssignmentsFilter{ApplicationArn: &l.c.Asked.ApplicationARN},
	}), func(p *ssoadmin.ListApplicationAssignmentsForPrincipalOutput) []types.ApplicationAssignmentForPrincipal {
		return p.ApplicationAssignments
	})
	if err != nil {
		return false, r // of the operation that asks for one only
	}
	return len(list) > 0, nil
}
