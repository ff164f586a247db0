package s3agcreds

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
	"github.com/aws/aws-sdk-go-v2/credentials"
)

func resolved(o Options) *resolver {
	o.setDefaults()
	return newResolver(aws.Config{Region: "eu-west-1"}, &o)
}

// TestFindAllocatesNothing: with everything at hand, however the place is found.
func TestFindAllocatesNothing(t *testing.T) {
	for name, tt := range findings() {
		t.Run(name, func(t *testing.T) {
			if n := testing.AllocsPerRun(100, func() {
				if at, err := tt.resolver.find(context.Background(), tt.base, tt.request); err != nil || at.account != "444455556666" {
					t.Errorf("%v: %v", at, err)
				}
			}); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

// BenchmarkFind measures where the instance is, with everything at hand. Run it with
// go test -run '^$' -bench 'Find$' -benchmem ./s3agcreds
func BenchmarkFind(b *testing.B) {
	for name, tt := range findings() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := tt.resolver.find(b.Context(), tt.base, tt.request); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

type finding struct {
	resolver *resolver
	base     aws.Credentials
	request  *request
}

func findings() map[string]finding {
	known := aws.Credentials{AccessKeyID: "ASIAIOSFODNN7EXAMPLE", AccountID: "111122223333"}
	unknown := aws.Credentials{AccessKeyID: "ASIAIOSFODNN7EXAMPLE"}
	q := &request{bucket: "tip-demo-data-of-the-team", path: "reports/2026/revenue.csv", region: "eu-west-1"}
	found := resolved(Options{})
	found.owners.put(ownerKey{caller: known.AccountID, region: q.region, bucket: q.bucket}, "444455556666", time.Hour)
	found.callers.put(known.AccessKeyID, known.AccountID, time.Hour)
	crossing := resolved(Options{CrossRegion: true})
	crossing.regions.put(q.bucket, "eu-west-1", time.Hour)
	crossing.owners = found.owners
	return map[string]finding{
		"given":   {resolved(Options{AccountID: "444455556666"}), known, q},
		"account": {found, known, q},
		"region":  {crossing, known, q},
		"caller":  {found, unknown, q},
	}
}

// TestMemoBound: what is used stays, what is not goes, and there is never more than room.
func TestMemoBound(t *testing.T) {
	m := newMemo[string, int](clock{time.Now()}, 100, time.Minute)
	m.put("used", -1, time.Hour)
	for i := range 1000 {
		m.put(fmt.Sprint(i), i, time.Hour)
		if _, ok := m.get("used", m.now()); !ok {
			t.Fatalf("gone after %d", i)
		}
		if n := len(m.young) + len(m.old); n > 100 {
			t.Fatalf("%d remembered", n)
		}
	}
	if _, ok := m.get("0", m.now()); ok {
		t.Error("the first is still there")
	}
	if got, ok := m.get("999", m.now()); !ok || got != 999 {
		t.Error("the last is not there")
	}
}

// TestMemoRemembersNothing of errors, and nothing that does not last.
func TestMemoRemembersNothing(t *testing.T) {
	m := newMemo[string, int](clock{time.Now()}, 10, time.Minute)
	failing := errors.New("no")
	_, err := m.do(t.Context(), "error", func(context.Context) (int, time.Duration, error) { return 1, time.Hour, failing })
	if !errors.Is(err, failing) {
		t.Error(err)
	}
	if got, err := m.do(t.Context(), "brief", func(context.Context) (int, time.Duration, error) { return 1, 0, nil }); got != 1 || err != nil {
		t.Errorf("%d, %v", got, err)
	}
	m.put("briefer", 1, -time.Hour)
	if len(m.young) != 0 || len(m.running) != 0 {
		t.Errorf("%v", m.young)
	}
}

// meanwhile is a context that lets something happen after a caller has found nothing.
type meanwhile struct {
	context.Context
	happens func()
}

func (c meanwhile) Err() error {
	c.happens()
	return c.Context.Err()
}

// TestMemoComesMeanwhile: what was answered since the caller looked is not asked for again.
func TestMemoComesMeanwhile(t *testing.T) {
	m := newMemo[string, int](clock{time.Now()}, 10, time.Minute)
	ctx := meanwhile{t.Context(), func() { m.put("k", 7, time.Hour) }}
	got, err := m.do(ctx, "k", func(context.Context) (int, time.Duration, error) { return 8, time.Hour, nil })
	if got != 7 || err != nil {
		t.Errorf("%d, %v", got, err)
	}
}

// TestMemoGoexit: a question whose goroutine ends under it ends for those who wait, too.
func TestMemoGoexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemo[string, int](clock{time.Now()}, 10, time.Minute)
		begin := make(chan struct{})
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				_, err := m.do(t.Context(), "k", func(context.Context) (int, time.Duration, error) {
					<-begin
					runtime.Goexit()
					return 1, time.Hour, nil
				})
				if !errors.Is(err, errAbandoned) {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		close(begin)
		wg.Wait()
		if len(m.running) != 0 {
			t.Error("still asked")
		}
	})
}

// TestMemoPanicOfAnother: who waits for a question gets no panic of who asked it.
func TestMemoPanicOfAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemo[string, int](clock{time.Now()}, 10, time.Minute)
		begin := make(chan struct{})
		go func() {
			defer func() { _ = recover() }()
			_, _ = m.do(t.Context(), "k", func(context.Context) (int, time.Duration, error) { <-begin; panic("mine") })
		}()
		synctest.Wait()
		waited := make(chan error)
		go func() {
			_, err := m.do(t.Context(), "k", nil)
			waited <- err
		}()
		synctest.Wait()
		close(begin)
		if err := <-waited; !errors.Is(err, errPanicked) {
			t.Error(err)
		}
	})
}

// TestControlClients: one for each region, whoever signs.
func TestControlClients(t *testing.T) {
	o := Options{}
	o.setDefaults()
	r := newResolver(aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("BASE", "secret", "")}, &o)
	first := r.control("eu-west-1", aws.Credentials{AccessKeyID: "A"})
	if c := first.client.Options().Credentials; c != nil {
		t.Errorf("a call that nobody signs is signed by %T", c)
	}
	second := r.control("eu-west-1", aws.Credentials{AccessKeyID: "B"})
	if first.client != second.client || first.sign.Value.AccessKeyID == second.sign.Value.AccessKeyID {
		t.Error("not shared, or signed alike")
	}
	if r.control("us-west-2", aws.Credentials{}).client == first.client {
		t.Error("one client for two regions")
	}
}

// BenchmarkControl measures what a client of S3 Control costs a call. Run it with
// go test -run '^$' -bench Control -benchmem ./s3agcreds
func BenchmarkControl(b *testing.B) {
	r := resolved(Options{})
	b.Run("shared", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = r.control("eu-west-1", aws.Credentials{})
		}
	})
	b.Run("made anew", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_ = newClients(r.base)
			clear(r.controls.byRegion)
			_ = r.control("eu-west-1", aws.Credentials{})
		}
	})
}
