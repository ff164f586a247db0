package lab

import (
	"net/http"
	"sync/atomic"
	"time"
)

// clock is a clock with an offset on top. It is safe for concurrent use.
type clock struct {
	base   func() time.Time
	offset atomic.Int64 // nanoseconds
}

func (c *clock) now() time.Time { return c.base().Add(c.ahead()) }

func (c *clock) ahead() time.Duration { return time.Duration(c.offset.Load()) }

func (c *clock) advance(d time.Duration) { c.offset.Add(int64(d)) }

func (c *clock) set(t time.Time) { c.offset.Store(int64(t.Sub(c.base()))) }

// Now is the lab's time. All that ends in the lab ends by it: sessions, tokens,
// keys, presigned URLs, and how far off a signature's date may be. Answers carry
// it as their Date.
func (l *Lab) Now() time.Time { return l.clock.now() }

// AdvanceClock moves the lab's clock forward, or back with a negative duration.
func (l *Lab) AdvanceClock(d time.Duration) { l.clock.advance(d) }

// SetClock sets the lab's clock, which goes on from there.
func (l *Lab) SetClock(t time.Time) { l.clock.set(t) }

// ResetClock puts the lab's clock back to the one that it was started with.
func (l *Lab) ResetClock() { l.clock.offset.Store(0) }

// ClockOffset is how far the lab's clock is ahead of the one that it was started
// with, negative behind it.
func (l *Lab) ClockOffset() time.Duration { return l.clock.ahead() }

// date gives an answer the lab's time in place of the machine's.
func (l *Lab) date(w http.ResponseWriter) {
	w.Header().Set("Date", l.Now().UTC().Format(http.TimeFormat))
}
