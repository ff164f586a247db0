package grantcache

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Options configures a [Cache]. There are no defaults but for the functions: who uses a
// cache has its own.
type Options struct {
	// MaxEntries bounds the answers, and apart from them the denials.
	MaxEntries int
	// LifetimeShare of an answer's life is how long it is used; then the service is
	// asked again. An answer's life begins when it arrives. From 0 to 1.
	LifetimeShare float64
	// ExpiryMargin is how much life an answer must have left to be used at all.
	// Negative: none.
	ExpiryMargin time.Duration
	// RefreshShare of an answer's life is when the first one who uses it has it renewed
	// in the background, 5 % earlier or later. If it is used for so long only, it is
	// renewed after nine tenths of that time. From 0 to 1; 1 switches it off.
	RefreshShare float64
	// DeniedFor is how long a denial answers. Zero or negative: not at all.
	DeniedFor time.Duration
	// Denied reports whether an error is a denial. Others are not remembered.
	Denied func(error) bool
	// Passing reports whether an error says nothing about the grant, such as an outage. An
	// answer that is past its share but within its life serves on then. That Timeout has
	// passed counts as such an error in any case.
	Passing func(error) bool
	// Timeout bounds what is asked.
	Timeout time.Duration
}

// Stats are numbers since the cache was made, except for the first two.
type Stats struct {
	// Entries and Denials are held at present, some of them past their time.
	Entries, Denials int
	// Hits were answered from the cache, DeniedHits by a denial in it. Misses were asked
	// for, Shared waited for what somebody else had asked.
	Hits, DeniedHits, Misses, Shared uint64
	// Refreshes were begun in the background, Evicted were dropped for want of room.
	Refreshes, Evicted uint64
}

// Cache of answers. Make it with [New].
//
// Answers that are at hand are found without a lock. Everything that changes the cache
// takes one, for microseconds; nothing is asked or waited for under it.
type Cache[V any] struct {
	options Options
	clock   clock
	trees   table[V]
	denials denials

	hits, shared counter

	mu      sync.Mutex
	lru     lru[V]
	running map[*flight[V]]struct{}
	// flights are those that others with the same question join, and gates those that
	// others with the same scope, bucket and permission await before they ask.
	flights map[Question]*flight[V]
	gates   map[gate]*flight[V]
	// calls numbers the flights in the order of their beginning.
	calls                      uint64
	misses, refreshes, evicted uint64
}

// New returns an empty cache.
func New[V any](o Options) *Cache[V] {
	o.ExpiryMargin = max(o.ExpiryMargin, 0)
	for _, is := range []*func(error) bool{&o.Denied, &o.Passing} {
		if *is == nil {
			*is = func(error) bool { return false }
		}
	}
	c := &Cache[V]{
		options: o, clock: clock{start: time.Now()},
		running: map[*flight[V]]struct{}{}, flights: map[Question]*flight[V]{}, gates: map[gate]*flight[V]{},
	}
	c.trees.init()
	c.denials.init(o.MaxEntries, o.DeniedFor)
	return c
}

// Get returns what is at hand for a question, nil if nothing is. It neither asks nor
// waits, takes no lock and allocates nothing. It returns nil as well to the one who is to
// have an answer renewed in the background: [Cache.Do] begins that, and returns the answer.
func (c *Cache[V]) Get(q *Question) *V {
	now := c.clock.now()
	e := c.find(q, now)
	if e == nil || e.age(now) >= time.Duration(e.renew.Load()) {
		return nil
	}
	e.touch(now)
	c.hits.add()
	return &e.value
}

// find returns the best answer to a question that serves as it is, nil if there is none.
func (c *Cache[V]) find(q *Question, now time.Duration) *entry[V] {
	if t := c.trees.get(bucketKey(q)); t != nil {
		if e := t.root.Load().find(q, q.Path, now); e != nil {
			return e
		}
	}
	if t := c.trees.get(wideKey(q.Scope)); t != nil && !q.Minimal {
		return t.root.Load().find(q, q.Bucket, now)
	}
	return nil
}

// serving returns all that answers a question, the best first, whatever its age.
func (c *Cache[V]) serving(q *Question) []*entry[V] {
	var all []*entry[V]
	if t := c.trees.get(wideKey(q.Scope)); t != nil && !q.Minimal {
		all = t.root.Load().serving(q, q.Bucket, all)
	}
	if t := c.trees.get(bucketKey(q)); t != nil {
		all = t.root.Load().serving(q, q.Path, all)
	}
	slices.Reverse(all)
	return all
}

// Drop forgets one answer, if it is still there: one that the service no longer takes. v
// is what Get, Do or Refresh has returned.
func (c *Cache[V]) Drop(v *V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.lru.entries {
		if &e.value == v {
			c.remove(e)
			return
		}
	}
}

// Forget drops all answers and denials of a principal and returns how many there were.
// What is being asked for them is not remembered either, and nobody who comes later gets
// it. It takes time in proportion to all that is held.
func (c *Cache[V]) Forget(principal string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	for f := range c.running {
		if f.question.Principal == principal {
			f.forgotten = true
			c.detach(f)
		}
	}
	var theirs []*entry[V]
	for _, e := range c.lru.entries {
		if e.tree.key.Principal == principal {
			theirs = append(theirs, e)
		}
	}
	for _, e := range theirs {
		c.remove(e)
	}
	return len(theirs) + c.denials.forget(principal)
}

// Stats returns the numbers of this moment.
func (c *Cache[V]) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := Stats{
		Entries: len(c.lru.entries), Hits: c.hits.sum(), Shared: c.shared.sum(),
		Misses: c.misses, Refreshes: c.refreshes, Evicted: c.evicted,
	}
	s.Denials, s.DeniedHits = c.denials.stats()
	return s
}

// keep remembers the answer of a flight in place of all older ones that would answer its
// question instead, and returns its value.
func (c *Cache[V]) keep(f *flight[V], a *Answer[V]) *V {
	now, wall := c.clock.sync()
	e := newEntry(f, a, now, wall, &c.options)
	if f.forgotten || e.end <= 0 {
		return &e.value
	}
	key := e.place(&f.question, a.Target)
	older := c.serving(&f.question)
	for _, other := range append(older, c.trees.get(key).slot(e)) {
		if other != nil && other.call > e.call {
			return &e.value // what was asked later is at hand already
		}
	}
	c.insert(key, e)
	if e.answers(&f.question) {
		c.supersede(older, e)
	}
	c.denials.remove(&f.question)
	c.makeRoom(now)
	return &e.value
}

// supersede drops what is better matched than a newer answer: the service would have
// answered with it if it still were a grant.
func (c *Cache[V]) supersede(older []*entry[V], by *entry[V]) {
	for _, e := range older {
		if e.index >= 0 && e.before(by) {
			c.remove(e)
		}
	}
}

func (c *Cache[V]) insert(k key, e *entry[V]) {
	t := c.trees.get(k)
	if t == nil {
		k.bucket = strings.Clone(k.bucket)
		t = &tree[V]{key: k}
		c.trees.put(t)
	}
	if old := t.slot(e); old != nil {
		c.lru.remove(old)
	}
	e.tree = t
	t.root.Store(t.root.Load().with(e.path, e))
	c.lru.add(e)
}

func (c *Cache[V]) remove(e *entry[V]) {
	c.lru.remove(e)
	root := e.tree.root.Load().without(e.path, e)
	e.tree.root.Store(root)
	if root == nil {
		c.trees.remove(e.tree)
	}
}

// makeRoom drops what is past its life, a few at a time, and what was used longest ago.
func (c *Cache[V]) makeRoom(now time.Duration) {
	for range 2 {
		if e := c.lru.next(); e != nil && e.age(now) >= e.end {
			c.remove(e)
		}
	}
	for len(c.lru.entries) > c.options.MaxEntries {
		c.remove(c.lru.oldest())
		c.evicted++
	}
}
