package credserver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// ahead is how much life is left when renewal begins: well before botocore's
	// advisory window of 15 minutes.
	ahead = 20 * time.Minute
	// scattered is by how much earlier renewal may begin, lest everything that began
	// together is renewed together.
	scattered = 2 * time.Minute
	// comfortable is how much life credentials need to be served at once while they
	// are being renewed: botocore takes less for urgent.
	comfortable = 10 * time.Minute
	// briefly is how long an answer waits for renewal when there are others to fall
	// back on. The SDK for JavaScript gives up after a second.
	briefly = 500 * time.Millisecond
	// usableFor is how much life credentials need to be served when renewal fails.
	usableFor = time.Minute
	// attemptWithin bounds one call of a source.
	attemptWithin = time.Minute
	// soonest is the least time between two renewals in the background.
	soonest = 15 * time.Second
	// slowest is the most time between two attempts after failures.
	slowest = 5 * time.Minute
	// refrain is how long after a failure the same error is given again without
	// another attempt.
	refrain = 500 * time.Millisecond
)

// dormant is how long nothing is done unasked where nothing is to be done.
const dormant = time.Hour

// ErrEnding says that the server ends.
var ErrEnding = errors.New("this server is being ended")

// route keeps the credentials of one path. One goroutine, run, calls the source;
// the others look at what is held, and wait for attempts.
type route struct {
	source  Source
	current func(Credentials) bool
	notice  func(string)
	wake    chan struct{} // something has changed for run
	ended   chan struct{} // run has

	mu   sync.Mutex
	held Credentials
	// handed says that somebody has got what is held: when it ends, it will be
	// missed.
	handed bool
	// due is when the held credentials should be renewed, and after a failure when
	// the next attempt in the background is.
	due time.Time
	// failures in a row, the last one with err; failedAt is when the last one was
	// for which somebody waited.
	failures int
	failedAt time.Time
	err      error
	// said is the last failure that was told.
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
}

func newRoute(src Source, o Route, notice func(string)) *route {
	if o.Current == nil {
		o.Current = func(Credentials) bool { return true }
	}
	return &route{source: src, current: o.Current, notice: notice, wake: make(chan struct{}, 1), ended: make(chan struct{})}
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
	if r.held.AccessKeyID != "" && !r.current(r.held) {
		r.held, r.due, r.failures, r.failedAt = Credentials{}, time.Time{}, 0, time.Time{}
	}
	usable := r.held.usable(usableFor)
	if usable && !r.handed {
		r.handed = true
		r.poke()
	}
	now := time.Now()
	switch {
	case usable && now.Before(r.due):
		return r.held, 0, nil
	case usable && r.held.usable(comfortable):
		r.want(true)
		return r.held, 0, nil
	case usable:
		return r.held, briefly, r.want(true)
	case r.wanted == nil && now.Sub(r.failedAt) < refrain:
		return Credentials{}, 0, failed(r.err)
	}
	return Credentials{}, 0, r.want(false)
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

// await waits for an attempt.
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
	case <-r.ended:
		return ErrEnding
	}
}

// run renews until ctx ends.
func (r *route) run(ctx context.Context) {
	defer close(r.ended)
	for {
		timer := time.NewTimer(r.pause())
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-r.wake:
		case <-timer.C:
		}
		timer.Stop()
		if a := r.next(); a != nil {
			r.renew(ctx, a)
		}
	}
}

// pause is the time until something is to be done unasked.
func (r *route) pause() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.handed || !r.held.usable(0) {
		return dormant
	}
	return max(0, time.Until(r.due))
}

// next returns the attempt to make now: one that somebody wants, or one that is
// due for credentials that somebody has; nil for none.
func (r *route) next() *attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wanted == nil && r.handed && r.held.usable(0) && !time.Now().Before(r.due) {
		r.want(true)
	}
	return r.wanted
}

// renew makes an attempt.
func (r *route) renew(ctx context.Context, a *attempt) {
	ctx = context.WithValue(ctx, demandKey{}, Demand{Background: a.background, Life: ahead + scattered})
	bounded, cancel := context.WithTimeout(ctx, attemptWithin)
	defer cancel()
	a.got, a.err = r.source(bounded)
	switch {
	case ctx.Err() != nil:
		a.err = ErrEnding
	case a.err == nil && !a.got.usable(0):
		a.err = ErrIncomplete
	}
	text := r.keep(a)
	close(a.done)
	if text != "" && ctx.Err() == nil {
		r.notice(text)
	}
}

// keep keeps what an attempt gave, and returns what is to be said about it: each
// failure once, however often it is met.
func (r *route) keep(a *attempt) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wanted = nil
	now := time.Now()
	if a.err == nil {
		r.held, r.handed, r.failures, r.err, r.said = a.got, !a.background, 0, nil, ""
		left := time.Until(a.got.Expiration)
		r.failedAt, r.due = time.Time{}, now.Add(renewIn(left))
		if !a.background && left < ahead { // some that were kept elsewhere: better ones may be had
			r.due = now.Add(soonest)
		}
		return ""
	}
	r.failures++
	r.err, r.due = a.err, now.Add(backoff(r.failures))
	if !a.background {
		r.failedAt = now
	}
	text := worded(a.err)
	if text == r.said {
		return ""
	}
	r.said = text
	if left := time.Until(r.held.Expiration); left > 0 {
		return fmt.Sprintf("renewal failed, serving credentials that expire in %s: %s", left.Round(time.Second), text)
	}
	return "there are no credentials: " + text
}

// renewIn is when credentials with so much life left are renewed: half-way at the
// earliest, for those that never had much.
func renewIn(left time.Duration) time.Duration {
	scatter := rand.N(scattered) //nolint:gosec // nobody gains from guessing when we renew
	return max(left-ahead-scatter, left/2, soonest)
}

// backoff is the pause after so many failures in a row.
func backoff(failures int) time.Duration {
	pause := min(soonest<<min(failures-1, 10), slowest)
	return pause + rand.N(pause/4) //nolint:gosec // nobody gains from guessing when we renew
}
