package credserver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// bench is a route with a source that the test steers.
type bench struct {
	*route
	start    time.Time
	stop     context.CancelFunc
	life     time.Duration // of what the source gives
	takes    time.Duration
	current  bool
	lastMark string
	most     time.Duration // for which it refrains

	mu      sync.Mutex
	fail    func(Demand) error
	demands []Demand
	at      []time.Duration // when the source was called
	notices []string
}

func newBench(t *testing.T, life time.Duration) *bench {
	t.Helper()
	b := &bench{start: time.Now(), life: life, current: true, most: refrainAtMost}
	b.route = newRoute(b.give, Route{
		Current: func(Credentials) bool { return b.current },
		Mark:    func() string { return b.lastMark },
		Refrain: func(error) time.Duration { return b.most },
	}, func(text string) { b.notices = append(b.notices, text) })
	ctx, stop := context.WithCancel(t.Context())
	b.stop = stop
	go b.run(ctx)
	t.Cleanup(func() { stop(); <-b.ended })
	return b
}

func (b *bench) give(ctx context.Context) (Credentials, error) {
	b.mu.Lock()
	b.demands, b.at = append(b.demands, DemandOf(ctx)), append(b.at, time.Since(b.start))
	n, fail, takes := len(b.at), b.fail, b.takes
	b.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return Credentials{}, ctx.Err()
	}
	if fail != nil {
		if err := fail(DemandOf(ctx)); err != nil {
			return Credentials{}, err
		}
	}
	return credentials(n, b.life), nil
}

// becomes steers the source from now on.
func (b *bench) becomes(takes time.Duration, fail func(Demand) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.takes, b.fail = takes, fail
}

// overdue has renewal be tried again at once.
func (b *bench) overdue() {
	b.route.mu.Lock()
	defer b.route.mu.Unlock()
	b.window, b.notBefore = 100*time.Hour, time.Time{}
}

func (b *bench) calls() int { b.mu.Lock(); defer b.mu.Unlock(); return len(b.at) }

func credentials(n int, life time.Duration) Credentials {
	return Credentials{
		AccessKeyID: fmt.Sprintf("ASIA%d", n), SecretAccessKey: secret.New("secret"), SessionToken: secret.New("token"),
		Expiration: time.Now().Add(life),
	}
}

// want gets credentials and wants those of the n-th call.
func (b *bench) want(t *testing.T, n int) {
	t.Helper()
	c, err := b.get(t.Context())
	if want := fmt.Sprintf("ASIA%d", n); err != nil || c.AccessKeyID != want {
		t.Fatalf("after %s: got %q, %v; want %s", time.Since(b.start), c.AccessKeyID, err, want)
	}
}

func (b *bench) sleepUntil(at time.Duration) {
	time.Sleep(at - time.Since(b.start))
	synctest.Wait()
}

func always(err error) func(Demand) error { return func(Demand) error { return err } }

var errNo = errors.New("no")

func TestRenewalAhead(t *testing.T) {
	for _, tt := range []struct{ life, from, to time.Duration }{
		{time.Hour, 38 * time.Minute, 40 * time.Minute},
		{12 * time.Hour, 11*time.Hour + 38*time.Minute, 11*time.Hour + 40*time.Minute},
		{42 * time.Minute, 21 * time.Minute, 22 * time.Minute},
		{30 * time.Minute, 15 * time.Minute, 15 * time.Minute},
		{15 * time.Minute, soonest, soonest}, // perhaps the rest of some that had more
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, tt.life)
			b.wantAny(t)
			b.sleepUntil(tt.to + time.Second)
			if b.calls() != 2 || b.at[1] < tt.from || b.at[1] > tt.to {
				t.Fatalf("life %s: called after %v, want from %s to %s", tt.life, b.at, tt.from, tt.to)
			}
			want := []Demand{{Life: ahead + scattered}, {Background: true, Life: ahead + scattered}}
			if diff := cmp.Diff(want, b.demands); diff != "" {
				t.Error(diff)
			}
			b.want(t, 2)
			if tt.life < ahead { // no: half-way, then
				b.sleepUntil(tt.to + tt.life/2 + time.Second)
				b.want(t, 3)
			}
		})
	}
}

// wantAny gets credentials, whatever life they have left.
func (b *bench) wantAny(t *testing.T) {
	t.Helper()
	if _, err := b.get(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// What nobody has got is not renewed, and who comes back gets new ones.
func TestIdle(t *testing.T) {
	for _, life := range []time.Duration{time.Hour, 3*time.Hour + 10*time.Minute, 12 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, life)
			b.sleepUntil(3 * time.Hour)
			if b.calls() != 0 {
				t.Fatalf("called after %v, and nobody has asked", b.at)
			}
			b.want(t, 1)
			b.sleepUntil(48 * time.Hour)
			if b.calls() != 2 { // the second ones would have been missed, the third would not
				t.Fatalf("called after %v", b.at)
			}
			b.want(t, 3)
		})
	}
}

// A program that asks when an SDK does never waits for the source again, and
// always gets credentials that its SDK takes for fresh.
func TestBusy(t *testing.T) {
	for sdk, window := range map[string]time.Duration{"botocore": 15 * time.Minute, "Go and JavaScript": 5 * time.Minute, "others": time.Second} {
		for _, life := range []time.Duration{time.Hour, 12 * time.Hour} {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, life)
				b.becomes(3*time.Second, nil)
				c, err := b.get(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for range 100 {
					time.Sleep(time.Until(c.Expiration) - window)
					before := time.Now()
					c, err = b.get(t.Context())
					if left := time.Until(c.Expiration); err != nil || time.Since(before) != 0 || left < life-ahead-scattered {
						t.Fatalf("%s after %s: %v, waited %s, left %s", sdk, time.Since(b.start), err, time.Since(before), left)
					}
				}
			})
		}
	}
}

func TestSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, time.Hour)
		b.becomes(time.Second, nil)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { b.want(t, 1) })
		}
		all.Wait()
		if b.calls() != 1 {
			t.Errorf("%d calls", b.calls())
		}
	})
}

// A client that gives up does not take the attempt with it.
func TestClientGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, time.Hour)
		b.becomes(3*time.Second, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.get(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		b.sleepUntil(2500 * time.Millisecond)
		b.want(t, 1)
		if since := time.Since(b.start); since != 3*time.Second {
			t.Errorf("answered after %s", since)
		}
	})
}

func TestLastGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, time.Hour)
		b.want(t, 1)
		b.becomes(0, always(errNo))
		for minute := time.Minute; minute < time.Hour; minute += time.Minute {
			b.sleepUntil(minute - time.Second)
			b.want(t, 1)
		}
		b.sleepUntil(time.Hour - 30*time.Second)
		if _, err := b.get(t.Context()); !errors.Is(err, errNo) {
			t.Fatalf("%v for credentials with half a minute left", err)
		}
		if b.calls() > 16 { // 20 minutes at growing distances
			t.Errorf("called after %v", b.at)
		}
		if len(b.notices) != 1 || !strings.Contains(b.notices[0], "renewal failed, serving credentials that expire in") {
			t.Errorf("notices %q", b.notices)
		}
		b.becomes(0, nil)
		b.sleepUntil(time.Hour)
		b.want(t, b.calls()+1)
	})
}

// Near the end an answer waits for renewal, but not so long that a client gives up.
func TestWaitsBriefly(t *testing.T) {
	for takes, want := range map[time.Duration]int{100 * time.Millisecond: 3, 10 * time.Second: 1} {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, 8*time.Minute)
			b.want(t, 1)
			b.becomes(0, always(errNo))
			b.sleepUntil(soonest + time.Second)
			if b.calls() != 2 {
				t.Fatal(b.at)
			}
			b.becomes(takes, nil)
			b.overdue()
			before := time.Now()
			b.want(t, want)
			if waited := time.Since(before); waited > briefly {
				t.Errorf("waited %s", waited)
			}
		})
	}
}

// While there is enough left, nobody waits at all.
func TestWaitsNotAtAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, time.Hour)
		b.want(t, 1)
		b.becomes(10*time.Second, nil)
		b.sleepUntil(40*time.Minute + 5*time.Second)
		b.overdue()
		before := time.Now()
		b.wantAny(t)
		if waited := time.Since(before); waited != 0 {
			t.Errorf("waited %s", waited)
		}
	})
}

// Nobody signs in for a renewal ahead of time; who then waits may have to.
func TestForegroundAfterBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, time.Hour)
		b.want(t, 1)
		b.becomes(40*time.Second, func(d Demand) error {
			if d.Background {
				return errNo
			}
			return nil
		})
		b.sleepUntil(58*time.Minute + 50*time.Second)
		b.overdue()
		b.want(t, 1) // and an attempt begins
		b.sleepUntil(59*time.Minute + 10*time.Second)
		c, err := b.get(t.Context())
		if err != nil || c.AccessKeyID != fmt.Sprintf("ASIA%d", b.calls()) {
			t.Fatalf("%q, %v", c.AccessKeyID, err)
		}
	})
}

func TestIncomplete(t *testing.T) {
	for name, spoil := range map[string]func(*Credentials){
		"no key":     func(c *Credentials) { c.AccessKeyID = "" },
		"no secret":  func(c *Credentials) { c.SecretAccessKey = secret.Value{} },
		"no token":   func(c *Credentials) { c.SessionToken = secret.Value{} },
		"no expiry":  func(c *Credentials) { c.Expiration = time.Time{} },
		"expired":    func(c *Credentials) { c.Expiration = time.Now() },
		"everything": func(c *Credentials) { *c = Credentials{} },
	} {
		synctest.Test(t, func(t *testing.T) {
			r := newRoute(func(context.Context) (Credentials, error) {
				c := credentials(1, time.Hour)
				spoil(&c)
				return c, nil
			}, Route{}, func(string) {})
			ctx, stop := context.WithCancel(t.Context())
			go r.run(ctx)
			if c, err := r.get(ctx); !errors.Is(err, ErrIncomplete) || c.AccessKeyID != "" {
				t.Errorf("%s: %v", name, err)
			}
			stop()
			<-r.ended
		})
	}
}

// What is no longer current is not served, not even if there is nothing else.
func TestCurrent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, time.Hour)
		b.want(t, 1)
		b.becomes(0, always(errNo))
		b.want(t, 1)
		b.current = false
		if c, err := b.get(t.Context()); !errors.Is(err, errNo) || c.AccessKeyID != "" {
			t.Fatalf("%q, %v", c.AccessKeyID, err)
		}
		if b.demands[1].Background {
			t.Error("somebody waits, and the source does not know")
		}
		time.Sleep(refrainAtFirst)
		b.becomes(0, nil)
		b.current = true
		b.want(t, 3)
	})
}

func TestEnding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, time.Hour)
		b.becomes(30*time.Second, nil)
		got := make(chan error, 1)
		go func() {
			_, err := b.get(context.Background())
			got <- err
		}()
		time.Sleep(time.Second)
		b.stop()
		if err := <-got; !errors.Is(err, ErrEnding) {
			t.Error(err)
		}
		if since := time.Since(b.start); since != time.Second {
			t.Errorf("after %s", since)
		}
		time.Sleep(refrainAtFirst)
		if _, err := b.get(context.Background()); !errors.Is(err, ErrEnding) { // who comes later still
			t.Error(err)
		}
	})
}

// Nobody waits at the end for a source that does not notice it.
func TestEndingWhileTheSourceHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		r := newRoute(func(context.Context) (Credentials, error) { <-release; return Credentials{}, errNo }, Route{}, func(string) {})
		ctx, stop := context.WithCancel(t.Context())
		go r.run(ctx)
		time.AfterFunc(time.Second, stop)
		before := time.Now()
		if _, err := r.get(context.Background()); !errors.Is(err, ErrEnding) || time.Since(before) != time.Second {
			t.Errorf("%v after %s", err, time.Since(before))
		}
		close(release)
		<-r.ended
	})
}

// A source that never answers is given up.
func TestSourceHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, time.Hour)
		b.becomes(24*time.Hour, nil)
		if _, err := b.get(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if since := time.Since(b.start); since != attemptWithin {
			t.Errorf("after %s", since)
		}
	})
}

func TestBackoff(t *testing.T) {
	for failures, want := range map[int]time.Duration{1: soonest, 2: 2 * soonest, 3: 4 * soonest, 6: slowest, 1000: slowest} {
		if got := backoff(failures); got < want || got > want+want/4 {
			t.Errorf("%s after %d failures, want %s and a little", got, failures, want)
		}
	}
}
