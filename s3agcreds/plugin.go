package s3agcreds

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/s3agcreds/internal/grantcache"
)

// Plugin signs the requests of S3 clients with credentials that S3 Access Grants vends
// for them: for the bucket and key that a request is about, and the permission that its
// operation needs. Make it with [New] and give it to a client:
//
//	plugin, err := s3agcreds.New(cfg)
//	client := s3.NewFromConfig(cfg, plugin.Install)
//
// One plugin serves any number of clients, users and buckets, and is safe for concurrent
// use. It needs no closing.
type Plugin struct {
	base    aws.Config
	options Options
	grants  *grantcache.Cache[Grant]
	places  *resolver
}

// New returns a plugin. The configuration is that of the S3 clients: its credentials ask
// S3 Access Grants, with its HTTP client, retries and endpoints. Nothing is called yet.
// Credentials that are chosen for each user are given to a call by [Plugin.As]. A refused
// option gives an [*OptionError].
func New(base aws.Config, optFns ...func(*Options)) (*Plugin, error) {
	var o Options
	for _, fn := range optFns {
		fn(&o)
	}
	o.setDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	switch {
	case anonymous(base.Credentials):
		return nil, &OptionError{Option: "base", Err: ErrCredentialsMissing}
	case base.Region == "":
		return nil, &OptionError{Option: "base", Err: ErrRegion}
	}
	base = base.Copy()
	return &Plugin{
		base: base, options: o, places: newResolver(base, &o),
		grants: grantcache.New[Grant](grantcache.Options{
			MaxEntries: o.MaxGrants, LifetimeShare: o.LifetimeShare, RefreshShare: o.RefreshShare,
			ExpiryMargin: o.ExpiryMargin, DeniedFor: o.DeniedFor, Timeout: o.Timeout, Denied: denied, Passing: passing,
		}),
	}, nil
}

func anonymous(p aws.CredentialsProvider) bool {
	return p == nil || aws.IsCredentialsProvider(p, aws.AnonymousCredentials{})
}

func denied(err error) bool {
	e, ok := errors.AsType[*DataAccessError](err)
	return ok && (e.Kind == KindNoGrant || e.Kind == KindNotAuthorized)
}

func passing(err error) bool {
	e, ok := errors.AsType[*DataAccessError](err)
	return ok && e.Kind == KindUnavailable
}

// Install is the functional option for S3 clients and calls: it puts the plugin between
// the client and its credentials. A client without credentials, or with anonymous ones,
// stays as it is.
func (p *Plugin) Install(o *s3.Options) { p.install(o, o.Credentials) }

// As returns a functional option for one call, or for a client of one user: base asks S3
// Access Grants in place of the client's credentials. In a server with many users and one
// client it is how each request gets its user's grants:
//
//	out, err := client.GetObject(ctx, input, plugin.As(user))
//
// Credentials that are handed over in another way, by setting o.Credentials for a call,
// sign that call themselves: the plugin does not see them.
func (p *Plugin) As(base aws.CredentialsProvider) func(*s3.Options) {
	return func(o *s3.Options) { p.install(o, base) }
}

func (p *Plugin) install(o *s3.Options, base aws.CredentialsProvider) {
	if inner, ok := base.(*provider); ok {
		base = inner.base // once is enough
	}
	if anonymous(base) {
		o.Credentials = base
		return
	}
	o.Credentials = &provider{plugin: p, base: base}
	o.APIOptions = append(o.APIOptions, p.addMiddleware)
}

// Grant returns what S3 Access Grants has for a target and a permission, from the
// plugin's cache if it is there. The base credentials ask; nil stands for those of [New].
// Errors are of type [*DataAccessError], or hold the context's.
func (p *Plugin) Grant(ctx context.Context, base aws.CredentialsProvider, target string, permission types.Permission) (*Grant, error) {
	if err := ValidateTarget(target); err != nil {
		return nil, &OptionError{Option: "target", Err: err}
	}
	if !validPermission(permission) {
		return nil, &OptionError{Option: "permission", Value: string(permission), Err: ErrPermission}
	}
	if base == nil {
		base = p.base.Credentials
	}
	bucket, path, wild, _ := grantcache.ParseTarget(target)
	credentials, err := base.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	return p.grant(ctx, base, credentials, &request{bucket: bucket, path: path, prefix: wild, permission: permission, region: p.base.Region})
}

// Forget drops what is remembered of a principal: when they have signed out, or lost a
// right. Credentials that were handed out last until they expire. The principal is what
// [Principaler] gives, or an access key id.
func (p *Plugin) Forget(principal string) { p.grants.Forget(principal) }

// Stats are numbers of a [Plugin] since it was made, except for the first two.
type Stats struct {
	// Grants and Denials are remembered at present.
	Grants, Denials int
	// Hits were served by a grant that was at hand, DeniedHits by a denial. For Misses
	// GetDataAccess was called; Shared waited for the call of another request.
	Hits, DeniedHits, Misses, Shared uint64
	// Refreshes are renewals in the background, Evicted grants that were dropped for
	// want of room.
	Refreshes, Evicted uint64
}

// Stats returns the numbers of this moment.
func (p *Plugin) Stats() Stats {
	s := p.grants.Stats()
	return Stats{
		Grants: s.Entries, Denials: s.Denials, Hits: s.Hits, DeniedHits: s.DeniedHits,
		Misses: s.Misses, Shared: s.Shared, Refreshes: s.Refreshes, Evicted: s.Evicted,
	}
}
