package s3control

import (
	"math"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// identities are all names under which a session can hold grants.
type identities struct {
	// directory is set where the person's grants count; userID and groupIDs are
	// empty where they do not.
	directory bool
	userID    string
	groupIDs  []string
	// iam is the ARN of the role or user.
	iam string
	// application is the Identity Center application of the session, empty when there is none.
	application string
}

// identities resolves the person behind a session, if the instance is associated
// with the person's Identity Center and the application may use S3 Access Grants.
func (h *handlers) identities(s *world.Session, in *world.AccessGrants) identities {
	id := identities{iam: s.RoleARN}
	if s.Kind == world.KindIAMUser {
		id.iam = s.ARN
	}
	c := s.Identity
	if c == nil || c.Audit || in.IdentityCenter == nil || in.IdentityCenter.ARN != c.InstanceARN || !h.mayUseGrants(c, in) {
		return id
	}
	user, ok := h.world.User(in.IdentityCenter, c.UserID)
	if !ok || user.Disabled {
		return id
	}
	id.directory, id.userID, id.application = true, user.ID, c.ApplicationARN
	for _, g := range h.world.GroupsOf(in.IdentityCenter, user.ID) {
		id.groupIDs = append(id.groupIDs, g.ID)
	}
	return id
}

// mayUseGrants reports whether the context carries the scope, and the
// application's scope has this instance among its targets if it has any.
func (h *handlers) mayUseGrants(c *world.IdentityContext, in *world.AccessGrants) bool {
	if !*h.world.Switches.RequireScope {
		return true
	}
	if !slices.Contains(c.Scopes, accessScope) {
		return false
	}
	app, ok := h.world.Application(c.ApplicationARN)
	if !ok {
		return false
	}
	for _, s := range app.Scopes {
		if s.Name == accessScope {
			return len(s.Targets) == 0 || slices.Contains(s.Targets, in.ApplicationARN) || slices.Contains(s.Targets, c.InstanceARN)
		}
	}
	return false
}

// holds reports whether a grant is for one of the identities and for the application.
func (id *identities) holds(g *world.Grant) bool {
	if g.ApplicationARN != "ALL" && g.ApplicationARN != id.application {
		return false
	}
	switch g.Grantee {
	case world.DirectoryUser:
		return g.GranteeID == id.userID
	case world.DirectoryGroup:
		return slices.Contains(id.groupIDs, g.GranteeID)
	}
	return g.GranteeID == id.iam
}

// within reports whether a requested target lies inside a grant scope. The only
// wildcard of either is a star at the end.
func within(scope, target string) bool {
	prefix, wild := strings.CutSuffix(scope, "*")
	if !wild {
		return scope == target
	}
	return strings.HasPrefix(strings.TrimSuffix(target, "*"), prefix)
}

// covers reports whether a grant's permission includes the wanted one.
func covers(has string, want types.Permission) bool {
	return has == string(want) || has == string(types.PermissionReadwrite)
}

// best returns the most specific grant that serves the request, nil when there is none.
func (h *handlers) best(in *world.AccessGrants, id *identities, target string, want types.Permission) *world.Grant {
	var found *world.Grant
	for _, g := range in.Grants {
		if id.holds(g) && covers(g.Permission, want) && within(g.Scope, target) && h.precedes(g, found) {
			found = g
		}
	}
	if found == nil && want == types.PermissionReadwrite && *h.world.Switches.CombineReadAndWrite {
		return h.combined(in, id, target)
	}
	return found
}

// combined serves READWRITE by a READ and a WRITE grant together, where the world says so.
func (h *handlers) combined(in *world.AccessGrants, id *identities, target string) *world.Grant {
	read, write := h.best(in, id, target, types.PermissionRead), h.best(in, id, target, types.PermissionWrite)
	if read == nil || write == nil {
		return nil
	}
	both := *read
	if specificity(write) > specificity(read) {
		both = *write
	}
	both.Permission = string(types.PermissionReadwrite)
	return &both
}

// specificity orders the scopes that hold one target: all are beginnings of it,
// so that the longer is narrower, and one object is narrower than every prefix.
func specificity(g *world.Grant) int {
	if prefix, wild := strings.CutSuffix(g.Scope, "*"); wild {
		return len(prefix)
	}
	return math.MaxInt
}

// precedes reports whether a is more specific than b, or as specific with a grantee that comes first.
func (h *handlers) precedes(a, b *world.Grant) bool {
	if b == nil {
		return true
	}
	if sa, sb := specificity(a), specificity(b); sa != sb {
		return sa > sb
	}
	order := []world.GranteeType{world.DirectoryUser, world.DirectoryGroup, world.IAMGrantee}
	if h.world.Switches.GranteeOnTies == "role" {
		slices.Reverse(order)
	}
	return slices.Index(order, a.Grantee) < slices.Index(order, b.Grantee)
}
