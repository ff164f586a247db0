package faults

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"
)

// Strike is what happens to one request. It belongs to the goroutine that serves it.
type Strike struct {
	// Faults that struck, in their order; at most the last one decides the answer.
	Faults []*Fault

	over <-chan struct{} // closed when delays end
}

// refuses reports whether an action is answered in place of the work.
func (a Action) refuses() bool {
	return slices.Contains([]Action{Throttle, InternalError, Unavailable, Refuse, Deny, WrongRegion, Expire, Reset}, a)
}

// damages reports whether an action is about an answer that was made.
func (a Action) damages() bool {
	return slices.Contains([]Action{LostAnswer, LateAnswer, Truncate, Garbage, ContentType}, a)
}

// Decision is the fault that is answered in place of the work, nil for none.
func (s *Strike) Decision() *Fault {
	if last := s.Faults[len(s.Faults)-1]; last.Do.refuses() {
		return last
	}
	return nil
}

// Of reports whether one of the faults does that.
func (s *Strike) Of(a Action) bool { return s.find(a) != nil }

func (s *Strike) find(a Action) *Fault {
	for _, f := range s.Faults {
		if f.Do == a {
			return f
		}
	}
	return nil
}

// errClosed says that a delay ended with its engine.
var errClosed = errors.New("the lab is closing")

// Wait waits for the delays before the work. The error is that of ctx, or says that
// the engine was closed meanwhile.
func (s *Strike) Wait(ctx context.Context) error {
	var d time.Duration
	for _, f := range s.Faults {
		if f.Do == Delay {
			d += time.Duration(f.Delay)
		}
	}
	return s.pause(ctx, d)
}

func (s *Strike) pause(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.over:
		return errClosed
	}
}

// Writer returns a writer of the answer that damages it as the faults say, w itself
// if they do not. It may panic with [http.ErrAbortHandler].
func (s *Strike) Writer(ctx context.Context, w http.ResponseWriter) http.ResponseWriter {
	d := s.Decision()
	reset := d != nil && d.Do == Reset
	if !reset && !slices.ContainsFunc(s.Faults, func(f *Fault) bool { return f.Do.damages() }) {
		return w
	}
	return &writer{ResponseWriter: w, ctx: ctx, strike: s, reset: reset, left: -1}
}
