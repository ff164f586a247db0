package tipcreds

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// errAbandoned is the result of a flight whose goroutine ended by
// runtime.Goexit inside a callback of the caller's.
var errAbandoned = errors.New("the renewal ended without a result")

// errPanicked is the result for those who waited for a renewal in which a callback of
// the caller's panicked. Who began it gets the panic.
var errPanicked = errors.New("the renewal ended in a panic")

// flight lets concurrent callers share one running renewal. The zero value is
// ready.
type flight struct {
	mu      sync.Mutex
	running *call
}

// call is one renewal; its results may be read once done is closed.
type call struct {
	done        chan struct{}
	credentials aws.Credentials
	err         error
	panicked    any               // what to panic with where the call was begun
	token       [sha256.Size]byte // of the JWT, zero if it got none
}

// join returns the running call, or starts fn on a context with ctx's values,
// without its cancellation, and with a timeout of its own.
func (f *flight) join(
	ctx context.Context, timeout time.Duration, fn func(context.Context, *call) (aws.Credentials, error),
) (c *call, started bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running != nil {
		return f.running, false
	}
	c = &call{done: make(chan struct{}), err: errAbandoned}
	f.running = c
	go f.run(context.WithoutCancel(ctx), timeout, c, fn)
	return c, true
}

// busy reports whether a call is running.
func (f *flight) busy() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.running != nil
}

func (f *flight) run(
	ctx context.Context, timeout time.Duration, c *call, fn func(context.Context, *call) (aws.Credentials, error),
) {
	defer func() {
		if value := recover(); value != nil {
			c.err, c.panicked = errPanicked, fmt.Sprintf("%v\n\n%s", value, debug.Stack())
		}
		f.mu.Lock()
		f.running = nil
		f.mu.Unlock()
		close(c.done)
	}()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c.credentials, c.err = fn(ctx, c)
}
