package labtest

import (
	"sync"
	"time"

	"github.com/tip-cli/tip-cli/lab"
)

// Clock is the machine's clock, put forward by a test. The zero value is right
// with the machine. It is safe for concurrent use.
type Clock struct {
	mu     sync.Mutex
	offset time.Duration
}

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

// Advance puts the clock forward, or back with a negative duration.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

// With is an option of [Start] that gives the lab a clock.
func (c *Clock) With(o *lab.Options) { o.Now = c.Now }
