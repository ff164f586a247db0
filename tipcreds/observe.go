package tipcreds

import (
	"context"
	"log/slog"
)

// Operation is what [Options.Observe] hears of: a renewal, and its parts. The steps
// of the exchange are operations of the same name, Operation(StepCreateToken) for
// one.
type Operation string

// Operations besides the steps.
const (
	// OpRenew is a renewal of one user's credentials with all its parts. It is
	// observed once, however many calls wait for it.
	OpRenew Operation = "Renew"
	// OpCacheGet, OpCacheSet, OpCacheAdd, OpCacheDelete and OpCacheLock ask the
	// Cache. OpCacheLock lasts until the lock is held.
	OpCacheGet    Operation = "CacheGet"
	OpCacheSet    Operation = "CacheSet"
	OpCacheAdd    Operation = "CacheAdd"
	OpCacheDelete Operation = "CacheDelete"
	OpCacheLock   Operation = "CacheLock"
)

// Origin is where the credentials of a renewal are from.
type Origin string

// The origins.
const (
	// OriginExchange: a JWT was exchanged.
	OriginExchange Origin = "exchange"
	// OriginRefreshToken: Identity Center's refresh token was exchanged.
	OriginRefreshToken Origin = "refresh_token"
	// OriginCache: another process had done so.
	OriginCache Origin = "cache"
	// OriginKept: the renewal failed, and what was at hand still lasts.
	OriginKept Origin = "kept"
)

// Outcome is how an operation ended.
type Outcome struct {
	// Err is why it failed, nil if it did not; of steps and of OpRenew an
	// [*ExchangeError]. It holds no secrets.
	Err error
	// Origin is set for OpRenew where there are credentials, and for StepCreateToken:
	// OriginExchange or OriginRefreshToken, by what was exchanged, also if it failed.
	Origin Origin
	// Subject is the user: of a Pool always, of a Provider as in [Options.Subject].
	Subject Subject
}

// observe begins an operation.
func (k *keeper) observe(ctx context.Context, op Operation) (context.Context, func(Outcome)) {
	if k.options.Observe == nil {
		return ctx, func(Outcome) {}
	}
	ctx, end := k.options.Observe(ctx, op)
	return ctx, func(o Outcome) {
		o.Subject = k.subject
		end(o)
	}
}

// whose names the user in a line of the log.
func (k *keeper) whose() slog.Attr {
	return slog.Group("subject", slog.String("issuer", k.subject.Issuer), slog.String("id", k.subject.ID))
}

func (k *keeper) logRenewal(ctx context.Context, origin Origin, s *Session) {
	if log := k.options.Logger; log.Enabled(ctx, slog.LevelDebug) {
		log.DebugContext(ctx, "credentials renewed", slog.String("origin", string(origin)), slog.Any("session", s), k.whose())
	}
}

func (k *keeper) logFailure(ctx context.Context, what string, err error) {
	if log := k.options.Logger; log.Enabled(ctx, slog.LevelWarn) {
		log.WarnContext(ctx, what, slog.Any("error", err), k.whose())
	}
}
