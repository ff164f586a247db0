package answer_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/answer"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// held is stored credentials of alice for 50 minutes of an hour, below s3://b/ if path does
// not begin with s3://.
func held(permission, path string, edits ...func(*answer.Grant)) answer.Grant {
	g := answer.Grant{
		Target: target(path), Permission: permission, TargetType: "Prefix", Privilege: "Default", RequestedTarget: "s3://b/asked",
		Identity: "alice", AccountID: "444455556666", Region: "eu-west-1", Duration: time.Hour,
		Expiration: now.Add(50 * time.Minute), ObtainedAt: now.Add(-10 * time.Minute),
	}
	for _, edit := range edits {
		edit(&g)
	}
	return g
}

// want is a request of alice, like held.
func want(permission, path string, edits ...func(*answer.GrantRequest)) answer.GrantRequest {
	r := answer.GrantRequest{
		Now: now, Target: target(path), Permission: permission, TargetType: "Prefix", Privilege: "Default",
		Identity: "alice", Caller: "444455556666", Region: "eu-west-1",
	}
	for _, edit := range edits {
		edit(&r)
	}
	return r
}

func target(path string) string {
	if len(path) >= 5 && path[:5] == "s3://" {
		return path
	}
	return "s3://b/" + path
}

func left(d, of time.Duration) func(*answer.Grant) {
	return func(g *answer.Grant) { g.Expiration, g.ObtainedAt, g.Duration = now.Add(d), now.Add(d-of), of }
}

func of(account string, resolved bool) func(*answer.Grant) {
	return func(g *answer.Grant) { g.AccountID, g.Resolved = account, resolved }
}

func minimal(requested string) func(*answer.Grant) {
	return func(g *answer.Grant) { g.Privilege, g.RequestedTarget = "Minimal", target(requested) }
}

func minimally(r *answer.GrantRequest) { r.Privilege = "Minimal" }

type grantTest struct {
	name    string
	held    []answer.Grant
	request answer.GrantRequest
	want    int // index of the one that answers; none is -1
	// original is what the Python sample, or a peer, does instead.
	original string
}

const none = -1

// The cases of s3agcreds.md that stored credentials can meet.
var cases = []grantTest{
	{"case 01: below the prefix", []answer.Grant{held("READ", "foo/bar/*")}, want("READ", "foo/bar/logs"), 0, ""},
	{"no region on either side", []answer.Grant{held("READ", "*", func(g *answer.Grant) { g.Region = "" })}, want("READ", "x", func(r *answer.GrantRequest) { r.Region = "" }), none, ""},
	{"case 02: the whole bucket", []answer.Grant{held("READ", "*")}, want("READ", "x"), 0, ""},
	{"case 03: READWRITE serves READ", []answer.Grant{held("READWRITE", "*")}, want("READ", "x"), 0, "misses: the permission is part of the key"},
	{"case 04: READWRITE serves WRITE", []answer.Grant{held("READWRITE", "*")}, want("WRITE", "x"), 0, "misses: the permission is part of the key"},
	{"case 05: WRITE does not serve READ", []answer.Grant{held("WRITE", "*")}, want("READ", "x"), none, ""},
	{"case 06: READ does not serve WRITE", []answer.Grant{held("READ", "*")}, want("WRITE", "x"), none, ""},
	{"case 07: READ and WRITE are not READWRITE", []answer.Grant{held("READ", "*"), held("WRITE", "*")}, want("READWRITE", "x"), none, ""},
	{"case 08: a prefix beside it", []answer.Grant{held("READ", "A/*")}, want("READ", "B/"), none, ""},
	{"case 09: a prefix within a name", []answer.Grant{held("READ", "P*")}, want("READ", "PrefixA"), 0, ""},
	{"case 10: a prefix without a slash", []answer.Grant{held("READWRITE", "foo*")}, want("READ", "foo/t"), 0, "misses: the permission is part of the key"},
	{"case 11: shorter than the prefix", []answer.Grant{held("READ", "foo*")}, want("READ", "fo"), none, "a peer serves it"},
	{"case 12: a shorter folder", []answer.Grant{held("READ", "foo*")}, want("READ", "fo/x"), none, "a peer serves it"},
	{"case 13: the slash counts", []answer.Grant{held("READ", "foo/*")}, want("READ", "foobar"), none, ""},
	{"case 14: the object with the folder's name", []answer.Grant{held("READ", "foo/*")}, want("READ", "foo", typed("Object")), none, "a peer serves it"},
	{"case 15: a list of foo", []answer.Grant{held("READ", "foo/*")}, want("READ", "foo"), none, "a peer serves it"},
	{"case 15: a list of foo*", []answer.Grant{held("READ", "foo/*")}, want("READ", "foo*"), none, "a peer serves it"},
	{"case 16: a list of foo/", []answer.Grant{held("READ", "foo/*")}, want("READ", "foo/"), 0, ""},
	{"case 16: a list of foo/*", []answer.Grant{held("READ", "foo/*")}, want("READ", "foo/*"), 0, ""},
	{"case 17: every bucket", []answer.Grant{held("READ", "s3://*")}, want("READ", "s3://other/k"), 0, ""},
	{"case 18: another bucket", []answer.Grant{held("READ", "s3://b1/*")}, want("READ", "s3://b2/k"), none, ""},
	{"case 19: the object", []answer.Grant{held("READ", "k")}, want("READ", "k"), 0, "a peer keeps no objects"},
	{"case 20: another object", []answer.Grant{held("READ", "k")}, want("READ", "k2"), none, "a peer serves it"},
	{"case 21: another identity", []answer.Grant{held("READ", "*", func(g *answer.Grant) { g.Identity = "bob" })}, want("READ", "x"), none, "serves it: the identity is not in the key"},
	{"case 23: a wider request", []answer.Grant{held("READ", "team/a/*")}, want("READ", "*"), none, "serves it: fnmatch runs both ways"},
	{"case 24: the second serves", []answer.Grant{held("WRITE", "*"), held("READ", "x/*")}, want("READ", "x/k"), 1, "misses: only the first key that matches is tried"},
	{"case 25: brackets are characters", []answer.Grant{held("READ", "[ab]/k")}, want("READ", "[ab]/k"), 0, "misses: the key is a pattern of fnmatch"},
	{"case 26: question marks are characters", []answer.Grant{held("READ", "k1")}, want("READ", "k?"), none, "serves it: the request is a pattern of fnmatch"},
	{"case 28: another account", []answer.Grant{held("READ", "*")}, want("READ", "x", account("111122223333")), none, "serves it: the account is not in the key"},
	{"case 31: 30 seconds left", []answer.Grant{held("READ", "*", left(30*time.Second, time.Hour))}, want("READ", "x"), none, "serves it: there is no margin"},
	{"case 31: 30 seconds left of the shortest", []answer.Grant{held("READ", "*", left(30*time.Second, 15*time.Minute))}, want("READ", "x"), none, "serves it: there is no margin"},
	{"case 31: a minute left of hardly any", []answer.Grant{held("READ", "*", left(time.Minute, 2*time.Minute))}, want("READ", "x"), none, "serves it: there is no margin"},
	{"case 33: expired beside fresh", []answer.Grant{held("READ", "*", left(-time.Second, time.Hour)), held("READ", "*")}, want("READ", "x"), 1, "misses: the expired one shadows the fresh"},
	{"case 33: fresh beside expired", []answer.Grant{held("READ", "*"), held("READ", "*", left(-time.Second, time.Hour))}, want("READ", "x"), 0, ""},
}

func typed(targetType string) func(*answer.GrantRequest) {
	return func(r *answer.GrantRequest) { r.TargetType = targetType }
}

func account(id string) func(*answer.GrantRequest) {
	return func(r *answer.GrantRequest) { r.AccountID = id }
}

func object(g *answer.Grant) { g.TargetType, g.RequestedTarget = "Object", g.Target }

// What comes besides.
var besides = []grantTest{
	{"the bucket without a slash", []answer.Grant{held("READ", "s3://b/*")}, want("READ", "s3://b"), 0, ""},
	{"held without a slash", []answer.Grant{held("READ", "s3://b")}, want("READ", "s3://b/"), 0, ""},
	{"another bucket without a slash", []answer.Grant{held("READ", "s3://b/*")}, want("READ", "s3://bb"), none, ""},
	{"below, asked without a slash", []answer.Grant{held("READ", "s3://b/k*")}, want("READ", "s3://b"), none, ""},
	{"a bucket's prefix", []answer.Grant{held("READ", "s3://b*")}, want("READ", "s3://b2"), 0, ""},
	{"no target", []answer.Grant{held("READ", "s3://b/*", func(g *answer.Grant) { g.Target = "" })}, want("READ", "x"), none, ""},
	{"a star and no scheme", []answer.Grant{held("READ", "x", func(g *answer.Grant) { g.Target = "*" })}, want("READ", "x"), none, ""},
	{"of nobody, for nobody", []answer.Grant{held("READ", "*", func(g *answer.Grant) { g.Identity = "" })}, want("READ", "x", func(r *answer.GrantRequest) { r.Identity = "" }), none, ""},
	{"an unknown permission", []answer.Grant{held("READWRITE", "*")}, want("LIST", "x"), none, ""},

	{"the longest match", []answer.Grant{held("READ", "*"), held("READ", "a/b/*"), held("READ", "a/*")}, want("READ", "a/b/c"), 1, ""},
	{"the longest before the exact permission", []answer.Grant{held("READ", "*"), held("READWRITE", "a/*")}, want("READ", "a/b"), 1, ""},
	{"the exact permission before READWRITE", []answer.Grant{held("READWRITE", "*"), held("READ", "*", left(20*time.Minute, time.Hour))}, want("READ", "x"), 1, ""},
	{"READWRITE again", []answer.Grant{held("READ", "*"), held("READWRITE", "*")}, want("READWRITE", "x"), 1, ""},
	{"the one that lasts longest", []answer.Grant{held("READ", "*", left(20*time.Minute, time.Hour)), held("READ", "*")}, want("READ", "x"), 1, ""},
	{"an object before the prefix of its name", []answer.Grant{held("READ", "k*"), held("READ", "k")}, want("READ", "k"), 1, ""},
	{"a longer one that is used up", []answer.Grant{held("READ", "a/*", left(time.Minute, time.Hour)), held("READ", "*")}, want("READ", "a/b"), 1, ""},

	{"an object whose name ends in a star", []answer.Grant{held("READ", "k*", object)}, want("READ", "k*", typed("Object")), 0, ""},
	{"that, asked for as a prefix", []answer.Grant{held("READ", "k*", object)}, want("READ", "k*"), none, ""},
	{"that, another object", []answer.Grant{held("READ", "k*", object)}, want("READ", "kx", typed("Object")), none, ""},
	{"asked for as an object, granted as a prefix", []answer.Grant{held("READ", "k/*", func(g *answer.Grant) { g.TargetType = "Object" })}, want("READ", "k/x"), 0, ""},

	{"found for who named no account", []answer.Grant{held("READ", "*", of("111122223333", true))}, want("READ", "x"), 0, ""},
	{"named before, not named now", []answer.Grant{held("READ", "*", of("111122223333", false))}, want("READ", "x"), none, ""},
	{"found, and named now", []answer.Grant{held("READ", "*", of("111122223333", true))}, want("READ", "x", account("111122223333")), 0, ""},
	{"named both times", []answer.Grant{held("READ", "*", of("111122223333", false))}, want("READ", "x", account("111122223333")), 0, ""},
	{"the configured account", []answer.Grant{held("READ", "*", of("111122223333", false))}, want("READ", "x", configured("111122223333")), 0, ""},
	{"found before another was configured", []answer.Grant{held("READ", "*", of("444455556666", true))}, want("READ", "x", configured("111122223333")), none, ""},
	{"of no account", []answer.Grant{held("READ", "*", of("", false))}, want("READ", "x", func(r *answer.GrantRequest) { r.Caller = "" }), none, ""},
	{"another region", []answer.Grant{held("READ", "*")}, want("READ", "x", in("eu-central-1")), none, ""},
	{"the region", []answer.Grant{held("READ", "*", func(g *answer.Grant) { g.Region = "eu-central-1" })}, want("READ", "x", in("eu-central-1")), 0, ""},
	{"of a region, for none", []answer.Grant{held("READ", "*", func(g *answer.Grant) { g.Region = "eu-central-1" })}, want("READ", "x"), none, ""},

	{"Minimal from Default", []answer.Grant{held("READ", "a/")}, want("READ", "a/", minimally), none, ""},
	{"Default from Minimal", []answer.Grant{held("READ", "a/", minimal("a/"))}, want("READ", "a/"), none, ""},
	{"Minimal, the very same", []answer.Grant{held("READ", "a/", minimal("a/"))}, want("READ", "a/", minimally), 0, ""},
	{"Minimal, below", []answer.Grant{held("READ", "a/*", minimal("a/*"))}, want("READ", "a/b", minimally), none, ""},
	{"Minimal, less", []answer.Grant{held("READWRITE", "a/", minimal("a/"))}, want("READ", "a/", minimally), none, ""},
	{"Minimal, another type", []answer.Grant{held("READ", "a/", minimal("a/"))}, want("READ", "a/", minimally, typed("Object")), none, ""},
	{"Minimal, the bucket", []answer.Grant{held("READ", "s3://b/", minimal("s3://b"))}, want("READ", "s3://b/", minimally), 0, ""},
	{"Minimal, of another person", []answer.Grant{held("READ", "a/", minimal("a/"), func(g *answer.Grant) { g.Identity = "bob" })}, want("READ", "a/", minimally), none, ""},

	{"an hour's, 16 minutes left", []answer.Grant{held("READ", "*", left(16*time.Minute, time.Hour))}, want("READ", "x"), 0, ""},
	{"an hour's, 15 minutes left", []answer.Grant{held("READ", "*", left(15*time.Minute, time.Hour))}, want("READ", "x"), none, ""},
	{"15 minutes', 6 minutes left", []answer.Grant{held("READ", "*", left(6*time.Minute, 15*time.Minute))}, want("READ", "x"), 0, ""},
	{"15 minutes', 5 minutes left", []answer.Grant{held("READ", "*", left(5*time.Minute, 15*time.Minute))}, want("READ", "x"), none, ""},
	{"of no known life", []answer.Grant{held("READ", "*", left(14*time.Minute, 0))}, want("READ", "x"), none, ""},
	{"shorter than asked for", []answer.Grant{held("READ", "*")}, want("READ", "x", lasting(2*time.Hour)), none, "serves it: the duration is not in the key"},
	{"as long as asked for", []answer.Grant{held("READ", "*")}, want("READ", "x", lasting(time.Hour)), 0, ""},
	{"less left than wanted", []answer.Grant{held("READ", "*")}, want("READ", "x", func(r *answer.GrantRequest) { r.MinTTL = 50 * time.Minute }), none, ""},
	{"more left than wanted", []answer.Grant{held("READ", "*")}, want("READ", "x", func(r *answer.GrantRequest) { r.MinTTL = 49 * time.Minute }), 0, ""},
	{"the clock was set back", []answer.Grant{held("READ", "*", left(2*time.Hour, time.Hour))}, want("READ", "x"), none, ""},
	{"the clock was set back, stored nobody knows when", []answer.Grant{held("READ", "*", left(2*time.Hour, time.Hour), func(g *answer.Grant) { g.ObtainedAt = time.Time{} })}, want("READ", "x"), none, ""},
	{"longer than asked for by AWS", []answer.Grant{held("READ", "*", left(2*time.Hour, time.Hour), func(g *answer.Grant) { g.ObtainedAt = now })}, want("READ", "x"), 0, ""},
	{"nothing held", nil, want("READ", "x"), none, ""},
}

func configured(id string) func(*answer.GrantRequest) {
	return func(r *answer.GrantRequest) { r.Configured = id }
}

func in(region string) func(*answer.GrantRequest) {
	return func(r *answer.GrantRequest) { r.Region = region }
}

func lasting(d time.Duration) func(*answer.GrantRequest) {
	return func(r *answer.GrantRequest) { r.Duration = d }
}

func TestBestGrant(t *testing.T) {
	for _, tt := range append(cases, besides...) {
		t.Run(tt.name, func(t *testing.T) {
			if got := answer.BestGrant(tt.held, &tt.request); got != tt.want {
				t.Errorf("answered by %d, want %d; elsewhere: %s", got, tt.want, tt.original)
			}
		})
	}
}

// FuzzCovers holds Covers to that of the library, which the fast path cannot ask.
func FuzzCovers(f *testing.F) {
	for _, tt := range append(cases, besides...) {
		for _, g := range tt.held {
			f.Add(g.Target, tt.request.Target)
		}
	}
	f.Add("s3://", "s3://")
	f.Add("s3:/*", "s3://b")
	f.Add("s3://b/p**", "s3://b/p*")
	f.Add("s3://b/*", "s3://b*")
	f.Fuzz(func(t *testing.T, grant, request string) {
		const read = types.PermissionRead
		if got, want := answer.Covers(grant, request), s3agcreds.Covers(grant, read, request, read); got != want {
			t.Errorf("%q covers %q: %v, want %v", grant, request, got, want)
		}
	})
}
