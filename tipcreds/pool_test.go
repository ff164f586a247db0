package tipcreds_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/tip-cli/tip-cli/tipcreds"
)

func TestPoolKeepsUsersApart(t *testing.T) {
	c := &crowdSTS{clients: clients{life: time.Hour}, tokenBytes: 100}
	p := pool(t, c, c)
	keys := map[string]int{}
	for range 3 {
		for i := range 50 {
			got, err := p.For(subjectOf(i), token(userToken(i))).Retrieve(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if owner, known := keys[got.AccessKeyID]; known && owner != i {
				t.Fatalf("user %d has the key of user %d", i, owner)
			}
			keys[got.AccessKeyID] = i
		}
	}
	if len(keys) != 50 || c.exchanges.Load() != 50 || p.Stats() != (tipcreds.PoolStats{Users: 50, MaxUsers: tipcreds.DefaultMaxUsers}) {
		t.Errorf("%d keys, %d exchanges, %+v", len(keys), c.exchanges.Load(), p.Stats())
	}
}

// TestPoolSubjects: issuer and subject together are the user, however they are cut.
func TestPoolSubjects(t *testing.T) {
	c := &crowdSTS{clients: clients{life: time.Hour}, tokenBytes: 100}
	p := pool(t, c, c)
	subjects := []tipcreds.Subject{{"https://a", "b"}, {"https://ab", ""}, {"https://", "ab"}, {"https://b", "a"}, {"https://A", "b"}, {"https://a", "B"}}
	for _, s := range subjects {
		jwt := idToken(map[string]any{"iss": s.Issuer, "sub": s.ID})
		_, err := p.For(s, token(jwt)).Retrieve(t.Context())
		if s.ID == "" {
			if !errors.Is(err, tipcreds.ErrNoSubject) {
				t.Errorf("%v: %v", s, err)
			}
		} else if err != nil {
			t.Errorf("%v: %v", s, err)
		}
	}
	if got := p.Stats().Users; got != len(subjects)-1 {
		t.Errorf("%d users", got)
	}
}

// TestPoolRefusesForeignTokens: the JWT must be of the user whose credentials are
// asked for, before AWS is called.
func TestPoolRefusesForeignTokens(t *testing.T) {
	s := subjectOf(1)
	tests := map[string]struct {
		jwt  string
		want error
	}{
		"another user":     {userToken(2), tipcreds.ErrSubjectMismatch},
		"another issuer":   {idToken(map[string]any{"iss": "https://idp.example.com", "sub": s.ID}), tipcreds.ErrSubjectMismatch},
		"no issuer":        {idToken(map[string]any{"sub": s.ID}), tipcreds.ErrNoSubject},
		"no subject":       {idToken(map[string]any{"iss": s.Issuer}), tipcreds.ErrNoSubject},
		"two subjects":     {idToken(map[string]any{"iss": s.Issuer, "sub": []string{s.ID, "x"}}), tipcreds.ErrNotAJWT},
		"opaque":           {"opaque", tipcreds.ErrNotAJWT},
		"not base64":       {"e30.%%%.c2ln", tipcreds.ErrNotAJWT},
		"empty":            {"", tipcreds.ErrNoWebToken},
		"upper case issue": {idToken(map[string]any{"iss": "HTTPS" + s.Issuer[5:], "sub": s.ID}), tipcreds.ErrSubjectMismatch},
	}
	for name, tt := range tests {
		c := &clients{life: time.Hour}
		_, err := pool(t, c, c).For(s, token(tt.jwt)).Retrieve(t.Context())
		if e := exchangeError(t, err); !errors.Is(err, tt.want) || e.Step != tipcreds.StepWebToken || e.JWTSpent || c.exchanges.Load() != 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := pool(t, &clients{}, &clients{}).For(s, nil).Retrieve(t.Context()); !errors.Is(err, tipcreds.ErrTokenProviderMissing) {
		t.Errorf("no source: %v", err)
	}
}

// TestPoolOtherToken: a renewal that fails by the JWT of one request does not take the
// others along whose JWT is good.
func TestPoolOtherToken(t *testing.T) {
	expired := &smithy.GenericAPIError{Code: "ExpiredTokenException"}
	outage := errors.New("outage")
	tests := map[string]struct {
		err       error
		exchanges int32
		good      bool
	}{"by its JWT": {expired, 2, true}, "by an outage": {outage, 1, false}}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &clients{life: time.Hour, delay: time.Second}
				p := pool(t, c, c)
				c.failWith(tt.err)
				bad := make(chan error, 1)
				go func() { _, err := p.For(subjectOf(1), numberedFrom("bad")).Retrieve(t.Context()); bad <- err }()
				synctest.Wait()
				others := make(chan error, 10)
				for i := range cap(others) {
					source := numberedFrom(fmt.Sprint("good-", i))
					if i%2 == 0 {
						source = numberedFrom("bad") // the same request, repeated
					}
					go func() { _, err := p.For(subjectOf(1), source).Retrieve(t.Context()); others <- err }()
				}
				synctest.Wait()
				time.Sleep(1500 * time.Millisecond)
				c.failWith(nil)
				if err := <-bad; err == nil {
					t.Error("the first renewal did not fail")
				}
				failed := 0
				for range cap(others) {
					if err := <-others; err != nil {
						failed++
					}
				}
				if got := c.exchanges.Load(); got != tt.exchanges || tt.good == (failed == cap(others)) {
					t.Errorf("%d exchanges, %d of %d failed", got, failed, cap(others))
				}
			})
		})
	}
}

// bootstrapping refuses every JWT at STS, and counts.
type bootstrapping struct {
	calls atomic.Int32
	wait  time.Duration
}

func (b *bootstrapping) AssumeRoleWithWebIdentity(
	context.Context, *sts.AssumeRoleWithWebIdentityInput, ...func(*sts.Options),
) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	b.calls.Add(1)
	time.Sleep(b.wait)
	return nil, &smithy.GenericAPIError{Code: "ExpiredTokenException"}
}

// TestPoolSameToken: requests with the same bad JWT do not try it one after the other.
func TestPoolSameToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, b := &clients{life: time.Hour}, &bootstrapping{wait: time.Second}
		p := pool(t, c, nil, func(o *tipcreds.PoolOptions) {
			o.STSClient, o.SSOOIDCClient, o.WebIdentityClient, o.ApplicationRoleARN, o.Region = nil, c, b, applicationRole, "eu-west-1"
		})
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				_, err := p.For(subjectOf(1), numberedFrom("bad")).Retrieve(t.Context())
				if e := exchangeError(t, err); e.Code != "ExpiredTokenException" {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := b.calls.Load(); got != 1 {
			t.Errorf("STS was asked %d times", got)
		}
	})
}

func TestPoolBound(t *testing.T) {
	for _, bound := range []int{1, 3, 5000} {
		c := &clients{life: time.Hour}
		p := pool(t, c, c, func(o *tipcreds.PoolOptions) { o.MaxUsers = bound })
		for i := range bound + 200 {
			if _, err := p.For(subjectOf(i), token(userToken(i))).Retrieve(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if want := (tipcreds.PoolStats{Users: bound, MaxUsers: bound, Forgotten: 200}); p.Stats() != want {
			t.Errorf("%+v, want %+v", p.Stats(), want)
		}
	}
}

// TestPoolForgetsTheOldest: who came last stays, and who was used last.
func TestPoolForgetsTheOldest(t *testing.T) {
	c := &clients{life: time.Hour}
	p := pool(t, c, c, func(o *tipcreds.PoolOptions) { o.MaxUsers = 3 })
	held := func(i int) bool {
		before := c.exchanges.Load()
		if _, err := p.For(subjectOf(i), token(userToken(i))).Retrieve(t.Context()); err != nil {
			t.Fatal(err)
		}
		return c.exchanges.Load() == before
	}
	for i, want := range []struct {
		user int
		held bool
	}{{1, false}, {2, false}, {3, false}, {1, true}, {4, false}, {1, true}, {3, true}, {2, false}, {4, false}, {2, true}} {
		if got := held(want.user); got != want.held {
			t.Errorf("%d: user %d held %v", i, want.user, got)
		}
	}
}

// TestPoolForgetsTheExpired: whose credentials are over makes room without being
// counted, and nobody with a renewal under way is forgotten.
func TestPoolForgetsTheExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &clients{life: time.Hour}
		p := pool(t, c, c, func(o *tipcreds.PoolOptions) { o.MaxUsers = 10 })
		get := func(i int) error {
			_, err := p.For(subjectOf(i), token(userToken(i))).Retrieve(t.Context())
			return err
		}
		for i := range 10 {
			if err := get(i); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(2 * time.Hour)
		for i := range 5 {
			if err := get(100 + i); err != nil {
				t.Fatal(err)
			}
		}
		if want := (tipcreds.PoolStats{Users: 5, MaxUsers: 10}); p.Stats() != want {
			t.Errorf("%+v, want %+v", p.Stats(), want)
		}
		c.delay = time.Minute
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if err := get(200 + i); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		for i := range 8 {
			p.For(subjectOf(300+i), token(userToken(300+i)))
		}
		wg.Wait()
		exchanges := c.exchanges.Load()
		for i := range 8 {
			if err := get(200 + i); err != nil {
				t.Error(err)
			}
		}
		if c.exchanges.Load() != exchanges {
			t.Errorf("%d users were forgotten in their renewal", c.exchanges.Load()-exchanges)
		}
	})
}

// TestPoolNewcomer: who has just come is not forgotten for their own sake.
func TestPoolNewcomer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &clients{life: time.Hour, delay: time.Second}
		p := pool(t, c, c, func(o *tipcreds.PoolOptions) { o.MaxUsers = 1 })
		done := make(chan error, 1)
		go func() { _, err := p.For(subjectOf(1), token(userToken(1))).Retrieve(t.Context()); done <- err }()
		synctest.Wait()
		p.For(subjectOf(2), token(userToken(2)))
		if got := p.Stats(); got != (tipcreds.PoolStats{Users: 2, MaxUsers: 1}) {
			t.Errorf("%+v", got)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		p.For(subjectOf(3), token(userToken(3)))
		if got := p.Stats(); got.Users != 1 {
			t.Errorf("%+v after the renewal", got)
		}
	})
}

func TestPoolOptions(t *testing.T) {
	c := &clients{}
	tests := map[string]struct {
		option func(*tipcreds.PoolOptions)
		name   string
		want   error
	}{
		"no room":    {func(o *tipcreds.PoolOptions) { o.MaxUsers = -1 }, "MaxUsers", tipcreds.ErrMaxUsers},
		"no client":  {func(o *tipcreds.PoolOptions) { o.STSClient = nil }, "ApplicationRoleARN", tipcreds.ErrClientsMissing},
		"same role":  {func(o *tipcreds.PoolOptions) { o.ApplicationRoleARN = accessRole }, "ApplicationRoleARN", tipcreds.ErrSameRole},
		"contexts":   {func(o *tipcreds.PoolOptions) { o.ExtraContexts = contexts(5) }, "ExtraContexts", tipcreds.ErrContext},
		"no ARN":     {func(o *tipcreds.PoolOptions) { o.ExtraContexts = []provided{{}} }, "ExtraContexts", tipcreds.ErrContext},
		"user agent": {func(o *tipcreds.PoolOptions) { o.UserAgent = "a b" }, "UserAgent", tipcreds.ErrUserAgent},
	}
	for name, tt := range tests {
		_, err := tipcreds.NewPool(accessRole, application, func(o *tipcreds.PoolOptions) { o.STSClient, o.SSOOIDCClient = c, c }, tt.option)
		if refused, ok := errors.AsType[*tipcreds.OptionError](err); !ok || refused.Option != tt.name || !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := pool(t, c, c)
	if u := p.For(subjectOf(1), token("")); u.Subject() != subjectOf(1) || len(u.ProviderSources()) != 1 {
		t.Errorf("%v, %v", u.Subject(), u.ProviderSources())
	}
}

// TestPoolCrowd: many users at once, one exchange each.
func TestPoolCrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const users, requests = 2000, 3
		c := &clients{life: time.Hour, delay: time.Second}
		p := pool(t, c, c)
		var wg sync.WaitGroup
		for i := range users {
			jwt := userToken(i)
			for range requests {
				wg.Go(func() {
					if _, err := p.For(subjectOf(i), token(jwt)).Retrieve(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		if got := c.exchanges.Load(); got != users {
			t.Errorf("%d exchanges", got)
		}
	})
}

func TestPoolPrintsNoSecrets(t *testing.T) {
	c := &clients{life: time.Hour}
	p := pool(t, c, c)
	u := p.For(subjectOf(1), token(userToken(1)))
	if _, err := u.Retrieve(context.Background()); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		for _, v := range []any{p, u} {
			if text := fmt.Sprintf(verb, v); len(text) > 300 || text == "" || strings.Contains(text, "canary") {
				t.Errorf("%s of %T: %s", verb, v, text)
			}
		}
	}
}
