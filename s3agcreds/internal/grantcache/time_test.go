package grantcache_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tip-cli/tip-cli/s3agcreds/internal/grantcache"
)

// noRenewal leaves only what happens while somebody waits.
func noRenewal(o *grantcache.Options) { o.RefreshShare = 1 }

func TestLifetime(t *testing.T) {
	t.Run("case 29: ten seconds left, used for 60 % of them", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCache(noRenewal, func(o *grantcache.Options) { o.LifetimeShare, o.ExpiryMargin = 0.6, -1 })
			put(t, c, key("k", read), "v", "s3://b/*", 10*time.Second)
			time.Sleep(6*time.Second - 1)
			wantGet(t, c, key("k", read), "v")
			time.Sleep(time.Nanosecond)
			wantGet(t, c, key("k", read), "")
		})
	})
	t.Run("case 30: past that the service is asked again", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(noRenewal), &service{say: numbered("s3://b/*", time.Hour)}
			wantDo(t, c, key("k", read), s, "v1", nil, 1)
			time.Sleep(54*time.Minute - 1)
			wantDo(t, c, key("k", read), s, "v1", nil, 1)
			time.Sleep(time.Nanosecond)
			wantDo(t, c, key("k", read), s, "v2", nil, 2)
			wantDo(t, c, key("k", read), s, "v2", nil, 2)
		})
	})
	t.Run("case 31: 30 seconds left", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCache(noRenewal, func(o *grantcache.Options) { o.LifetimeShare = 1 })
			put(t, c, key("short", read), "v", "s3://b/short", 30*time.Second)
			wantGet(t, c, key("short", read), "")
			put(t, c, key("k", read), "v", "s3://b/k", 31*time.Second)
			time.Sleep(time.Second - 1)
			wantGet(t, c, key("k", read), "v")
			time.Sleep(time.Nanosecond)
			wantGet(t, c, key("k", read), "")
		})
	})
	t.Run("too short on arrival: it takes no place", func(t *testing.T) {
		c := newCache()
		put(t, c, key("k", read), "held", "s3://b/k", time.Hour)
		if v := put(t, c, key("k", read), "short", "s3://b/k", 30*time.Second); *v != "short" {
			t.Errorf("the caller got %q", *v)
		}
		wantGet(t, c, key("k", read), "held")
	})
	t.Run("expired on arrival", func(t *testing.T) {
		c := newCache()
		if v := put(t, c, key("k", read), "v", "s3://b/k", -time.Hour); *v != "v" {
			t.Errorf("the caller got %q", *v)
		}
		s := &service{say: func(int) (answer, error) { return answer{Value: "forever"}, nil }}
		wantDo(t, c, key("k", read), s, "forever", nil, 1)
		if got := c.Stats().Entries; got != 0 {
			t.Errorf("%d entries are held, want none", got)
		}
	})
}

func TestNewAndOld(t *testing.T) {
	t.Run("case 32: a forced answer wins over one that lives longer", func(t *testing.T) {
		c := newCache()
		put(t, c, key("k", read), "old", "s3://b/*", 12*time.Hour)
		put(t, c, key("k", read), "new", "s3://b/*", time.Hour)
		wantGet(t, c, key("k", read), "new")
		wantGet(t, c, key("other", read), "new")
		if got := c.Stats().Entries; got != 1 {
			t.Errorf("%d entries are held, want 1", got)
		}
	})
	t.Run("and over one that matches better: that grant is gone", func(t *testing.T) {
		c := newCache()
		put(t, c, key("a/b/k", read), "wide", "s3://b/*", time.Hour)
		put(t, c, key("a/b/k", readWrite), "old", "s3://b/a/b/*", time.Hour)
		put(t, c, key("a/b/k", read), "old", "s3://b/a/*", time.Hour)
		put(t, c, key("a/b/k", read), "old", "s3://b/a/b/k", time.Hour)
		put(t, c, key("a/c", write), "kept", "s3://b/a/c", time.Hour)
		put(t, c, key("a/b/k", read), "new", "s3://b*", time.Hour)
		wantGet(t, c, key("a/b/k", read), "new")
		wantGet(t, c, key("a/c", write), "kept")
	})
	t.Run("case 33: a fresh one beside an expired one", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCache(noRenewal)
			put(t, c, key("k", read), "fresh", "s3://b/*", time.Hour)
			put(t, c, key("a/k", read), "expired", "s3://b/a/*", 10*time.Minute)
			put(t, c, key("a/k", read), "expired", "s3://b/a/k", 5*time.Minute)
			put(t, c, key("a/k", readWrite), "RW", "s3://b/a/*", 20*time.Minute)
			wantGet(t, c, key("a/k", read), "expired")
			time.Sleep(11 * time.Minute)
			wantGet(t, c, key("a/k", read), "RW")
			time.Sleep(10 * time.Minute)
			wantGet(t, c, key("a/k", read), "fresh")
		})
	})
}

// due is safely past the moment of renewal of an answer that lives for an hour.
const due = 45 * time.Minute

func TestRenewal(t *testing.T) {
	t.Run("5 % earlier or later, by the one who sees it", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(), &service{say: numbered("s3://b/*", time.Hour), takes: time.Second}
			wantDo(t, c, key("k", read), s, "v1", nil, 1)
			time.Sleep(39*time.Minute + 52*time.Second)
			wantDo(t, c, key("k", read), s, "v1", nil, 1)
			wantGet(t, c, key("k", read), "v1")
			time.Sleep(due - 39*time.Minute - 52*time.Second)
			wantGet(t, c, key("k", read), "") // somebody is to ask
			ctx, cancel := context.WithCancel(t.Context())
			if v, _, err := c.Do(ctx, key("k", read), s.ask); err != nil || *v != "v1" {
				t.Fatal(v, err)
			}
			cancel() // the renewal goes on
			wantGet(t, c, key("k", read), "v1")
			for range 100 {
				v, _, err := c.Do(t.Context(), key("k2", read), s.ask)
				if err != nil || *v != "v1" {
					t.Fatal(v, err)
				}
			}
			time.Sleep(time.Second)
			synctest.Wait()
			wantGet(t, c, key("k", read), "v2")
			if got := c.Stats(); s.count() != 2 || got.Refreshes != 1 || got.Misses != 1 {
				t.Errorf("%d calls, %+v; want 2, one of them a refresh", s.count(), got)
			}
		})
	})
	t.Run("jitter", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCache()
			const all = 1000
			q := func(i int) *grantcache.Question { return key(string(rune('a'+i)), read) }
			for i := range all {
				put(t, c, q(i), "v", "", time.Hour)
			}
			held := func() (n int) {
				for i := range all {
					if c.Get(q(i)) != nil {
						n++
					}
				}
				return n
			}
			time.Sleep(39*time.Minute + 50*time.Second)
			if n := held(); n != all {
				t.Errorf("%d of %d are not yet to be renewed after 66.4 %% of their life", n, all)
			}
			time.Sleep(42*time.Minute - 39*time.Minute - 50*time.Second)
			if n := held(); n < 400 || n > 600 {
				t.Errorf("%d of %d are not yet to be renewed after 70 %% of their life", n, all)
			}
			time.Sleep(2*time.Minute + 8*time.Second)
			if n := held(); n != 0 {
				t.Errorf("%d of %d are not yet to be renewed after 73.6 %% of their life", n, all)
			}
		})
	})
	t.Run("not while the same is being asked, but afterwards", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(), &service{say: grants("old", "s3://b/*", time.Hour)}
			wantDo(t, c, key("k", read), s, "old", nil, 1)
			time.Sleep(due)
			forced := &service{say: fails(errUnclear), takes: time.Second}
			go func() { _, _ = c.Refresh(t.Context(), key("k", read), forced.ask) }()
			synctest.Wait()
			wantDo(t, c, key("k", read), s, "old", nil, 1)
			synctest.Wait()
			wantDo(t, c, key("k", read), s, "old", nil, 1)
			time.Sleep(2 * time.Second)
			s.becomes(grants("new", "s3://b/*", time.Hour))
			wantDo(t, c, key("k", read), s, "old", nil, 1)
			synctest.Wait()
			wantGet(t, c, key("k", read), "new")
		})
	})
	for name, edit := range map[string]func(*grantcache.Options){
		"before the end of a short use": func(o *grantcache.Options) { o.LifetimeShare = 0.6 },
		"before a long margin":          func(o *grantcache.Options) { o.ExpiryMargin = 25 * time.Minute },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s := newCache(edit), &service{say: grants("v", "s3://b/*", time.Hour)}
				for range 600 {
					if _, _, err := c.Do(t.Context(), key("k", read), s.ask); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
					time.Sleep(time.Minute)
				}
				if got := c.Stats(); got.Misses != 1 || got.Refreshes < 10 || got.Refreshes > 20 {
					t.Errorf("%+v, want one miss, and a renewal each half an hour", got)
				}
			})
		})
	}
	t.Run("switched off", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(noRenewal), &service{say: numbered("s3://b/*", time.Hour)}
			wantDo(t, c, key("k", read), s, "v1", nil, 1)
			time.Sleep(due)
			wantDo(t, c, key("k", read), s, "v1", nil, 1)
			synctest.Wait()
			wantGet(t, c, key("k", read), "v1")
		})
	})
}

// renewing calls Do every 100 ms for a time, and returns how many calls that made.
func renewing(t *testing.T, c *cache, s *service, d time.Duration, want string) int {
	t.Helper()
	before := s.count()
	for range int(d / (100 * time.Millisecond)) {
		v, _, err := c.Do(t.Context(), key("k", read), s.ask)
		if err != nil || *v != want {
			t.Fatalf("Do: %q, %v; want %q", value(v), err, want)
		}
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
	}
	return s.count() - before
}

func TestRenewalThatFails(t *testing.T) {
	for name, err := range map[string]error{"an outage": errOutage, "a denial": errDenied, "something else": errUnclear} {
		t.Run(name+" is not asked about all the time, and the answer serves its share", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s := newCache(), &service{say: grants("old", "s3://b/*", time.Hour)}
				wantDo(t, c, key("k", read), s, "old", nil, 1)
				time.Sleep(due)
				s.becomes(fails(err))
				if n := renewing(t, c, s, time.Minute, "old"); n < 5 || n > 8 {
					t.Errorf("%d calls in the first minute, want about 6: after 1, 2, 4, 8 … seconds", n)
				}
				if n := renewing(t, c, s, 7*time.Minute, "old"); n < 6 || n > 9 {
					t.Errorf("%d calls in 7 minutes, want about 7: one in a minute", n)
				}
				time.Sleep(2 * time.Minute) // past 90 %
				s.becomes(grants("new", "s3://b/*", time.Hour))
				wantDo(t, c, key("k", read), s, "new", nil, s.count()+1)
			})
		})
	}
	t.Run("another grant answers: it is remembered, and the rest waits", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(), &service{say: grants("old", "s3://b/*", time.Hour)}
			wantDo(t, c, key("k", read), s, "old", nil, 1)
			time.Sleep(due)
			s.becomes(grants("narrow", "s3://b/k/*", time.Hour))
			wantDo(t, c, key("k/1", read), s, "old", nil, 1)
			synctest.Wait()
			wantGet(t, c, key("k/1", read), "narrow")
			wantGet(t, c, key("j", read), "old")
			s.becomes(grants("wide", "s3://b*", time.Hour))
			time.Sleep(2 * time.Second)
			wantDo(t, c, key("j", read), s, "old", nil, 2)
			synctest.Wait()
			wantGet(t, c, key("j", read), "wide")
			if got := c.Stats().Entries; got != 2 {
				t.Errorf("%d entries, want narrow and wide", got)
			}
		})
	})
}

func TestOutage(t *testing.T) {
	const past = 55 * time.Minute // 90 % of an hour is 54 minutes
	start := func(t *testing.T, optFns ...func(*grantcache.Options)) (*cache, *service) {
		c, s := newCache(optFns...), &service{say: grants("old", "s3://b/*", time.Hour)}
		wantDo(t, c, key("k", read), s, "old", nil, 1)
		time.Sleep(past)
		s.becomes(fails(errOutage))
		s.takes = time.Second
		return c, s
	}
	t.Run("one waits, then the old answer serves until its margin", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := start(t)
			began := time.Now()
			wantDo(t, c, key("k", read), s, "old", nil, 2)
			if took := time.Since(began); took != time.Second {
				t.Errorf("the first one waited %v, want 1s", took)
			}
			began = time.Now()
			if n := renewing(t, c, s, 4*time.Minute, "old"); n < 5 || n > 10 {
				t.Errorf("%d calls in 4 minutes, want about 8", n)
			}
			if took := time.Since(began); took > 4*time.Minute {
				t.Errorf("somebody waited: %v", took)
			}
			time.Sleep(35 * time.Second) // less than 30 seconds are left
			wantDo(t, c, key("k", read), s, "", errOutage, s.count()+1)
		})
	})
	t.Run("with a grant for all buckets", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(noRenewal), &service{say: grants("old", "s3://*", time.Hour)}
			wantDo(t, c, key("k", read), s, "old", nil, 1)
			time.Sleep(past)
			s.becomes(fails(errOutage))
			wantDo(t, c, key("k", read), s, "old", nil, 2)
		})
	})
	t.Run("it ends", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := start(t)
			wantDo(t, c, key("k", read), s, "old", nil, 2)
			s.becomes(grants("new", "s3://b/*", time.Hour))
			time.Sleep(3 * time.Second)
			wantDo(t, c, key("k", read), s, "old", nil, 2)
			time.Sleep(2 * time.Second)
			wantGet(t, c, key("k", read), "new")
		})
	})
	t.Run("it ends with a denial", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := start(t)
			wantDo(t, c, key("k", read), s, "old", nil, 2)
			s.becomes(fails(errDenied))
			time.Sleep(3 * time.Second)
			wantDo(t, c, key("k", read), s, "old", nil, 2)
			time.Sleep(2 * time.Second)
			wantDo(t, c, key("k", read), s, "", errDenied, 3)
			if got := c.Stats(); got.Entries != 0 || got.Denials != 1 {
				t.Errorf("%+v, want a denial and nothing else", got)
			}
		})
	})
	t.Run("it ends with something else", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := start(t)
			wantDo(t, c, key("k", read), s, "old", nil, 2)
			s.becomes(fails(errUnclear))
			time.Sleep(3 * time.Second)
			wantDo(t, c, key("k", read), s, "old", nil, 2)
			time.Sleep(2 * time.Second)
			wantDo(t, c, key("k", read), s, "", errUnclear, 4)
		})
	})
	t.Run("without renewal in the background somebody waits now and then", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := start(t, noRenewal)
			if n := renewing(t, c, s, 2*time.Minute, "old"); n < 5 || n > 9 {
				t.Errorf("%d calls in 2 minutes, want about 7", n)
			}
			if n := c.Stats().Refreshes; n != 0 {
				t.Errorf("%d were in the background", n)
			}
		})
	})
	t.Run("a call that does not end counts as one", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := start(t, func(o *grantcache.Options) { o.Timeout = 10 * time.Second })
			s.takes = time.Hour
			began := time.Now()
			wantDo(t, c, key("k", read), s, "old", nil, 2)
			if took := time.Since(began); took != 10*time.Second {
				t.Errorf("it took %v, want 10s", took)
			}
		})
	})
	for name, err := range map[string]error{"a denial": errDenied, "something else": errUnclear} {
		t.Run(name+" is none", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s := start(t)
				s.becomes(fails(err))
				wantDo(t, c, key("k", read), s, "", err, 2)
			})
		})
	}
	t.Run("after a renewal that failed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(), &service{say: grants("old", "s3://b/*", time.Hour)}
			wantDo(t, c, key("k", read), s, "old", nil, 1)
			s.becomes(fails(errOutage))
			time.Sleep(due)
			wantDo(t, c, key("k", read), s, "old", nil, 1)
			time.Sleep(past - due)
			wantDo(t, c, key("k", read), s, "old", nil, 3) // the renewal, and one who waits
			wantDo(t, c, key("k", read), s, "old", nil, 3)
			synctest.Wait()
			wantDo(t, c, key("k", read), s, "old", nil, 3)
		})
	})
	t.Run("a renewal that is under way is the only one", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(func(o *grantcache.Options) { o.Timeout = time.Hour }), &service{say: grants("old", "s3://b/*", time.Hour)}
			wantDo(t, c, key("k", read), s, "old", nil, 1)
			time.Sleep(due)
			slow := &service{say: fails(errOutage), takes: 12 * time.Minute}
			wantDo(t, c, key("k", read), slow, "old", nil, 0)
			time.Sleep(past - due)
			s.becomes(fails(errOutage))
			if _, err := c.Refresh(t.Context(), key("j", read), s.ask); !errors.Is(err, errOutage) {
				t.Errorf("Refresh: %v, want the outage", err)
			}
			time.Sleep(time.Minute)
			wantDo(t, c, key("i", read), s, "old", nil, 2)
			synctest.Wait()
			if n := s.count(); n != 2 {
				t.Errorf("%d calls, want no more than the first and the forced one", n)
			}
			time.Sleep(2 * time.Minute)
		})
	})
	t.Run("who forces an answer gets the error", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := start(t)
			if v, err := c.Refresh(t.Context(), key("k", read), s.ask); err == nil {
				t.Errorf("got %q, want an error", *v)
			}
			wantGet(t, c, key("k", read), "old")
		})
	})
}
