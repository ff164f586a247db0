package s3agcreds

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/s3agcreds/internal/grantcache"
)

// Causes of a [DataAccessError] of a [Plugin].
var (
	// ErrStarKey means a key that ends in an asterisk together with privilege Minimal:
	// S3 Access Grants would take it for a prefix and grant more than the object.
	ErrStarKey = errors.New("privilege Minimal cannot ask for a key that ends in an asterisk; use privilege Default")
	// ErrObjectOnly means that the credentials are for one object although those for
	// everything with that beginning were asked for.
	ErrObjectOnly = errors.New("the grant is for one object, not for what begins with its key")
)

// errBreak is for what cannot be cut off: what is before it is more than was asked for.
var errBreak = fmt.Errorf("%w: privilege Minimal cannot ask for a key with a line break; use privilege Default", ErrTarget)

const opGetDataAccess = "GetDataAccess"

var _ DataAccessAPI = (*s3control.Client)(nil)

// ask calls GetDataAccess for a request, and tells who guards the credentials.
func (p *provider) ask(ctx context.Context, base aws.Credentials, at place, r *request) (grantcache.Answer[Grant], error) {
	g, err := p.vend(ctx, p.plugin.places.control(at.region, base), at, r)
	if err != nil {
		return grantcache.Answer[Grant]{}, err
	}
	if guard, ok := p.base.(Adopter); ok {
		guard.Adopt(g.Credentials)
	}
	return grantcache.Answer[Grant]{Value: *g, Target: g.MatchedGrantTarget, Expires: g.ExpiresAt}, nil
}

// vend gets credentials. A prefix is sent as it is with privilege Default; if somebody
// has a grant for an object of that very name, it is sent again with a star. What has a line
// break is asked for by what is before it.
func (p *provider) vend(ctx context.Context, client DataAccessAPI, at place, r *request) (*Grant, error) {
	minimal := p.plugin.options.Privilege == types.PrivilegeMinimal
	whole := r
	if r = whole.sendable(); minimal && r != whole {
		return nil, newDataAccessError(opGetDataAccess, whole.target(), r.permission, errBreak)
	}
	if !r.prefix {
		if minimal && r.path != "" && r.path[len(r.path)-1] == '*' {
			return nil, newDataAccessError(opGetDataAccess, r.target(), r.permission, ErrStarKey)
		}
		return p.call(ctx, client, at, r, r.target())
	}
	target := r.target()
	if minimal {
		target = r.starred()
	}
	g, err := p.call(ctx, client, at, r, target)
	if err == nil && single(g) && target != r.starred() {
		g, err = p.call(ctx, client, at, r, r.starred())
	}
	if err == nil && single(g) {
		return nil, newDataAccessError(opGetDataAccess, r.starred(), r.permission, ErrObjectOnly)
	}
	return g, err
}

// single reports whether a grant is for one object.
func single(g *Grant) bool {
	if g.MatchedGrantTarget == "" {
		return false
	}
	_, _, wild, _ := grantcache.ParseTarget(g.MatchedGrantTarget)
	return !wild
}

// call calls GetDataAccess once.
func (p *provider) call(ctx context.Context, client DataAccessAPI, at place, r *request, target string) (*Grant, error) {
	started := time.Now()
	g, err := p.getDataAccess(ctx, client, at, r, target)
	p.meter.called(ctx, time.Since(started), r.permission, err)
	p.plugin.logCall(ctx, at, r, target, g, err)
	return g, err
}

func (p *provider) getDataAccess(ctx context.Context, client DataAccessAPI, at place, r *request, target string) (*Grant, error) {
	if err := askable(target); err != nil {
		return nil, newDataAccessError(opGetDataAccess, target, r.permission, &OptionError{Option: "target", Err: err})
	}
	o := &p.plugin.options
	asked := ProviderOptions{Privilege: o.Privilege, Duration: o.Duration, AuditContext: o.AuditContext}
	if !r.prefix && (o.SendTargetType || o.Privilege == types.PrivilegeMinimal) && validTargetType(types.S3PrefixTypeObject, target) {
		asked.TargetType = types.S3PrefixTypeObject
	}
	return getDataAccess(ctx, client, newInput(at.account, target, r.permission, &asked))
}

func (p *Plugin) logCall(ctx context.Context, at place, r *request, target string, g *Grant, err error) {
	if !p.options.Logger.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{
		slog.String("operation", opGetDataAccess), slog.String("target", printable(target)), slog.String("permission", string(r.permission)),
		slog.String("account", at.account), slog.String("region", at.region),
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	} else {
		attrs = append(attrs, slog.Any("grant", g))
	}
	p.options.Logger.LogAttrs(ctx, slog.LevelDebug, "s3agcreds: call", attrs...)
}
