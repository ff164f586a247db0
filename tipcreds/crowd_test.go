package tipcreds_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// newcomers fill every shard of a large pool many times over.
func newcomers(p *tipcreds.Pool, n int) {
	for i := range n {
		p.For(subjectOf(100_000+i), token(""))
	}
}

// TestPoolPatience: between For and Retrieve, which may be a handler apart, nobody is
// forgotten for somebody else while there is room.
func TestPoolPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &clients{life: time.Hour}
		p := pool(t, c, c)
		first := userOf(p, 1)
		newcomers(p, 2000)
		time.Sleep(3 * time.Minute)
		newcomers(p, 2000)
		for _, u := range []*tipcreds.User{first, userOf(p, 1)} {
			if _, err := u.Retrieve(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if c.exchanges.Load() != 1 || p.Stats().Users != 2001 {
			t.Errorf("%d exchanges, %+v", c.exchanges.Load(), p.Stats())
		}
		time.Sleep(2 * time.Hour)
		newcomers(p, 6000)
		if got := p.Stats().Users; got > 6000+1 {
			t.Errorf("%d users: those without any use were not forgotten", got)
		}
	})
}

// TestPoolForgetsNothingOfUse: a refresh token, and a JWT that was sent, outlast the
// credentials, however many others come.
func TestPoolForgetsNothingOfUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &refreshing{clients: clients{life: time.Hour}}
		p := pool(t, c, c)
		source, asked := jwts(lived(time.Minute))
		if _, err := p.For(subjectOf(1), source).Retrieve(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Hour)
		newcomers(p, 2000)
		if _, err := p.For(subjectOf(1), source).Retrieve(t.Context()); err != nil || *asked != 1 {
			t.Errorf("%d JWTs: %v", *asked, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c := &clients{life: time.Hour}
		p := pool(t, c, c)
		jwt := token(lived(10 * time.Hour))
		if _, err := p.For(subjectOf(1), jwt).Retrieve(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Hour)
		newcomers(p, 2000)
		if _, err := p.For(subjectOf(1), jwt).Retrieve(t.Context()); !errors.Is(err, tipcreds.ErrWebTokenSpent) || c.exchanges.Load() != 1 {
			t.Errorf("%d exchanges: %v", c.exchanges.Load(), err)
		}
	})
}

// TestPoolSeveralTokens: of a user with several devices no JWT is sent twice.
func TestPoolSeveralTokens(t *testing.T) {
	c := &clients{life: time.Hour}
	c.failWith(&smithy.GenericAPIError{Code: "InvalidGrantException"})
	p := pool(t, c, c)
	for round := range 3 {
		for _, device := range []string{"phone", "laptop", "tablet"} {
			_, err := p.For(subjectOf(1), numberedFrom(device)).Retrieve(t.Context())
			if spent := errors.Is(err, tipcreds.ErrWebTokenSpent); spent != (round > 0) {
				t.Errorf("%s: %v", device, err)
			}
		}
	}
	if c.exchanges.Load() != 3 {
		t.Errorf("%d exchanges of three JWTs", c.exchanges.Load())
	}
}

// TestPoolOtherSpelling: a JWT whose signature is spelt otherwise is the same JWT.
func TestPoolOtherSpelling(t *testing.T) {
	c, cache := &clients{life: time.Hour}, newMemory()
	c.failWith(&smithy.GenericAPIError{Code: "InvalidGrantException"})
	p, jwt := replica(t, c, cache), userToken(1)
	for _, spelling := range []string{jwt, strings.TrimSuffix(jwt, "c2ln") + "c2lo", jwt + "="} {
		_, _ = p.For(subjectOf(1), token(spelling)).Retrieve(t.Context())
		_, _ = replica(t, c, cache).For(subjectOf(1), token(spelling)).Retrieve(t.Context())
	}
	if c.exchanges.Load() != 1 {
		t.Errorf("sent %d times", c.exchanges.Load())
	}
}

// TestPoolEvictedHandle: who had to go between For and Retrieve has one seat, not two.
func TestPoolEvictedHandle(t *testing.T) {
	c := &clients{life: time.Hour}
	p := pool(t, c, c, func(o *tipcreds.PoolOptions) { o.MaxUsers = 1 })
	first := userOf(p, 1)
	p.For(subjectOf(2), token(""))
	if _, err := first.Retrieve(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := userOf(p, 1).Retrieve(t.Context()); err != nil || c.exchanges.Load() != 1 {
		t.Errorf("%d exchanges: %v", c.exchanges.Load(), err)
	}
}

// TestForgottenHandle: after Forget, what was handed out before gets nothing, neither
// what is at hand nor anything new.
func TestForgottenHandle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &refreshing{clients: clients{life: time.Hour}}
		p := pool(t, c, c)
		u := p.For(subjectOf(1), token(lived(time.Minute)))
		if _, err := u.Retrieve(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := p.Forget(t.Context(), subjectOf(1)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got, err := u.Retrieve(t.Context()); !errors.Is(err, tipcreds.ErrForgotten) || got.HasKeys() || c.exchanges.Load() != 1 {
				t.Errorf("%d exchanges: %v", c.exchanges.Load(), err)
			}
			time.Sleep(2 * time.Hour)
		}
		if _, err := p.For(subjectOf(1), token(lived(time.Minute))).Retrieve(t.Context()); err != nil {
			t.Errorf("signed in again: %v", err)
		}
	})
}

// TestPoolHangingSources: requests whose sources hang do not wait for each other's.
func TestPoolHangingSources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pool(t, &clients{}, &clients{}, func(o *tipcreds.PoolOptions) { o.Timeout = time.Minute })
		hang := func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() }
		start, done := time.Now(), make(chan error, 10)
		for range cap(done) {
			go func() { _, err := p.For(subjectOf(1), hang).Retrieve(t.Context()); done <- err }()
		}
		for range cap(done) {
			if err := <-done; !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		}
		if took := time.Since(start); took != time.Minute {
			t.Errorf("the last waited %v", took)
		}
	})
}

// TestPanic: a panic of a callback reaches who began the renewal, where net/http recovers
// it, and nobody else; the process lives.
func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &clients{life: time.Hour}
		p := pool(t, c, c)
		begin := make(chan struct{})
		bad := func(context.Context) (string, error) { <-begin; panic("no claims") }
		value := make(chan any, 1)
		go func() {
			defer func() { value <- recover() }()
			_, _ = p.For(subjectOf(1), bad).Retrieve(t.Context())
		}()
		synctest.Wait()
		other := make(chan error, 1)
		go func() { _, err := p.For(subjectOf(1), bad).Retrieve(t.Context()); other <- err }()
		synctest.Wait()
		close(begin)
		if text, _ := (<-value).(string); !strings.Contains(text, "no claims") || !strings.Contains(text, "crowd_test.go") {
			t.Errorf("panicked with %s", text)
		}
		if err := <-other; err == nil {
			t.Error("no error for who waited")
		}
		if _, err := userOf(p, 1).Retrieve(t.Context()); err != nil {
			t.Errorf("the next renewal: %v", err)
		}
	})
}

// TestPoolMemory holds what BenchmarkPoolMemory measures.
func TestPoolMemory(t *testing.T) {
	const users, tokenBytes = 5000, 1200
	c := &crowdSTS{clients: clients{life: time.Hour}, tokenBytes: tokenBytes}
	before := heap()
	p := pool(t, c, c)
	for i := range users {
		if _, err := userOf(p, i).Retrieve(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if each := (heap()-before)/users - tokenBytes; each > 3000 || p.Stats().Users != users {
		t.Errorf("%d bytes a user beyond the token, %+v", each, p.Stats())
	}
}

// TestPoolCancelledSource: a source that ended with its request takes no other with it.
func TestPoolCancelledSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &clients{life: time.Hour}
		p := pool(t, c, c)
		request, cancel := context.WithCancel(t.Context())
		bound := func(context.Context) (string, error) { <-request.Done(); return "", request.Err() }
		first, other := make(chan error, 1), make(chan error, 1)
		go func() { _, err := p.For(subjectOf(1), bound).Retrieve(t.Context()); first <- err }()
		synctest.Wait()
		go func() { _, err := userOf(p, 1).Retrieve(t.Context()); other <- err }()
		synctest.Wait()
		cancel()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := <-other; err != nil {
			t.Error(err)
		}
	})
}
