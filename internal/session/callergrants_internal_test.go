package session

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/google/go-cmp/cmp"
)

const (
	ourApplication   = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"
	otherApplication = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-abcdef1234567890"
)

// TestJudge: what each grant is to a request, the nearest first. A grant is written as
// SCOPE PERMISSION APPLICATION.
func TestJudge(t *testing.T) {
	r, w, rw := types.PermissionRead, types.PermissionWrite, types.PermissionReadwrite
	for name, tt := range map[string]struct {
		grants []CallerGrant
		target string
		want   types.Permission
		judged []string
	}{
		"none": {nil, "s3://b/k", r, nil},
		"the longest scope comes first": {
			[]CallerGrant{{"s3://*", rw, "ALL"}, {"s3://b/*", r, "ALL"}, {"s3://b/home/*", r, "NA"}, {"s3://b/home/a*", r, ourApplication}},
			"s3://b/home/a/k", r,
			[]string{"serves s3://b/home/a* READ", "less_specific s3://b/home/* READ", "less_specific s3://b/* READ", "less_specific s3://* READWRITE"},
		},
		"an object comes before every prefix": {
			[]CallerGrant{{"s3://b/k*", r, "ALL"}, {"s3://b/key", r, "ALL"}}, "s3://b/key", r,
			[]string{"serves s3://b/key READ", "less_specific s3://b/k* READ"},
		},
		"an object comes before the prefix of the same letters": {
			[]CallerGrant{{"s3://b/key*", r, "ALL"}, {"s3://b/key", r, "ALL"}}, "s3://b/key", r,
			[]string{"serves s3://b/key READ", "less_specific s3://b/key* READ"},
		},
		"an object is that object only": {
			[]CallerGrant{{"s3://b/key", r, "ALL"}}, "s3://b/key2", r, []string{"elsewhere s3://b/key READ"},
		},
		"of one scope, what is asked for before more": {
			[]CallerGrant{{"s3://b/*", r, "ALL"}, {"s3://b/*", rw, "ALL"}}, "s3://b/k", r,
			[]string{"serves s3://b/* READ", "serves s3://b/* READWRITE"},
		},
		"permissions do not add up": {
			[]CallerGrant{{"s3://b/*", r, "ALL"}, {"s3://b/*", w, "ALL"}}, "s3://b/k", rw,
			[]string{"permission s3://b/* READ", "permission s3://b/* WRITE"},
		},
		"a narrow one of a smaller permission does not hide a wide one": {
			[]CallerGrant{{"s3://b/p/*", r, "ALL"}, {"s3://b/*", w, "ALL"}}, "s3://b/p/k", w,
			[]string{"serves s3://b/* WRITE", "permission s3://b/p/* READ"},
		},
		"another application": {
			[]CallerGrant{{"s3://b/p/*", r, otherApplication}, {"s3://b/*", r, ourApplication}}, "s3://b/p/k", r,
			[]string{"serves s3://b/* READ", "application s3://b/p/* READ"},
		},
		"only a part, the widest first, and what would do before what would not": {
			[]CallerGrant{{"s3://b/p/a/*", r, "ALL"}, {"s3://b/p/*", w, "ALL"}, {"s3://b/q/*", r, "ALL"}, {"s3://b/p/b", r, "ALL"}}, "s3://b/p*", r,
			[]string{"part s3://b/p/b READ", "part s3://b/p/a/* READ", "part s3://b/p/* WRITE", "elsewhere s3://b/q/* READ"},
		},
		"of one scope, what is asked for before more, in whatever order they are listed": {
			[]CallerGrant{{"s3://b/*", rw, "ALL"}, {"s3://b/*", w, "ALL"}}, "s3://b/k", w,
			[]string{"serves s3://b/* WRITE", "serves s3://b/* READWRITE"},
		},
		"a folder with its slash has what is below it": {
			[]CallerGrant{{"s3://b/p/a/*", r, "ALL"}, {"s3://b/p/b", r, "ALL"}, {"s3://b/p2/*", r, "ALL"}}, "s3://b/p/", r,
			[]string{"part s3://b/p/b READ", "part s3://b/p/a/* READ", "elsewhere s3://b/p2/* READ"},
		},
		"so has a bucket": {
			[]CallerGrant{{"s3://b/p/*", r, "ALL"}, {"s3://b2/*", r, "ALL"}}, "s3://b", r,
			[]string{"part s3://b/p/* READ", "elsewhere s3://b2/* READ"},
		},
		"with its slash, too": {[]CallerGrant{{"s3://b/p/*", r, "ALL"}}, "s3://b/", r, []string{"part s3://b/p/* READ"}},
		"elsewhere, what begins alike first": {
			[]CallerGrant{{"s3://c/*", r, "ALL"}, {"s3://b/reports/2025/*", r, "ALL"}, {"s3://b/home/*", r, "ALL"}}, "s3://b/reports/2026/k", r,
			[]string{"elsewhere s3://b/reports/2025/* READ", "elsewhere s3://b/home/* READ", "elsewhere s3://c/* READ"},
		},
		"a folder without its slash": {[]CallerGrant{{"s3://b/foo/*", r, "ALL"}}, "s3://b/foo", r, []string{"elsewhere s3://b/foo/* READ"}},
		"a bucket without its slash": {[]CallerGrant{{"s3://b/*", r, "ALL"}}, "s3://b", r, []string{"serves s3://b/* READ"}},
		"buckets that begin so": {
			[]CallerGrant{{"s3://b*", r, "ALL"}, {"s3://b/*", r, "ALL"}}, "s3://b2/*", r,
			[]string{"serves s3://b* READ", "elsewhere s3://b/* READ"},
		},
		"letters that mean something elsewhere": {
			[]CallerGrant{{"s3://b/[ab]/*", r, "ALL"}, {"s3://b/k?", r, "ALL"}, {"s3://b/x*y/*", r, "ALL"}}, "s3://b/[ab]/k", r,
			[]string{"serves s3://b/[ab]/* READ", "elsewhere s3://b/k? READ", "elsewhere s3://b/x*y/* READ"},
		},
		"a question mark is no wildcard":      {[]CallerGrant{{"s3://b/k?", r, "ALL"}}, "s3://b/k1", r, []string{"elsewhere s3://b/k? READ"}},
		"nor is one in the request":           {[]CallerGrant{{"s3://b/k1", r, "ALL"}}, "s3://b/k?", r, []string{"elsewhere s3://b/k1 READ"}},
		"a star in the middle is a star":      {[]CallerGrant{{"s3://b/x*y/*", r, "ALL"}}, "s3://b/xzy/k", r, []string{"elsewhere s3://b/x*y/* READ"}},
		"of two stars the first is a letter":  {[]CallerGrant{{"s3://b/p**", r, "ALL"}}, "s3://b/p*", r, []string{"part s3://b/p** READ"}},
		"a wider request than the grant's":    {[]CallerGrant{{"s3://b/p/*", r, "ALL"}}, "s3://b/*", r, []string{"part s3://b/p/* READ"}},
		"the very scope":                      {[]CallerGrant{{"s3://b/p*", r, "ALL"}}, "s3://b/p*", r, []string{"serves s3://b/p* READ"}},
		"a prefix is not the object it names": {[]CallerGrant{{"s3://b/p", r, "ALL"}}, "s3://b/p*", r, []string{"part s3://b/p READ"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := CallerGrants{Application: ourApplication, Grants: tt.grants}
			var got []string
			serves := false
			for _, j := range g.Judge(tt.target, tt.want) {
				got = append(got, fmt.Sprintf("%s %s %s", j.Verdict, j.Scope, j.Permission))
				serves = serves || j.Verdict == VerdictServes
			}
			if diff := cmp.Diff(tt.judged, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if g.Serves(tt.target, tt.want) != serves {
				t.Errorf("Serves says %t", !serves)
			}
		})
	}
}

func TestGrantType(t *testing.T) {
	for scope, want := range map[string]string{
		"s3://b/*":   "BUCKET",
		"s3://b/p/*": "PREFIX",
		"s3://b/p*":  "PREFIX",
		"s3://b/k":   "OBJECT",
		"s3://b/p/":  "OBJECT",
		"s3://b":     "OBJECT",
		"s3://*":     "PREFIX",
		"s3://b*":    "PREFIX",
		"s3:///*":    "PREFIX",
		"*":          "PREFIX",
		"":           "OBJECT",
	} {
		t.Run("case 69: "+scope, func(t *testing.T) {
			if got := GrantType(scope); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		})
	}
}
