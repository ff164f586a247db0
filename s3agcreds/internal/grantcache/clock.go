package grantcache

import (
	"sync"
	"sync/atomic"
	"time"
)

// clockCheck is how often the clock on the wall is read.
const clockCheck = int64(time.Second)

// clock tells the time since it was started. Nobody can set it back: it is monotonic. But
// on some systems a monotonic clock stands still while they sleep; what the clock on the
// wall has gained upon it is added, once a second of use.
type clock struct {
	start   time.Time
	checked atomic.Int64
	gained  atomic.Int64

	mu    sync.Mutex
	ahead int64 // the wall's lead at the last check
}

// now costs a third of time.Now and a comparison.
func (c *clock) now() time.Duration {
	mono := int64(time.Since(c.start))
	if mono-c.checked.Load() >= clockCheck && c.mu.TryLock() {
		c.check(mono, time.Now())
		c.mu.Unlock()
	}
	return time.Duration(mono + c.gained.Load())
}

// sync returns the time by both clocks.
func (c *clock) sync() (now time.Duration, wall time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wall = time.Now()
	mono := int64(wall.Sub(c.start))
	c.check(mono, wall)
	return time.Duration(mono + c.gained.Load()), wall.Round(0)
}

// check compares the clocks. What the wall's is set back by is lost to it, so that to set
// it right again counts as a gain: answers end early then, never late.
func (c *clock) check(mono int64, wall time.Time) {
	c.checked.Store(mono)
	ahead := int64(wall.Round(0).Sub(c.start.Round(0))) - mono
	if ahead > c.ahead {
		c.gained.Add(ahead - c.ahead)
	}
	c.ahead = ahead
}
