package grantcache

import (
	"math"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
)

const (
	// jitter is the share by which renewals are earlier or later.
	jitter = 0.05
	// latest is the share of the time of use after which an answer is renewed in any case,
	// give or take the jitter: there must be time left for it.
	latest = 0.9
	// A renewal that failed is tried again after firstDelay, then after twice as long
	// each time, up to maxDelay.
	firstDelay, maxDelay = time.Second, time.Minute
	// stampShift makes a stamp of use from nanoseconds: one lasts about a millisecond.
	stampShift = 20

	never = time.Duration(math.MaxInt64)
)

// entry is an answer in the cache. Only what is atomic changes once it can be found, and
// what the cache's lock guards.
type entry[V any] struct {
	// What every look-up reads comes first, for the processor's caches.
	permission types.Permission
	born       time.Duration // by the cache's clock
	// until is the age up to which it serves, and renew that at which it is renewed in the
	// background; never, if somebody does that.
	until, renew atomic.Int64
	// used is the stamp of the last use.
	used atomic.Int64
	wild bool

	// path is what the target begins with, or all of it if it is not wild.
	path string
	tree *tree[V]
	// call is the number of the flight that brought it.
	call uint64
	// These are ages: until is share while all is well, end while the service does not
	// answer. At end it is not used any more.
	share, end time.Duration

	// Guarded by the cache's lock.
	renewing bool
	failures int   // of renewals
	stamp    int64 // by which it is ordered in the lru
	index    int   // there, -1 if it is not

	value V
}

func newEntry[V any](f *flight[V], a *Answer[V], now time.Duration, wall time.Time, o *Options) *entry[V] {
	life := max(a.Expires.Sub(wall), 0)
	e := &entry[V]{
		value: a.Value, permission: f.question.Permission, call: f.call,
		born: now, share: min(part(life, o.LifetimeShare), life-o.ExpiryMargin), end: life - o.ExpiryMargin, index: -1,
	}
	e.until.Store(int64(e.share))
	e.renew.Store(int64(never))
	if o.RefreshShare < 1 {
		due := min(part(life, o.RefreshShare), part(e.share, latest))
		e.renew.Store(int64(part(due, jittered())))
	}
	e.used.Store(stampOf(now))
	return e
}

func part(life time.Duration, of float64) time.Duration { return time.Duration(float64(life) * of) }

func jittered() float64 {
	return 1 - jitter + 2*jitter*rand.Float64() //nolint:gosec // spreads load, guards nothing
}

func stampOf(now time.Duration) int64 { return int64(now) >> stampShift }

func (e *entry[V]) age(now time.Duration) time.Duration { return now - e.born }

// touch notes a use. It writes once in a millisecond, so that many who use one entry do
// not wait for each other's caches.
func (e *entry[V]) touch(now time.Duration) {
	if stamp := stampOf(now); e.used.Load() != stamp {
		e.used.Store(stamp)
	}
}

// place sets path and wild, and returns the key of the tree that the entry belongs to. With
// Minimal it is for the target of the question, whatever the service calls it.
func (e *entry[V]) place(q *Question, target string) key {
	if target == "" || q.Minimal {
		e.path, e.wild = strings.Clone(q.Path), q.Prefix
		return bucketKey(q)
	}
	bucket, path, wild, whole := ParseTarget(target)
	e.wild = wild
	if !whole {
		e.path = bucket
		return wideKey(q.Scope)
	}
	e.path = path
	return key{Scope: q.Scope, bucket: bucket, kind: defaultTree}
}

// serves reports whether the entry answers a question whose path begins with the entry's,
// and is the same if whole.
func (e *entry[V]) serves(q *Question, whole bool) bool {
	if q.Minimal {
		return whole && e.wild == q.Prefix && e.permission == q.Permission
	}
	return (e.wild || whole && !q.Prefix) && covers(e.permission, q.Permission)
}

// answers reports whether the entry, in its tree, answers a question.
func (e *entry[V]) answers(q *Question) bool {
	text := q.Path
	switch e.tree.key {
	case wideKey(q.Scope):
		text = q.Bucket
	case bucketKey(q):
	default:
		return false
	}
	return strings.HasPrefix(text, e.path) && e.serves(q, len(text) == len(e.path))
}

func covers(has, want types.Permission) bool {
	return has == want ||
		has == types.PermissionReadwrite && (want == types.PermissionRead || want == types.PermissionWrite)
}

// before reports whether the entry is the better match where both answer a question.
func (e *entry[V]) before(other *entry[V]) bool {
	if e.tree != other.tree {
		return other.tree.key.kind == wideTree
	}
	if len(e.path) != len(other.path) {
		return len(e.path) > len(other.path)
	}
	return e.rank() < other.rank()
}

// rank orders the entries of one path: the object before what begins with its name, and
// READWRITE after the permission that is asked for.
func (e *entry[V]) rank() int {
	rank := 0
	if e.wild {
		rank = 4
	}
	switch e.permission {
	case types.PermissionRead:
		return rank
	case types.PermissionWrite:
		return rank + 1
	case types.PermissionReadwrite:
		return rank + 2
	default:
		return rank + 3
	}
}

// same reports whether the two belong in one place: the newer replaces the older.
func (e *entry[V]) same(other *entry[V]) bool {
	return e.wild == other.wild && e.permission == other.permission
}

// postpone has the next renewal wait, and longer each time.
func (e *entry[V]) postpone(now time.Duration) {
	e.renew.Store(int64(e.age(now) + e.delay()))
}

// lend lets an entry that is past its share serve on while the service does not answer: to
// its end if it is renewed in the background meanwhile, else until somebody is to try again.
func (e *entry[V]) lend(now time.Duration, ahead bool) {
	switch {
	case !ahead:
		e.until.Store(int64(min(e.age(now)+e.delay(), e.end)))
		return
	case !e.renewing:
		e.postpone(now)
	}
	e.until.Store(int64(e.end))
}

func (e *entry[V]) delay() time.Duration {
	delay := min(firstDelay<<min(e.failures, 10), maxDelay)
	e.failures++
	return part(delay, jittered())
}
