package s3control

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/google/uuid"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// locationScope is the condition key of requests about one location.
const locationScope = "s3:AccessGrantsLocationScope"

func (h *handlers) createAccessGrantsLocation(_ context.Context, c *awswire.Caller, in *s3control.CreateAccessGrantsLocationInput) (*s3control.CreateAccessGrantsLocationOutput, error) {
	id, below := uuid.NewString(), "/location/*"
	if *in.LocationScope == world.DefaultLocation {
		id, below = instanceID, "/location/"+instanceID
	}
	tags, tagsErr := tagsOf(in.Tags)
	session, g, err := h.permit(c, *in.AccountId, func(_ *world.AccessGrants, q *question) {
		if h.world.Switches.AccessGrantsCreateOn == "created" {
			q.below = below
		}
		q.keys.Set(locationScope, *in.LocationScope)
		requestTags(q.keys, tags)
	})
	if err != nil {
		return nil, err
	}
	if tagsErr != nil {
		return nil, tagsErr
	}
	if h.world.CheckLocationScope(g, *in.LocationScope) != nil {
		return nil, refuse("InvalidAccessGrantsLocation")
	}
	if err := h.checkRole(c, session, g, *in.IAMRoleArn); err != nil {
		return nil, err
	}
	made := &world.Location{ID: id, Scope: *in.LocationScope, RoleARN: *in.IAMRoleArn, Created: h.now(), Tags: tags}
	if _, err := h.world.ChangeAccessGrants(g.Account, g.Region, func(g *world.AccessGrants) error { return g.AddLocation(made) }); err != nil {
		return nil, refused(err, g)
	}
	return &s3control.CreateAccessGrantsLocationOutput{
		CreatedAt: &made.Created, AccessGrantsLocationId: &made.ID, AccessGrantsLocationArn: &made.ARN,
		LocationScope: &made.Scope, IAMRoleArn: &made.RoleARN,
	}, nil
}

// checkRole looks at the role of a location: who registers it must be allowed to
// pass it on, and it must be one of the instance's account that trusts the service.
func (h *handlers) checkRole(c *awswire.Caller, s *world.Session, g *world.AccessGrants, arn string) error {
	if err := h.pass(c, s, arn); err != nil {
		return err
	}
	role, ok := h.world.Role(arn)
	if !ok || role.Account != g.Account {
		return refuse("InvalidIamRole")
	}
	keys := policy.Context{"aws:SourceAccount": {g.Account}, "aws:SourceArn": {g.ARN}}
	if *h.world.Switches.LocationRoleChecked && !h.authz.Trusts(role, policy.Principal{Service: servicePrincipal}, "sts:AssumeRole", keys) {
		return refuse("InvalidIamRole")
	}
	return nil
}

// location authorizes an operation on one location and returns it.
func (h *handlers) location(c *awswire.Caller, account, id string) (*world.Session, *world.AccessGrants, *world.Location, error) {
	var found *world.Location
	session, g, err := h.permit(c, account, func(g *world.AccessGrants, q *question) {
		q.below = "/location/" + id
		if l, ok := g.Location(id); ok {
			found = l
			q.keys.Set(locationScope, l.Scope)
			addTags(q.keys, "aws:ResourceTag/", l.Tags)
		}
	})
	if err != nil {
		return nil, nil, nil, err
	}
	if found == nil {
		return nil, nil, nil, refuse("NoSuchAccessGrantsLocationError")
	}
	return session, g, found, nil
}

func (h *handlers) getAccessGrantsLocation(_ context.Context, c *awswire.Caller, in *s3control.GetAccessGrantsLocationInput) (*s3control.GetAccessGrantsLocationOutput, error) {
	_, _, l, err := h.location(c, *in.AccountId, *in.AccessGrantsLocationId)
	if err != nil {
		return nil, err
	}
	return &s3control.GetAccessGrantsLocationOutput{
		CreatedAt: &l.Created, AccessGrantsLocationId: &l.ID, AccessGrantsLocationArn: &l.ARN, LocationScope: &l.Scope, IAMRoleArn: &l.RoleARN,
	}, nil
}

func (h *handlers) updateAccessGrantsLocation(_ context.Context, c *awswire.Caller, in *s3control.UpdateAccessGrantsLocationInput) (*s3control.UpdateAccessGrantsLocationOutput, error) {
	session, g, l, err := h.location(c, *in.AccountId, *in.AccessGrantsLocationId)
	if err != nil {
		return nil, err
	}
	if err := h.checkRole(c, session, g, *in.IAMRoleArn); err != nil {
		return nil, err
	}
	l, err = h.editLocation(g, l.ID, func(l *world.Location) error {
		l.RoleARN = *in.IAMRoleArn
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &s3control.UpdateAccessGrantsLocationOutput{
		CreatedAt: &l.Created, AccessGrantsLocationId: &l.ID, AccessGrantsLocationArn: &l.ARN, LocationScope: &l.Scope, IAMRoleArn: &l.RoleARN,
	}, nil
}

// editLocation has edit change a copy of a location as it is now, which takes its place.
func (h *handlers) editLocation(in *world.AccessGrants, id string, edit func(*world.Location) error) (*world.Location, error) {
	var edited world.Location
	_, err := h.world.ChangeAccessGrants(in.Account, in.Region, func(g *world.AccessGrants) error {
		l, ok := g.Location(id)
		if !ok {
			return world.ErrNoLocation
		}
		edited = *l
		if err := edit(&edited); err != nil {
			return err
		}
		return g.ReplaceLocation(&edited)
	})
	return &edited, refused(err, in)
}

func (h *handlers) deleteAccessGrantsLocation(_ context.Context, c *awswire.Caller, in *s3control.DeleteAccessGrantsLocationInput) (*s3control.DeleteAccessGrantsLocationOutput, error) {
	_, g, l, err := h.location(c, *in.AccountId, *in.AccessGrantsLocationId)
	if err != nil {
		return nil, err
	}
	if _, err := h.world.ChangeAccessGrants(g.Account, g.Region, func(g *world.AccessGrants) error { return g.RemoveLocation(l.ID) }); err != nil {
		return nil, refused(err, g)
	}
	return &s3control.DeleteAccessGrantsLocationOutput{}, nil
}

func (h *handlers) listAccessGrantsLocations(_ context.Context, c *awswire.Caller, in *s3control.ListAccessGrantsLocationsInput) (*s3control.ListAccessGrantsLocationsOutput, error) {
	_, g, err := h.permit(c, *in.AccountId, shared)
	if err != nil {
		return nil, err
	}
	var found []*world.Location
	for _, l := range g.Locations {
		if in.LocationScope == nil || *in.LocationScope == l.Scope {
			found = append(found, l)
		}
	}
	page, next, err := pageOf(h, found, func(l *world.Location) int { return l.Number }, "locations", in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := &s3control.ListAccessGrantsLocationsOutput{NextToken: next}
	for _, l := range page {
		out.AccessGrantsLocationsList = append(out.AccessGrantsLocationsList, types.ListAccessGrantsLocationsEntry{
			CreatedAt: &l.Created, AccessGrantsLocationId: &l.ID, AccessGrantsLocationArn: &l.ARN, LocationScope: &l.Scope, IAMRoleArn: &l.RoleARN,
		})
	}
	return out, nil
}
