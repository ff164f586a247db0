package s3

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/sigv4"
	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// DefaultStorageLimit is the number of bytes that all objects and parts may have
// together unless [WithStorageLimit] says otherwise: 1 GiB.
const DefaultStorageLimit = 1 << 30

// Verifier checks the signature of a request; *sigv4.Verifier does.
type Verifier interface {
	VerifyS3(r *http.Request, want awswire.Scope) (*sigv4.Verified, error)
}

// Authorizer decides a request; *authz.Authorizer does. The text of the error is
// answered to the caller.
type Authorizer interface {
	Allow(r *authz.Request) error
}

// Service is the lab's S3. Make one with [New].
type Service struct {
	world     *world.World
	verifier  Verifier
	authorize Authorizer
	observe   func(context.Context, *Exchange)
	interfere func(context.Context, *Exchange) *awswire.Interference
	limit     int64
	restore   []store.BucketState
	store     *store.Store

	// mu keeps the buckets of the world and those of the store in step.
	mu sync.Mutex
}

var _ http.Handler = (*Service)(nil)

// Option is an option of [New].
type Option func(*Service)

// WithVerifier replaces the verifier over the sessions of the world.
func WithVerifier(v Verifier) Option { return func(s *Service) { s.verifier = v } }

// WithAuthorizer replaces authz.New(w).
func WithAuthorizer(a Authorizer) Option { return func(s *Service) { s.authorize = a } }

// WithObserver has observe called once for every request, refused ones included,
// after it was answered. It may be called concurrently.
func WithObserver(observe func(context.Context, *Exchange)) Option {
	return func(s *Service) { s.observe = observe }
}

// WithInterference has interfere called for every request of a known operation
// that was verified, before anything else is done with it. What it returns is that
// of [awswire.WithInterference]; an error should be an *[Error].
func WithInterference(interfere func(context.Context, *Exchange) *awswire.Interference) Option {
	return func(s *Service) { s.interfere = interfere }
}

// WithStorageLimit bounds the bytes of all objects and parts together. A request
// that would go beyond is answered InsufficientStorage (507), which SDKs do not
// retry; AWS knows no such error.
func WithStorageLimit(bytes int64) Option { return func(s *Service) { s.limit = bytes } }

// New makes the S3 of a world and stores the objects that its buckets start with.
// It fails if they exceed the storage limit.
func New(w *world.World, opts ...Option) (*Service, error) {
	s := &Service{
		world:     w,
		authorize: authz.New(w),
		observe:   func(context.Context, *Exchange) {},
		interfere: func(context.Context, *Exchange) *awswire.Interference { return nil },
		limit:     DefaultStorageLimit,
	}
	for _, opt := range opts {
		opt(s)
	}
	if s.verifier == nil {
		s.verifier = sigv4.New(credentials(w), func(o *sigv4.Options) { o.Now = w.Now })
	}
	s.store = store.New(w.Now, s.limit)
	if err := s.store.Restore(s.restore); err != nil {
		return nil, err
	}
	for _, b := range w.Buckets() {
		if err := s.materialize(b); err != nil {
			return nil, fmt.Errorf("bucket %s: %w", b.Name, err)
		}
	}
	return s, nil
}

// credentials finds access keys among the sessions of w whose role or user still exists.
func credentials(w *world.World) sigv4.Lookup {
	return func(accessKeyID string) (sigv4.Credential, bool) {
		s, ok := w.LiveSession(accessKeyID)
		if !ok {
			return sigv4.Credential{}, false
		}
		return sigv4.Credential{AccessKeyID: s.AccessKeyID, SecretAccessKey: s.SecretAccessKey, SessionToken: s.SessionToken, Expires: s.Expires}, true
	}
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := newCall(s, w, r)
	defer func() { // also where a fault cuts the answer
		c.finish()
		if !c.unheard {
			s.observe(r.Context(), &c.exchange)
		}
	}()
	if err := c.serve(); err != nil {
		c.refuse(err)
	}
}

// bucket returns a bucket of the world and makes sure that the store has it.
func (s *Service) bucket(name string) (*world.Bucket, bool, error) {
	b, ok := s.world.Bucket(name)
	_, stored := s.store.Bucket(name)
	if ok == stored {
		return b, ok, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, ok = s.world.Bucket(name); !ok {
		s.store.DropBucket(name)
		return nil, false, nil
	}
	return b, true, s.materialize(b)
}

// materialize makes a bucket of the world in the store, with its seed.
func (s *Service) materialize(b *world.Bucket) error {
	if _, stored := s.store.Bucket(b.Name); stored {
		return nil
	}
	state, err := seedBucket(b, s.world.Now())
	if err != nil {
		return err
	}
	return s.store.Restore([]store.BucketState{state})
}
