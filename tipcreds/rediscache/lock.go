package rediscache

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"time"
)

// Polling for a lock begins after minPoll, and doubles up to maxPoll.
const (
	minPoll = 5 * time.Millisecond
	maxPoll = 100 * time.Millisecond
)

// renewals is how many there are in the life of a lock.
const renewals = 3

// Lock implements [tipcreds.Cache]. unlock takes one command, so at most
// [Options].Timeout, and is not kept from it by the end of ctx. Whatever there is at
// the key of the lock counts as somebody's lock; if it would stay for ever, it stays
// for [Options].LockTTL from now on.
func (c *Cache) Lock(ctx context.Context, key string) (unlock func(), err error) {
	l := &lock{cache: c, key: key, name: c.lockName(key), token: rand.Text()}
	for wait := minPoll; ; wait = min(2*wait, maxPoll) {
		held, err := l.acquire(ctx)
		if err != nil {
			return nil, err
		}
		if held {
			return l.hold(ctx), nil
		}
		if err := pause(ctx, wait); err != nil {
			return nil, fmt.Errorf("rediscache: lock: %w", err)
		}
	}
}

// pause waits for half of d and a random part of the rest.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d/2 + mathrand.N(d/2)) //nolint:gosec // it spreads, and keeps no secret
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// lock is one attempt to hold a lock, by its owner token.
type lock struct {
	cache *Cache
	key   string // as the caller knows it
	name  string // in Redis
	token string
	told  sync.Once // of the loss
}

// acquire tries once. What is acquired when nobody waits any longer is released.
func (l *lock) acquire(ctx context.Context) (bool, error) {
	ttl := milliseconds(l.cache.options.LockTTL)
	return ask(ctx, l.cache, "lock", func(ctx context.Context) (bool, error) {
		return l.cache.run(ctx, takeLock, l.name, l.token, ttl)
	}, func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.cache.options.Timeout)
		defer cancel()
		_, _ = l.cache.run(ctx, deleteIfEqual, l.name, l.token) // else it expires
	})
}

// hold renews the lock until the function that it returns is called.
func (l *lock) hold(ctx context.Context) (unlock func()) {
	ctx = context.WithoutCancel(ctx)
	renewing, stop := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { l.renew(renewing) })
	return sync.OnceFunc(func() {
		stop()
		done.Wait()
		l.release(ctx)
	})
}

// renew extends the lock now and then until ctx ends or the lock is lost. If Redis
// cannot be asked it tries again: the lock may still be there.
func (l *lock) renew(ctx context.Context) {
	c := l.cache
	ticker := time.NewTicker(c.options.LockTTL / renewals)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		held, err := ask(ctx, c, "renew lock", func(ctx context.Context) (bool, error) {
			return c.run(ctx, extendIfEqual, l.name, l.token, milliseconds(c.options.LockTTL))
		}, nil)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			c.options.Logger.WarnContext(ctx, "rediscache: a lock could not be renewed", "key", l.key, "reason", err.Error())
		case !held:
			l.lost(ctx)
			return
		}
	}
}

// release frees the lock if it is still ours.
func (l *lock) release(ctx context.Context) {
	held, err := ask(ctx, l.cache, "unlock", func(ctx context.Context) (bool, error) {
		return l.cache.run(ctx, deleteIfEqual, l.name, l.token)
	}, nil)
	switch {
	case err != nil:
		l.cache.options.Logger.WarnContext(ctx, "rediscache: a lock could not be released and expires by itself",
			"key", l.key, "reason", err.Error())
	case !held:
		l.lost(ctx)
	}
}

func (l *lock) lost(ctx context.Context) {
	l.told.Do(func() {
		l.cache.options.Logger.WarnContext(ctx, "rediscache: a lock was lost while it was held", "key", l.key)
	})
}
