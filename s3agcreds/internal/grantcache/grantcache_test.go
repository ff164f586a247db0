package grantcache_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"go.uber.org/goleak"

	"github.com/tip-cli/tip-cli/s3agcreds/internal/grantcache"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	read      = types.PermissionRead
	write     = types.PermissionWrite
	readWrite = types.PermissionReadwrite
)

var (
	errDenied  = errors.New("access denied")
	errOutage  = errors.New("service unavailable")
	errUnclear = errors.New("something else")
)

type (
	cache  = grantcache.Cache[string]
	answer = grantcache.Answer[string]
)

// options are those that a plugin has by default.
func options() grantcache.Options {
	return grantcache.Options{
		MaxEntries: 30_000, LifetimeShare: 0.9, ExpiryMargin: 30 * time.Second, RefreshShare: 0.7,
		DeniedFor: 5 * time.Minute, Timeout: time.Minute,
	}
}

// newCache tells the errors above apart.
func newCache(optFns ...func(*grantcache.Options)) *cache {
	o := options()
	o.Denied = func(err error) bool { return errors.Is(err, errDenied) }
	o.Passing = func(err error) bool { return errors.Is(err, errOutage) }
	for _, fn := range optFns {
		fn(&o)
	}
	return grantcache.New[string](o)
}

// key asks for an object of bucket b.
func key(path string, p types.Permission) *grantcache.Question {
	return &grantcache.Question{
		Scope:  grantcache.Scope{Principal: "user-1", Account: "111122223333", Region: "eu-west-1"},
		Bucket: "b", Path: path, Permission: p,
	}
}

// list asks for what begins with path.
func list(path string, p types.Permission) *grantcache.Question {
	q := key(path, p)
	q.Prefix = true
	return q
}

func minimal(q *grantcache.Question) *grantcache.Question {
	q.Minimal = true
	return q
}

func of(principal string, q *grantcache.Question) *grantcache.Question {
	q.Principal = principal
	return q
}

// service answers, and counts.
type service struct {
	mu    sync.Mutex
	calls int
	// takes is how long a call lasts, by the bubble's clock.
	takes time.Duration
	// say answers call number n, the first being 1.
	say func(n int) (answer, error)
}

func (s *service) ask(ctx context.Context) (answer, error) {
	s.mu.Lock()
	s.calls++
	n := s.calls
	say, takes := s.say, s.takes
	s.mu.Unlock()
	if takes > 0 {
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			return answer{}, ctx.Err()
		}
	}
	return say(n)
}

func (s *service) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// becomes changes what is answered from now on.
func (s *service) becomes(say func(int) (answer, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.say = say
}

func grants(value, target string, life time.Duration) func(int) (answer, error) {
	return func(int) (answer, error) {
		return answer{Value: value, Target: target, Expires: time.Now().Add(life)}, nil
	}
}

// numbered has the values v1, v2 and so on.
func numbered(target string, life time.Duration) func(int) (answer, error) {
	return func(n int) (answer, error) {
		return answer{Value: "v" + string(rune('0'+n)), Target: target, Expires: time.Now().Add(life)}, nil
	}
}

func fails(err error) func(int) (answer, error) {
	return func(int) (answer, error) { return answer{}, err }
}

// put remembers an answer.
func put(t *testing.T, c *cache, q *grantcache.Question, value, target string, life time.Duration) *string {
	t.Helper()
	v, err := c.Refresh(t.Context(), q, (&service{say: grants(value, target, life)}).ask)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// got is what Get returns, "" for nothing.
func got(c *cache, q *grantcache.Question) string {
	if v := c.Get(q); v != nil {
		return *v
	}
	return ""
}

func wantGet(t *testing.T, c *cache, q *grantcache.Question, want string) {
	t.Helper()
	if got := got(c, q); got != want {
		t.Errorf("Get %s %s: %q, want %q", q.Permission, q.Path, got, want)
	}
}

// wantDo asks s if it must, and compares the value, the error and the number of calls since
// s was made.
func wantDo(t *testing.T, c *cache, q *grantcache.Question, s *service, want string, wantErr error, calls int) {
	t.Helper()
	v, _, err := c.Do(t.Context(), q, s.ask)
	if !errors.Is(err, wantErr) {
		t.Errorf("Do %s %s: error %v, want %v", q.Permission, q.Path, err, wantErr)
	}
	if got := value(v); got != want {
		t.Errorf("Do %s %s: %q, want %q", q.Permission, q.Path, got, want)
	}
	if got := s.count(); got != calls {
		t.Errorf("Do %s %s: %d calls so far, want %d", q.Permission, q.Path, got, calls)
	}
}

func value(v *string) string {
	if v == nil {
		return ""
	}
	return *v
}
