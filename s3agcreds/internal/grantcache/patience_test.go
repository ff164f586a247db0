package grantcache_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tip-cli/tip-cli/s3agcreds/internal/grantcache"
)

// Who is in trouble takes nobody with them.
func TestPatience(t *testing.T) {
	began := func() (c *cache, hung, well *service, since func() time.Duration) {
		start := time.Now()
		c, hung = newCache(), &service{say: fails(errOutage), takes: time.Hour}
		return c, hung, &service{say: grants("v", "s3://b/y/*", time.Hour), takes: time.Second / 100}, func() time.Duration { return time.Since(start) }
	}
	t.Run("two seconds for a call that hangs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, hung, well, since := began()
			go func() { _, _, _ = c.Do(t.Context(), key("x/1", read), hung.ask) }()
			synctest.Wait()
			wantDo(t, c, key("y/1", read), well, "v", nil, 1)
			if got := since(); got != 2*time.Second+time.Second/100 {
				t.Errorf("waited %v", got)
			}
			time.Sleep(time.Minute)
		})
	})
	t.Run("none for one that has hung for as long, and the next awaits the newer call", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, hung, well, since := began()
			go func() { _, _, _ = c.Do(t.Context(), key("x/1", read), hung.ask) }()
			time.Sleep(5 * time.Second)
			wantAll(t, together(t.Context(), c, well.ask, keys(50, "y/")...), result{value: "v", took: time.Second / 100})
			if got := since(); well.count() != 1 || got != 5*time.Second+time.Second/100 {
				t.Errorf("%d calls, waited until %v", well.count(), got)
			}
			time.Sleep(time.Minute)
		})
	})
	t.Run("none for a renewal in the background", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, hung, well, since := began()
			put(t, c, key("x/1", read), "x", "s3://b/x/*", time.Hour)
			time.Sleep(due)
			wantDo(t, c, key("x/1", read), hung, "x", nil, 0)
			wantDo(t, c, key("y/1", read), well, "v", nil, 1)
			if got := since(); got != due+time.Second/100 {
				t.Errorf("waited until %v", got)
			}
			time.Sleep(time.Minute)
		})
	})
	t.Run("the same question is waited for", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(), &service{say: grants("v", "", time.Hour), takes: 10 * time.Second}
			wantAll(t, together(t.Context(), c, s.ask, same(10)...), result{value: "v", took: 10 * time.Second})
			if n := s.count(); n != 1 {
				t.Errorf("%d calls, want 1", n)
			}
		})
	})
}

// Each caller is told how they came by what they got.
func TestOutcomes(t *testing.T) {
	ask := func(t *testing.T, c *cache, ctx context.Context, q *grantcache.Question, s *service, want grantcache.Outcome) {
		t.Helper()
		if _, got, _ := c.Do(ctx, q, s.ask); got != want {
			t.Errorf("%s: outcome %d, want %d", q.Path, got, want)
		}
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	synctest.Test(t, func(t *testing.T) {
		c, s := newCache(), &service{say: numbered("s3://b/a/*", time.Hour), takes: time.Second}
		ask(t, c, gone, key("a/k", read), s, grantcache.None)
		ask(t, c, t.Context(), key("a/k", read), s, grantcache.Miss)
		ask(t, c, t.Context(), key("a/j", read), s, grantcache.Hit)
		time.Sleep(due)
		ask(t, c, t.Context(), key("a/j", read), s, grantcache.HitRenewed)
		ask(t, c, t.Context(), key("a/j", read), s, grantcache.Hit)
		time.Sleep(2 * time.Second)
		denying := &service{say: fails(errDenied), takes: time.Second}
		go ask(t, c, t.Context(), key("x", read), denying, grantcache.Miss)
		synctest.Wait()
		ask(t, c, t.Context(), key("x", read), denying, grantcache.Denied) // of another
		ask(t, c, t.Context(), key("x", read), denying, grantcache.Denied) // at hand
		failing := &service{say: fails(errOutage), takes: time.Second}
		go ask(t, c, t.Context(), key("y", read), failing, grantcache.Miss)
		synctest.Wait()
		ask(t, c, t.Context(), key("y", read), failing, grantcache.Shared)
		wide := &service{say: grants("wide", "s3://b/*", time.Hour), takes: time.Second}
		go ask(t, c, t.Context(), key("z", read), wide, grantcache.Miss)
		synctest.Wait()
		left, leave := context.WithTimeout(t.Context(), time.Second/2)
		defer leave()
		ask(t, c, left, key("zz", read), wide, grantcache.Shared)
		ask(t, c, t.Context(), key("zz", read), wide, grantcache.Shared)
	})
}
