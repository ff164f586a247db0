package s3agcreds

import (
	"context"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/s3agcreds/internal/grantcache"
)

// Principaler is implemented by credentials providers that know whose credentials they
// give, such as a user of a tipcreds.Pool. Grants are remembered by principal; where it
// is not known by access key id, so that every renewal of the base credentials begins
// anew.
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
type provider struct {
	plugin *Plugin
	base   aws.CredentialsProvider
}

var (
	_ aws.CredentialsProvider      = (*provider)(nil)
	_ aws.CredentialProviderSource = (*provider)(nil)
	_ fmt.Formatter                = (*provider)(nil)
)

// Retrieve implements [aws.CredentialsProvider] for the request of the context.
func (p *provider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	base, err := p.base.Retrieve(ctx)
	r := requestFrom(ctx)
	if r == nil || err != nil {
		return base, err
	}
	g, err := p.plugin.grant(ctx, p.base, base, r)
	if err != nil {
		if p.plugin.fallsBack(err) {
			return base, nil
		}
		return aws.Credentials{}, err
	}
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

// Format implements fmt.Formatter: no verb prints a secret.
func (p *provider) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "s3agcreds.Plugin") }

// grant returns the grant for a request, from the cache if it is there.
func (p *Plugin) grant(ctx context.Context, provider aws.CredentialsProvider, base aws.Credentials, r *request) (*Grant, error) {
	place, err := p.places.find(ctx, base, r)
	if err != nil {
		return nil, err
	}
	q := grantcache.Question{
		Scope:  grantcache.Scope{Principal: principal(provider, base), Account: place.account, Region: place.region},
		Bucket: r.bucket, Path: r.path, Prefix: r.prefix, Permission: r.permission,
		Minimal: p.options.Privilege == types.PrivilegeMinimal,
	}
	if g := p.grants.Get(&q); g != nil {
		return g, nil
	}
	return p.grants.Do(ctx, &q, func(ctx context.Context) (grantcache.Answer[Grant], error) {
		return p.ask(ctx, provider, base, place, r)
	})
}

func principal(p aws.CredentialsProvider, c aws.Credentials) string {
	if known, ok := p.(Principaler); ok {
		if name := known.Principal(); name != "" {
			return name
		}
	}
	return c.AccessKeyID
}

// ask calls GetDataAccess.
func (p *Plugin) ask(
	ctx context.Context, provider aws.CredentialsProvider, base aws.Credentials, at place, r *request,
) (grantcache.Answer[Grant], error) {
	asking, err := NewProvider(p.places.control(at.region, base), at.account, r.target(), r.permission, p.asProvider)
	if err != nil {
		return grantcache.Answer[Grant]{}, err
	}
	g, err := asking.Grant(ctx)
	if err != nil {
		return grantcache.Answer[Grant]{}, err
	}
	if guard, ok := provider.(Adopter); ok {
		guard.Adopt(g.Credentials)
	}
	return grantcache.Answer[Grant]{Value: *g, Target: g.MatchedGrantTarget, Expires: g.ExpiresAt}, nil
}

func (p *Plugin) asProvider(o *ProviderOptions) {
	o.Privilege, o.Duration, o.AuditContext, o.Timeout = p.options.Privilege, p.options.Duration, p.options.AuditContext, p.options.Timeout
}

// fallsBack reports whether a request that got no grant is signed with the base credentials.
func (p *Plugin) fallsBack(err error) bool { return p.options.Fallback == FallbackAlways }

var _ DataAccessAPI = (*s3control.Client)(nil)
