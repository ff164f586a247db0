package tipcreds

import (
	"context"
	"fmt"
	"hash/maphash"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// userKey is the context's key for a *User.
type userKey struct{}

// WithUser returns a context that carries the user of a request. Credentials of any
// other user then fail on it, see [User.Retrieve] and [Pool.Config]. The package
// bearer does this for every request.
func WithUser(ctx context.Context, user *User) context.Context {
	return context.WithValue(ctx, userKey{}, user)
}

// UserFrom returns the user of [WithUser].
func UserFrom(ctx context.Context) (*User, bool) {
	user, ok := ctx.Value(userKey{}).(*User)
	return user, ok && user != nil
}

// WrongUserError is a request of one user that was about to be signed with the
// credentials of another: a mistake of the program, see [Pool]. Nothing was sent.
type WrongUserError struct {
	// Context is the user of the context, zero if it has none.
	Context Subject
	// Signer is whose credentials they were.
	Signer Subject
}

// Error implements error.
func (e *WrongUserError) Error() string {
	if e.Context.IsZero() {
		return fmt.Sprintf("the request would be signed with credentials of %s, and its context names no user: "+
			"hand credentials over with each call, and the user with the context (tipcreds.WithUser)", e.Signer)
	}
	return fmt.Sprintf("the request of %s would be signed with credentials of %s: hand credentials over with each call", e.Context, e.Signer)
}

// Config is a copy of cfg for clients that all users of the pool share. They have no
// credentials of their own: those of the user are handed over with each call. Every
// request is looked at after it was signed: one that is signed with the key of a user
// of this pool is sent only if its context carries that user ([WithUser]), else it
// fails with a [*WrongUserError]. That holds for presigned requests, too. What is
// signed with other keys passes.
func (p *Pool) Config(cfg aws.Config) aws.Config {
	cfg = cfg.Copy()
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, ErrNoUser
	})
	cfg.APIOptions = append(slices.Clip(cfg.APIOptions), p.guard)
	return cfg
}

// guard adds the look at the signature: behind what signs a request, and around what
// presigns one and sends nothing.
func (p *Pool) guard(stack *middleware.Stack) error {
	if err := stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("tipcreds.GuardPresigned", p.lookAtPresigned), middleware.Before); err != nil {
		return err
	}
	return stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("tipcreds.Guard", p.look), middleware.After)
}

func (p *Pool) look(
	ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
) (middleware.FinalizeOutput, middleware.Metadata, error) {
	if r, ok := in.Request.(*smithyhttp.Request); ok {
		if err := p.owners.check(ctx, signingKey(r.Header, r.URL)); err != nil {
			return middleware.FinalizeOutput{}, middleware.Metadata{}, err
		}
	}
	return next.HandleFinalize(ctx, in)
}

func (p *Pool) lookAtPresigned(
	ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
) (middleware.FinalizeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleFinalize(ctx, in)
	presigned, ok := out.Result.(*v4.PresignedHTTPRequest)
	if err != nil || !ok {
		return out, metadata, err
	}
	address, err := url.Parse(presigned.URL)
	if err == nil {
		err = p.owners.check(ctx, signingKey(presigned.SignedHeader, address))
	}
	if err != nil {
		return middleware.FinalizeOutput{}, metadata, err
	}
	return out, metadata, nil
}

// signingKey is the access key id in a signed request, empty if it is not signed: in
// the header Authorization, "AWS4-HMAC-SHA256 Credential=KEY/date/...".
func signingKey(header http.Header, address *url.URL) string {
	_, credential, found := strings.Cut(header.Get("Authorization"), "Credential=")
	if !found && address != nil {
		credential = address.Query().Get("X-Amz-Credential")
	}
	key, _, _ := strings.Cut(credential, "/")
	return key
}

// owners tells whose an access key is, for the keys that users of a pool hold.
type owners struct {
	seed   maphash.Seed
	shards [manyShards]struct {
		sync.RWMutex

		keys map[string]*keeper
	}
}

func newOwners() *owners {
	o := &owners{seed: maphash.MakeSeed()}
	for i := range o.shards {
		o.shards[i].keys = map[string]*keeper{}
	}
	return o
}

// replace makes k the owner of the key in a new lease. Of the old ones the last stays
// its own, for requests that were signed with it just now. It comes before the lease
// is handed out.
func (o *owners) replace(k *keeper, old, fresh *lease) {
	if o == nil {
		return
	}
	if old != nil {
		fresh.keyBefore = old.credentials.AccessKeyID
		o.set(old.keyBefore, nil)
	}
	o.set(fresh.credentials.AccessKeyID, k)
}

// remove forgets the keys of k.
func (o *owners) remove(k *keeper) {
	k.dropped.Store(true)
	if l := k.current.Load(); l != nil {
		o.set(l.credentials.AccessKeyID, nil)
		o.set(l.keyBefore, nil)
	}
}

func (o *owners) set(key string, k *keeper) {
	s := &o.shards[maphash.String(o.seed, key)%manyShards]
	s.Lock()
	defer s.Unlock()
	if k == nil {
		delete(s.keys, key)
		return
	}
	s.keys[key] = k
}

// check refuses a key that belongs to another user than the context's.
func (o *owners) check(ctx context.Context, key string) error {
	if key == "" {
		return nil
	}
	s := &o.shards[maphash.String(o.seed, key)%manyShards]
	s.RLock()
	owner := s.keys[key]
	s.RUnlock()
	if owner == nil {
		return nil
	}
	user, ok := UserFrom(ctx)
	switch {
	case !ok:
		return &WrongUserError{Signer: owner.subject}
	case user.keeper.subject != owner.subject:
		return &WrongUserError{Context: user.keeper.subject, Signer: owner.subject}
	}
	return nil
}
