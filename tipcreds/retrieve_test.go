package tipcreds_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// counter is a WebTokenProvider that gives another JWT at every call.
type counter struct {
	mu    sync.Mutex
	calls int
}

func (c *counter) token(context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	return fmt.Sprintf("jwt-number-%d", c.calls), nil
}

func (c *counter) used() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls
}

func retriever(t testing.TB, c *clients, source tipcreds.WebTokenProvider, optFns ...func(*tipcreds.Options)) *tipcreds.Provider {
	t.Helper()
	fns := append([]func(*tipcreds.Options){func(o *tipcreds.Options) {
		o.STSClient, o.SSOOIDCClient = c, c
	}}, optFns...)
	p, err := tipcreds.New(accessRole, application, source, fns...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func mustRetrieve(t *testing.T, p *tipcreds.Provider) aws.Credentials {
	t.Helper()
	c, err := p.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRetrieveCaches(t *testing.T) {
	tests := []struct {
		name   string
		life   time.Duration
		window time.Duration
		renew  time.Duration // when the second exchange is due at the latest
	}{
		{"default window", time.Hour, 0, 55 * time.Minute},
		{"own window", time.Hour, 15 * time.Minute, 45 * time.Minute},
		{"window cut for a short session", 15 * time.Minute, 15 * time.Minute, 10 * time.Minute},
		{"no window", time.Hour, -1, time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source, c := &counter{}, &clients{life: tt.life}
				p := retriever(t, c, source.token, func(o *tipcreds.Options) { o.ExpiryWindow = tt.window })
				first := mustRetrieve(t, p)
				if want := time.Now().Add(tt.life); !first.Expires.Equal(want) || first.Source != "TIPProvider" {
					t.Errorf("expires %v, want %v; source %s", first.Expires, want, first.Source)
				}
				jitter := (tt.life - tt.renew) / 10
				time.Sleep(tt.renew - jitter - time.Second)
				if got := mustRetrieve(t, p); got != first || source.used() != 1 {
					t.Errorf("%d exchanges before the window", source.used())
				}
				time.Sleep(jitter + time.Second)
				if got := mustRetrieve(t, p); got == first || source.used() != 2 {
					t.Errorf("%d exchanges in the window, same credentials %v", source.used(), got == first)
				}
			})
		})
	}
}

// TestRetrieveSingleFlight: however many ask at once, one JWT is spent.
func TestRetrieveSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, c := &counter{}, &clients{life: time.Hour, delay: time.Second}
		p := retriever(t, c, source.token)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if got, err := p.Retrieve(t.Context()); err != nil || got.AccessKeyID != enhancedKey {
					t.Errorf("key %s: %v", got.AccessKeyID, err)
				}
			})
		}
		wg.Wait()
		if source.used() != 1 || c.exchanges.Load() != 1 {
			t.Errorf("%d tokens, %d exchanges", source.used(), c.exchanges.Load())
		}
	})
}

// TestRetrieveCancelledLeader: the call that began the exchange goes away, the
// others get its result.
func TestRetrieveCancelledLeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, c := &counter{}, &clients{life: time.Hour, delay: time.Minute}
		p := retriever(t, c, source.token)
		leader, cancel := context.WithCancel(t.Context())
		leaderDone := make(chan error, 1)
		go func() { _, err := p.Retrieve(leader); leaderDone <- err }()
		synctest.Wait()
		followerDone := make(chan error, 1)
		go func() { _, err := p.Retrieve(t.Context()); followerDone <- err }()
		synctest.Wait()
		cancel()
		if err := <-leaderDone; !errors.Is(err, context.Canceled) {
			t.Errorf("leader: %v", err)
		}
		if err := <-followerDone; err != nil {
			t.Errorf("follower: %v", err)
		}
		if source.used() != 1 {
			t.Errorf("%d tokens", source.used())
		}
	})
}

func TestRetrieveCancelledBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &counter{}
		p := retriever(t, &clients{life: time.Hour}, source.token)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := p.Retrieve(ctx)
		synctest.Wait()
		if !errors.Is(err, context.Canceled) || source.used() != 0 {
			t.Errorf("%d tokens: %v", source.used(), err)
		}
	})
}

func TestRetrieveTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &clients{life: time.Hour, delay: time.Hour}
		p := retriever(t, c, (&counter{}).token, func(o *tipcreds.Options) { o.Timeout = 10 * time.Second })
		start := time.Now()
		_, err := p.Retrieve(t.Context())
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 10*time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
	})
}

// TestRetrieveFallsBack: in the window a failed renewal leaves the old
// credentials in use, without an attempt at every call; in the last minute it
// is an error.
func TestRetrieveFallsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source, c := &counter{}, &clients{life: time.Hour}
		p := retriever(t, c, source.token)
		first := mustRetrieve(t, p)
		c.failWith(errors.New("outage"))

		time.Sleep(55 * time.Minute)
		for range 10 {
			if got := mustRetrieve(t, p); got != first {
				t.Error("not the old credentials")
			}
		}
		if source.used() != 2 {
			t.Errorf("%d tokens for ten calls within the pause, want 2", source.used())
		}
		time.Sleep(31 * time.Second)
		mustRetrieve(t, p)
		if source.used() != 3 {
			t.Errorf("%d tokens after the pause, want 3", source.used())
		}
		time.Sleep(time.Until(first.Expires) - time.Minute)
		if _, err := p.Retrieve(t.Context()); exchangeError(t, err).Step != tipcreds.StepCreateToken {
			t.Errorf("last minute: %v", err)
		}
		c.failWith(nil)
		if got := mustRetrieve(t, p); got == first {
			t.Error("the old credentials after the outage")
		}
	})
}

// TestRetrieveImpatient: who cannot wait for a renewal gets what still lasts.
func TestRetrieveImpatient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &clients{life: time.Hour}
		p := retriever(t, c, (&counter{}).token)
		first := mustRetrieve(t, p)
		c.delay = 20 * time.Second
		time.Sleep(56 * time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got, err := p.Retrieve(ctx); err != nil || got != first {
			t.Errorf("same %v: %v", got == first, err)
		}
		time.Sleep(20 * time.Second)
		if got := mustRetrieve(t, p); got == first {
			t.Error("the renewal was lost")
		}
	})
}

func TestRetrieveTokenErrors(t *testing.T) {
	noBrowser := errors.New("no browser")
	tests := []struct {
		name   string
		source tipcreds.WebTokenProvider
		want   error
	}{
		{"provider fails", func(context.Context) (string, error) { return "", noBrowser }, noBrowser},
		{"empty token", token(""), tipcreds.ErrNoWebToken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &clients{life: time.Hour}
			_, err := retriever(t, c, tt.source).Retrieve(t.Context())
			e := exchangeError(t, err)
			if !errors.Is(err, tt.want) || e.Step != tipcreds.StepWebToken || e.JWTSpent || c.exchanges.Load() != 0 {
				t.Errorf("step %s, spent %v: %v", e.Step, e.JWTSpent, err)
			}
		})
	}
}

// TestRetrieveGoexit: a provider that ends its goroutine does not hang the
// callers, nor the next call.
func TestRetrieveGoexit(t *testing.T) {
	first := true
	p := retriever(t, &clients{life: time.Hour}, func(context.Context) (string, error) {
		if first {
			first = false
			runtime.Goexit()
		}
		return webToken, nil
	})
	if _, err := p.Retrieve(t.Context()); err == nil {
		t.Error("no error")
	}
	mustRetrieve(t, p)
}

// TestRetrieveUnderClient: a service client does not repeat a failed Retrieve,
// which would cost a JWT each time, although the cause looks retryable to it.
func TestRetrieveUnderClient(t *testing.T) {
	f := newFakeAWS(t)
	f.on(createTokenCall, reset, reset, reset)
	source := &counter{}
	p, err := tipcreds.New(accessRole, application, source.token, func(o *tipcreds.Options) {
		o.ApplicationRoleARN, o.AWSConfig = applicationRole, f.config()
	})
	if err != nil {
		t.Fatal(err)
	}
	config := f.config()
	config.Credentials = p
	_, err = sts.NewFromConfig(config).GetCallerIdentity(t.Context(), nil)
	if e := exchangeError(t, err); e.Step != tipcreds.StepCreateToken || source.used() != 1 {
		t.Errorf("%d tokens: %v", source.used(), err)
	}
	config.Credentials = aws.NewCredentialsCache(p)
	if _, err := sts.NewFromConfig(config).GetCallerIdentity(t.Context(), nil); err == nil || source.used() != 2 {
		t.Errorf("%d tokens with a cache: %v", source.used(), err)
	}
}

func TestProviderSources(t *testing.T) {
	own := retriever(t, &clients{}, (&counter{}).token)
	if got := own.ProviderSources(); len(got) != 1 || got[0] != aws.CredentialSourceSTSAssumeRole {
		t.Errorf("own clients: %v", got)
	}
	f := newFakeAWS(t)
	if got := f.provider(t).ProviderSources(); len(got) != 2 || got[0] != aws.CredentialSourceSTSAssumeRoleWebID {
		t.Errorf("application role: %v", got)
	}
}

// BenchmarkRetrieveWarm measures credentials at hand. Run it with
// go test -run '^$' -bench RetrieveWarm -benchmem ./tipcreds
func BenchmarkRetrieveWarm(b *testing.B) {
	p := retriever(b, &clients{life: 12 * time.Hour}, (&counter{}).token)
	ctx := context.Background()
	if _, err := p.Retrieve(ctx); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Retrieve(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
