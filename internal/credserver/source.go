package credserver

import (
	"context"
	"errors"
	"time"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// Credentials are what a [Source] gives.
type Credentials struct {
	AccessKeyID     string
	SecretAccessKey secret.Value
	SessionToken    secret.Value
	// Expiration is when they end.
	Expiration time.Time
	// AccountID of the role, 12 digits; may be empty.
	AccountID string
}

// Source gives credentials, new ones if need be. One call at a time is made for a
// path. Its ctx lasts a minute at most, ends with the server and not with the client
// that asked, and carries a [Demand].
type Source func(ctx context.Context) (Credentials, error)

// Demand is for what credentials are asked.
type Demand struct {
	// Background says that nobody waits: there are valid ones, and these are to
	// follow them. Nobody should be asked to sign in for it.
	Background bool
	// Life is how much of it would be good: with less left, renewal comes up again
	// soon. Zero where anything valid will do.
	Life time.Duration
}

type demandKey struct{}

// DemandOf returns the demand that the ctx of a [Source] carries.
func DemandOf(ctx context.Context) Demand {
	d, _ := ctx.Value(demandKey{}).(Demand)
	return d
}

// ErrIncomplete says that a source gave something that no client could use.
var ErrIncomplete = errors.New("the source gave incomplete or expired credentials")

// usable reports whether credentials are complete and have more life than that left.
func (c *Credentials) usable(left time.Duration) bool {
	return c.AccessKeyID != "" && !c.SecretAccessKey.IsZero() && !c.SessionToken.IsZero() && c.left(wallClock()) > left
}

// left is how much life there is, at a time of [wallClock].
func (c *Credentials) left(now time.Time) time.Duration { return c.Expiration.Sub(now) }
