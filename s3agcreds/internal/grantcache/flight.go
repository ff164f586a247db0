package grantcache

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
)

// errAbandoned is the error of a flight whose goroutine ended without an answer.
var errAbandoned = errors.New("whoever asked went away without an answer")

// PanicError is what all who wait get where asking panics.
type PanicError struct {
	// Value is the panic's, and Stack that of its goroutine.
	Value any
	Stack []byte
}

// Error implements error.
func (e *PanicError) Error() string { return fmt.Sprintf("panic while asking: %v", e.Value) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// flight is a question that was put to the service.
type flight[V any] struct {
	question Question
	// call is its number in the order of the beginnings.
	call uint64
	// ahead is what it renews in the background, nil if somebody has nothing to go on with.
	ahead *entry[V]
	// began is when, by the cache's clock.
	began time.Duration
	// forgotten says that the answer is not to be remembered. The cache's lock guards it.
	forgotten bool

	// done is closed when the rest is there.
	done            chan struct{}
	value           *V
	err             error
	denied, passing bool
}

// wait waits for the end of a flight: for ever, or only for as long as patience is.
func (f *flight[V]) wait(ctx context.Context, patience time.Duration) error {
	var enough <-chan time.Time
	if patience > 0 {
		t := time.NewTimer(patience)
		defer t.Stop()
		enough = t.C
	}
	select {
	case <-f.done:
	case <-enough:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// gate names questions that one grant may answer. There is none for Minimal ones.
type gate struct {
	scope      Scope
	bucket     string
	permission types.Permission
}

func gateOf(q *Question) gate {
	return gate{scope: q.Scope, bucket: q.Bucket, permission: q.Permission}
}

// patience is how long a call under way keeps those from asking whom its answer may serve
// as well. Answers take tenths of a second; what takes longer is in trouble, and is no
// reason for others to be.
const patience = 2 * time.Second

// Do returns what is at hand, else what ask answers, and how it came by it. Who asks the
// same at the same time waits for one answer. Who asks for something else in the same scope
// and bucket, with the same permission, waits for that answer as well, since it may be for
// both; if it is not, or is not there two seconds after it was asked for, ask is called
// after all. That costs those who are under different grants one call's time, two seconds
// at most, and only where nothing was at hand for either: for renewals in the background
// nobody waits.
//
// Nobody waits longer than their context, and ask goes on for the others when the context
// of the one who began it ends. The error is ask's, a [*PanicError] or the context's.
func (c *Cache[V]) Do(ctx context.Context, q *Question, ask Ask[V]) (*V, Outcome, error) {
	outcome := None
	for waited := false; ; waited = true {
		if v, how, err := c.atHand(ctx, q, ask, waited); how != None {
			return v, how, err
		}
		if err := ctx.Err(); err != nil {
			return nil, outcome, err
		}
		t := c.join(ctx, q, ask, waited)
		if t.flight == nil {
			return t.value, t.outcome, t.err
		}
		outcome = t.outcome
		if err := t.flight.wait(ctx, t.patience); err != nil {
			return nil, outcome, err
		}
		if t.patience == 0 {
			return c.landed(q, t.flight, outcome)
		}
	}
}

// atHand returns an answer or a denial, and has the answer renewed if it is time. The
// outcome is None if there is neither.
func (c *Cache[V]) atHand(ctx context.Context, q *Question, ask Ask[V], waited bool) (*V, Outcome, error) {
	now := c.clock.now()
	e := c.find(q, now)
	if e == nil {
		if err := c.denials.get(q, now); err != nil {
			return nil, Denied, err
		}
		return nil, None, nil
	}
	e.touch(now)
	outcome := Hit
	if waited {
		outcome = Shared
		c.shared.add()
	} else {
		c.hits.add()
	}
	if due := e.renew.Load(); e.age(now) >= time.Duration(due) && e.renew.CompareAndSwap(due, int64(never)) {
		if c.renew(ctx, q, ask, e, due) && !waited {
			outcome = HitRenewed
		}
	}
	return &e.value, outcome, nil
}

// renew has an entry renewed in the background, unless its question is being asked, and
// tells whether it has.
func (c *Cache[V]) renew(ctx context.Context, q *Question, ask Ask[V], e *entry[V], due int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flights[*q] != nil || e.index < 0 {
		e.renew.Store(due)
		return false
	}
	c.refreshes++
	e.renewing = true
	c.begin(ctx, q, ask, e)
	return true
}

// turn is what there is for one who had nothing at hand: an answer, or a flight to wait for.
type turn[V any] struct {
	value   *V
	err     error
	outcome Outcome

	flight *flight[V]
	// patience is how long to wait for the flight of another question, 0 if it is the own.
	patience time.Duration
}

// join returns the flight to wait for: somebody else's with the same question, or with one
// that the same grant may answer, or a new one. If an answer or a denial has come meanwhile
// it returns that.
func (c *Cache[V]) join(ctx context.Context, q *Question, ask Ask[V], waited bool) turn[V] {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.clock.now()
	if e := c.find(q, now); e != nil {
		e.touch(now)
		c.shared.add()
		return turn[V]{value: &e.value, outcome: Shared}
	}
	if f := c.flights[*q]; f != nil {
		c.shared.add()
		return turn[V]{flight: f, outcome: Shared}
	}
	if err := c.denials.get(q, now); err != nil {
		return turn[V]{err: err, outcome: Denied}
	}
	if f := c.gates[gateOf(q)]; f != nil && !waited && !q.Minimal {
		if left := patience - (now - f.began); left > 0 {
			return turn[V]{flight: f, outcome: Shared, patience: left}
		}
	}
	c.misses++
	return turn[V]{flight: c.begin(ctx, q, ask, nil), outcome: Miss}
}

// Refresh asks in any case, and remembers the answer in place of what was at hand.
func (c *Cache[V]) Refresh(ctx context.Context, q *Question, ask Ask[V]) (*V, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.misses++
	f := c.begin(ctx, q, ask, nil)
	c.mu.Unlock()
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// landed is what a flight means for one who waited for it: where the service did not
// answer, what was past its share may have been lent some time.
func (c *Cache[V]) landed(q *Question, f *flight[V], outcome Outcome) (*V, Outcome, error) {
	if f.passing {
		now := c.clock.now()
		if e := c.find(q, now); e != nil {
			e.touch(now)
			return &e.value, outcome, nil
		}
	}
	if f.denied && outcome == Shared {
		outcome = Denied
	}
	return f.value, outcome, f.err
}

// begin starts a flight. Others join it from now on, and none that began earlier; those
// with other questions await it unless it is a renewal, or another that is not late yet.
// The cache's lock is held.
func (c *Cache[V]) begin(ctx context.Context, q *Question, ask Ask[V], ahead *entry[V]) *flight[V] {
	c.calls++
	f := &flight[V]{question: *q, call: c.calls, ahead: ahead, began: c.clock.now(), done: make(chan struct{})}
	c.running[f] = struct{}{}
	c.flights[*q] = f
	if g := gateOf(q); !q.Minimal && ahead == nil {
		if other := c.gates[g]; other == nil || f.began-other.began >= patience {
			c.gates[g] = f
		}
	}
	go c.fly(context.WithoutCancel(ctx), f, ask)
	return f
}

func (c *Cache[V]) fly(ctx context.Context, f *flight[V], ask Ask[V]) {
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	var a Answer[V]
	err := errAbandoned
	defer func() {
		if r := recover(); r != nil {
			err = &PanicError{Value: r, Stack: debug.Stack()}
		}
		c.land(f, &a, err, ctx.Err() != nil)
	}()
	a, err = ask(ctx)
}

// land ends a flight.
func (c *Cache[V]) land(f *flight[V], a *Answer[V], err error, late bool) {
	f.denied = err != nil && c.options.Denied(err)
	f.passing = err != nil && !f.denied && (late || c.options.Passing(err))
	c.mu.Lock()
	delete(c.running, f)
	c.detach(f)
	if err == nil {
		f.value = c.keep(f, a)
	} else {
		f.err = err
		c.failed(f)
	}
	if f.ahead != nil {
		f.ahead.renewing = false
		f.ahead.postpone(c.clock.now())
	}
	c.mu.Unlock()
	close(f.done)
}

// failed draws the conclusions of an error. A denial ends what answered the question until
// now, unless that was only to be renewed ahead of time: then it serves its share.
func (c *Cache[V]) failed(f *flight[V]) {
	if f.forgotten {
		return
	}
	now := c.clock.now()
	for _, e := range c.serving(&f.question) {
		young := e.age(now) < e.share
		switch {
		case f.denied && e.call < f.call && (f.ahead == nil || !young):
			c.remove(e)
		case young:
		case f.passing:
			e.lend(now, c.options.RefreshShare < 1)
		default:
			e.until.Store(int64(e.share))
		}
	}
	if f.denied && (f.ahead == nil || f.ahead.index < 0) {
		c.denials.put(f.question, f.err, now)
	}
}

// detach lets nobody else join a flight.
func (c *Cache[V]) detach(f *flight[V]) {
	if c.flights[f.question] == f {
		delete(c.flights, f.question)
	}
	if g := gateOf(&f.question); c.gates[g] == f {
		delete(c.gates, g)
	}
}
