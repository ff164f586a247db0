package grants

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"github.com/tip-cli/tip-cli/internal/diag/refusal"
)

// Bounds of lists. AWS has 1,000 locations and 100,000 grants in an instance, and 1,000 of
// either on a page.
const (
	maxPages  = 200
	pageOfAll = 1000
)

// location is a registered one.
type location struct{ id, scope, role string }

// grant is an access grant. Of one from the person's own list only scope, permission and
// application are known.
type grant struct {
	id, scope, permission   string
	granteeType, grantee    string
	application, locationID string
}

// reading is what was read, and what stood in the way.
type reading struct {
	// center is the Identity Center that the instance is associated with, or "".
	center      string
	instanceErr *refusal.Refusal

	locations    []location
	locationsErr *refusal.Refusal

	grants    []grant
	grantsErr *refusal.Refusal

	// own are the grants of the person by the person's own list.
	own    []grant
	ownErr *refusal.Refusal
}

func (s *section) readAll(ctx context.Context) {
	s.read = reading{}
	s.readInstance(ctx)
	s.readLocations(ctx)
	s.readGrants(ctx)
	s.readOwn(ctx)
}

func (s *section) readInstance(ctx context.Context) {
	const permission = "s3:GetAccessGrantsInstance"
	if s.admin == nil {
		s.read.instanceErr = s.unopened(permission)
		return
	}
	out, err := s.admin.GetAccessGrantsInstance(ctx, &s3control.GetAccessGrantsInstanceInput{AccountId: &s.account})
	if s.read.instanceErr = refusal.Of(permission, err); err != nil {
		return
	}
	if s.read.center = deref(out.IdentityCenterInstanceArn); s.read.center == "" {
		s.read.center = centerOf(deref(out.IdentityCenterApplicationArn))
	}
}

func (s *section) readLocations(ctx context.Context) {
	const permission = "s3:ListAccessGrantsLocations"
	if s.admin == nil {
		s.read.locationsErr = s.unopened(permission)
		return
	}
	pages := s3control.NewListAccessGrantsLocationsPaginator(s.admin, &s3control.ListAccessGrantsLocationsInput{AccountId: &s.account, MaxResults: pageOfAll})
	for range maxPages {
		if !pages.HasMorePages() {
			return
		}
		out, err := pages.NextPage(ctx)
		if s.read.locationsErr = refusal.Of(permission, err); err != nil {
			return
		}
		for _, l := range out.AccessGrantsLocationsList {
			s.read.locations = append(s.read.locations, location{deref(l.AccessGrantsLocationId), deref(l.LocationScope), deref(l.IAMRoleArn)})
		}
	}
	s.read.locationsErr = endless(permission)
}

func (s *section) readGrants(ctx context.Context) {
	const permission = "s3:ListAccessGrants"
	if s.admin == nil {
		s.read.grantsErr = s.unopened(permission)
		return
	}
	pages := s3control.NewListAccessGrantsPaginator(s.admin, &s3control.ListAccessGrantsInput{AccountId: &s.account, MaxResults: pageOfAll})
	for range maxPages {
		if !pages.HasMorePages() {
			return
		}
		out, err := pages.NextPage(ctx)
		if s.read.grantsErr = refusal.Of(permission, err); err != nil {
			return
		}
		for _, g := range out.AccessGrantsList {
			one := grant{
				id: deref(g.AccessGrantId), scope: deref(g.GrantScope), permission: string(g.Permission),
				application: deref(g.ApplicationArn), locationID: deref(g.AccessGrantsLocationId),
			}
			if g.Grantee != nil {
				one.granteeType, one.grantee = string(g.Grantee.GranteeType), deref(g.Grantee.GranteeIdentifier)
			}
			s.read.grants = append(s.read.grants, one)
		}
	}
	s.read.grantsErr = endless(permission)
}

// readOwn has AWS list the grants of the person.
func (s *section) readOwn(ctx context.Context) {
	const permission = "s3:ListCallerAccessGrants"
	if s.person == nil {
		s.read.ownErr = &refusal.Refusal{Unsigned: true, Permission: permission, Seen: "there is no session of the person: --live makes one"}
		return
	}
	pages := s3control.NewListCallerAccessGrantsPaginator(s.person, &s3control.ListCallerAccessGrantsInput{AccountId: &s.account, MaxResults: pageOfAll})
	for range maxPages {
		if !pages.HasMorePages() {
			return
		}
		out, err := pages.NextPage(ctx)
		if s.read.ownErr = refusal.Of(permission, err); err != nil {
			return
		}
		for _, g := range out.CallerAccessGrantsList {
			s.read.own = append(s.read.own, grant{scope: deref(g.GrantScope), permission: string(g.Permission), application: deref(g.ApplicationArn)})
		}
	}
	s.read.ownErr = endless(permission)
}

func endless(permission string) *refusal.Refusal {
	return &refusal.Refusal{Permission: permission, Seen: "the list has no end"}
}

// missing reports whether AWS says that there is no instance.
func missing(refused ...*refusal.Refusal) bool {
	for _, r := range refused {
		if r != nil && strings.HasPrefix(r.Code, "AccessGrantsInstanceNotExists") {
			return true
		}
	}
	return false
}
