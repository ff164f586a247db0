package lab

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/faults"
)

// clock is a clock with an offset on top. It is safe for concurrent use.
type clock struct {
	base   func() time.Time
	offset atomic.Int64 // nanoseconds
}

func (c *clock) now() time.Time { return c.base().Add(c.ahead()) }

func (c *clock) ahead() time.Duration { return time.Duration(c.offset.Load()) }

// advance moves the clock. The error is that of [faults.CheckMove].
func (c *clock) advance(d time.Duration) error {
	if err := faults.CheckMove(d); err != nil { // else the sum might overflow
		return err
	}
	for {
		was := c.offset.Load()
		sum := time.Duration(was) + d
		if err := faults.CheckMove(sum); err != nil {
			return err
		}
		if c.offset.CompareAndSwap(was, int64(sum)) {
			return nil
		}
	}
}

func (c *clock) set(t time.Time) error {
	d := t.Sub(c.base())
	if err := faults.CheckMove(d); err != nil {
		return err
	}
	c.offset.Store(int64(d))
	return nil
}

// setText sets the clock to a time as RFC 3339 writes it.
func (c *clock) setText(text string) error {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return fmt.Errorf("set: %q is not a time such as 2026-01-02T15:04:05Z", text)
	}
	return c.set(t)
}

// Now is the lab's time. All that ends in the lab ends by it: sessions, tokens,
// keys, presigned URLs, and how far off a signature's date may be. Answers carry
// it as their Date.
func (l *Lab) Now() time.Time { return l.clock.now() }

// AdvanceClock moves the lab's clock forward, or back with a negative duration. It
// panics if that would be more than a hundred years off the clock that the lab was
// started with.
func (l *Lab) AdvanceClock(d time.Duration) {
	if err := l.clock.advance(d); err != nil {
		panic(err)
	}
}

// SetClock sets the lab's clock, which goes on from there. It panics if that is more
// than a hundred years off the clock that the lab was started with.
func (l *Lab) SetClock(t time.Time) {
	if err := l.clock.set(t); err != nil {
		panic(err)
	}
}

// ResetClock puts the lab's clock back to the one that it was started with.
func (l *Lab) ResetClock() { l.clock.offset.Store(0) }

// ClockOffset is how far the lab's clock is ahead of the one that it was started
// with, negative behind it.
func (l *Lab) ClockOffset() time.Duration { return l.clock.ahead() }

// date gives an answer the lab's time in place of the machine's.
func (l *Lab) date(w http.ResponseWriter) {
	w.Header().Set("Date", l.Now().UTC().Format(http.TimeFormat))
}
