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

// grantScope is the condition key of requests about one grant.
const grantScope = "s3:AccessGrantScope"

// grant authorizes an operation on one grant and returns it.
func (h *handlers) grant(c *awswire.Caller, account, id string) (*world.AccessGrants, *world.Grant, error) {
	var found *world.Grant
	_, g, err := h.permit(c, account, func(g *world.AccessGrants, q *question) {
		q.below = "/grant/" + id
		if n, ok := g.Grant(id); ok {
			found = n
			q.keys.Set(grantScope, n.Scope)
			addTags(q.keys, "aws:ResourceTag/", n.Tags)
		}
	})
	if err != nil {
		return nil, nil, err
	}
	if found == nil {
		return nil, nil, refuse("NoSuchAccessGrantError")
	}
	return g, found, nil
}

// Members of the answers about a grant that are not its own fields.

func configuration(n *world.Grant) *types.AccessGrantsLocationConfiguration {
	if n.SubPrefix == "" {
		return nil
	}
	return &types.AccessGrantsLocationConfiguration{S3SubPrefix: &n.SubPrefix}
}

func granteeOf(n *world.Grant) *types.Grantee {
	return &types.Grantee{GranteeType: types.GranteeType(n.Grantee), GranteeIdentifier: &n.GranteeID}
}

// applicationOf leaves the application of IAM's grants out.
func applicationOf(n *world.Grant) *string {
	if n.Grantee == world.IAMGrantee {
		return nil
	}
	return &n.ApplicationARN
}

func (h *handlers) getAccessGrant(_ context.Context, c *awswire.Caller, in *s3control.GetAccessGrantInput) (*s3control.GetAccessGrantOutput, error) {
	_, n, err := h.grant(c, *in.AccountId, *in.AccessGrantId)
	if err != nil {
		return nil, err
	}
	return &s3control.GetAccessGrantOutput{
		CreatedAt: &n.Created, AccessGrantId: &n.ID, AccessGrantArn: &n.ARN, AccessGrantsLocationId: &n.LocationID,
		AccessGrantsLocationConfiguration: configuration(n), Grantee: granteeOf(n), Permission: types.Permission(n.Permission),
		GrantScope: &n.Scope, ApplicationArn: applicationOf(n),
	}, nil
}

// editGrant has edit change a copy of a grant as it is now, which takes its place.
func (h *handlers) editGrant(in *world.AccessGrants, id string, edit func(*world.Grant) error) error {
	_, err := h.world.ChangeAccessGrants(in.Account, in.Region, func(g *world.AccessGrants) error {
		n, ok := g.Grant(id)
		if !ok {
			return world.ErrNoGrant
		}
		edited := *n
		if err := edit(&edited); err != nil {
			return err
		}
		return g.ReplaceGrant(&edited)
	})
	return refused(err, in)
}

func (h *handlers) deleteAccessGrant(_ context.Context, c *awswire.Caller, in *s3control.DeleteAccessGrantInput) (*s3control.DeleteAccessGrantOutput, error) {
	g, n, err := h.grant(c, *in.AccountId, *in.AccessGrantId)
	if err != nil {
		return nil, err
	}
	if _, err := h.world.ChangeAccessGrants(g.Account, g.Region, func(g *world.AccessGrants) error { return g.RemoveGrant(n.ID) }); err != nil {
		return nil, refused(err, g)
	}
	return &s3control.DeleteAccessGrantOutput{}, nil
}

func (h *handlers) listAccessGrants(_ context.Context, c *awswire.Caller, in *s3control.ListAccessGrantsInput) (*s3control.ListAccessGrantsOutput, error) {
	_, g, err := h.permit(c, *in.AccountId, shared)
	if err != nil {
		return nil, err
	}
	var found []*world.Grant
	for _, n := range g.Grants {
		if h.listed(n, in) {
			found = append(found, n)
		}
	}
	page, next, err := pageOf(h, found, numberOf, "grants", in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &s3control.ListAccessGrantsOutput{NextToken: next}
	for _, n := range page {
		out.AccessGrantsList = append(out.AccessGrantsList, types.ListAccessGrantEntry{
			CreatedAt: &n.Created, AccessGrantId: &n.ID, AccessGrantArn: &n.ARN, AccessGrantsLocationId: &n.LocationID,
			AccessGrantsLocationConfiguration: configuration(n), Grantee: granteeOf(n), Permission: types.Permission(n.Permission),
			GrantScope: &n.Scope, ApplicationArn: applicationOf(n),
		})
	}
	return out, nil
}

func numberOf(n *world.Grant) int { return n.Number }

// listed reports whether every filter of the request lets a grant through.
func (h *handlers) listed(n *world.Grant, in *s3control.ListAccessGrantsInput) bool {
	scope := aws.ToString(in.GrantScope)
	if h.world.Switches.GrantScopeFilter == "prefix" && strings.HasPrefix(n.Scope, scope) {
		scope = ""
	}
	return fits(string(in.GranteeType), string(n.Grantee)) && fits(aws.ToString(in.GranteeIdentifier), n.GranteeID) &&
		fits(string(in.Permission), n.Permission) && fits(scope, n.Scope) && fits(aws.ToString(in.ApplicationArn), n.ApplicationARN)
}

// fits reports whether a filter is absent or equal to the value.
func fits(filter, value string) bool { return filter == "" || filter == value }
