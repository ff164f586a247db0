package grants_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/lab"
)

type object = map[string]any

// dice make random worlds of Access Grants; the same seed makes the same world.
type dice struct{ *rand.Rand }

func newDice(seed int) dice { return dice{rand.New(rand.NewPCG(uint64(seed), 7))} }

// oneIn is true once in n times.
func (d dice) oneIn(n int) bool { return d.IntN(n) == 0 }

func one[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

const (
	grantsService  = "access-grants.s3.amazonaws.com"
	grantsInstance = "arn:aws:s3:eu-west-1:444455556666:access-grants/default"
	centerProvider = "arn:aws:iam::aws:contextProvider/IdentityCenter"
	enhancedRole   = "arn:aws:iam::444455556666:role/tip-id-enhanced-role"
	applications   = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/"
)

// question is a random path, and what is wanted there; every other time it is what
// the default world grants.
func (d dice) question() (target string, wanted types.Permission) {
	if d.oneIn(2) {
		return reports, types.PermissionRead
	}
	target = one(d, reports, reports, "s3://tip-demo-data", "s3://tip-demo-data/", "s3://tip-demo-data/*", "s3://tip-demo-data/reports/*", "s3://tip-demo-data/reports/summary.txt",
		"s3://tip-demo-data/reports", "s3://tip-team-data/", "s3://tip-demo-data/reports/2026/", "s3://tip-demo-data/re*", "s3://tip-gone-data/x/")
	return target, one(d, types.PermissionRead, types.PermissionRead, types.PermissionWrite, types.PermissionReadwrite)
}

// world has other roles for locations and policies of buckets than the default world, and
// every third time other locations and grants.
func (d dice) world(w *lab.World) {
	d.roles(w)
	if d.oneIn(3) {
		d.locations(w)
		d.grants(w)
	}
	if d.oneIn(12) {
		w.AccessGrants[0].IdentityCenter = ""
	}
	for i := range w.Buckets {
		if d.oneIn(4) {
			w.Buckets[i].Policy = d.bucketPolicy(w.Buckets[i].Name)
		}
		if d.oneIn(15) {
			w.Buckets[i].Account = "111122223333"
		}
	}
}

// changed is what a world has in the places that the dice have changed, for people.
func changed(w *lab.World) string {
	var b strings.Builder
	g := w.AccessGrants[0]
	lines := []any{object{"association": g.IdentityCenter}}
	for _, location := range g.Locations {
		lines = append(lines, location)
	}
	for _, grant := range g.Grants {
		lines = append(lines, grant)
	}
	for _, role := range w.Accounts[1].Roles {
		if slices.Contains(locationRoles, role.Name) {
			lines = append(lines, object{"role": role.Name, "trust": role.Trust, "policies": role.Policies})
		}
	}
	for _, bucket := range w.Buckets {
		lines = append(lines, object{"bucket": bucket.Name, "account": bucket.Account, "policy": bucket.Policy})
	}
	for _, line := range lines {
		text, err := json.Marshal(line)
		if err != nil {
			text = []byte(err.Error())
		}
		b.WriteString("\n  " + string(text))
	}
	return b.String()
}

var locationRoles = []string{"s3-access-grants-location", "s3-access-grants-second"}

// roles makes another role beside the one for locations, and changes both.
func (d dice) roles(w *lab.World) {
	account := &w.Accounts[1]
	for _, role := range account.Roles {
		if role.Name == locationRoles[0] {
			role.Name = locationRoles[1]
			account.Roles = append(account.Roles, role)
			break
		}
	}
	for i := range account.Roles {
		if role := &account.Roles[i]; slices.Contains(locationRoles, role.Name) {
			role.Trust = d.trust()
			if d.oneIn(3) {
				role.Policies = object{"buckets": d.rights()}
			}
		}
	}
}

func (d dice) locations(w *lab.World) {
	g := &w.AccessGrants[0]
	usual := g.Locations[0]
	g.Locations = nil
	for _, scope := range []string{"s3://", "s3://tip-demo-data", "s3://tip-team-data", "s3://tip-demo-data/reports/*", reports} {
		if d.oneIn(2) {
			location := usual
			location.Scope, location.Role = scope, one(d, locationRoles...)
			g.Locations = append(g.Locations, location)
		}
	}
}

func (d dice) grants(w *lab.World) {
	g := &w.AccessGrants[0]
	usual := g.Grants[0]
	usual.Group = ""
	g.Grants = nil
	for range 1 + d.IntN(6) {
		if len(g.Locations) == 0 {
			return
		}
		grant := usual
		grant.Location = one(d, g.Locations...).Scope
		grant.SubPrefix, grant.Object = d.subPrefix(grant.Location)
		grant.Permission = one(d, "READ", "WRITE", "READWRITE", "READWRITE")
		switch d.IntN(6) {
		case 0:
			grant.User = "engineer@example.com"
		case 1:
			grant.Group = "engineers"
		case 2:
			grant.Group = "analysts"
		case 3:
			grant.Role = enhancedRole
		default:
			grant.User = "analyst@example.com"
		}
		if d.oneIn(8) {
			grant.Application = applications + one(d, "apl-abcdef1234567890", "apl-1234567890abcdef")
		}
		g.Grants = append(g.Grants, grant)
	}
}

// subPrefix is what a grant adds to its location, and whether the whole is one object.
func (d dice) subPrefix(location string) (below string, object bool) {
	below = one(d, "reports/*", "reports/2026/*", "reports*", "*", "home/analyst/*", "reports/summary.txt", "re*")
	switch location {
	case "s3://":
		below = one(d, "tip-demo-data/", "tip-demo-data/", "tip-team-data/", "tip-") + below
	case "s3://tip-demo-data/reports/*":
		below = one(d, "", "2026/*", "summary.txt", "*")
	}
	return below, below != "" && !strings.HasSuffix(below, "*")
}
