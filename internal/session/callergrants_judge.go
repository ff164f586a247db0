package session

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

// Verdict is what a grant is to a request, as far as its text tells. AWS decides.
type Verdict string

// The verdicts, the nearest first.
const (
	// VerdictServes: it serves the request, and no other that does is more specific.
	VerdictServes Verdict = "serves"
	// VerdictLessSpecific: it would serve, but a more specific one comes first.
	VerdictLessSpecific Verdict = "less_specific"
	// VerdictPermission: it covers the target with a smaller permission.
	VerdictPermission Verdict = "permission"
	// VerdictApplication: it covers the target for another application only.
	VerdictApplication Verdict = "application"
	// VerdictPart: it is for a part of the target.
	VerdictPart Verdict = "part"
	// VerdictElsewhere: it has nothing to do with the target.
	VerdictElsewhere Verdict = "elsewhere"
)

// JudgedGrant is a grant and what it is to a request.
type JudgedGrant struct {
	CallerGrant
	Verdict Verdict
	// nearness orders grants of one verdict: the greater is nearer.
	nearness int
}

// Covers reports whether the scope of a grant has all of a target in it. A star at the
// end stands for any string in either; everywhere else it is a star, as are question
// marks and brackets what they are.
func (g CallerGrant) Covers(target string) bool { return scopeCovers(g.Scope, target) }

func scopeCovers(scope, target string) bool {
	return s3agcreds.Covers(scope, types.PermissionRead, target, types.PermissionRead)
}

// Permits reports whether a grant includes a permission. READ and WRITE do not add up.
func (g CallerGrant) Permits(p types.Permission) bool {
	return g.Permission == p || g.Permission == types.PermissionReadwrite
}

// Judge tells of each grant what it is to a request, the nearest first. What serves is
// in the beginning, if anything does: the longest scope comes first, and one object
// before all prefixes, as the S3 guide has it.
func (g *CallerGrants) Judge(target string, p types.Permission) []JudgedGrant {
	judged := make([]JudgedGrant, len(g.Grants))
	best := -1
	for i, grant := range g.Grants {
		judged[i] = g.judge(grant, target, p)
		if judged[i].Verdict == VerdictServes {
			best = max(best, specificity(grant.Scope))
		}
	}
	for i := range judged {
		if judged[i].Verdict == VerdictServes && specificity(judged[i].Scope) < best {
			judged[i].Verdict = VerdictLessSpecific
		}
	}
	order := []Verdict{VerdictServes, VerdictLessSpecific, VerdictPermission, VerdictApplication, VerdictPart, VerdictElsewhere}
	slices.SortStableFunc(judged, func(a, b JudgedGrant) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Verdict), slices.Index(order, b.Verdict)), cmp.Compare(b.nearness, a.nearness))
	})
	return judged
}

func (g *CallerGrants) judge(grant CallerGrant, target string, p types.Permission) JudgedGrant {
	j := JudgedGrant{CallerGrant: grant}
	switch {
	case !grant.Covers(target):
		j.Verdict, j.nearness = VerdictElsewhere, alike(grant.Scope, target)
		if scopeCovers(below(target), grant.Scope) {
			j.Verdict, j.nearness = VerdictPart, -len(grant.Scope) // the widest first
			if grant.Permits(p) && g.Usable(grant) {
				j.nearness += math.MaxInt32
			}
		}
	case !grant.Permits(p):
		j.Verdict, j.nearness = VerdictPermission, specificity(grant.Scope)
	case !g.Usable(grant):
		j.Verdict, j.nearness = VerdictApplication, specificity(grant.Scope)
	default:
		j.Verdict, j.nearness = VerdictServes, 2*specificity(grant.Scope)
		if grant.Permission == p {
			j.nearness++ // of two for one scope, what is asked for and nothing more
		}
	}
	return j
}

// below is what somebody means who names a folder with its slash, or a bucket: all that is
// in it.
func below(target string) string {
	folder := s3agcreds.NormalizeTarget(target)
	if strings.HasSuffix(folder, "/") {
		return folder + "*"
	}
	return target
}

// Serves reports whether something serves a request, as far as the text tells.
func (g *CallerGrants) Serves(target string, p types.Permission) bool {
	return slices.ContainsFunc(g.Grants, func(grant CallerGrant) bool {
		return grant.Covers(target) && grant.Permits(p) && g.Usable(grant)
	})
}

// specificity orders scopes that have one target in them: all prefixes are beginnings
// of it, so that the longer is narrower, and one object is narrower than any.
func specificity(scope string) int {
	if prefix, wild := strings.CutSuffix(scope, "*"); wild {
		return len(prefix)
	}
	return math.MaxInt32
}

// alike is how many bytes two texts have in common at their beginning.
func alike(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// GrantType is what a scope is for, as Amplify's list of grants names it: BUCKET for a
// whole bucket, PREFIX for whatever else ends with a star, OBJECT for the rest.
func GrantType(scope string) string {
	path, wild := strings.CutSuffix(scope, "*")
	bucket, rest, inBucket := strings.Cut(strings.TrimPrefix(path, "s3://"), "/")
	switch {
	case !wild:
		return "OBJECT"
	case inBucket && rest == "" && bucket != "":
		return "BUCKET"
	}
	return "PREFIX"
}
