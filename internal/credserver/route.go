package credserver

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// comfortable is how much life credentials need to be served at once while they
	// are being renewed: botocore takes less for urgent.
	comfortable = 10 * time.Minute
	// briefly is how long an answer waits for renewal when there are others to fall
	// back on. The SDK for JavaScript gives up after a second.
	briefly = 500 * time.Millisecond
	// usableFor is how much life credentials need to be served when renewal fails.
	usableFor = time.Minute
	// refrainAtFirst is how long after a failure the same error is given again without
	// another attempt: botocore asks three times in two seconds, whatever the status.
	// It doubles with each failure in a row.
	refrainAtFirst = 5 * time.Second
	// refrainAtMost is the most of that, unless [Route].Refrain says less.
	refrainAtMost = time.Minute
)

// ErrEnding says that the server ends.
var ErrEnding = errors.New("this server is being ended")

// route keeps the credentials of one path. One goroutine, run, calls the source;
// the others look at what is held, and wait for attempts. All times are those of the
// wall clock, by which credentials end: the other one stands while a machine sleeps.
type route struct {
	Route

	source   Source
	notice   func(string)
	wake     chan struct{} // something has changed for run
	stopping chan struct{} // the server ends
	ended    chan struct{} // run has

	mu   sync.Mutex
	held Credentials
	// handed says that somebody has got what is held: when it ends, it will be
	// missed.
	handed bool
	// window is how much life is left when the held credentials are to be renewed.
	window time.Duration
	// notBefore is when there may be another attempt in the background.
	notBefore time.Time
	// failures in a row, the last one with err.
	failures int
	err      error
	// refusals are the failures in a row for which somebody waited, the last one at
	// refusedAt and with mark.
	refusals  int
	refusedAt time.Time
	mark      string
	// said is the last failure that was told, as [lasting] has it.
	said string
	// wanted is the attempt that is under way or comes next; nil for none.
	wanted *attempt
}

// attempt is one call of the source, for all who wait for it.
type attempt struct {
	background bool
	done       chan struct{}
	got        Credentials
	err        error
	mark       string
}

func newRoute(src Source, o Route, notice func(string)) *route {
	if o.Current == nil {
		o.Current = func(Credentials) bool { return true }
	}
	if o.Mark == nil {
		o.Mark = func() string { return "" }
	}
	if o.Refrain == nil {
		o.Refrain = func(error) time.Duration { return refrainAtMost }
	}
	return &route{
		Route: o, source: src, notice: notice,
		wake: make(chan struct{}, 1), stopping: make(chan struct{}), ended: make(chan struct{}),
	}
}

// get returns credentials for somebody who waits until ctx ends.
func (r *route) get(ctx context.Context) (Credentials, error) {
	var failed error
	for range 2 { // the second time if nobody was to be asked to sign in the first time
		held, wait, next := r.look()
		if next == nil {
			return held, nil
		}
		gaveUp := r.await(ctx, next, wait)
		switch {
		case gaveUp == nil && next.err == nil:
			return next.got, nil
		case held.usable(usableFor):
			return held, nil
		case gaveUp != nil:
			return Credentials{}, gaveUp
		case !next.background:
			return Credentials{}, next.err
		}
		failed = next.err
	}
	return Credentials{}, failed
}

// look returns what is held and, unless that is the answer, the attempt to wait
// for, and for how long; zero for as long as need be.
func (r *route) look() (held Credentials, wait time.Duration, next *attempt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held.AccessKeyID != "" && !r.Current(r.held) {
		r.forget()
	}
	usable := r.held.usable(usableFor)
	if usable && !r.handed {
		r.handed = true
		r.poke()
	}
	now := wallClock()
	switch {
	case usable && !r.isDue(now):
		return r.held, 0, nil
	case usable && r.held.usable(comfortable):
		r.want(true)
		return r.held, 0, nil
	case usable:
		return r.held, briefly, r.want(true)
	case r.wanted == nil && r.refrains(now):
		return Credentials{}, 0, failed(r.err)
	}
	return Credentials{}, 0, r.want(false)
}

// forget drops what is held, and what was found out about it. The lock is held.
func (r *route) forget() {
	r.held, r.notBefore, r.failures = Credentials{}, time.Time{}, 0
	r.refusals, r.refusedAt = 0, time.Time{}
}

// refrains reports whether the last error is given again without another attempt. The
// lock is held.
func (r *route) refrains(now time.Time) bool {
	if r.refusals == 0 {
		return false
	}
	pause := min(refrainAtFirst<<min(r.refusals-1, 10), r.Refrain(r.err))
	since := now.Sub(r.refusedAt) // less than nothing if the clock was set back
	return since >= 0 && since < pause && r.mark == r.Mark()
}

// want asks for an attempt, unless there is one. The lock is held.
func (r *route) want(background bool) *attempt {
	if r.wanted == nil {
		r.wanted = &attempt{background: background, done: make(chan struct{})}
		r.poke()
	}
	return r.wanted
}

func (r *route) poke() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// failed is an attempt that is over.
func failed(err error) *attempt {
	a := &attempt{done: make(chan struct{}), err: err}
	close(a.done)
	return a
}

// await waits for an attempt, and not for a source that does not notice the end.
func (r *route) await(ctx context.Context, a *attempt, wait time.Duration) error {
	if wait > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, wait)
		defer cancel()
	}
	select {
	case <-a.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-r.stopping:
		return ErrEnding
	}
}
