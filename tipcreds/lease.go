package tipcreds

import (
	"crypto/rand"
	"math/big"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// usableMargin is the life that credentials must have left to be handed out
// although they should be renewed.
const usableMargin = time.Minute

// renewalPause is how long nobody tries again after a failed renewal while the
// old credentials are still usable: each attempt costs a JWT.
const renewalPause = 30 * time.Second

// jitterShare is the part of the expiry window by which it grows at most.
const jitterShare = 10

// lease is credentials and when to look for new ones. Times are wall clock
// only: a suspended machine's monotonic clock stands still while AWS's runs.
type lease struct {
	credentials aws.Credentials
	expires     time.Time // by the local clock, never later than by AWS's
	renewAt     time.Time
}

// newLease takes the window, cut to a third of the credentials' life, and a
// random addition of up to a tenth: processes that were started together do not
// renew together. skew is [Session.ClockSkew]. Only a local clock that is behind
// is made up for: if one ahead is set right meanwhile, the correction would be
// what lets expired credentials pass for good ones.
func newLease(c aws.Credentials, now time.Time, window, skew time.Duration) *lease {
	expires := localExpiry(c, skew)
	window = max(0, min(window, expires.Sub(now)/3))
	return &lease{credentials: c, expires: expires, renewAt: expires.Add(-window - jitter(window))}
}

// newApplicationLease is one of credentials that sign further calls of the exchange
// and must last for them, however short their life.
func newApplicationLease(c aws.Credentials, skew time.Duration) *lease {
	expires := localExpiry(c, skew)
	return &lease{credentials: c, expires: expires, renewAt: expires.Add(-bootstrapMargin)}
}

func localExpiry(c aws.Credentials, skew time.Duration) time.Time {
	return c.Expires.Add(-max(0, skew)).Round(0)
}

// jitter is random, from 0 to a tenth of window.
func jitter(window time.Duration) time.Duration {
	n, err := rand.Int(rand.Reader, big.NewInt(int64(window/jitterShare)+1))
	if err != nil {
		return 0
	}
	return time.Duration(n.Int64())
}

// young reports whether the lease is due for nobody yet, whatever was drawn for it.
func (l *lease) young(now time.Time) bool {
	return now.Before(l.renewAt.Add(-l.expires.Sub(l.renewAt) / jitterShare))
}

// due reports whether new credentials should be sought.
func (l *lease) due(now time.Time) bool { return l == nil || !now.Before(l.renewAt) }

// usable reports whether the credentials, though due for renewal, still do.
func (l *lease) usable(now time.Time) bool {
	return l != nil && now.Before(l.expires.Add(-usableMargin))
}

// postponed is the lease with the next attempt some way off, while usable.
func (l *lease) postponed(now time.Time) *lease {
	next := now.Add(renewalPause).Round(0)
	if last := l.expires.Add(-usableMargin); next.After(last) {
		next = last
	}
	return &lease{credentials: l.credentials, expires: l.expires, renewAt: next}
}
