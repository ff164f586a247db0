package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tip-cli/tip-cli/internal/store"
)

func init() {
	// wait waits for the lock, has it, and gives it back.
	helpers["wait"] = func(dir string) {
		fmt.Println("waiting")
		release, err := reopen(dir).Lock(context.Background(), "flow")
		if err != nil {
			fmt.Println(err)
			os.Exit(2)
		}
		release()
	}
}

func TestTryLock(t *testing.T) {
	s := newStore(t)
	release, ok, err := s.TryLock("flow")
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	for range 2 {
		if second, ok, err := reopen(s.Dir()).TryLock("flow"); ok || second != nil || err != nil {
			t.Errorf("the lock is held, and yet: %v, %v", ok, err)
		}
	}
	if other, ok, err := s.TryLock("other"); !ok || err != nil {
		t.Errorf("another lock: %v, %v", ok, err)
	} else {
		other()
	}
	release()
	release()
	if again, ok, err := s.TryLock("flow"); !ok || err != nil {
		t.Errorf("after the release: %v, %v", ok, err)
	} else {
		again()
	}
	if _, ok, err := s.TryLock("../x"); ok || err == nil {
		t.Error("a bad name")
	}
	if err := os.MkdirAll(s.Path("dir.lock"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, _, err = s.TryLock("dir")
	wantError(t, err, store.ErrNotRegular, s.Path("dir.lock"))
}

// Who waits long tries about seven times a second, and notices an end at once.
func TestWaitIsPaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(t)
		release, err := s.Lock(t.Context(), "flow")
		if err != nil {
			t.Fatal(err)
		}
		waiter := reopen(s.Dir())
		var tries atomic.Int32
		waiter.OnFlock(func(_ string, try func() (bool, error)) (bool, error) { tries.Add(1); return try() })
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		_, err = waiter.Lock(ctx, "flow")
		wantError(t, err, store.ErrLocked, s.Path("flow.lock"))
		if waited := time.Since(start); waited != 10*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waited %v: %v", waited, err)
		}
		if n := tries.Load(); n < 60 || n > 150 {
			t.Errorf("%d tries in 10 s", n)
		}
		// Freed, it is noticed within the longest pause.
		time.AfterFunc(5*time.Second, release)
		start = time.Now()
		again, err := waiter.Lock(t.Context(), "flow")
		if err != nil {
			t.Fatal(err)
		}
		again()
		if late := time.Since(start) - 5*time.Second; late < 0 || late > 200*time.Millisecond {
			t.Errorf("noticed %v later", late)
		}
	})
}

// A context that has ended does not make somebody hold the lock.
func TestEndedContext(t *testing.T) {
	s := newStore(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	release, err := s.Lock(ctx, "flow")
	if err != nil {
		t.Fatalf("nobody holds it: %v", err)
	}
	defer release()
	_, err = s.Lock(ctx, "flow")
	wantError(t, err, store.ErrLocked, s.Path("flow.lock"))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v does not say why", err)
	}
}

// A lock on a file that was deleted meanwhile is none: others lock the new one.
func TestDeletedLockFile(t *testing.T) {
	for name, replace := range map[string]bool{"deleted": false, "replaced": true} {
		s := newStore(t)
		left := 2
		s.OnFlock(func(path string, try func() (bool, error)) (bool, error) {
			ok, err := try()
			if left--; left < 0 {
				return ok, err
			}
			if err := os.Remove(path); err != nil {
				t.Error(err)
			}
			if replace {
				put(t, s, "flow.lock", "")
			}
			return ok, err
		})
		if release, ok, err := s.TryLock("flow"); ok || release != nil || err != nil {
			t.Errorf("%s: %v, %v", name, ok, err)
		}
		release, err := s.Lock(t.Context(), "flow")
		if err != nil || left >= 0 {
			t.Fatalf("%s: %v, %d", name, err, left)
		}
		if _, ok, err := reopen(s.Dir()).TryLock("flow"); ok || err != nil {
			t.Errorf("%s: two have it: %v", name, err)
		}
		release()
	}
}
