package grantcache_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/s3agcreds/internal/grantcache"
)

// held is a grant in the cache, in bucket b if its target has none.
type held struct {
	target     string
	permission types.Permission
}

func (h held) full() string {
	if strings.HasPrefix(h.target, "s3://") {
		return h.target
	}
	return "s3://b/" + h.target
}

// asked is what a service would answer with the grant: the very beginning of it.
func (h held) asked() *grantcache.Question {
	bucket, path, wild, _ := grantcache.ParseTarget(h.full())
	q := key(path, h.permission)
	q.Bucket, q.Prefix = bucket, wild
	return q
}

// match is a request, and what serves it.
type match struct {
	name  string
	held  []held
	asked *grantcache.Question
	// want is the target of the grant that serves, "" for a miss.
	want string
	// original says what the Python sample does instead, where it differs.
	original string
	// peers says what the algorithm of the official plugins does instead; the test
	// runs its rendering, and wants it to differ there and nowhere else.
	peers string
}

const (
	neverServes  = "READWRITE serves nothing but READWRITE"
	notKept      = "grants of one object are not kept"
	segmentsMore = "the text of foo/* is kept without its last two characters, and so serves foo"
)

var matches = []match{
	{name: "case 01: a key below a prefix", held: []held{{"foo/bar/*", read}}, asked: key("foo/bar/logs", read), want: "foo/bar/*"},
	{name: "case 02: the whole bucket", held: []held{{"*", read}}, asked: key("x", read), want: "*"},
	{name: "case 03: READWRITE serves READ", held: []held{{"x/*", readWrite}}, asked: key("x/k", read), want: "x/*", original: neverServes},
	{name: "case 04: READWRITE serves WRITE", held: []held{{"x/*", readWrite}}, asked: key("x/k", write), want: "x/*", original: neverServes},
	{name: "case 05: WRITE does not serve READ", held: []held{{"x/*", write}}, asked: key("x/k", read)},
	{name: "case 06: READ does not serve WRITE", held: []held{{"x/*", read}}, asked: key("x/k", write)},
	{name: "case 07: READ and WRITE are not READWRITE", held: []held{{"x/*", read}, {"x/*", write}}, asked: key("x/k", readWrite)},
	{name: "case 08: another prefix", held: []held{{"A/*", read}}, asked: list("B/", read)},
	{name: "case 09: a prefix without a slash", held: []held{{"P*", read}}, asked: key("PrefixA", read), want: "P*"},
	{name: "case 10: that with a slash, and READWRITE", held: []held{{"foo*", readWrite}}, asked: key("foo/t", read), want: "foo*", original: neverServes},
	{name: "case 11: less than the prefix", held: []held{{"foo*", read}}, asked: list("fo", read), original: "serves fo*, and so all of it: fnmatch runs both ways"},
	{name: "case 12: less than the prefix, and a slash", held: []held{{"foo*", read}}, asked: key("fo/x", read)},
	{name: "case 13: no slash", held: []held{{"foo/*", read}}, asked: key("foobar", read)},
	{name: "case 14: the object foo is not below foo/", held: []held{{"foo/*", read}}, asked: key("foo", read), peers: segmentsMore},
	{name: "case 15: a list of foo is more than foo/", held: []held{{"foo/*", read}}, asked: list("foo", read), original: "serves foo*: fnmatch runs both ways", peers: segmentsMore},
	{name: "case 16: a list of foo/", held: []held{{"foo/*", read}}, asked: list("foo/", read), want: "foo/*"},
	{name: "case 17: every bucket", held: []held{{"s3://*", read}}, asked: key("k", read), want: "s3://*"},
	{name: "case 18: another bucket", held: []held{{"s3://b1/*", read}}, asked: key("k", read)},
	{name: "case 19: an object", held: []held{{"k", read}}, asked: key("k", read), want: "k", peers: notKept},
	{name: "case 20: another object", held: []held{{"k", read}}, asked: key("k2", read)},
	{name: "case 23: wider than the grant", held: []held{{"team/a/*", read}}, asked: list("", read), original: "serves *: fnmatch runs both ways"},
	{name: "case 24: WRITE on more does not hide READ", held: []held{{"*", write}, {"x/*", read}}, asked: key("x/k", read), want: "x/*", original: "misses: only the first key that matches is tried"},
	{name: "case 25: brackets are brackets", held: []held{{"[ab]/k", read}}, asked: key("[ab]/k", read), want: "[ab]/k", original: "misses: a set of fnmatch", peers: notKept},
	{name: "case 26: a question mark is one", held: []held{{"k1", read}}, asked: key("k?", read), original: "serves it: a wildcard of fnmatch"},

	{name: "the longest match", held: []held{{"*", read}, {"a/*", read}, {"a/b*", read}, {"a/b/c/*", read}}, asked: key("a/b/k", read), want: "a/b*", peers: "a/*: whole segments come first"},
	{name: "the object before its prefix", held: []held{{"k*", read}, {"k", read}}, asked: key("k", read), want: "k", peers: notKept},
	{name: "a list is not for the object", held: []held{{"k", read}}, asked: list("k", read)},
	{name: "the longer before the exact permission", held: []held{{"a/*", read}, {"a/b/*", readWrite}}, asked: key("a/b/k", read), want: "a/b/*", peers: "a/*: READ comes first"},
	{name: "every bucket that begins with b", held: []held{{"s3://b*", read}, {"s3://*", read}}, asked: key("k", read), want: "s3://b*", peers: "s3://*: whole segments come first"},
	{name: "buckets that begin otherwise", held: []held{{"s3://bb*", read}}, asked: key("b", read)},
	{name: "a bucket before all buckets", held: []held{{"s3://*", read}, {"*", read}}, asked: key("k", read), want: "*"},
	{name: "s3://b is s3://b/", held: []held{{"s3://b", read}}, asked: key("", read), want: "s3://b", peers: notKept},
	{name: "s3://b is no prefix", held: []held{{"s3://b", read}}, asked: key("k", read)},
	{name: "the empty path", held: []held{{"*", read}}, asked: list("", read), want: "*"},
	{name: "a key that is a star", held: []held{{"team/*", read}}, asked: key("*", read)},
	{name: "two slashes", held: []held{{"a//*", read}}, asked: key("a/k", read)},
	{name: "a key that ends in a star", held: []held{{"a**", read}}, asked: key("a*b", read), want: "a**"},
	{name: "half a character", held: []held{{"\u00e9*", read}}, asked: key("\u00e8", read)},
}

func TestMatching(t *testing.T) {
	for _, m := range matches {
		t.Run(m.name, func(t *testing.T) {
			c := newCache()
			for _, h := range m.held {
				put(t, c, h.asked(), h.target, h.full(), time.Hour)
			}
			if diff := cmp.Diff(m.want, got(c, m.asked)); diff != "" {
				t.Errorf("original: %s; peers: %s (-want +got):\n%s", m.original, m.peers, diff)
			}
		})
	}
}

// The peers' rendering is what the benchmarks compare with: it does what the table says.
func TestPeers(t *testing.T) {
	for _, m := range matches {
		t.Run(m.name, func(t *testing.T) {
			c := newPeerCache()
			for i, h := range m.held {
				c.put("user-1", h.permission, h.full(), i, time.Hour)
			}
			got := ""
			if i, ok := c.get("user-1", m.asked.Permission, "s3://b/"+m.asked.Path); ok {
				got = m.held[i].target
			}
			if (got != m.want) != (m.peers != "") {
				t.Errorf("%q serves, ours is %q; the table says: %q", got, m.want, m.peers)
			}
		})
	}
}

func TestScope(t *testing.T) {
	c := newCache()
	put(t, c, key("k", read), "mine", "s3://b/*", time.Hour)
	put(t, c, key("k", read), "mine", "s3://*", time.Hour)
	account, region := key("k", read), key("k", read)
	account.Account, region.Region = "444455556666", "us-east-1"
	t.Run("case 21: another identity", func(t *testing.T) { wantGet(t, c, of("user-2", key("k", read)), "") })
	t.Run("case 22: equal credentials in a new struct", func(t *testing.T) {
		wantGet(t, c, of(strings.Clone("user-1"), key("k", read)), "mine")
	})
	t.Run("case 28: another account", func(t *testing.T) { wantGet(t, c, account, "") })
	t.Run("another region", func(t *testing.T) { wantGet(t, c, region, "") })
}

func TestMinimal(t *testing.T) {
	for _, m := range []struct {
		name        string
		held, asked *grantcache.Question
		target      string
		want        bool
	}{
		{"the same", minimal(key("a/k", read)), minimal(key("a/k", read)), "s3://b/a/k", true},
		{"the same, whatever the grant is called", minimal(key("a/k", read)), minimal(key("a/k", read)), "s3://b/a/*", true},
		{"the same list", minimal(list("a/", read)), minimal(list("a/", read)), "s3://b/a/*", true},
		{"a key below", minimal(list("a/", read)), minimal(key("a/k", read)), "s3://b/a/*", false},
		{"a list below", minimal(list("a/", read)), minimal(list("a/b", read)), "s3://b/a/*", false},
		{"a list instead of the object", minimal(key("a/", read)), minimal(list("a/", read)), "s3://b/a/", false},
		{"the object instead of a list", minimal(list("a/", read)), minimal(key("a/", read)), "s3://b/a/*", false},
		{"another permission", minimal(key("a/k", readWrite)), minimal(key("a/k", read)), "s3://b/a/k", false},
		{"Minimal for Default", minimal(key("a/k", read)), key("a/k", read), "s3://b/a/k", false},
		{"Minimal list for Default", minimal(list("a/", read)), key("a/k", read), "s3://b/a/*", false},
		{"Default for Minimal", key("a/k", read), minimal(key("a/k", read)), "s3://b/a/k", false},
		{"Default of all buckets for Minimal", key("a/k", read), minimal(key("a/k", read)), "s3://*", false},
		{"Default without a target is for the question's", key("a/k", read), key("a/k", read), "", true},
		{"and for no other", key("a/k", read), key("a/k2", read), "", false},
		{"nor for a list", key("a/k", read), list("a/k", read), "", false},
		{"a list without a target", list("a/", read), key("a/k", read), "", true},
		{"a key with a star, without a target", key("a*", read), key("ab", read), "", false},
	} {
		t.Run(m.name, func(t *testing.T) {
			c := newCache()
			put(t, c, m.held, "held", m.target, time.Hour)
			if got := c.Get(m.asked) != nil; got != m.want {
				t.Errorf("served: %v, want %v", got, m.want)
			}
		})
	}
}

func TestParseTarget(t *testing.T) {
	type parts struct {
		Bucket, Path string
		Wild, Whole  bool
	}
	for target, want := range map[string]parts{
		"s3://b/p/*": {"b", "p/", true, true},
		"s3://b/p*":  {"b", "p", true, true},
		"s3://b/*":   {"b", "", true, true},
		"s3://b/k":   {"b", "k", false, true},
		"s3://b/":    {"b", "", false, true},
		"s3://b":     {"b", "", false, true},
		"s3://b*":    {"b", "", true, false},
		"s3://*":     {"", "", true, false},
		"s3://b/k**": {"b", "k*", true, true},
		"s3://b//k":  {"b", "/k", false, true},
		"":           {"", "", false, true},
	} {
		var got parts
		got.Bucket, got.Path, got.Wild, got.Whole = grantcache.ParseTarget(target)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", target, diff)
		}
	}
}
