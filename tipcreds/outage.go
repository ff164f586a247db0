package tipcreds

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// cachePause is how long nobody asks a cache again that could not be asked: each
// attempt may cost every user CacheTimeout.
const cachePause = 5 * time.Second

// outage is a time without the cache.
type outage struct {
	until time.Time
	err   error
}

// ask puts one question to the cache, for limit at most. The first failure of an
// outage is logged: nobody gets to see it as long as renewals succeed without.
func (k *keeper) ask(ctx context.Context, op Operation, limit time.Duration, question func(context.Context) error) error {
	last := k.outage.Load()
	if last != nil && time.Now().Before(last.until) {
		return last.err
	}
	ctx, end := k.observe(ctx, op)
	asking, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := question(asking)
	end(Outcome{Err: err})
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", op, err)
	if ctx.Err() == nil && (op != OpCacheLock || !errors.Is(err, context.DeadlineExceeded)) { // not for a lock that somebody held
		if k.outage.CompareAndSwap(last, &outage{until: time.Now().Add(cachePause), err: err}) {
			k.logFailure(ctx, "the cache cannot be asked, going on without it", err)
		}
	}
	return err
}
