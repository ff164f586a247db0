package tipcreds_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/tipcreds"
)

var errDown = errors.New("connection refused")

// replica is a process of a service: a pool with the cache that all of them have.
func replica(t testing.TB, c *clients, cache tipcreds.Cache, optFns ...func(*tipcreds.PoolOptions)) *tipcreds.Pool {
	t.Helper()
	return pool(t, c, c, append([]func(*tipcreds.PoolOptions){func(o *tipcreds.PoolOptions) { o.Cache = cache }}, optFns...)...)
}

// numbered gives user 1 another JWT at every call.
func numbered() tipcreds.WebTokenProvider {
	var n int
	return func(context.Context) (string, error) {
		n++
		s := subjectOf(1)
		return idToken(map[string]any{"iss": s.Issuer, "sub": s.ID, "jti": n, "exp": time.Now().Add(time.Hour).Unix()}), nil
	}
}

func retrieve(t *testing.T, p *tipcreds.Pool, source tipcreds.WebTokenProvider) (key string, err error) {
	t.Helper()
	got, err := p.For(subjectOf(1), source).Retrieve(t.Context())
	return got.AccessKeyID + " until " + got.Expires.UTC().Format(time.TimeOnly), err
}

// TestShareOneExchange: however many replicas get the same JWT at once, it is
// exchanged once, and all of them have the same session.
func TestShareOneExchange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, cache, source := &clients{life: time.Hour, delay: time.Second}, newMemory(), token(userToken(1))
		var wg sync.WaitGroup
		var mu sync.Mutex
		seen := map[string]int{}
		for range 5 {
			p := replica(t, c, cache)
			for range 4 {
				wg.Go(func() {
					key, err := retrieve(t, p, source)
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					defer mu.Unlock()
					seen[key]++
				})
			}
		}
		wg.Wait()
		if c.exchanges.Load() != 1 || len(seen) != 1 {
			t.Errorf("%d exchanges, sessions %v", c.exchanges.Load(), seen)
		}
		if sessions, claims := cache.keys("session-"), cache.keys("jwt-"); len(sessions) != 1 || len(claims) != 1 {
			t.Errorf("%v, %v", sessions, claims)
		}
		for _, key := range append(cache.keys("session-"), cache.keys("jwt-")...) {
			if len(key) > 100 || strings.Contains(key, "00u") {
				t.Errorf("key %s", key)
			}
		}
	})
}

// TestShareRenewal: who comes first renews, the others take it over.
func TestShareRenewal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, cache, source := &clients{life: time.Hour}, newMemory(), numbered()
		one, two := replica(t, c, cache), replica(t, c, cache)
		for _, step := range []struct {
			pause     time.Duration
			exchanges int32
		}{{0, 1}, {30 * time.Minute, 1}, {26 * time.Minute, 2}, {56 * time.Minute, 3}, {2 * time.Hour, 4}} {
			time.Sleep(step.pause)
			first, err := retrieve(t, one, source)
			second, otherErr := retrieve(t, two, source)
			if err != nil || otherErr != nil || first != second || c.exchanges.Load() != step.exchanges {
				t.Errorf("after %v: %d exchanges, %s (%v), %s (%v)", step.pause, c.exchanges.Load(), first, err, second, otherErr)
			}
		}
	})
}

// TestShareNearlyOver: a session in the window of renewal is not taken from the
// cache, whatever else was drawn for it.
func TestShareNearlyOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, cache := &clients{life: time.Hour}, newMemory()
		if _, err := retrieve(t, replica(t, c, cache), token(userToken(1))); err != nil {
			t.Fatal(err)
		}
		time.Sleep(54*time.Minute + 40*time.Second)
		if _, err := retrieve(t, replica(t, c, cache), numbered()); err != nil || c.exchanges.Load() != 2 {
			t.Errorf("%d exchanges: %v", c.exchanges.Load(), err)
		}
	})
}

// TestShareClaimed: a JWT that another process sent, without a session to show for it,
// is not sent again; another JWT is.
func TestShareClaimed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, cache, first := &clients{life: time.Hour}, newMemory(), token(userToken(1))
		if _, err := retrieve(t, replica(t, c, cache), first); err != nil {
			t.Fatal(err)
		}
		for _, key := range cache.keys("session-") { // the process died before it left one
			_ = cache.Delete(t.Context(), key)
		}
		_, err := retrieve(t, replica(t, c, cache), first)
		if e := exchangeError(t, err); !errors.Is(err, tipcreds.ErrWebTokenSpent) || !e.JWTSpent || e.CacheErr != nil || !strings.Contains(e.Hint(), "fresh one") {
			t.Errorf("%v; %s", err, e.Hint())
		}
		if c.exchanges.Load() != 1 {
			t.Errorf("%d exchanges", c.exchanges.Load())
		}
		if _, err := retrieve(t, replica(t, c, cache), numbered()); err != nil {
			t.Error(err)
		}
	})
}

// TestShareUnspent: a JWT that AWS did not look at may be sent by anybody.
func TestShareUnspent(t *testing.T) {
	throttled := &smithy.GenericAPIError{Code: "SlowDownException"}
	synctest.Test(t, func(t *testing.T) {
		c, cache, source := &clients{life: time.Hour}, newMemory(), token(userToken(1))
		c.failWith(throttled)
		if _, err := retrieve(t, replica(t, c, cache), source); !exchangeError(t, err).Throttled() {
			t.Error(err)
		}
		if claims := cache.keys("jwt-"); len(claims) != 0 {
			t.Errorf("claims %v", claims)
		}
		c.failWith(nil)
		if _, err := retrieve(t, replica(t, c, cache), source); err != nil {
			t.Error(err)
		}
	})
}

// TestShareRefused: a JWT that AWS refused is not sent by another replica.
func TestShareRefused(t *testing.T) {
	c, cache, source := &clients{life: time.Hour}, newMemory(), token(userToken(1))
	c.failWith(&smithy.GenericAPIError{Code: "InvalidGrantException"})
	for i := range 3 {
		_, err := retrieve(t, replica(t, c, cache), source)
		if e := exchangeError(t, err); !e.JWTSpent || errors.Is(err, tipcreds.ErrWebTokenSpent) != (i > 0) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if c.exchanges.Load() != 1 {
		t.Errorf("sent %d times", c.exchanges.Load())
	}
}

// TestShareNoClaim: a JWT that could not be claimed is exchanged, and its refusal says
// what may have been.
// TestShareNothingShort: a session that is as good as over is left for nobody.
func TestShareNothingShort(t *testing.T) {
	c, cache := &clients{life: 61 * time.Second}, newMemory()
	if _, err := retrieve(t, replica(t, c, cache), token(userToken(1))); err != nil || len(cache.keys("session-")) != 0 || cache.asked != 4 {
		t.Errorf("%v, asked %d times: %v", cache.keys("session-"), cache.asked, err)
	}
}

// TestShareOutage: without its cache a replica exchanges for itself, and says of a
// JWT that was refused that another one may have been first.
// TestShareOutagePause: in an outage the cache is not asked for every user.
// TestShareLockHeld: a lock that is held for ever holds nobody for longer than half
// the time that a renewal has, and is no outage.
// TestShareWithoutLock: a session that is there is taken without waiting for anybody.
func TestShareWithoutLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, cache := &clients{life: time.Hour}, newMemory()
		if _, err := retrieve(t, replica(t, c, cache), numbered()); err != nil {
			t.Fatal(err)
		}
		if _, err := cache.Lock(t.Context(), cache.keys("session-")[0]); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if _, err := retrieve(t, replica(t, c, cache), token("")); err != nil || time.Since(start) != 0 {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

// TestShareLostLock: whose JWT was exchanged by a process that had lost the lock gets the
// session of that process.
// TestShareForeignValues: what cannot be read counts as nothing.
// TestShareKeys: only what is the same is shared.
func TestShareKeys(t *testing.T) {
	with := func(f func(*tipcreds.PoolOptions)) func(*tipcreds.PoolOptions) { return f }
	cache, c := newMemory(), &clients{life: time.Hour}
	tests := map[string]func(*tipcreds.PoolOptions){
		"defaults":         with(func(*tipcreds.PoolOptions) {}),
		"duration":         with(func(o *tipcreds.PoolOptions) { o.Duration = 20 * time.Minute }),
		"application role": with(func(o *tipcreds.PoolOptions) { o.ApplicationRoleARN = applicationRole }),
		"context":          with(func(o *tipcreds.PoolOptions) { o.ExtraContexts = contexts(1) }),
	}
	for name, option := range tests {
		if _, err := retrieve(t, replica(t, c, cache, option), numberedFrom(name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := tipcreds.Subject{Issuer: subjectOf(1).Issuer + subjectOf(1).ID[:1], ID: subjectOf(1).ID[1:]}
	jwt := idToken(map[string]any{"iss": other.Issuer, "sub": other.ID})
	if _, err := replica(t, c, cache).For(other, token(jwt)).Retrieve(t.Context()); err != nil {
		t.Error(err)
	}
	if got, want := len(cache.keys("session-")), len(tests)+1; got != want || int(c.exchanges.Load()) != want {
		t.Errorf("%d sessions, %d exchanges, want %d", got, c.exchanges.Load(), want)
	}
}

func numberedFrom(jti string) tipcreds.WebTokenProvider {
	s := subjectOf(1)
	return token(idToken(map[string]any{"iss": s.Issuer, "sub": s.ID, "jti": jti}))
}

// TestShareProvider: a provider of one user shares with others of the same user, and
// must know whose it is.
func TestShareProvider(t *testing.T) {
	c, cache := &clients{life: time.Hour}, newMemory()
	options := func(o *tipcreds.Options) { o.STSClient, o.SSOOIDCClient, o.Cache = c, c, cache }
	_, err := tipcreds.New(accessRole, application, token(userToken(1)), options)
	if refused, ok := errors.AsType[*tipcreds.OptionError](err); !ok || refused.Option != "Subject" || !errors.Is(err, tipcreds.ErrSubjectMissing) {
		t.Errorf("without a subject: %v", err)
	}
	for range 2 {
		p, err := tipcreds.New(accessRole, application, token(userToken(1)), options, func(o *tipcreds.Options) { o.Subject = subjectOf(1) })
		if err != nil {
			t.Fatal(err)
		}
		mustRetrieve(t, p)
	}
	if _, err := retrieve(t, replica(t, c, cache), token("")); err != nil || c.exchanges.Load() != 1 {
		t.Errorf("%d exchanges: %v", c.exchanges.Load(), err)
	}
}

// TestForgetShared: who signed out is in no cache, not even if a renewal lands later.
func TestForgetShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, cache := &clients{life: time.Hour}, newMemory()
		p := replica(t, c, cache)
		if _, err := retrieve(t, p, numbered()); err != nil {
			t.Fatal(err)
		}
		if err := p.Forget(t.Context(), subjectOf(1)); err != nil || len(cache.keys("session-")) != 0 || p.Stats().Users != 0 {
			t.Errorf("%v, %+v: %v", cache.keys("session-"), p.Stats(), err)
		}
		c.delay = time.Second
		done := make(chan error, 1)
		go func() { _, err := retrieve(t, p, numberedFrom("late")); done <- err }()
		synctest.Wait()
		if err := p.Forget(t.Context(), subjectOf(1)); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, tipcreds.ErrForgotten) || len(cache.keys("session-")) != 0 {
			t.Errorf("%v: %v", cache.keys("session-"), err)
		}
		cache.fail(errDown, 0)
		if err := p.Forget(t.Context(), subjectOf(1)); !errors.Is(err, errDown) {
			t.Errorf("without the cache: %v", err)
		}
	})
}

// TestClaimLife: a claim lasts as long as the JWT could be sent.
func TestClaimLife(t *testing.T) {
	s := subjectOf(1)
	for name, tt := range map[string]struct {
		exp  any
		life time.Duration
	}{
		"an hour": {time.Hour, time.Hour + 5*time.Minute}, "expired": {-time.Hour, 5 * time.Minute}, "two days": {48 * time.Hour, 48*time.Hour + 5*time.Minute}, "a year": {365 * 24 * time.Hour, 30 * 24 * time.Hour},
		"none": {nil, 24 * time.Hour}, "no number": {"soon", 24 * time.Hour},
	} {
		synctest.Test(t, func(t *testing.T) {
			claims := map[string]any{"iss": s.Issuer, "sub": s.ID}
			if d, ok := tt.exp.(time.Duration); ok {
				claims["exp"] = time.Now().Add(d).Unix()
			} else if tt.exp != nil {
				claims["exp"] = tt.exp
			}
			c, cache := &clients{life: time.Hour}, newMemory()
			_, err := retrieve(t, replica(t, c, cache), token(idToken(claims)))
			if name == "no number" {
				if !errors.Is(err, tipcreds.ErrNotAJWT) {
					t.Error(err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			expires := cache.values[cache.keys("jwt-")[0]].expires
			if got := time.Until(expires); got != tt.life {
				t.Errorf("%s: %v, want %v", name, got, tt.life)
			}
		})
	}
}

func contexts(n int) []provided {
	out := make([]provided, n)
	for i := range out {
		arn, assertion := fmt.Sprintf("arn:aws:iam::aws:contextProvider/P%d", i), "assertion"
		out[i] = provided{ProviderArn: &arn, ContextAssertion: &assertion}
	}
	return out
}

// TestShareOutageIsSaidOnce: an outage that many users meet at once is one line.
// TestShareRotated: a refresh token that was rotated is not replaced by the one before,
// which a session in the cache still has.
func TestShareRotated(t *testing.T) {
	f := newFakeAWS(t)
	f.token["refreshToken"] = "first"
	cache := newMemory()
	p, err := tipcreds.NewPool(accessRole, application, func(o *tipcreds.PoolOptions) {
		o.ApplicationRoleARN, o.AWSConfig, o.Cache = applicationRole, f.config(), cache
	})
	if err != nil {
		t.Fatal(err)
	}
	source, asked := jwts(lived(time.Hour), lived(2*time.Hour))
	f.expires = time.Now().Add(90 * time.Second).UTC() // of use to share, and due within a minute
	u := p.For(subjectOf(1), source)
	if _, err := u.Retrieve(t.Context()); err != nil {
		t.Fatal(err)
	}
	key := cache.keys("session-")[0]
	stale := strings.Replace(string(cache.values[key].value), f.expires.Format("2006-01-02T15:04:05"), time.Now().UTC().Format("2006-01-02T15:04:05"), 1)
	if err := p.Forget(t.Context(), tipcreds.Subject{Issuer: "https://nobody.example.com", ID: "x"}); err != nil {
		t.Fatal(err)
	}
	replica, err := tipcreds.NewPool(accessRole, application, func(o *tipcreds.PoolOptions) {
		o.ApplicationRoleARN, o.AWSConfig, o.Cache = applicationRole, f.config(), cache
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = cache.Set(t.Context(), key, []byte(stale), time.Hour)
	f.token["refreshToken"] = "second"
	f.on(assumeRoleCall, stsError(403, "AccessDenied", "x"))
	other := replica.For(subjectOf(1), source)
	if _, err := other.Retrieve(t.Context()); exchangeError(t, err).Step != tipcreds.StepAssumeAccessRole {
		t.Fatal(err)
	}
	if _, err := other.Retrieve(t.Context()); err != nil {
		t.Fatal(err)
	}
	var sent []any
	for _, call := range f.seen() {
		if call.Op == createTokenCall {
			sent = append(sent, call.Body["refreshToken"])
		}
	}
	if diff := cmp.Diff([]any{nil, "first", "second"}, sent); diff != "" || *asked != 1 {
		t.Errorf("%d JWTs (-want +got):\n%s", *asked, diff)
	}
}

// TestShareDeletesInAnOutage: what must go is tried also while nobody asks anything else.
// TestShareMixedUp: a session that was stored under another key is nobody's.
// TestShareBehindTheClock: a replica that has asked AWS nothing learns from a session of
// another that its clock is behind, and renews in time.
func TestShareBehindTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, cache := &clients{life: time.Hour}, newMemory()
		if _, err := retrieve(t, replica(t, c, cache), numbered()); err != nil {
			t.Fatal(err)
		}
		key := cache.keys("session-")[0]
		value := cache.values[key]
		ahead := func(layout string) { // as if it had been written five minutes from now
			for _, at := range []time.Time{time.Now().UTC(), time.Now().Add(time.Hour).UTC()} {
				value.value = bytes.ReplaceAll(value.value, []byte(at.Format(layout)), []byte(at.Add(5*time.Minute).Format(layout)))
			}
		}
		ahead("2006-01-02T15:04:05")
		cache.values[key] = value
		p := replica(t, c, cache)
		if _, err := retrieve(t, p, numbered()); err != nil || c.exchanges.Load() != 1 {
			t.Fatalf("%d exchanges: %v", c.exchanges.Load(), err)
		}
		time.Sleep(55 * time.Minute)
		if _, err := retrieve(t, p, numberedFrom("next")); err != nil || c.exchanges.Load() != 2 {
			t.Errorf("%d exchanges: %v", c.exchanges.Load(), err)
		}
	})
}
