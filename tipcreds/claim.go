package tipcreds

import (
	"context"
	"encoding/hex"
	"errors"
	"time"
)

// claim is the right to send a JWT to Identity Center.
type claim struct {
	keeper *keeper
	key    string // empty if no cache granted it
	err    error  // why the cache could not be asked
}

// claim takes it, unless somebody else has: in the cache, for as long as the JWT could
// be sent.
func (k *keeper) claim(ctx context.Context, webToken string) (*claim, error) {
	if k.options.Cache == nil {
		return &claim{}, nil
	}
	c := &claim{keeper: k, key: claimKey(webToken)}
	added, outage := k.cacheAdd(ctx, c.key, []byte{1}, claimLife(webToken, time.Now()))
	switch {
	case outage != nil:
		return &claim{err: outage}, nil //nolint:nilerr // told with the error of AWS, if there is one
	case !added:
		return nil, &ExchangeError{Step: StepWebToken, JWTSpent: true, Err: ErrWebTokenSpent}
	}
	return c, nil
}

// returnIfUnspent gives the claim back if err says that the JWT is unspent, and adds to err
// that nobody could grant it.
func (c *claim) returnIfUnspent(ctx context.Context, err error) error {
	e, ok := errors.AsType[*ExchangeError](err)
	if !ok {
		return err
	}
	if c.err != nil && e.CacheErr == nil {
		e.CacheErr = c.err
	}
	if c.key != "" && !e.JWTSpent {
		_ = c.keeper.cacheDelete(context.WithoutCancel(ctx), c.key)
	}
	return err
}

// Bounds of the life of a claim.
const (
	minClaimLife = 5 * time.Minute
	maxClaimLife = 30 * 24 * time.Hour
	// unknownClaimLife is for a JWT that does not say when it expires.
	unknownClaimLife = 24 * time.Hour
)

// claimLife is how long a JWT could be sent, by a clock that may be behind AWS's.
func claimLife(webToken string, now time.Time) time.Duration {
	claims, _ := parseWebToken(webToken)
	expires := claims.expiresAt()
	if expires.IsZero() {
		return unknownClaimLife
	}
	return min(max(expires.Sub(now)+minClaimLife, minClaimLife), maxClaimLife)
}

func claimKey(webToken string) string {
	sum := tokenSum(webToken)
	return "jwt-" + hex.EncodeToString(sum[:])
}
