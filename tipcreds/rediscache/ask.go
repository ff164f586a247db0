package rediscache

import (
	"context"
	"fmt"
)

// maxCommands bounds the commands under way, those included that nobody waits for
// any longer: each is a goroutine. It is far above the pool of a usual client.
const maxCommands = 512

// ask sends a command and returns with its answer, with ctx, or after
// Options.Timeout, whichever comes first. send gets a context that ends then, and
// runs in a goroutine, because go-redis does not come back from reading when its
// context ends. If nobody waits for its answer any longer, late is called after it,
// whatever the answer was.
func ask[T any](ctx context.Context, c *Cache, what string, send func(context.Context) (T, error), late func()) (T, error) {
	var none T
	limited, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	if limited.Err() != nil {
		return none, c.failure(ctx, limited, what, limited.Err())
	}
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer) // unbuffered: it is either taken or late
	select {
	case c.turns <- struct{}{}:
		go func() {
			defer func() { <-c.turns }()
			var a answer
			a.value, a.err = send(limited)
			select {
			case answers <- a:
			case <-limited.Done():
				if late != nil {
					late()
				}
			}
		}()
	case <-limited.Done():
	}
	select {
	case a := <-answers:
		if a.err != nil {
			return none, c.failure(ctx, limited, what, a.err)
		}
		return a.value, nil
	case <-limited.Done():
		return none, c.failure(ctx, limited, what, limited.Err())
	}
}

// failure says why there is no answer: the caller's context, the limit, or Redis.
func (c *Cache) failure(ctx, limited context.Context, what string, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("rediscache: %s: %w", what, ctx.Err())
	case limited.Err() != nil:
		return fmt.Errorf("rediscache: %s: %w: %v", what, ErrTimeout, c.options.Timeout)
	}
	return fmt.Errorf("rediscache: %s: %w", what, err)
}
