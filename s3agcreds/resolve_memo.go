package s3agcreds

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Results for those who waited for a question whose asking ended in a way of its own.
var (
	errAbandoned = errors.New("the question ended without an answer")
	errPanicked  = errors.New("the question ended in a panic")
)

// memo remembers answers for a time, and lets concurrent callers share one question. What
// was not used while half of its room was filled anew is dropped. It is safe for
// concurrent use.
type memo[K comparable, V any] struct {
	clock
	room    int
	timeout time.Duration

	mu         sync.RWMutex
	young, old map[K]remembered[V]
	running    map[K]*question[V]
}

// clock counts from when it was made, by the monotonic clock: reading that alone takes half
// the time. While a machine sleeps it stands still.
type clock struct{ made time.Time }

func (c clock) now() time.Duration { return time.Since(c.made) }

type remembered[V any] struct {
	value V
	until time.Duration
}

// question is one that is being asked; its answer may be read once done is closed.
type question[V any] struct {
	done     chan struct{}
	value    V
	err      error
	panicked any // what to panic with where it was asked first
}

func newMemo[K comparable, V any](c clock, room int, timeout time.Duration) *memo[K, V] {
	return &memo[K, V]{
		clock: c, room: room, timeout: timeout,
		young: map[K]remembered[V]{}, running: map[K]*question[V]{},
	}
}

// get returns what is remembered at this time of the clock.
func (m *memo[K, V]) get(key K, now time.Duration) (value V, ok bool) {
	m.mu.RLock()
	r, ok := m.young[key]
	if ok {
		m.mu.RUnlock()
	} else {
		r, ok = m.old[key]
		m.mu.RUnlock()
		if ok {
			m.keep(key, r)
		}
	}
	if !ok || now >= r.until {
		return value, false
	}
	return r.value, true
}

// put remembers a value for a time; not at all if that is none.
func (m *memo[K, V]) put(key K, value V, life time.Duration) {
	if life > 0 {
		m.keep(key, remembered[V]{value: value, until: m.now() + life})
	}
}

func (m *memo[K, V]) keep(key K, r remembered[V]) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.young) >= m.room/2 {
		m.old, m.young = m.young, map[K]remembered[V]{}
	}
	m.young[key] = r
}

// ask answers a question, and says for how long the answer holds.
type ask[V any] func(ctx context.Context) (V, time.Duration, error)

// do returns what is remembered, else what ask answers. Who wants the same at the same
// time shares the answer.
func (m *memo[K, V]) do(ctx context.Context, key K, ask ask[V]) (V, error) {
	value, _, err := m.lead(ctx, key, ask)
	return value, err
}

// lead is do, and tells whether it was this caller who asked. The question outlives its
// caller's context, for the memo's timeout at most.
func (m *memo[K, V]) lead(ctx context.Context, key K, ask ask[V]) (value V, led bool, err error) {
	if ctx.Err() != nil {
		return value, false, fmt.Errorf("find the Access Grants instance: %w", context.Cause(ctx))
	}
	q, led := m.join(ctx, key, ask)
	select {
	case <-q.done:
	case <-ctx.Done():
		return value, led, fmt.Errorf("wait for the Access Grants instance: %w", context.Cause(ctx))
	}
	if led && q.panicked != nil {
		panic(q.panicked)
	}
	return q.value, led, q.err
}

func (m *memo[K, V]) join(ctx context.Context, key K, ask ask[V]) (q *question[V], led bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if q := m.running[key]; q != nil {
		return q, false
	}
	q = &question[V]{done: make(chan struct{}), err: errAbandoned}
	if r, ok := m.young[key]; ok && m.now() < r.until { // answered since the caller looked
		q.value, q.err = r.value, nil
		close(q.done)
		return q, false
	}
	m.running[key] = q
	go m.run(context.WithoutCancel(ctx), key, q, ask)
	return q, true
}

func (m *memo[K, V]) run(ctx context.Context, key K, q *question[V], ask ask[V]) {
	var life time.Duration
	defer func() {
		if value := recover(); value != nil {
			q.err, q.panicked = errPanicked, fmt.Sprintf("%v\n\n%s", value, debug.Stack())
		}
		if q.err == nil {
			m.put(key, q.value, life)
		}
		m.mu.Lock()
		delete(m.running, key)
		m.mu.Unlock()
		close(q.done)
	}()
	ctx, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	q.value, life, q.err = ask(ctx)
}
