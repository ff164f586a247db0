package grants

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// s3controlLine is a command about the instance.
func (s *section) s3controlLine(operation string, words ...string) string {
	return s.Application.AWS(s.region, append([]string{"s3control", operation, "--account-id", s.account}, words...)...)
}

func (s *section) s3control(does, operation string, words ...string) finding.Fix {
	return finding.Fix{Who: finding.DataAdmin, Does: does, Command: s.s3controlLine(operation, words...)}
}

func (s *section) iamLine(words ...string) string {
	return s.Application.AWS("", append([]string{"iam"}, words...)...)
}

func (s *section) iamCommand(does string, words ...string) finding.Fix {
	return finding.Fix{Who: finding.DataAdmin, Does: does, Command: s.iamLine(words...)}
}

func (s *section) createInstance() finding.Fix {
	var words []string
	if center := s.centerARN(); center != "" {
		words = []string{"--identity-center-arn", center}
	}
	return s.s3control("make an instance, associated with Identity Center", "create-access-grants-instance", words...)
}

// associate puts the instance in touch with Identity Center.
func (s *section) associate(center string) []finding.Fix {
	if center == "" {
		return []finding.Fix{{Who: finding.DataAdmin, Does: "associate the instance with the Identity Center of the application", Console: "Amazon S3 > Access Grants > Edit IAM Identity Center association"}}
	}
	return []finding.Fix{s.s3control("associate the instance with Identity Center", "associate-access-grants-identity-center", "--identity-center-arn", center)}
}

// associateAnew does so in the place of another association. Grants to people stay, and
// serve nobody if they are of the other directory.
func (s *section) associateAnew(center string) finding.Fix {
	return finding.Fix{
		Who: finding.DataAdmin, Does: "associate the instance with the Identity Center of the application, in the place of the other: grants to people of the other one will serve nobody",
		Command: s.s3controlLine("dissociate-access-grants-identity-center") + " && " + s.s3controlLine("associate-access-grants-identity-center", "--identity-center-arn", center),
	}
}

// scopeFor is the scope that a grant for a path needs.
func scopeFor(path string) (scope string, object bool) {
	path = s3agcreds.NormalizeTarget(path)
	switch {
	case strings.HasSuffix(path, "*"):
		return path, false
	case strings.HasSuffix(path, "/"):
		return path + "*", false
	}
	return path, true
}

// create is the words that make a grant for a path; nil if it is not known how.
func (s *section) create(l *location, id, path string, p types.Permission) []string {
	user := s.userID()
	if l == nil || user == "" {
		return nil
	}
	scope, object := scopeFor(path)
	words := []string{
		"--access-grants-location-id", id, "--permission", string(p),
		"--grantee", "GranteeType=" + string(types.GranteeTypeDirectoryUser) + ",GranteeIdentifier=" + user,
	}
	if sub := subPrefix(l.scope, scope); sub != "" {
		words = append(words, "--access-grants-location-configuration", string(iamrole.Value(map[string]string{"S3SubPrefix": sub})))
	}
	if object {
		words = append(words, "--s3-prefix-type", "Object")
	}
	return words
}

// subPrefix is what follows the scope of a location in the scope of a grant. Behind a
// location without a star AWS puts a slash itself.
func subPrefix(location, scope string) string {
	base, star := strings.CutSuffix(location, "*")
	switch {
	case location == scope:
		return ""
	case star || strings.HasSuffix(base, "/"):
		return strings.TrimPrefix(scope, base)
	}
	return strings.TrimPrefix(strings.TrimPrefix(scope, base), "/")
}

// locationOf is the narrowest location that holds a path, nil if there is none.
func (s *section) locationOf(path string) *location {
	var found *location
	for i := range s.read.locations {
		if l := &s.read.locations[i]; l.holds(path) && (found == nil || len(l.scope) > len(found.scope)) {
			found = l
		}
	}
	return found
}

// grantAs makes a grant to the person.
func (s *section) grantAs(path string, p types.Permission) finding.Fix {
	l := s.locationOf(path)
	does := "grant the person " + string(p) + " on " + path
	if l != nil {
		if words := s.create(l, l.id, path, p); words != nil {
			return s.s3control(does, "create-access-grant", words...)
		}
	}
	return finding.Fix{Who: finding.DataAdmin, Does: does, Console: "Amazon S3 > Access Grants > Grants > Create grant"}
}

func (s *section) grantSomething() finding.Fix {
	return finding.Fix{
		Who: finding.DataAdmin, Does: "grant the person what they need; diag says how if you name it by --target", Console: "Amazon S3 > Access Grants > Grants > Create grant",
	}
}

// grantPath makes a grant for the path, or puts the person into a group that has one.
func (s *section) grantPath() []finding.Fix {
	fixes := []finding.Fix{s.grantAs(s.target, s.permission)}
	if s.Registration == nil || s.Registration.IdentityStoreID == "" || s.userID() == "" {
		return fixes
	}
	for _, g := range s.groups() {
		return append(fixes, finding.Fix{
			Who: finding.CenterAdmin, Does: "or put the person into the group, with all that it has",
			Command: s.Center.AWS(s.Regions.IdentityCenterRegion, "identitystore", "create-group-membership", "--identity-store-id", s.Registration.IdentityStoreID,
				"--group-id", g.grantee, "--member-id", string(iamrole.Value(map[string]string{"UserId": s.userID()}))),
		})
	}
	return fixes
}

// narrow puts a grant for one bucket in the place of one for all that begin so.
func (s *section) narrow(g *grant, bucket string) finding.Fix {
	does, path := "unless the other buckets are meant, grant "+bucket+" alone, and then delete the grant for all whose names begin so", "s3://"+bucket+"/*"
	l := s.locationOf(path)
	if l == nil || g.id == "" {
		return finding.Fix{Who: finding.DataAdmin, Does: does, Console: "Amazon S3 > Access Grants > Grants"}
	}
	words := []string{
		"--access-grants-location-id", l.id, "--permission", g.permission, "--grantee", "GranteeType=" + g.granteeType + ",GranteeIdentifier=" + g.grantee,
		"--access-grants-location-configuration", string(iamrole.Value(map[string]string{"S3SubPrefix": subPrefix(l.scope, path)})),
	}
	if strings.HasPrefix(g.application, "arn:") {
		words = append(words, "--application-arn", g.application)
	}
	return finding.Fix{
		Who: finding.DataAdmin, Does: does,
		Command: s.s3controlLine("create-access-grant", words...) + " && " + s.s3controlLine("delete-access-grant", "--access-grant-id", g.id),
	}
}

// register makes a location for the bucket of the path, with the role of another one or,
// if there is none that would do, a new one, and a grant in it.
func (s *section) register(ctx context.Context) []finding.Fix {
	bucket := s.bucket()
	if bucket == "" {
		return []finding.Fix{{Who: finding.DataAdmin, Does: "register a location for the data", Console: "Amazon S3 > Access Grants > Locations > Register location"}}
	}
	made := &location{scope: "s3://" + bucket}
	role, before := s.spareRole(ctx), ""
	if role == "" {
		role = "arn:" + s.partition + ":iam::" + s.account + ":role/access-grants-" + bucket
		before = s.createRoleLine(role, []string{s.target}) + " && "
	}
	line := before + "location=$(" + s.s3controlLine("create-access-grants-location", "--location-scope", made.scope, "--iam-role-arn", role,
		"--query", "AccessGrantsLocationId", "--output", "text") + ")"
	if words := s.create(made, "\x00", s.target, s.permission); words != nil {
		line += " && " + strings.ReplaceAll(s.s3controlLine("create-access-grant", words...), chain.Quoted("\x00"), `"$location"`)
	}
	return []finding.Fix{{Who: finding.DataAdmin, Does: "register the bucket with the role " + role + ", and grant the person " + string(s.permission) + " on the path", Command: line}}
}

// createRole makes the role of a location, with the rights that the grants in it need.
func (s *section) createRole(l *location) []finding.Fix {
	if config.AccountOf(l.role) != s.account {
		return []finding.Fix{{Who: finding.DataAdmin, Does: "give the location a role of the account of the instance", Console: "Amazon S3 > Access Grants > Locations > Edit IAM role"}}
	}
	var paths []string
	if s.target != "" {
		paths = append(paths, s.target)
	} else {
		for _, g := range s.read.grants {
			if g.locationID == l.id {
				paths = append(paths, g.scope)
			}
		}
	}
	return []finding.Fix{{
		Who: finding.DataAdmin, Does: "make the role again, for S3 Access Grants and the granted paths only", Command: s.createRoleLine(l.role, paths),
	}}
}

// createRoleLine makes a role that the service can use for some paths.
func (s *section) createRoleLine(arn string, paths []string) string {
	const most = 10 // of paths, that the policy is not too long
	parsed, ok := iamrole.Parse(arn)
	if !ok {
		return ""
	}
	name := iamrole.Name(parsed)
	path := strings.TrimSuffix(strings.TrimPrefix(parsed.Resource, "role"), name)
	trust, rights := iamrole.NewDraft(), iamrole.NewDraft()
	trust.Statement = s.trustStatements([]string{"sts:AssumeRole", "sts:SetSourceIdentity", "sts:SetContext"})
	var actions []string
	for _, r := range rightsOf(types.PermissionReadwrite) {
		if s.target == "" || slices.Contains(rightsOf(s.permission), r) {
			actions = append(actions, r.action)
		}
	}
	for _, p := range paths[:min(most, len(paths))] {
		rights.Statement = append(rights.Statement, s.rightStatements(p, actions)...)
	}
	line := s.iamLine("create-role", "--role-name", name, "--path", path, "--assume-role-policy-document", trust.Text())
	if len(rights.Statement) > 0 {
		line += " && " + s.iamLine("put-role-policy", "--role-name", name, "--policy-name", "granted-paths", "--policy-document", rights.Text())
	}
	return line
}
