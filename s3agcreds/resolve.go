package s3agcreds

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// place is where the Access Grants instance of a bucket is.
type place struct{ account, region string }

// maxResolved bounds what is remembered of each kind: buckets' regions, instances'
// accounts, and access keys' accounts.
const maxResolved = 10_000

// resolver finds the account and the region of the Access Grants instance of a bucket. It
// is safe for concurrent use.
type resolver struct {
	clients
	clock

	options *Options
	callers *memo[string, string]     // access key id -> account
	regions *memo[string, string]     // bucket -> region
	owners  *memo[ownerKey, string]   // the account of the instance, for all of the caller's account
	refused *memo[refusalKey, string] // for those who may not know: their own account
}

// ownerKey is what the account of an instance is remembered by.
type ownerKey struct{ caller, region, bucket string }

// refusalKey is what it is remembered by that one access key may not know of an instance.
type refusalKey struct {
	ownerKey

	key string
}

func newResolver(base aws.Config, o *Options) *resolver {
	c := clock{time.Now()}
	return &resolver{
		clients: newClients(base), clock: c, options: o,
		callers: newMemo[string, string](c, maxResolved, o.Timeout),
		regions: newMemo[string, string](c, maxResolved, o.Timeout),
		owners:  newMemo[ownerKey, string](c, maxResolved, o.Timeout),
		refused: newMemo[refusalKey, string](c, maxResolved, o.Timeout),
	}
}

// find returns the place of the instance that a request is to ask. Errors are of type
// [*DataAccessError], or the context's.
func (r *resolver) find(ctx context.Context, base aws.Credentials, q *request) (place, error) {
	at := place{account: r.options.AccountID, region: q.region}
	if at.account != "" && !r.options.CrossRegion {
		return at, nil
	}
	now, err := r.now(), error(nil)
	if r.options.CrossRegion {
		if at.region, err = r.region(ctx, q.bucket, q.region, now); err != nil {
			return place{}, err
		}
	}
	if at.account != "" {
		return at, nil
	}
	caller := base.AccountID
	if caller == "" {
		if caller, err = r.caller(ctx, base, q, now); err != nil {
			return place{}, err
		}
	}
	key := ownerKey{caller, at.region, q.bucket}
	account, ok := r.owners.get(key, now)
	if !ok {
		account, err = r.owner(ctx, base, key, q, now)
	}
	at.account = account
	return at, err
}

// caller is the account that credentials belong to which do not tell: STS is asked.
func (r *resolver) caller(ctx context.Context, base aws.Credentials, q *request, now time.Duration) (string, error) {
	if account, ok := r.callers.get(base.AccessKeyID, now); ok {
		return account, nil
	}
	target := q.sendable().target()
	return r.callers.do(ctx, strings.Clone(base.AccessKeyID), func(ctx context.Context) (string, time.Duration, error) {
		r.trace(ctx, "GetCallerIdentity", target, "")
		account, err := r.callerAccount(ctx, base)
		if err != nil {
			return "", 0, newDataAccessError("GetCallerIdentity", target, "", err)
		}
		return account, r.options.ResolvedFor, nil
	})
}

// owner is the account of the instance for a bucket. Where the caller may not know, or
// where there is none, it is their own: what GetDataAccess says to that is the answer.
func (r *resolver) owner(ctx context.Context, base aws.Credentials, key ownerKey, q *request, now time.Duration) (string, error) {
	own := refusalKey{key, base.AccessKeyID}
	if account, ok := r.refused.get(own, now); ok {
		return account, nil
	}
	target := q.sendable().target()
	own = own.clone()
	ask := func(ctx context.Context) (string, time.Duration, error) { return r.askOwner(ctx, base, own, target) }
	account, led, err := r.owners.lead(ctx, own.ownerKey, ask)
	if err != nil && !led && !passing(err) && ctx.Err() == nil {
		// Somebody else of the account got no answer. That need not hold for this caller.
		if account, ok := r.refused.get(own, r.now()); ok {
			return account, nil
		}
		account, err = r.refused.do(ctx, own, func(ctx context.Context) (string, time.Duration, error) {
			account, life, err := ask(ctx)
			if err == nil {
				r.owners.put(own.ownerKey, account, life)
			}
			return account, 0, err
		})
	}
	if mayNotKnow(err) {
		return key.caller, nil
	}
	return account, err
}

func (k refusalKey) clone() refusalKey {
	return refusalKey{ownerKey{strings.Clone(k.caller), strings.Clone(k.region), strings.Clone(k.bucket)}, strings.Clone(k.key)}
}

func (r *resolver) askOwner(ctx context.Context, base aws.Credentials, own refusalKey, target string) (string, time.Duration, error) {
	r.trace(ctx, opInstanceForPrefix, target, own.region)
	account, err := findInstanceAccount(ctx, r.control(own.region, base), own.caller, target)
	switch {
	case err == nil:
		return account, r.options.ResolvedFor, nil
	case noInstance(err): // whoever asks
		return own.caller, r.unknownFor(), nil
	case mayNotKnow(err):
		r.refused.put(own, own.caller, r.unknownFor())
	}
	return "", 0, err
}

const opInstanceForPrefix = "GetAccessGrantsInstanceForPrefix"

// unknownFor is how long it is remembered that an instance's account is not known.
func (r *resolver) unknownFor() time.Duration { return min(r.options.DeniedFor, r.options.ResolvedFor) }

// noInstance reports whether there is no instance that GetAccessGrantsInstanceForPrefix
// would know.
func noInstance(err error) bool {
	e, ok := errors.AsType[*DataAccessError](err)
	return ok && e.Operation == opInstanceForPrefix && (e.Kind == KindNoInstance || e.HTTPStatus == http.StatusNotFound)
}

// mayNotKnow reports whether the caller may not ask for the instance, in whatever words.
func mayNotKnow(err error) bool {
	e, ok := errors.AsType[*DataAccessError](err)
	return ok && e.Operation == opInstanceForPrefix && (e.Code == "AccessDenied" || e.Kind == KindNotAuthorized)
}

func (r *resolver) trace(ctx context.Context, operation, target, region string) {
	r.options.Logger.DebugContext(ctx, "s3agcreds: call", "operation", operation, "target", printable(target), "region", region)
}
