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
	pausing := last != nil && time.Now().Before(last.until)
	if pausing && op != OpCacheDelete { // what must go is tried all the same
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
	if !pausing && ctx.Err() == nil && (op != OpCacheLock || !errors.Is(err, context.DeadlineExceeded)) { // not for a lock that somebody held
		if k.outage.CompareAndSwap(last, &outage{until: time.Now().Add(cachePause), err: err}) {
			k.logFailure(ctx, "the cache cannot be asked, going on without it", err)
		}
	}
	return err
}

func (k *keeper) cacheGet(ctx context.Context, key string) (value []byte, err error) {
	err = k.ask(ctx, OpCacheGet, k.options.CacheTimeout, func(ctx context.Context) (err error) {
		value, err = k.options.Cache.Get(ctx, key)
		return err
	})
	return value, err
}

func (k *keeper) cacheAdd(ctx context.Context, key string, value []byte, ttl time.Duration) (added bool, err error) {
	err = k.ask(ctx, OpCacheAdd, k.options.CacheTimeout, func(ctx context.Context) (err error) {
		added, err = k.options.Cache.Add(ctx, key, value, ttl)
		return err
	})
	return added, err
}

func (k *keeper) cacheDelete(ctx context.Context, key string) error {
	return k.ask(ctx, OpCacheDelete, k.options.CacheTimeout, func(ctx context.Context) error {
		return k.options.Cache.Delete(ctx, key)
	})
}

// cacheSet leaves a session for the others, unless it is as good as over.
func (k *keeper) cacheSet(ctx context.Context, key string, m *obtained) {
	left := time.Until(localExpiry(m.Credentials, m.ClockSkew)) - usableMargin
	value, err := k.encodeSession(key, m)
	if err != nil || left < time.Second {
		return
	}
	_ = k.ask(ctx, OpCacheSet, k.options.CacheTimeout, func(ctx context.Context) error { // logged; the session is good all the same
		return k.options.Cache.Set(ctx, key, value, left)
	})
}

// cacheLock waits until no other process renews this user's session, for half of
// Timeout at most: the other half is for the renewal. unlock is never nil.
func (k *keeper) cacheLock(ctx context.Context, key string) (unlock func(), err error) {
	unlock = func() {}
	err = k.ask(ctx, OpCacheLock, k.options.Timeout/2, func(ctx context.Context) error {
		release, err := k.options.Cache.Lock(ctx, key)
		if err == nil && release != nil {
			unlock = release
		}
		return err
	})
	return unlock, err
}
