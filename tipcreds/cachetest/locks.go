package cachetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// brief is how long a check waits to see that a lock is not given.
const brief = 300 * time.Millisecond

func lockExcludes(ctx context.Context, t *testing.T, r *replicas) {
	unlock := lock(ctx, t, r.a, r.key)
	wantHeld(ctx, t, r.a, r.key)
	wantHeld(ctx, t, r.b, r.key)
	unlock()
	lock(ctx, t, r.b, r.key)()
	lock(ctx, t, r.a, r.key)()
}

// With many goroutines of two replicas never two are inside, and all get in.
func lockContention(ctx context.Context, t *testing.T, r *replicas) {
	const each, turns = 4, 3
	var inside, entered atomic.Int64
	var wg sync.WaitGroup
	for i := range 2 * each {
		c := []tipcreds.Cache{r.a, r.b}[i%2]
		wg.Go(func() {
			for range turns {
				unlock, err := c.Lock(ctx, r.key)
				if err != nil {
					t.Errorf("Lock: %v", err)
					return
				}
				if inside.Add(1) != 1 {
					t.Error("two hold the lock")
				}
				time.Sleep(time.Millisecond)
				entered.Add(1)
				inside.Add(-1)
				unlock()
			}
		})
	}
	wg.Wait()
	if n := entered.Load(); n != 2*each*turns {
		t.Errorf("the lock was held %d times, want %d", n, 2*each*turns)
	}
}

func lockKeys(ctx context.Context, t *testing.T, r *replicas) {
	defer lock(ctx, t, r.a, r.key)()
	lock(ctx, t, r.a, r.key[1:])()
	lock(ctx, t, r.b, r.key[2:])()
}

// A key's lock and its value do not touch each other.
func lockNotItsValue(ctx context.Context, t *testing.T, r *replicas) {
	unlock := lock(ctx, t, r.a, r.key)
	wantValue(ctx, t, r.b, r.key, nil)
	wantAdd(ctx, t, r.b, r.key, "one", true)
	wantHeld(ctx, t, r.b, r.key)
	if err := r.b.Delete(ctx, r.key); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	wantHeld(ctx, t, r.b, r.key)
	set(ctx, t, r.b, r.key, "two")
	unlock()
	wantValue(ctx, t, r.a, r.key, []byte("two"))
}

func lockUnlockTwice(ctx context.Context, t *testing.T, r *replicas) {
	unlock := lock(ctx, t, r.a, r.key)
	var wg sync.WaitGroup
	wg.Go(unlock)
	wg.Go(unlock)
	wg.Wait()

	defer lock(ctx, t, r.b, r.key)()
	unlock()
	wantHeld(ctx, t, r.a, r.key) // the lock of the next one
}

func lockOutlivesContext(ctx context.Context, t *testing.T, r *replicas) {
	short, cancel := context.WithCancel(ctx)
	unlock := lock(short, t, r.a, r.key)
	cancel()
	wantHeld(ctx, t, r.b, r.key)
	unlock()
	lock(ctx, t, r.b, r.key)()
}

func lockWaitEnds(ctx context.Context, t *testing.T, r *replicas) {
	defer lock(ctx, t, r.a, r.key)()
	short, cancel := context.WithTimeout(ctx, brief)
	defer cancel()
	began := time.Now()
	unlock, err := r.b.Lock(short, r.key)
	wantNoLock(t, unlock, err, context.DeadlineExceeded)
	if took := time.Since(began); took > brief+atOnce {
		t.Errorf("Lock gave up after %v, its context ended after %v", took, brief)
	}
}

func lockWaitIsCancelled(ctx context.Context, t *testing.T, r *replicas) {
	defer lock(ctx, t, r.a, r.key)()
	short, cancel := context.WithCancel(ctx)
	defer cancel()
	var cancelled time.Time
	timer := time.AfterFunc(brief, func() { cancelled = time.Now(); cancel() })
	defer timer.Stop()
	unlock, err := r.b.Lock(short, r.key)
	wantNoLock(t, unlock, err, context.Canceled)
	if short.Err() == nil {
		return
	}
	if took := time.Since(cancelled); took > atOnce {
		t.Errorf("Lock gave up %v after its context was cancelled", took)
	}
}

func lockEnded(ctx context.Context, t *testing.T, r *replicas) {
	unlock, err := r.a.Lock(ended(), r.key)
	wantNoLock(t, unlock, err, context.Canceled)
	lock(ctx, t, r.b, r.key)()
}

// soon is the time within which a free lock is given: less than a store takes to
// find out that a holder is dead.
const soon = 5 * time.Second

// lock takes a lock that is free.
func lock(ctx context.Context, t *testing.T, c tipcreds.Cache, key string) (unlock func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, soon)
	defer cancel()
	unlock, err := c.Lock(ctx, key)
	if err != nil {
		t.Fatalf("Lock: %v", err)
	}
	if unlock == nil {
		t.Fatal("Lock: neither an error nor a function that unlocks")
	}
	return unlock
}

// wantHeld wants that the lock is not to be had.
func wantHeld(ctx context.Context, t *testing.T, c tipcreds.Cache, key string) {
	t.Helper()
	short, cancel := context.WithTimeout(ctx, brief)
	defer cancel()
	unlock, err := c.Lock(short, key)
	wantNoLock(t, unlock, err, context.DeadlineExceeded)
}

func wantNoLock(t *testing.T, unlock func(), err, want error) {
	t.Helper()
	if unlock != nil {
		unlock()
	}
	if err == nil {
		t.Error("the lock is given to two, or after the context has ended")
	} else if !errors.Is(err, want) {
		t.Errorf("Lock: got %v, want %v", err, want)
	}
}
