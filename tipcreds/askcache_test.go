package tipcreds_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/tip-cli/tip-cli/tipcreds"
)

func TestShareNoClaim(t *testing.T) {
	c, cache := &clients{life: time.Hour}, newMemory()
	cache.deaf = true
	c.failWith(&smithy.GenericAPIError{Code: "InvalidGrantException"})
	_, err := retrieve(t, replica(t, c, cache), token(userToken(1)))
	if e := exchangeError(t, err); !errors.Is(e.CacheErr, errDown) || c.exchanges.Load() != 1 {
		t.Errorf("%v: %v", e.CacheErr, err)
	}
}

func TestShareOutage(t *testing.T) {
	for name, hang := range map[string]time.Duration{"refused": 0, "silent": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, cache, source := &clients{life: time.Hour}, newMemory(), token(userToken(1))
				cache.fail(errDown, hang)
				start := time.Now()
				one := replica(t, c, cache)
				if _, err := retrieve(t, one, source); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); took > tipcreds.DefaultCacheTimeout {
					t.Errorf("the outage cost %v", took)
				}
				c.failWith(&smithy.GenericAPIError{Code: "InvalidGrantException"})
				_, err := retrieve(t, replica(t, c, cache), source)
				e := exchangeError(t, err)
				if e.CacheErr == nil || !e.JWTSpent || !strings.Contains(err.Error(), "another process may have exchanged the JWT") {
					t.Error(err)
				}
				if hang == 0 && !errors.Is(e.CacheErr, errDown) {
					t.Error(e.CacheErr)
				}
				c.failWith(nil)
				cache.fail(nil, 0)
				time.Sleep(time.Hour)
				if _, err := retrieve(t, one, numbered()); err != nil || len(cache.keys("session-")) != 1 {
					t.Errorf("after the outage: %v, %v", cache.keys("session-"), err)
				}
			})
		})
	}
}

func TestShareOutagePause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, cache := &clients{life: time.Hour}, newMemory()
		cache.fail(errDown, 0)
		p := replica(t, c, cache)
		for i := range 100 {
			if _, err := p.For(subjectOf(i), token(userToken(i))).Retrieve(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if cache.asked != 1 {
			t.Errorf("asked %d times", cache.asked)
		}
		time.Sleep(6 * time.Second)
		if _, err := p.For(subjectOf(1000), token(userToken(1000))).Retrieve(t.Context()); err != nil || cache.asked != 2 {
			t.Errorf("asked %d times: %v", cache.asked, err)
		}
	})
}

func TestShareLockHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, cache := &clients{life: time.Hour}, newMemory()
		p := replica(t, c, cache, func(o *tipcreds.PoolOptions) { o.Timeout = 20 * time.Second })
		if _, err := retrieve(t, p, numbered()); err != nil {
			t.Fatal(err)
		}
		key := cache.keys("session-")[0]
		if _, err := cache.Lock(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		start := time.Now()
		if _, err := retrieve(t, p, numbered()); err != nil || time.Since(start) != 10*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		if len(cache.keys("session-")) != 1 {
			t.Error("the session was not shared")
		}
	})
}

func TestShareLostLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, cache, source := &clients{life: time.Hour, delay: time.Second}, newMemory(), token(userToken(1))
		first := make(chan string, 1)
		go func() { key, _ := retrieve(t, replica(t, slow, cache), source); first <- key }()
		synctest.Wait()
		for _, lock := range cache.locks { // it has expired
			<-lock
		}
		quick := &clients{life: time.Hour}
		second := replica(t, quick, cache, func(o *tipcreds.PoolOptions) {
			o.BeforeCreateToken = func(context.Context, string) error { time.Sleep(2 * time.Second); return nil }
		})
		key, err := retrieve(t, second, source)
		if want := <-first; err != nil || key != want || quick.exchanges.Load() != 0 {
			t.Errorf("%s, want %s; %d exchanges: %v", key, want, quick.exchanges.Load(), err)
		}
	})
}

func TestShareForeignValues(t *testing.T) {
	for _, value := range []string{"", "x", "{}", `{"accessKeyId":"A"}`, `{"expires":"soon"}`, `[]`, "null"} {
		synctest.Test(t, func(t *testing.T) {
			c, cache, source := &clients{life: time.Hour}, newMemory(), numbered()
			if _, err := retrieve(t, replica(t, c, cache), source); err != nil {
				t.Fatal(err)
			}
			key := cache.keys("session-")[0]
			_ = cache.Set(t.Context(), key, []byte(value), time.Hour)
			if _, err := retrieve(t, replica(t, c, cache), source); err != nil || c.exchanges.Load() != 2 {
				t.Errorf("%q: %d exchanges: %v", value, c.exchanges.Load(), err)
			}
		})
	}
}

func TestShareOutageIsSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, cache := &clients{life: time.Hour}, newMemory()
		cache.fail(errDown, time.Hour)
		var log bytes.Buffer
		p := replica(t, c, cache, func(o *tipcreds.PoolOptions) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				if _, err := p.For(subjectOf(i), token(userToken(i))).Retrieve(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := strings.Count(log.String(), "\n"); got != 1 {
			t.Errorf("%d lines:\n%s", got, log.String())
		}
	})
}

func TestShareDeletesInAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, cache, source := &clients{life: time.Hour}, newMemory(), token(userToken(1))
		c.failWith(&smithy.GenericAPIError{Code: "SlowDownException"})
		c.delay = 3 * time.Second
		p := replica(t, c, cache)
		done := make(chan error, 1)
		go func() { _, err := retrieve(t, p, source); done <- err }()
		synctest.Wait()
		c.delay = time.Second
		cache.fail(errDown, 0) // somebody else's question fails meanwhile
		if _, err := p.For(subjectOf(2), token(userToken(2))).Retrieve(t.Context()); err == nil {
			t.Error("not throttled")
		}
		cache.fail(nil, 0)
		if err := <-done; err == nil || len(cache.keys("jwt-")) != 0 {
			t.Errorf("claims %v: %v", cache.keys("jwt-"), err)
		}
	})
}

func TestShareMixedUp(t *testing.T) {
	c, cache := &clients{life: time.Hour}, newMemory()
	p := replica(t, c, cache)
	for i := range 2 {
		if _, err := p.For(subjectOf(i), token(userToken(i))).Retrieve(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	keys := cache.keys("session-")
	cache.values[keys[0]], cache.values[keys[1]] = cache.values[keys[1]], cache.values[keys[0]]
	other := replica(t, c, cache)
	for i := range 2 {
		if _, err := other.For(subjectOf(i), numberedOf(i)).Retrieve(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if c.exchanges.Load() != 4 {
		t.Errorf("%d exchanges", c.exchanges.Load())
	}
}

func numberedOf(i int) tipcreds.WebTokenProvider {
	s := subjectOf(i)
	return token(idToken(map[string]any{"iss": s.Issuer, "sub": s.ID, "jti": "another"}))
}

// meddling is a cache in which something happens before a value goes, and whose locks
// come without a way to give them back.
type meddling struct {
	*memory

	before func()
}

func (m *meddling) Delete(ctx context.Context, key string) error {
	m.before()
	return m.memory.Delete(ctx, key)
}

func (m *meddling) Lock(context.Context, string) (func(), error) { return nil, nil }

// TestForgetMeanwhile: who comes while their session goes does not keep it.
func TestForgetMeanwhile(t *testing.T) {
	c, cache := &clients{life: time.Hour}, &meddling{memory: newMemory()}
	p := replica(t, c, cache)
	cache.before = func() {
		if _, err := retrieve(t, p, token("")); err != nil {
			t.Error(err)
		}
	}
	if _, err := retrieve(t, p, numbered()); err != nil {
		t.Fatal(err)
	}
	if err := p.Forget(t.Context(), subjectOf(1)); err != nil || p.Stats().Users != 0 {
		t.Errorf("%+v: %v", p.Stats(), err)
	}
}
