package s3agcreds

import (
	"context"
	"errors"
	"log/slog"
)

// Fallback says when a request is signed with the base credentials although S3 Access
// Grants was asked and gave none. A call whose context has ended never is.
type Fallback int

// The policies.
const (
	// FallbackNever: the request fails. The default.
	FallbackNever Fallback = iota
	// FallbackNoGrant: if there is no grant ([KindNoGrant], and AccessDenied in words
	// that are not known) or no instance ([KindNoInstance]). Where a policy does not allow
	// the call ([KindNotAuthorized]), where the role of a location cannot be assumed, and in
	// an outage, the request fails.
	FallbackNoGrant
	// FallbackAlways: whatever the reason, outages included, and regions and accounts
	// that could not be found.
	FallbackAlways
)

// fallsBack reports whether a request that got no grant is signed with the base credentials.
func (p *Plugin) fallsBack(err error) bool {
	switch p.options.Fallback {
	case FallbackAlways:
		return true
	case FallbackNoGrant:
		e, ok := errors.AsType[*DataAccessError](err)
		return ok && (e.Kind == KindNoGrant || e.Kind == KindNoInstance || e.Kind == KindOther && e.Code == accessDenied)
	}
	return false
}

// fellBack counts and logs a fallback.
func (p *provider) fellBack(ctx context.Context, r *request, err error) {
	p.plugin.fallbacks.Add(1)
	p.meter.count(ctx, outcomeFallback)
	p.plugin.options.Logger.LogAttrs(ctx, slog.LevelWarn, "s3agcreds: no grant, signing with the base credentials",
		slog.String("target", printable(r.target())), slog.String("permission", string(r.permission)), slog.String("error", err.Error()))
}
