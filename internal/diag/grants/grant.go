package grants

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/diag/refusal"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// covers reports whether a scope has all of a path in it.
func covers(scope, path string) bool {
	return s3agcreds.Covers(scope, types.PermissionRead, path, types.PermissionRead)
}

// permits reports whether a grant includes a permission. READ and WRITE do not add up.
func (g *grant) permits(p types.Permission) bool {
	return g.permission == string(p) || g.permission == string(types.PermissionReadwrite)
}

// usable reports whether the application may use a grant.
func (g *grant) usable(application string) bool {
	return !strings.HasPrefix(g.application, "arn:") || g.application == application
}

// specificity orders scopes that hold one path: the longer is narrower, and one object is
// narrower than any.
func specificity(scope string) int {
	if prefix, wild := strings.CutSuffix(scope, "*"); wild {
		return len(prefix)
	}
	return math.MaxInt32
}

// below is all that a path is about for somebody who names a folder, or a bucket.
func below(path string) string {
	folder := s3agcreds.NormalizeTarget(path)
	if strings.HasSuffix(folder, "/") {
		return folder + "*"
	}
	return folder
}

// String tells a grant by its scope, and whose it is where that is known.
func (g *grant) String() string {
	text := g.permission + " on " + g.scope
	switch types.GranteeType(g.granteeType) {
	case types.GranteeTypeDirectoryUser:
		text += " of the user"
	case types.GranteeTypeDirectoryGroup:
		text += " of the group " + g.grantee
	case types.GranteeTypeIam:
		text += " of " + g.grantee
	}
	return text
}

// mine are the grants of the person: the user's, the groups' and those of the role. The
// refusal says what keeps them from being all of them.
func (s *section) mine() ([]grant, *refusal.Refusal) {
	r, user := &s.read, s.userID()
	groupsRead := s.Person != nil && s.Person.GroupsRead && s.Person.UserID == user
	var all []grant
	for i := range r.grants {
		g := &r.grants[i]
		switch types.GranteeType(g.granteeType) {
		case types.GranteeTypeDirectoryUser:
			if user == "" || g.grantee != user {
				continue
			}
		case types.GranteeTypeDirectoryGroup:
			if s.Person == nil || !slices.Contains(s.Person.Groups, g.grantee) {
				continue
			}
		default:
			if g.grantee != s.ourRole() {
				continue
			}
		}
		all = append(all, *g)
	}
	switch {
	case r.grantsErr == nil && user != "" && groupsRead:
		return all, nil
	case r.ownErr == nil:
		return r.own, nil
	case r.grantsErr != nil:
		return all, r.grantsErr
	case user == "":
		return all, &refusal.Refusal{Seen: "who the person is in the directory is not known: see the checks of Identity Center, or make a session by --live"}
	}
	return all, &refusal.Refusal{Seen: "the groups of the person are not known: " + s.groupsUnread(user)}
}

// groupsUnread says why they are not.
func (s *section) groupsUnread(user string) string {
	if s.Person == nil || s.Person.UserID != user || s.Person.GroupsUnread == "" {
		return "see the checks of Identity Center"
	}
	return s.Person.GroupsUnread
}

// unreadOf says why the grants of the person are not known: that there is no person is
// told where it was found.
func (s *section) unreadOf(check string, refused *refusal.Refusal) {
	because := slices.IndexFunc(s.Failed, func(id string) bool { return strings.HasPrefix(id, "token.") || strings.HasPrefix(id, "center.") })
	if s.userID() == "" && refused.Permission == "" && because >= 0 {
		s.log.Skip(check, "needs to know who the person is: see "+s.Failed[because])
		return
	}
	if s.Person != nil && s.Person.GroupsUnread != "" && refused.Permission == "" && s.Person.UserID == s.userID() { // by the other credentials
		s.log.Unread(check, refused.Seen, s.Person.GroupsMissing)
		return
	}
	s.unread(check, refused)
}

// checkGrant wants a grant for the path or, without one, any.
func (s *section) checkGrant() {
	for _, cause := range []string{"grants.not-associated", "grants.other-identity-center", "grants.no-location"} {
		if s.log.Has(cause) {
			s.log.Skip(checkGrant, "see "+cause)
			return
		}
	}
	mine, refused := s.mine()
	if s.target == "" {
		s.checkAny(mine, refused)
		return
	}
	if s.serves = s.best(mine, s.target); s.serves != nil {
		s.locate()
		s.log.OK(checkGrant, string(s.permission)+" on "+s.target+": "+s.serves.String())
		return
	}
	switch s.unsure = refused != nil; {
	case s.given != nil:
		s.log.Skip(checkGrant, "no grant that was read covers the path, and AWS gives it all the same: see the answer of GetDataAccess")
	case s.unsure:
		s.unreadOf(checkGrant, refused)
	default:
		s.reportNoGrant(mine)
	}
}

func (s *section) checkAny(mine []grant, refused *refusal.Refusal) {
	usable := 0
	for i := range mine {
		if mine[i].usable(s.Asked.ApplicationARN) {
			usable++
		}
	}
	switch {
	case usable > 0:
		s.log.OK(checkGrant, fmt.Sprintf("the person has %d, by themselves, by groups or by the role; --target looks at a path", usable))
	case refused != nil:
		s.unreadOf(checkGrant, refused)
	case len(mine) > 0:
		s.log.Found("grants.other-application", mine[0].scope, fmt.Sprintf("all %d grants of the person are for other applications, such as %s", len(mine), mine[0].application),
			s.grantAs(mine[0].scope, types.Permission(mine[0].permission)))
	default:
		s.log.Found("grants.no-grant", s.instance, "of "+s.grantsThere()+" none is for the user, the groups or the role", s.grantSomething())
	}
}

func (s *section) grantsThere() string {
	if s.read.grantsErr != nil {
		return "the grants"
	}
	return fmt.Sprintf("%d grants", len(s.read.grants))
}

// best is the most specific grant that serves a path, nil if none does.
func (s *section) best(mine []grant, path string) *grant {
	return nearest(mine, func(g *grant) bool {
		return covers(g.scope, path) && g.permits(s.permission) && g.usable(s.Asked.ApplicationARN)
	})
}

// nearest is the most specific of the grants that something is true of.
func nearest(all []grant, is func(*grant) bool) *grant {
	var found *grant
	for i := range all {
		if g := &all[i]; is(g) && (found == nil || specificity(g.scope) > specificity(found.scope)) {
			found = g
		}
	}
	return found
}

// locate takes the location of the grant that serves for the one that matters.
func (s *section) locate() {
	for i := range s.read.locations {
		if s.read.locations[i].id == s.serves.locationID {
			s.covering = &s.read.locations[i]
		}
	}
}

// reportNoGrant says what comes nearest to a grant for the path.
func (s *section) reportNoGrant(mine []grant) {
	app, path := s.Asked.ApplicationARN, s.target
	inside := below(path)
	bare := strings.TrimRight(strings.TrimSuffix(path, "*"), "/")
	smaller := nearest(mine, func(g *grant) bool { return covers(g.scope, path) && g.usable(app) })
	foreign := nearest(mine, func(g *grant) bool { return covers(g.scope, path) && g.permits(s.permission) })
	object := nearest(mine, func(g *grant) bool { return g.scope == bare && g.scope != path })
	part := nearest(mine, func(g *grant) bool { return covers(inside, g.scope) && g.usable(app) && g.permits(s.permission) })
	switch {
	case smaller != nil:
		s.log.Found("grants.permission-too-small", smaller.scope, string(s.permission)+" on "+path+" is wanted, and there is "+smaller.String(), s.grantPath()...)
	case foreign != nil:
		s.log.Found("grants.other-application", foreign.scope, foreign.String()+" is for "+foreign.application+", and the application is "+app, s.grantPath()...)
	case object != nil:
		s.log.Found("grants.object-only", object.scope, object.String()+" is for the object of that name, and "+path+" is what is below it", s.grantPath()...)
	case part != nil:
		s.log.Found("grants.part-only", part.scope, "of "+path+" there is only "+part.String(), s.grantPath()...)
	default:
		s.log.Found("grants.not-granted", path, s.nothing(mine), s.grantPath()...)
	}
}

// nothing says what there is instead of a grant for the path.
func (s *section) nothing(mine []grant) string {
	seen := fmt.Sprintf("none of the %d grants of the person covers it with %s", len(mine), s.permission)
	if folder := s.target + "/"; s.best(mine, folder) != nil {
		seen += "; " + folder + " is covered: the path has no slash at its end"
	}
	if others := s.groups(); len(others) > 0 {
		seen += "; the group " + others[0].grantee + ", to which the person does not belong, has " + others[0].permission + " on " + others[0].scope
	}
	return seen
}

// groups are grants of groups that would serve their members.
func (s *section) groups() []grant {
	var all []grant
	for _, g := range s.read.grants {
		if g.granteeType == string(types.GranteeTypeDirectoryGroup) && covers(g.scope, s.target) && g.permits(s.permission) && g.usable(s.Asked.ApplicationARN) {
			all = append(all, g)
		}
	}
	return all
}

// checkScope looks for scopes that cover more buckets than one.
func (s *section) checkScope() {
	mine, refused := s.mine()
	for i := range mine {
		g := &mine[i]
		path, wild := strings.CutSuffix(strings.TrimPrefix(g.scope, "s3://"), "*")
		if wild && path != "" && !strings.Contains(path, "/") && g.usable(s.Asked.ApplicationARN) {
			s.log.Found("grants.scope-too-wide", g.scope, g.String()+" covers all buckets whose names begin with "+path, s.narrow(g, path))
		}
	}
	switch {
	case s.log.Has(checkScope):
	case refused != nil:
		s.unreadOf(checkScope, refused)
	default:
		s.log.OK(checkScope, "each is within one bucket")
	}
}
