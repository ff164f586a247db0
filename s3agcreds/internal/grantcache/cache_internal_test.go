package grantcache

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
)

func TestClock(t *testing.T) {
	start := time.Now()
	c := clock{start: start}
	for _, step := range []struct {
		name       string
		mono, wall time.Duration // since the start
		gained     time.Duration
	}{
		{"both go on", time.Minute, time.Minute, 0},
		{"the machine slept for an hour", 2 * time.Minute, time.Hour + 2*time.Minute, time.Hour},
		{"both go on again", 3 * time.Minute, time.Hour + 3*time.Minute, time.Hour},
		{"set back by a day: nothing lives longer", 4 * time.Minute, -22 * time.Hour, time.Hour},
		{"the machine slept for an hour since", 5 * time.Minute, -21*time.Hour + time.Minute, 2 * time.Hour},
	} {
		c.check(int64(step.mono), start.Add(step.wall))
		if got := time.Duration(c.gained.Load()); got != step.gained {
			t.Errorf("%s: gained %v, want %v", step.name, got, step.gained)
		}
	}
}

// The wall's lead is looked at once a second of use.
func TestClockLooksAtTheWall(t *testing.T) {
	c := clock{start: time.Now().Add(-2 * time.Second), ahead: -int64(time.Hour)}
	if got := c.now(); got < time.Hour {
		t.Errorf("%v after the machine slept for an hour", got)
	}
	c.ahead -= int64(time.Hour)
	if got := c.now(); got > 2*time.Hour {
		t.Errorf("%v: looked again at once", got)
	}
}

// What was dropped since somebody found it is not renewed.
func TestNoRenewalOfWhatIsGone(t *testing.T) {
	c := New[int](Options{MaxEntries: 5, LifetimeShare: 1, RefreshShare: 0.5, Timeout: time.Minute})
	q := Question{Scope: Scope{Principal: "p"}, Bucket: "b", Path: "k", Permission: types.PermissionRead}
	ask := func(context.Context) (Answer[int], error) {
		return Answer[int]{Expires: time.Now().Add(time.Hour)}, nil
	}
	if _, err := c.Refresh(t.Context(), &q, ask); err != nil {
		t.Fatal(err)
	}
	e := c.find(&q, c.clock.now())
	c.Forget("p")
	if due := e.renew.Swap(int64(never)); c.renew(t.Context(), &q, ask, e, due) || e.renew.Load() != due || c.Stats().Refreshes != 0 {
		t.Errorf("renewed: %+v", c.Stats())
	}
}

// What is empty is freed: by dropping, forgetting and eviction.
func TestNothingStays(t *testing.T) {
	c := New[int](Options{MaxEntries: 500, LifetimeShare: 1, RefreshShare: 1, Timeout: time.Minute})
	ask := func(target string) Ask[int] {
		return func(context.Context) (Answer[int], error) {
			return Answer[int]{Target: target, Expires: time.Now().Add(time.Hour)}, nil
		}
	}
	targets := []string{"s3://b/*", "s3://b/k", "s3://b/k/*", "s3://b/kk", "s3://*", "s3://b*", ""}
	var values []*int
	for i := range 2000 {
		q := Question{
			Scope: Scope{Principal: fmt.Sprint("p", i%400)}, Bucket: "b", Path: "k", Permission: types.PermissionRead, Minimal: i%5 == 0,
		}
		v, err := c.Refresh(t.Context(), &q, ask(targets[i%len(targets)]))
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	if got := c.Stats(); got.Entries == 0 || got.Entries > 500 {
		t.Fatalf("%d entries are held, want up to 500", got.Entries)
	}
	if slots := len(*c.trees.slots.Load()); c.trees.trees == 0 || c.trees.trees > 500 || c.trees.trees > slots {
		t.Errorf("%d trees for %d entries, in %d slots", c.trees.trees, c.Stats().Entries, slots)
	}
	for i := range 200 {
		c.Forget(fmt.Sprint("p", i))
	}
	for _, v := range values {
		c.Drop(v)
	}
	if got, slots := c.Stats().Entries, len(*c.trees.slots.Load()); got != 0 || c.trees.trees != 0 || slots != minSlots {
		t.Errorf("%d entries, %d trees, %d slots are left; want 0, 0, %d", got, c.trees.trees, slots, minSlots)
	}
	if len(c.running)+len(c.flights)+len(c.gates) != 0 {
		t.Errorf("%d flights, %d questions and %d gates are left", len(c.running), len(c.flights), len(c.gates))
	}
}

// A trie does not depend on the order of what was done to it, and is as small as it can be.
func TestTrieIsCanonical(t *testing.T) {
	paths := []string{"", "a", "ab", "abc", "abd", "b", "é", "è", "a/", "a//", "*", "a*"}
	var root *node[int]
	entries := map[string]*entry[int]{}
	for _, p := range paths {
		entries[p] = &entry[int]{path: p, wild: true}
		root = root.with(p, entries[p])
	}
	for i := range paths {
		gone := paths[(i*7)%len(paths)]
		root = root.without(gone, entries[gone])
		delete(entries, gone)
		var fresh *node[int]
		for _, e := range entries {
			fresh = fresh.with(e.path, e)
		}
		if got, want := shape(root), shape(fresh); got != want {
			t.Fatalf("without %q:\n got %s\nwant %s", gone, got, want)
		}
	}
	if root != nil {
		t.Errorf("an empty trie has a node %s", shape(root))
	}
}

func shape(n *node[int]) string {
	if n == nil {
		return "-"
	}
	s := fmt.Sprintf("%q%d(", n.label, len(n.held))
	for _, e := range n.edges {
		s += fmt.Sprintf("%q", e.first) + shape(e.child)
	}
	return s + ")"
}

func TestTrieWithoutWhatIsNotThere(t *testing.T) {
	e := &entry[int]{path: "abc"}
	root := (*node[int])(nil).with("abc", e)
	for _, path := range []string{"", "a", "abd", "abcd", "x"} {
		if got := root.without(path, &entry[int]{path: path}); shape(got) != shape(root) {
			t.Errorf("without %q: %s", path, shape(got))
		}
	}
}
