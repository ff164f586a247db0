package s3agcreds

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/smithy-go/metrics"

	"github.com/tip-cli/tip-cli/s3agcreds/internal/grantcache"
)

// Principaler is implemented by credentials providers that know whose credentials they
// give, such as a user of a tipcreds.Pool. Grants are remembered by principal; where it
// is not known by access key id, so that every renewal of the base credentials begins
// anew.
//
// Wrapped in an [aws.CredentialsCache], a provider is known as neither this nor an
// [Adopter]: the cache passes neither on. config.LoadDefaultConfig wraps what it is given,
// so set cfg.Credentials afterwards.
//
// Principal returns the same text for as long as all grants stay the same: for one
// person, with one role. It must differ between any two who may have different grants.
// Empty means that it is not known.
type Principaler interface {
	aws.CredentialsProvider
	Principal() string
}

// Adopter is implemented by credentials providers that want to know what was vended to
// their principal. Adopt is called before the credentials are used. A tipcreds.User
// guards them as its own.
type Adopter interface {
	aws.CredentialsProvider
	Adopt(vended aws.Credentials)
}

// provider are the credentials of an S3 client that has the plugin.
type provider struct{ *signer }

// signer is what a provider has: as with a plugin, where nobody prints it.
type signer struct {
	plugin *Plugin
	base   aws.CredentialsProvider
	meter  *instruments // nil where nobody counts
}

var (
	_ aws.CredentialsProvider      = (*provider)(nil)
	_ aws.CredentialProviderSource = (*provider)(nil)
)

func (p *Plugin) signer(base aws.CredentialsProvider, ofClient metrics.MeterProvider) *provider {
	return &provider{&signer{plugin: p, base: base, meter: p.meter(ofClient)}}
}

// Retrieve implements [aws.CredentialsProvider] for the request of the context.
func (p *provider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	base, err := p.base.Retrieve(ctx)
	r := requestFrom(ctx)
	if r == nil || err != nil {
		return base, err
	}
	r.signed.Store(nil)
	g, err := p.grant(ctx, base, r)
	if err != nil {
		if ctx.Err() == nil && p.plugin.fallsBack(err) {
			p.fellBack(ctx, r, err)
			return base, nil
		}
		return aws.Credentials{}, err
	}
	r.signed.Store(g)
	return g.Credentials, nil
}

// IsCredentialsProvider lets the SDK compare the base through this provider.
func (p *provider) IsCredentialsProvider(target aws.CredentialsProvider) bool {
	return aws.IsCredentialsProvider(p.base, target)
}

// ProviderSources implements [aws.CredentialProviderSource].
func (p *provider) ProviderSources() []aws.CredentialSource {
	if s, ok := p.base.(aws.CredentialProviderSource); ok {
		return s.ProviderSources()
	}
	return nil
}

// grant returns the grant for a request, from the cache if it is there.
func (p *provider) grant(ctx context.Context, base aws.Credentials, r *request) (*Grant, error) {
	at, err := p.plugin.places.find(ctx, base, r)
	if err != nil {
		return nil, unasked(r, err)
	}
	q := p.question(base, at, r)
	if g := p.plugin.grants.Get(&q); g != nil {
		p.meter.count(ctx, outcomeHit)
		return g, nil
	}
	return p.miss(ctx, base, at, q, r) // which has a copy of the question, so that a hit needs no memory
}

func (p *provider) miss(ctx context.Context, base aws.Credentials, at place, q grantcache.Question, r *request) (*Grant, error) {
	g, how, err := p.plugin.grants.Do(ctx, &q, func(ctx context.Context) (grantcache.Answer[Grant], error) {
		return p.ask(ctx, base, at, r)
	})
	switch how {
	case grantcache.None: // nothing happened
	case grantcache.Hit:
		p.meter.count(ctx, outcomeHit)
	case grantcache.HitRenewed:
		p.meter.count(ctx, outcomeHit)
		p.meter.count(ctx, outcomeRefresh)
	case grantcache.Miss:
		p.meter.count(ctx, outcomeMiss)
	case grantcache.Shared:
		p.meter.count(ctx, outcomeShared)
	case grantcache.Denied:
		p.meter.count(ctx, outcomeDenied)
	}
	return g, err
}

// refresh asks although a grant may be at hand.
func (p *provider) refresh(ctx context.Context, base aws.Credentials, r *request) (*Grant, error) {
	at, err := p.plugin.places.find(ctx, base, r)
	if err != nil {
		return nil, unasked(r, err)
	}
	q := p.question(base, at, r)
	p.meter.count(ctx, outcomeRefresh)
	return p.plugin.grants.Refresh(ctx, &q, func(ctx context.Context) (grantcache.Answer[Grant], error) {
		return p.ask(ctx, base, at, r)
	})
}

// unasked is the error of a request whose target cannot be asked for.
func unasked(r *request, err error) error {
	if _, ok := errors.AsType[*OptionError](err); ok {
		return newDataAccessError(opGetDataAccess, r.target(), r.permission, err)
	}
	return err
}

func (p *provider) question(base aws.Credentials, at place, r *request) grantcache.Question {
	return grantcache.Question{
		Scope:  grantcache.Scope{Principal: principal(p.base, base), Account: at.account, Region: at.region},
		Bucket: r.bucket, Path: r.path, Prefix: r.prefix, Permission: r.permission,
		Minimal: p.plugin.options.Privilege == types.PrivilegeMinimal,
	}
}

func principal(p aws.CredentialsProvider, c aws.Credentials) string {
	if known, ok := p.(Principaler); ok {
		if name := known.Principal(); name != "" {
			return name
		}
	}
	return c.AccessKeyID
}
