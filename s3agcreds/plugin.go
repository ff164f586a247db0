package s3agcreds

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

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
// use. It needs no closing. Printing it with any verb of fmt, logging or encoding it shows
// nothing of its configuration.
type Plugin struct{ *core }

// core is what a plugin has. What holds credentials is behind two pointers: fmt follows one
// where a verb does not fit.
type core struct {
	base    *aws.Config
	options Options
	grants  *grantcache.Cache[Grant]
	places  *resolver
	// sessions are those of users at directory buckets.
	sessions *sessionCache

	meters    meters
	fallbacks atomic.Uint64
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
	return &Plugin{&core{
		base: &base, options: o, places: newResolver(base, &o), sessions: &sessionCache{},
		grants: grantcache.New[Grant](grantcache.Options{
			MaxEntries: o.MaxGrants, LifetimeShare: o.LifetimeShare, RefreshShare: o.RefreshShare,
			ExpiryMargin: o.ExpiryMargin, DeniedFor: o.DeniedFor, Timeout: o.Timeout, Denied: denied, Passing: passing,
		}),
	}}, nil
}

func anonymous(p aws.CredentialsProvider) bool {
	return p == nil || aws.IsCredentialsProvider(p, aws.AnonymousCredentials{})
}

// denied reports whether the service said no, in whatever words, or offered less.
func denied(err error) bool {
	e, ok := errors.AsType[*DataAccessError](err)
	return ok && (e.Kind == KindNoGrant || e.Kind == KindNotAuthorized || e.Code == accessDenied || errors.Is(e.Err, ErrObjectOnly))
}

// passing reports whether an error says nothing about a grant.
func passing(err error) bool {
	e, ok := errors.AsType[*DataAccessError](err)
	return ok && e.Kind == KindUnavailable
}

// Install is the functional option for S3 clients and calls: it puts the plugin between
// the client and its credentials. A client without credentials, or with anonymous ones,
// stays as it is; it may get credentials for a call by [Plugin.As]. To install it again
// changes nothing.
func (p *Plugin) Install(o *s3.Options) {
	if !anonymous(o.Credentials) {
		p.install(o, o.Credentials, replaceable(o.ExpressCredentials))
	}
}

// As returns a functional option for one call, or for a client of one user: base asks S3
// Access Grants in place of the client's credentials. In a server with many users and one
// client it is how each request gets its user's grants:
//
//	out, err := client.GetObject(ctx, input, plugin.As(user))
//
// A base of nil makes the call fail with [ErrCredentialsMissing]; with
// [aws.AnonymousCredentials] it is not signed. A directory bucket takes nothing unsigned:
// there such a call fails with the text of [ErrCredentialsMissing].
//
// Credentials that are handed over in another way, by setting o.Credentials for a call,
// sign that call themselves: the plugin does not see them, unless [Plugin.Install] comes
// after them.
func (p *Plugin) As(base aws.CredentialsProvider) func(*s3.Options) {
	return func(o *s3.Options) { p.install(o, base, o.ExpressCredentials != nil) }
}

// install has base ask. Where express says so, the sessions of directory buckets are made
// for it as well; before a client is made there is nobody yet who makes them.
func (p *Plugin) install(o *s3.Options, base aws.CredentialsProvider, express bool) {
	if inner, ok := base.(*provider); ok {
		base = inner.base // once is enough
	}
	switch {
	case base == nil:
		base = missing{}
	case anonymous(base):
		o.Credentials, o.ExpressCredentials = nil, noSessions{} // nil is what the SDK makes of anonymous ones, too
		return
	}
	mine := p.signer(base, o.MeterProvider)
	if express {
		o.ExpressCredentials = &sessions{provider: mine, options: o, client: o.HTTPClient, apply: o.APIOptions}
	}
	o.Credentials = mine
	o.APIOptions = append(slices.Clip(o.APIOptions), p.addMiddleware)
}

// missing are credentials that somebody forgot.
type missing struct{}

// Retrieve implements [aws.CredentialsProvider].
func (missing) Retrieve(context.Context) (aws.Credentials, error) {
	return aws.Credentials{}, &OptionError{Option: "base", Err: ErrCredentialsMissing}
}

// Grant returns what S3 Access Grants has for a target and a permission, from the
// plugin's cache if it is there. The base credentials ask; nil stands for those of [New].
// A target that ends in an asterisk is a prefix, "s3://bucket" and "s3://bucket/" are the
// whole bucket, any other is one object. There is no fallback.
//
// Errors are of type [*OptionError] for refused arguments, base's own as they come where
// it has no credentials, else [*DataAccessError], or hold the context's.
func (p *Plugin) Grant(ctx context.Context, base aws.CredentialsProvider, target string, permission types.Permission) (*Grant, error) {
	return p.direct(ctx, base, target, permission, (*provider).grant)
}

// Refresh is [Plugin.Grant], but asks in any case. What it gets takes the place of what is
// remembered for the matched target and permission. Errors are as those of Grant.
func (p *Plugin) Refresh(ctx context.Context, base aws.CredentialsProvider, target string, permission types.Permission) (*Grant, error) {
	return p.direct(ctx, base, target, permission, (*provider).refresh)
}

type granting func(*provider, context.Context, aws.Credentials, *request) (*Grant, error)

func (p *Plugin) direct(
	ctx context.Context, base aws.CredentialsProvider, target string, permission types.Permission, get granting,
) (*Grant, error) {
	r, err := targeted(target, permission)
	if err != nil {
		return nil, err
	}
	r.region = p.base.Region
	if base == nil {
		base = p.base.Credentials
	}
	if inner, ok := base.(*provider); ok {
		base = inner.base
	}
	credentials, err := base.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	shared, err := get(p.signer(base, nil), ctx, credentials, r)
	if err != nil {
		return nil, err
	}
	g := *shared // the caller's own
	return &g, nil
}

func targeted(target string, permission types.Permission) (*request, error) {
	if err := ValidateTarget(target); err != nil {
		return nil, &OptionError{Option: "target", Err: err}
	}
	if !validPermission(permission) {
		return nil, &OptionError{Option: "permission", Value: string(permission), Err: ErrPermission}
	}
	bucket, path, wild, whole := grantcache.ParseTarget(target)
	if !whole || bucket == "" {
		return nil, &OptionError{Option: "target", Value: target, Err: ErrOneBucket}
	}
	return &request{bucket: bucket, path: path, prefix: wild || path == "", permission: permission}, nil
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
	// Fallbacks were signed with the base credentials because of [Options.Fallback].
	Fallbacks uint64
}

// Stats returns the numbers of this moment.
func (p *Plugin) Stats() Stats {
	s := p.grants.Stats()
	return Stats{
		Grants: s.Entries, Denials: s.Denials, Hits: s.Hits, DeniedHits: s.DeniedHits,
		Misses: s.Misses, Shared: s.Shared, Refreshes: s.Refreshes, Evicted: s.Evicted,
		Fallbacks: p.fallbacks.Load(),
	}
}
