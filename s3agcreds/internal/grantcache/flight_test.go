package grantcache_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tip-cli/tip-cli/s3agcreds/internal/grantcache"
)

type result struct {
	value string
	err   error
	took  time.Duration
}

// together has many ask at once, and returns what each got.
func together(ctx context.Context, c *cache, ask grantcache.Ask[string], questions ...*grantcache.Question) []result {
	results := make([]result, len(questions))
	began := time.Now()
	var all sync.WaitGroup
	for i, q := range questions {
		all.Go(func() {
			v, _, err := c.Do(ctx, q, ask)
			results[i] = result{value(v), err, time.Since(began)}
		})
	}
	all.Wait()
	return results
}

// keys are n questions; each has a key of its own below prefix.
func keys(n int, prefix string) []*grantcache.Question {
	all := make([]*grantcache.Question, n)
	for i := range all {
		all[i] = key(fmt.Sprintf("%s%d/k", prefix, i), read)
	}
	return all
}

func same(n int) []*grantcache.Question {
	all := make([]*grantcache.Question, n)
	for i := range all {
		all[i] = key("k", read)
	}
	return all
}

func wantAll(t *testing.T, results []result, want result) {
	t.Helper()
	for i, r := range results {
		if r.value != want.value || !errors.Is(r.err, want.err) || r.took > want.took {
			t.Fatalf("number %d got %+v, want %+v", i, r, want)
		}
	}
}

func TestSingleFlight(t *testing.T) {
	t.Run("case 27: siblings under one matched target, one call", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(), &service{say: grants("v", "s3://b/team/*", time.Hour), takes: time.Second}
			wantAll(t, together(t.Context(), c, s.ask, keys(100, "team/")...), result{value: "v", took: time.Second})
			if got := c.Stats(); s.count() != 1 || got.Misses != 1 || got.Shared != 99 {
				t.Errorf("%d calls, %+v; want 1, and 99 shared", s.count(), got)
			}
		})
	})
	t.Run("case 27: one after the other", func(t *testing.T) {
		c, s := newCache(), &service{say: grants("v", "s3://b/team/*", time.Hour)}
		for _, q := range keys(100, "team/") {
			wantDo(t, c, q, s, "v", nil, 1)
		}
	})
	t.Run("case 34: concurrent misses, one call", func(t *testing.T) {
		original(t, "a peer asks for each")
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(), &service{say: grants("v", "s3://b/k", time.Hour), takes: time.Second}
			wantAll(t, together(t.Context(), c, s.ask, same(1000)...), result{value: "v", took: time.Second})
			if n := s.count(); n != 1 {
				t.Errorf("%d calls, want 1", n)
			}
		})
	})
	t.Run("case 34: Minimal has no siblings, but equals", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(), &service{say: grants("v", "s3://b/*", time.Hour), takes: time.Second}
			var all []*grantcache.Question
			for _, q := range append(keys(10, ""), keys(10, "")...) {
				all = append(all, minimal(q))
			}
			wantAll(t, together(t.Context(), c, s.ask, all...), result{value: "v", took: time.Second})
			if n := s.count(); n != 10 {
				t.Errorf("%d calls, want 10", n)
			}
		})
	})
	t.Run("case 35: the leader fails, the next call retries", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(), &service{say: fails(errOutage), takes: time.Second}
			wantAll(t, together(t.Context(), c, s.ask, same(10)...), result{err: errOutage, took: time.Second})
			s.becomes(grants("v", "s3://b/k", time.Hour))
			wantDo(t, c, key("k", read), s, "v", nil, 2)
		})
	})
	t.Run("other grants: one round trip more, and no more", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(), &service{say: grants("v", "", time.Hour), takes: time.Second}
			ask := func(ctx context.Context) (answer, error) { // the answer is for the key itself
				return s.ask(ctx)
			}
			wantAll(t, together(t.Context(), c, ask, keys(100, "team/")...), result{value: "v", took: 2 * time.Second})
			if n := s.count(); n != 100 {
				t.Errorf("%d calls, want 100", n)
			}
		})
	})
	t.Run("the first is denied, the others ask", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(), &service{takes: time.Second}
			s.say = func(n int) (answer, error) {
				if n == 1 {
					return answer{}, errDenied
				}
				return answer{Value: "v", Expires: time.Now().Add(time.Hour)}, nil
			}
			denied := 0
			for _, r := range together(t.Context(), c, s.ask, keys(10, "")...) {
				if errors.Is(r.err, errDenied) {
					denied++
				} else if r.value != "v" || r.took > 2*time.Second {
					t.Errorf("got %+v", r)
				}
			}
			if denied != 1 || s.count() != 10 {
				t.Errorf("%d denied by %d calls, want 1 by 10", denied, s.count())
			}
		})
	})
	t.Run("other permissions, buckets and people do not wait, nor does Minimal", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(), &service{say: grants("v", "", time.Hour), takes: time.Second}
			bucket := key("2", read)
			bucket.Bucket = "c"
			all := []*grantcache.Question{
				key("1", read), bucket, key("3", write), of("user-2", key("4", read)), minimal(key("5", read)), minimal(key("6", read)),
			}
			wantAll(t, together(t.Context(), c, s.ask, all...), result{value: "v", took: time.Second})
		})
	})
}

func TestCancellation(t *testing.T) {
	t.Run("the first one goes, the call goes on", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(), &service{say: grants("v", "s3://b/*", time.Hour), takes: time.Minute - 1}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			wantAll(t, together(ctx, c, s.ask, key("k", read), key("k", read)), result{err: context.DeadlineExceeded, took: time.Second})
			wantDo(t, c, key("k", read), s, "v", nil, 1)
		})
	})
	t.Run("a waiter goes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(), &service{say: grants("v", "s3://b/*", time.Hour), takes: 10 * time.Second}
			go func() { _, _, _ = c.Do(t.Context(), key("k", read), s.ask) }()
			synctest.Wait()
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			wantAll(t, together(ctx, c, s.ask, key("k", read), key("j", read)), result{err: context.Canceled, took: time.Second})
			time.Sleep(time.Minute)
		})
	})
	t.Run("who is late already asks nothing, but is given what is at hand", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(), &service{say: grants("v", "s3://b/*", time.Hour)}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, _, err := c.Do(ctx, key("k", read), s.ask); !errors.Is(err, context.Canceled) {
				t.Errorf("Do: %v, want canceled", err)
			}
			if _, err := c.Refresh(ctx, key("k", read), s.ask); !errors.Is(err, context.Canceled) {
				t.Errorf("Refresh: %v, want canceled", err)
			}
			synctest.Wait()
			if n := s.count(); n != 0 {
				t.Errorf("%d calls, want none", n)
			}
			wantDo(t, c, key("k", read), s, "v", nil, 1)
			if v, _, err := c.Do(ctx, key("k", read), s.ask); err != nil || *v != "v" {
				t.Errorf("Do: %q, %v", value(v), err)
			}
		})
	})
	t.Run("a forced answer is waited for by context, too", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(), &service{say: grants("v", "s3://b/*", time.Hour), takes: 10 * time.Second}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if _, err := c.Refresh(ctx, key("k", read), s.ask); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Refresh: %v, want the deadline", err)
			}
			time.Sleep(time.Minute)
			wantGet(t, c, key("k", read), "v")
		})
	})
	t.Run("the call has the caller's values, and a time limit of its own", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			type traceKey struct{}
			c := newCache(func(o *grantcache.Options) { o.Timeout = 5 * time.Second })
			ctx := context.WithValue(t.Context(), traceKey{}, "trace")
			_, _, err := c.Do(ctx, key("k", read), func(ctx context.Context) (answer, error) {
				if ctx.Value(traceKey{}) != "trace" {
					t.Error("the caller's values are missing")
				}
				<-ctx.Done()
				return answer{}, ctx.Err()
			})
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v, want the deadline", err)
			}
		})
	})
}

func TestPanic(t *testing.T) {
	for name, ends := range map[string]func(){
		"a panic":              func() { panic(errUnclear) },
		"the end of goroutine": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCache()
				results := together(t.Context(), c, func(context.Context) (answer, error) {
					time.Sleep(time.Second)
					ends()
					return answer{}, nil
				}, same(10)...)
				for i, r := range results {
					if r.err == nil || r.value != "" {
						t.Errorf("number %d got %+v, want an error", i, r)
					}
				}
				panicked, ok := errors.AsType[*grantcache.PanicError](results[0].err)
				if ok && (!errors.Is(results[0].err, errUnclear) || !strings.Contains(string(panicked.Stack), "TestPanic") ||
					strings.Contains(panicked.Error(), "\n")) {
					t.Errorf("error %v with stack %s", panicked, panicked.Stack)
				}
				s := &service{say: grants("v", "", time.Hour)}
				wantDo(t, c, key("k", read), s, "v", nil, 1)
			})
		})
	}
	t.Run("while renewing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCache()
			put(t, c, key("k", read), "v", "", time.Hour)
			time.Sleep(due)
			calls := 0
			for range 100 {
				v, _, err := c.Do(t.Context(), key("k", read), func(context.Context) (answer, error) { calls++; panic("no") })
				if err != nil || *v != "v" {
					t.Fatal(value(v), err)
				}
				synctest.Wait()
			}
			if calls != 1 {
				t.Errorf("%d calls, want 1", calls)
			}
		})
	})
}

func TestForcedDuringAnother(t *testing.T) {
	// older is asked first and answered last.
	type flights struct{ olderTarget, newerTarget string }
	for name, f := range map[string]flights{
		"one target":             {"s3://b/a/*", "s3://b/a/*"},
		"the older is narrower":  {"s3://b/a/k", "s3://b/*"},
		"the newer is narrower":  {"s3://b/*", "s3://b/a/k"},
		"the older is of a list": {"s3://b/a/*", "s3://b/a/k"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCache()
				older := &service{say: grants("older", f.olderTarget, 12*time.Hour), takes: 10 * time.Second}
				newer := &service{say: grants("newer", f.newerTarget, time.Hour), takes: time.Second}
				q := key("a/k", read)
				go func() {
					if v, _, err := c.Do(t.Context(), q, older.ask); err != nil || *v != "older" {
						t.Errorf("who asked first got %q, %v", value(v), err)
					}
				}()
				synctest.Wait()
				if v, err := c.Refresh(t.Context(), q, newer.ask); err != nil || *v != "newer" {
					t.Errorf("who forced got %q, %v", value(v), err)
				}
				time.Sleep(time.Minute)
				wantGet(t, c, q, "newer")
			})
		})
	}
	t.Run("an older denial drops nothing newer", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCache()
			older := &service{say: fails(errDenied), takes: 10 * time.Second}
			go func() { _, _, _ = c.Do(t.Context(), key("k", read), older.ask) }()
			synctest.Wait()
			put(t, c, key("k", read), "newer", "s3://b/*", time.Hour)
			time.Sleep(time.Minute)
			wantGet(t, c, key("k", read), "newer")
		})
	})
	for name, later := range map[string]*grantcache.Question{"the question": key("k", read), "siblings": key("j", read)} {
		t.Run("a call that ends leaves the others to be joined: "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCache()
				short := &service{say: fails(errUnclear), takes: time.Second / 2}
				long := &service{say: grants("long", "s3://b/*", time.Hour), takes: 2*time.Second - 1}
				if later.Path == "k" { // the shorter one is the older
					go func() { _, _, _ = c.Do(t.Context(), key("k", read), short.ask) }()
					synctest.Wait()
				}
				go func() { _, _ = c.Refresh(t.Context(), key("k", read), long.ask) }()
				synctest.Wait()
				if later.Path != "k" {
					go func() { _, _ = c.Refresh(t.Context(), key("k2", read), short.ask) }()
				}
				time.Sleep(time.Second)
				wantDo(t, c, later, short, "long", nil, 1)
			})
		})
	}
	t.Run("who comes later joins the newer one", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCache()
			older := &service{say: grants("older", "", time.Hour), takes: 10 * time.Second}
			newer := &service{say: grants("newer", "", time.Hour), takes: 5 * time.Second}
			go func() { _, _, _ = c.Do(t.Context(), key("k", read), older.ask) }()
			synctest.Wait()
			go func() { _, _ = c.Refresh(t.Context(), key("k", read), newer.ask) }()
			synctest.Wait()
			wantAll(t, together(t.Context(), c, older.ask, key("k", read)), result{value: "newer", took: 5 * time.Second})
			time.Sleep(time.Minute)
		})
	})
}

func TestForget(t *testing.T) {
	t.Run("answers and denials, of nobody else", func(t *testing.T) {
		c, s := newCache(), &service{say: fails(errDenied)}
		for _, user := range []string{"user-1", "user-2"} {
			put(t, c, of(user, key("k", read)), "v", "s3://b/k/*", time.Hour)
			put(t, c, of(user, minimal(key("k", read))), "v", "", time.Hour)
			put(t, c, of(user, key("k", write)), "v", "s3://*", time.Hour)
			_, _, _ = c.Do(t.Context(), of(user, key("denied", read)), s.ask)
		}
		if n := c.Forget("user-1"); n != 4 {
			t.Errorf("%d were forgotten, want 4", n)
		}
		if n := c.Forget("user-1"); n != 0 {
			t.Errorf("%d were forgotten again", n)
		}
		if got := c.Stats(); got.Entries != 3 || got.Denials != 1 {
			t.Errorf("%+v are left, want 3 entries and a denial", got)
		}
	})
	for name, say := range map[string]func(int) (answer, error){
		"what is being asked": grants("before", "s3://b/*", time.Hour),
		"a denial on its way": fails(errDenied),
	} {
		t.Run(name+" is not remembered, nor shared with who comes later", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCache()
				before := &service{say: say, takes: 10 * time.Second}
				after := &service{say: grants("after", "s3://b/k", time.Hour), takes: time.Second}
				go func() { _, _, _ = c.Do(t.Context(), key("k", read), before.ask) }()
				synctest.Wait()
				c.Forget("user-1")
				wantDo(t, c, key("k", read), after, "after", nil, 1)
				time.Sleep(time.Minute)
				wantGet(t, c, key("k", read), "after")
				if got := c.Stats(); got.Entries != 1 || got.Denials != 0 {
					t.Errorf("%+v, want one entry", got)
				}
			})
		})
	}
	t.Run("what is being renewed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(), &service{say: numbered("s3://b/*", time.Hour), takes: time.Second}
			wantDo(t, c, key("k", read), s, "v1", nil, 1)
			time.Sleep(due)
			wantDo(t, c, key("k", read), s, "v1", nil, 1)
			c.Forget("user-1")
			time.Sleep(time.Minute)
			wantGet(t, c, key("k", read), "")
		})
	})
}

func TestDrop(t *testing.T) {
	c := newCache()
	old := put(t, c, key("k", read), "old", "s3://b/*", time.Hour)
	kept := put(t, c, key("k", write), "kept", "s3://b/*", time.Hour)
	c.Drop(old)
	wantGet(t, c, key("k", read), "")
	wantGet(t, c, key("k", write), "kept")
	put(t, c, key("k", read), "new", "s3://b/*", time.Hour)
	c.Drop(old) // many are told by S3 that it does not take one credential
	c.Drop(nil)
	wantGet(t, c, key("k", read), "new")
	c.Drop(kept)
	if got := c.Stats().Entries; got != 1 {
		t.Errorf("%d entries, want 1", got)
	}
}

// between is a context that lets something happen after a caller has found nothing, and
// before it looks again.
type between struct {
	context.Context
	happens func()
}

func (c *between) Err() error {
	if f := c.happens; f != nil {
		c.happens = nil
		f()
	}
	return c.Context.Err()
}

// What comes while a caller is on its way to ask is not asked for again.
func TestComesMeanwhile(t *testing.T) {
	for name, tt := range map[string]struct {
		say   func(int) (answer, error)
		value string
		err   error
	}{
		"an answer": {func(int) (answer, error) {
			return answer{Value: "creds", Target: "s3://b/k", Expires: time.Now().Add(time.Hour)}, nil
		}, "creds", nil},
		"a denial": {fails(errDenied), "", errDenied},
	} {
		t.Run(name, func(t *testing.T) {
			c, s := newCache(), &service{say: tt.say}
			ctx := &between{Context: t.Context(), happens: func() { _, _, _ = c.Do(t.Context(), key("k", read), s.ask) }}
			v, _, err := c.Do(ctx, key("k", read), s.ask)
			if value(v) != tt.value || !errors.Is(err, tt.err) || s.calls != 1 {
				t.Errorf("got %q, %v, after %d calls", value(v), err, s.calls)
			}
		})
	}
}
