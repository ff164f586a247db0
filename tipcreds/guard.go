package tipcreds

import (
	"context"
	"fmt"
	"hash/maphash"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

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
	if e.Context.IsZero() { // Subject.String keeps both to one line
		return fmt.Sprintf("the request would be signed with credentials of %s, and its context names no user: "+
			"hand credentials over with each call, and the user with the context (tipcreds.WithUser)", e.Signer)
	}
	return fmt.Sprintf("the request of %s would be signed with credentials of %s: hand credentials over with each call", e.Context, e.Signer)
}

// Config is a copy of cfg for clients that all users of the pool share. They have no
// credentials of their own: those of the user are handed over with each call. Every
// request is looked at after it was signed: one that is signed with the key of a user
// of this pool is sent only if its context carries that user ([WithUser]), else it
// fails with a [*WrongUserError]. Presigned URLs and forms are looked at as well. Keys
// are known until they expire, also those of users who were forgotten. So are keys that AWS
// vends for a user's, from then on: those in the answers to calls of these clients
// (GetDataAccess of S3 Control, CreateSession of S3, AssumeRole of STS and others that have
// credentials in them), however the user's credentials got there, and those that are told to
// [User.Adopt]. What is signed with other keys passes, and with those of other pools, and
// with those that AWS vended to clients that are not from here and nobody told of.
//
// For directory buckets (S3 Express) the SDK asks for a session with the credentials of
// the client, not with those of the call. Such buckets need a client of the user's own,
// s3.NewFromConfig(cfg, func(o *s3.Options) { o.Credentials = user }), or
// DisableS3ExpressSessionAuth among the options of the call.
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
	var key string
	if r, ok := in.Request.(*smithyhttp.Request); ok {
		key = signingKey(r.Header, r.URL)
		if err := p.owners.check(ctx, key); err != nil {
			return middleware.FinalizeOutput{}, middleware.Metadata{}, err
		}
	}
	out, metadata, err := next.HandleFinalize(ctx, in)
	if err == nil {
		p.inherit(key, out.Result)
	}
	return out, metadata, err
}

func (p *Pool) lookAtPresigned(
	ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
) (middleware.FinalizeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleFinalize(ctx, in)
	if err != nil {
		return out, metadata, err
	}
	key, err := presigningKey(out.Result)
	if err == nil {
		err = p.owners.check(ctx, key)
	}
	if err != nil {
		return middleware.FinalizeOutput{}, metadata, err
	}
	return out, metadata, nil
}

// presigningKey is the access key id in what a presigner made: a URL, or the fields of a
// form (S3's PresignPostObject), whose type is the service's own. It is empty for any
// other result.
func presigningKey(result any) (string, error) {
	if presigned, ok := result.(*v4.PresignedHTTPRequest); ok {
		address, err := url.Parse(presigned.URL)
		if err != nil {
			return "", err
		}
		return signingKey(presigned.SignedHeader, address), nil
	}
	form := reflect.Indirect(reflect.ValueOf(result))
	if form.Kind() != reflect.Struct {
		return "", nil
	}
	key, _, _ := strings.Cut(field[map[string]string](form, "Values")["X-Amz-Credential"], "/")
	return key, nil
}

// field is that of a structure of a type that is the service's own, zero if there is none
// of this name and type.
func field[T any](of reflect.Value, name string) (value T) {
	if f := of.FieldByName(name); f.IsValid() && f.CanInterface() {
		value, _ = f.Interface().(T)
	}
	return value
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

// owners tells whose an access key is, for every key that a user of a pool was given
// and that has not expired, whether or not the user is still remembered.
type owners struct {
	vending sync.Map // whether the answers of a reflect.Type have credentials in them

	seed   maphash.Seed
	shards [manyShards]ownersShard
}

type ownersShard struct {
	sync.RWMutex

	keys  map[string]owned
	clean int // the number of keys at which the expired ones are looked for
}

type owned struct {
	by    Subject
	until int64 // seconds since 1970
}

// ownedLonger is for how long a key is remembered after it has expired, for clocks that
// differ.
const ownedLonger = 15 * time.Minute

// minClean is the number of keys of a shard below which nobody looks for expired ones.
const minClean = 64

func newOwners() *owners {
	o := &owners{seed: maphash.MakeSeed()}
	for i := range o.shards {
		o.shards[i].keys, o.shards[i].clean = map[string]owned{}, minClean
	}
	return o
}

func (o *owners) shard(key string) *ownersShard {
	return &o.shards[maphash.String(o.seed, key)%manyShards]
}

// add makes a user the owner of a key until it expires. It comes before the key is
// handed out. Whose a key is does not change.
func (o *owners) add(key string, by Subject, expires time.Time) {
	if o == nil || key == "" {
		return
	}
	s := o.shard(key)
	s.Lock()
	defer s.Unlock()
	if len(s.keys) >= s.clean {
		s.dropExpired(time.Now().Unix())
	}
	if other, known := s.keys[key]; known && other.by != by && other.until >= time.Now().Unix() {
		return
	}
	s.keys[key] = owned{by: by, until: expires.Add(ownedLonger).Unix()}
}

// dropExpired costs little for each key that was added since the last time.
func (s *ownersShard) dropExpired(now int64) {
	maps.DeleteFunc(s.keys, func(_ string, k owned) bool { return k.until < now })
	s.clean = max(minClean, 2*len(s.keys))
}

// of is whose a key is.
func (o *owners) of(key string) (Subject, bool) {
	s := o.shard(key)
	s.RLock()
	defer s.RUnlock()
	k, ok := s.keys[key]
	return k.by, ok
}

// check refuses a key that belongs to another user than the context's.
func (o *owners) check(ctx context.Context, key string) error {
	owner, owned := o.of(key)
	if !owned {
		return nil
	}
	user, ok := UserFrom(ctx)
	switch {
	case !ok:
		return &WrongUserError{Signer: owner}
	case user.Subject() != owner:
		return &WrongUserError{Context: user.Subject(), Signer: owner}
	}
	return nil
}
