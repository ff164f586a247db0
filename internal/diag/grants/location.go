package grants

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
)

// maxRoles bounds the roles that are looked at.
const maxRoles = 10

// holds reports whether a location has a path in it.
func (l *location) holds(path string) bool {
	path = strings.TrimSuffix(path, "*")
	base, star := strings.CutSuffix(l.scope, "*")
	if star || base == "s3://" || strings.HasSuffix(base, "/") {
		return strings.HasPrefix(path, base)
	}
	return path == base || strings.HasPrefix(path, base+"/")
}

// checkLocation wants a location that holds the path.
func (s *section) checkLocation(ctx context.Context) {
	switch r := &s.read; {
	case r.locationsErr != nil:
		s.unread(checkLocation, r.locationsErr)
		return
	case len(r.locations) == 0 && s.target == "":
		s.log.Found("grants.no-location", s.instance, "no location is registered", finding.Fix{
			Who: finding.DataAdmin, Does: "register a location for the data; diag says how if you name them by --target", Console: "Amazon S3 > Access Grants > Locations > Register location",
		})
		return
	case s.target == "":
		s.log.OK(checkLocation, strconv.Itoa(len(r.locations))+" registered; --target looks at one")
		return
	}
	for i := range s.read.locations {
		l := &s.read.locations[i]
		if l.holds(s.target) && (s.covering == nil || len(l.scope) > len(s.covering.scope)) {
			s.covering = l
		}
	}
	if s.covering == nil {
		s.log.Found("grants.no-location", s.target, "none of "+strconv.Itoa(len(s.read.locations))+" registered locations holds "+s.target, s.register(ctx)...)
		return
	}
	s.log.OK(checkLocation, s.covering.scope+" with "+s.covering.role)
}

// spareRole is the role of a location that could be that of another one, too: "" if none of
// those that may be looked at trusts the service.
func (s *section) spareRole(ctx context.Context) string {
	for i := range s.read.locations[:min(maxRoles, len(s.read.locations))] {
		arn := s.read.locations[i].role
		role, refused := s.readRole(ctx, arn)
		switch {
		case refused != nil && refused.NotFound:
		case refused != nil || s.trusts(role):
			return arn
		}
	}
	return ""
}

// readRole reads a role of the account that the credentials are of: IAM looks nowhere else.
func (s *section) readRole(ctx context.Context, arn string) (*chain.Role, *refusal.Refusal) {
	if own := s.Application.Account; own != "" && own != config.AccountOf(arn) {
		return nil, &refusal.Refusal{Unsigned: true, Permission: "iam:GetRole", Seen: "the role " + arn + " is of another account than the credentials, " + own}
	}
	return iamrole.Read(ctx, s.iam, arn)
}

// checkRoles looks at the roles of the locations that matter.
func (s *section) checkRoles(ctx context.Context) {
	if s.read.locationsErr != nil {
		for _, check := range []string{checkRole, checkTrust, checkRights, checkPolicy} {
			s.unread(check, s.read.locationsErr)
		}
		return
	}
	for i, l := range s.inUse() {
		if i == maxRoles {
			break
		}
		s.checkOneRole(ctx, l)
	}
	s.checkRights()
	s.checkBucketPolicy(ctx)
	reason := "needs a registered location"
	if s.log.Has("grants.location-role-missing") {
		reason = "needs the role, see grants.location-role-missing"
	}
	for _, check := range []string{checkRole, checkTrust, checkRights, checkPolicy} {
		if !s.log.Has(check) {
			s.log.Skip(check, reason)
		}
	}
}

// inUse are the locations that matter, one for each role: that of the path or, without
// one, those of the person's grants.
func (s *section) inUse() []*location {
	if s.target != "" {
		if s.covering == nil {
			return nil
		}
		return []*location{s.covering}
	}
	mine, _ := s.mine()
	var all []*location
	for i := range s.read.locations {
		l := &s.read.locations[i]
		used := len(mine) == 0 || slices.ContainsFunc(mine, func(g grant) bool { return g.locationID == l.id || g.locationID == "" && l.holds(g.scope) })
		if used && !slices.ContainsFunc(all, func(other *location) bool { return other.role == l.role }) {
			all = append(all, l)
		}
	}
	return all
}

// checkOneRole reads the role of a location, and asks its trust policy.
func (s *section) checkOneRole(ctx context.Context, l *location) {
	role, refused := s.readRole(ctx, l.role)
	switch {
	case refused != nil && refused.NotFound:
		s.log.Found("grants.location-role-missing", l.role, "the location "+l.scope+" has the role "+l.role+", which does not exist", s.createRole(l)...)
		return
	case refused != nil:
		s.unread(checkRole, refused)
		for _, check := range []string{checkTrust, checkRights, checkPolicy} {
			if !s.log.Has(check) {
				s.unread(check, refused)
			}
		}
		return
	case role.ARN != l.role:
		s.log.Found("grants.location-role-missing", l.role, "the location "+l.scope+" has the role "+l.role+", and the role of that name is "+role.ARN, s.s3control(
			"give the location the role that there is", "update-access-grants-location", "--access-grants-location-id", l.id, "--iam-role-arn", role.ARN))
		return
	}
	if !s.log.Has(checkRole) {
		s.log.OK(checkRole, role.ARN)
	}
	s.checkTrust(role)
	if s.target != "" {
		s.role = role
	}
}
