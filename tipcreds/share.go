package tipcreds

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// share gets a session that another process left in the cache, or buys one and
// leaves it there. A cache that cannot be asked changes nothing else: every process
// exchanges for itself.
func (k *keeper) share(ctx context.Context, source *tokenSource) (*made, Origin, error) {
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
		if !k.signedOut.Load() {
			k.cacheSet(ctx, key, m)
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
func (k *keeper) cached(ctx context.Context, key string) (*made, error) {
	value, err := k.cacheGet(ctx, key)
	if err != nil || value == nil {
		return nil, err
	}
	m, err := decodeSession(value)
	if err != nil {
		k.logFailure(ctx, "a value in the cache cannot be read and is not used", err)
		return nil, nil //nolint:nilnil // there is none
	}
	if skew := k.skew.Load(); skew != nil {
		m.ClockSkew = *skew
	}
	if !k.newLease(m).young(time.Now()) {
		if m.ApplicationRefreshToken != "" {
			k.keepGrant(m.ApplicationRefreshToken, m.webToken)
		}
		return nil, nil //nolint:nilnil // there is none
	}
	return m, nil
}

// claim is the right to send a JWT to Identity Center.
type claim struct {
	keeper *keeper
	key    string // empty if no cache granted it
	err    error  // why the cache could not be asked
}

// claim takes it for good, unless nobody else has: in the cache for as long as the
// JWT could be sent.
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

// settle gives the claim back if err says that the JWT is unspent, and adds to err
// that nobody could grant it.
func (c *claim) settle(ctx context.Context, err error) error {
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
	maxClaimLife = 24 * time.Hour
)

// claimLife is how long a JWT could be sent, by a clock that may be behind AWS's.
func claimLife(webToken string, now time.Time) time.Duration {
	claims, _ := parseWebToken(webToken)
	expires := claims.expiresAt()
	if expires.IsZero() {
		return maxClaimLife
	}
	return min(max(expires.Sub(now)+minClaimLife, minClaimLife), maxClaimLife)
}

func claimKey(webToken string) string {
	sum := sha256.Sum256([]byte(webToken))
	return "jwt-" + hex.EncodeToString(sum[:])
}

// cacheKey names the session of this user with these roles and options.
func (k *keeper) cacheKey() string {
	parts := []string{
		sessionFormat, k.accessRoleARN, k.applicationARN, k.options.ApplicationRoleARN, k.options.Duration.String(),
		k.subject.Issuer, k.subject.ID,
	}
	for _, c := range k.options.ExtraContexts {
		parts = append(parts, aws.ToString(c.ProviderArn), aws.ToString(c.ContextAssertion))
	}
	h := sha256.New()
	for _, part := range parts {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	return "session-" + hex.EncodeToString(h.Sum(nil))
}
