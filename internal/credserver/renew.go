package credserver

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

const (
	// ahead is how much life is left when renewal begins: well before botocore's
	// advisory window of 15 minutes.
	ahead = 20 * time.Minute
	// scattered is by how much earlier renewal may begin, lest everything that began
	// together is renewed together.
	scattered = 2 * time.Minute
	// attemptWithin bounds one call of a source.
	attemptWithin = time.Minute
	// soonest is the least time between two renewals in the background.
	soonest = 15 * time.Second
	// slowest is the most time between two attempts after failures, but for chance.
	slowest = 5 * time.Minute
	// lookAgain is how long the wall clock is not looked at: timers stand while a
	// machine sleeps, and what they were set for is overdue when it wakes up.
	lookAgain = time.Minute
	// dormant is how long nothing is done unasked where nothing is to be done.
	dormant = time.Hour
)

// wallClock is the time without the reading of the clock that stands while a machine
// sleeps, so that what is computed with it is by the wall clock.
func wallClock() time.Time { return time.Now().Round(0) }

// run renews until ctx ends.
func (r *route) run(ctx context.Context) {
	defer close(r.ended)
	context.AfterFunc(ctx, func() { close(r.stopping) })
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

// pause is how long nothing is to be done unasked.
func (r *route) pause() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.handed || !r.held.usable(0) {
		return dormant
	}
	now := wallClock()
	return min(lookAgain, max(0, r.held.left(now)-r.window, r.notBefore.Sub(now)))
}

// isDue reports whether the held credentials are to be renewed. A pause longer than
// any is none: the clock was set back. The lock is held.
func (r *route) isDue(now time.Time) bool {
	pause := r.notBefore.Sub(now)
	return r.held.left(now) <= r.window && (pause <= 0 || pause > slowest+slowest/4)
}

// next returns the attempt to make now: one that somebody wants, or one that is
// due for credentials that somebody has; nil for none.
func (r *route) next() *attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wanted == nil && r.handed && r.held.usable(0) && r.isDue(wallClock()) {
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
	if a.err != nil {
		a.mark = r.Mark()
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
	now := wallClock()
	if a.err == nil {
		r.forget()
		r.held, r.handed, r.err, r.said = a.got, !a.background, nil, ""
		left := a.got.left(now)
		r.window = left - renewIn(left)
		if !a.background && left < ahead { // some that were kept elsewhere: better ones may be had
			r.window, r.notBefore = left, now.Add(soonest)
		}
		return ""
	}
	r.failures++
	r.err, r.notBefore = a.err, now.Add(backoff(r.failures))
	if !a.background {
		r.refusals++
		r.refusedAt, r.mark = now, a.mark
	}
	text := worded(a.err)
	key := lasting(text)
	if key == r.said {
		return ""
	}
	r.said = key
	if left := r.held.left(now); left > 0 {
		return fmt.Sprintf("renewal failed, serving credentials that expire in %s: %s", left.Round(time.Second), text)
	}
	return "there are no credentials: " + text
}

// passing matches what differs from one failure to the next of the same kind: ids of
// requests, durations and times.
var passing = lazyregexp.New(`[A-Za-z0-9+=_-]*[0-9][A-Za-z0-9+=_-]*|request [^,;)\s]+`)

// lasting is a text without what is passing.
func lasting(text string) string { return passing().ReplaceAllString(text, "#") }

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
