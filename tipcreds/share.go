package tipcreds

import (
	"context"
	"errors"
	"time"
)

// share gets a session that another process left in the cache, or buys one and
// leaves it there. A cache that cannot be asked changes nothing else: every process
// exchanges for itself.
func (k *keeper) share(ctx context.Context, source *tokenSource) (*obtained, Origin, error) {
	key := k.cacheKey()
	m, err := k.cached(ctx, key)
	if m != nil {
		return m, OriginCache, nil
	}
	if err == nil {
		var unlock func()
		unlock, err = k.cacheLock(ctx, key)
		defer unlock()
		if m, _ := k.cached(ctx, key); m != nil { // the holder before left it
			return m, OriginCache, nil
		}
	}
	m, origin, failed := k.buy(ctx, source)
	if failed == nil {
		k.cacheSet(ctx, key, m)
		if k.signedOut.Load() {
			_ = k.cacheDelete(ctx, key)
		}
		return m, origin, nil
	}
	if e, ok := errors.AsType[*ExchangeError](failed); ok && e.JWTSpent {
		if m, _ := k.cached(ctx, key); m != nil { // a process that lost its lock came first
			return m, OriginCache, nil
		}
		if e.CacheErr == nil {
			e.CacheErr = err
		}
	}
	return nil, "", failed
}

// cached is the session in the cache, nil if there is none that need not be renewed.
// Of one that must be, the refresh token is kept.
func (k *keeper) cached(ctx context.Context, key string) (*obtained, error) {
	value, err := k.cacheGet(ctx, key)
	if err != nil || value == nil {
		return nil, err
	}
	m, err := decodeSession(value, key)
	if err != nil {
		k.logFailure(ctx, "a value in the cache cannot be read and is not used", err)
		return nil, nil //nolint:nilnil // there is none
	}
	m.ClockSkew = k.skewOf(m.at)
	m.at = m.at.Add(-m.ClockSkew)
	if !k.newLease(m).young(time.Now()) {
		k.takeGrant(m)
		return nil, nil //nolint:nilnil // there is none
	}
	return m, nil
}

// skewOf is the difference of the clocks as far as it is known: measured, or shown by a
// session that was obtained, by AWS's clock, at a moment that is still to come here.
func (k *keeper) skewOf(obtained time.Time) time.Duration {
	if skew := k.skew.Load(); skew != nil {
		return *skew
	}
	behind := max(0, time.Until(obtained)).Round(time.Second)
	if behind > 0 {
		k.skew.CompareAndSwap(nil, &behind) // until AWS has answered
	}
	return behind
}
