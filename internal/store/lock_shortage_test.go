//go:build unix

package store_test

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tip-cli/tip-cli/internal/store"
)

// shortOf makes the file system of s have no lock to give until end.
func shortOf(s *store.Store, end time.Time) {
	s.OnFlock(func(path string, try func() (bool, error)) (bool, error) {
		if strings.HasPrefix(path, s.Dir()) && time.Now().Before(end) {
			return false, syscall.ENOLCK
		}
		return try()
	})
}

// A shortage of locks that passes is waited for: a local lock would not hold off whoever
// has the real one.
func TestPassingShortage(t *testing.T) {
	for _, lasts := range []time.Duration{60 * time.Millisecond, 2500 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			dir := private(t)
			release, err := reopen(dir).Lock(t.Context(), "flow")
			if err != nil {
				t.Fatal(err)
			}
			s := noLocks(dir, private(t), nil)
			shortOf(s, time.Now().Add(lasts))
			if _, ok, err := s.TryLock("flow"); ok || err != nil {
				t.Errorf("%v: two have it: %v", lasts, err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			_, err = s.Lock(ctx, "flow")
			wantError(t, err, store.ErrLocked, s.Path("flow.lock"))
			release()
			again, err := s.Lock(t.Context(), "flow")
			if err != nil {
				t.Fatal(err)
			}
			if _, ok, err := reopen(dir).TryLock("flow"); ok || err != nil {
				t.Errorf("%v: not the real lock: %v", lasts, err)
			}
			again()
		})
	}
}

// TryLock waits out a very short one.
func TestTryLockInAShortage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := noLocks(private(t), private(t), nil)
		shortOf(s, time.Now().Add(100*time.Millisecond))
		release, ok, err := s.TryLock("flow")
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		defer release()
		if _, ok, err := reopen(s.Dir()).TryLock("flow"); ok || err != nil {
			t.Errorf("not the real lock: %v", err)
		}
	})
}

// Shortages with an answer between them do not add up.
func TestShortagesDoNotAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := private(t)
		release, err := reopen(dir).Lock(t.Context(), "flow")
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		var l listener
		s := noLocks(dir, private(t), nil, l.option)
		begin := time.Now()
		s.OnFlock(func(path string, try func() (bool, error)) (bool, error) {
			if strings.HasPrefix(path, dir) && time.Since(begin)%(2*time.Second) < 1500*time.Millisecond {
				return false, syscall.ENOLCK
			}
			return try()
		})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second-time.Millisecond)
		defer cancel()
		if _, err = s.Lock(ctx, "flow"); !errors.Is(err, store.ErrLocked) {
			t.Errorf("two have it: %v", err)
		}
		l.check(t)
	})
}

// One that lasts is a file system that cannot lock, until it locks again.
func TestLastingShortage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l listener
		dir, temporary := private(t), private(t)
		s := noLocks(dir, temporary, nil, l.option)
		end := time.Now().Add(time.Hour)
		shortOf(s, end)
		start := time.Now()
		if _, ok, err := s.TryLock("flow"); ok || err != nil {
			t.Errorf("not known to last yet: %v, %v", ok, err)
		}
		if waited := time.Since(start); waited < 200*time.Millisecond || waited > 300*time.Millisecond {
			t.Errorf("TryLock took %v", waited)
		}
		start = time.Now()
		release, err := s.Lock(t.Context(), "flow")
		if err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(start); waited < 3*time.Second || waited > 3500*time.Millisecond {
			t.Errorf("Lock took %v", waited)
		}
		l.check(t, "locks are in "+localLocks(temporary))
		start = time.Now()
		if _, ok, err := s.TryLock("flow"); ok || err != nil {
			t.Errorf("two have it: %v", err)
		}
		if other, ok, err := s.TryLock("other"); !ok || err != nil || time.Since(start) != 0 {
			t.Errorf("it is known to last: %v, %v after %v", ok, err, time.Since(start))
		} else {
			other()
		}
		release()
		time.Sleep(time.Until(end))
		release, ok, err := s.TryLock("flow")
		if !ok || err != nil {
			t.Fatal(ok, err)
		}
		release()
		shortOf(s, time.Now().Add(time.Hour))
		if _, ok, err := s.TryLock("flow"); ok || err != nil {
			t.Errorf("another shortage was taken for the last one: %v", err)
		}
	})
}

// A wait that ends in a shortage does not blame another process.
func TestWaitEndsInAShortage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := noLocks(private(t), private(t), syscall.ENOLCK)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := s.Lock(ctx, "flow")
		wantError(t, err, context.DeadlineExceeded, s.Path("flow.lock"))
		if errors.Is(err, store.ErrLocked) || !errors.Is(err, syscall.ENOLCK) {
			t.Errorf("%v", err)
		}
	})
}
