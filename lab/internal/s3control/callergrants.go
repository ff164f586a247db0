package s3control

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func (h *handlers) listCallerAccessGrants(_ context.Context, c *awswire.Caller, in *s3control.ListCallerAccessGrantsInput) (*s3control.ListCallerAccessGrantsOutput, error) {
	session, instance, err := h.permit(c, *in.AccountId, shared)
	if err != nil {
		return nil, err
	}
	if in.GrantScope != nil && !strings.HasPrefix(*in.GrantScope, "s3://") {
		return nil, h.invalid("The grant scope must begin with s3://")
	}
	id := h.identities(session, instance)
	page, next, err := pageOf(h, h.callerGrants(instance, &id, in), numberOf, "caller", in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &s3control.ListCallerAccessGrantsOutput{NextToken: next}
	for _, g := range page {
		application := g.ApplicationARN
		if g.Grantee == world.IAMGrantee {
			application = "NA"
		}
		out.CallerAccessGrantsList = append(out.CallerAccessGrantsList, types.ListCallerAccessGrantsEntry{
			ApplicationArn: &application, GrantScope: &g.Scope, Permission: types.Permission(g.Permission),
		})
	}
	return out, nil
}

// callerGrants are the grants to one of the identities, by default whatever
// application they are for.
func (h *handlers) callerGrants(in *world.AccessGrants, id *identities, r *s3control.ListCallerAccessGrantsInput) []*world.Grant {
	var all []*world.Grant
	anyApplication := *id
	for _, g := range in.Grants {
		if !r.AllowedByApplication {
			anyApplication.application = g.ApplicationARN
		}
		if !anyApplication.holds(g) || !strings.HasPrefix(g.Scope, aws.ToString(r.GrantScope)) {
			continue
		}
		if g.Grantee == world.IAMGrantee && !h.listsIAM(id, r) {
			continue
		}
		all = append(all, g)
	}
	return all
}

// listsIAM reports whether grants of the session's IAM identity are listed.
func (h *handlers) listsIAM(id *identities, r *s3control.ListCallerAccessGrantsInput) bool {
	if r.AllowedByApplication && !*h.world.Switches.ApplicationFilterKeepsIAM {
		return false
	}
	return !id.directory || *h.world.Switches.CallerGrantsOfRole
}
