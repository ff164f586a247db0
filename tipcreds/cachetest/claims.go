package cachetest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/tipcreds"
)

func addOnlyFirst(ctx context.Context, t *testing.T, r *replicas) {
	wantAdd(ctx, t, r.a, r.key, "one", true)
	wantAdd(ctx, t, r.a, r.key, "two", false)
	wantAdd(ctx, t, r.b, r.key, "one", false) // the same value is not the same claim
	wantValue(ctx, t, r.b, r.key, []byte("one"))

	if err := r.b.Delete(ctx, r.key); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	wantAdd(ctx, t, r.b, r.key, "", true)
	wantAdd(ctx, t, r.a, r.key, "", false) // an empty value is one

	set(ctx, t, r.a, r.key, "three")
	wantAdd(ctx, t, r.b, r.key, "four", false)
	wantValue(ctx, t, r.b, r.key, []byte("three"))
}

func addOneOfMany(ctx context.Context, t *testing.T, r *replicas) {
	const each, rounds = 8, 10
	for round := range rounds {
		key := fmt.Sprintf("%s%d", r.key[:len(r.key)-2], round)
		var added atomic.Int64
		var wg sync.WaitGroup
		for i := range 2 * each {
			c := []tipcreds.Cache{r.a, r.b}[i%2]
			wg.Go(func() {
				ok, err := c.Add(ctx, key, []byte("one"), time.Minute)
				if err != nil {
					t.Errorf("Add: %v", err)
				}
				if ok {
					added.Add(1)
				}
			})
		}
		wg.Wait()
		if n := added.Load(); n != 1 {
			t.Errorf("%d of %d concurrent Adds report that they did, want 1", n, 2*each)
		}
	}
}

// A refused Add leaves the time to live as it was.
func addExpires(ctx context.Context, t *testing.T, r *replicas) {
	before := time.Now()
	if ok, err := r.a.Add(ctx, r.key, []byte("one"), shortest); !ok || err != nil {
		t.Fatalf("Add = %v, %v", ok, err)
	}
	wantAdd(ctx, t, r.b, r.key, "two", false)
	wantGone(ctx, t, r, before)
	wantAdd(ctx, t, r.b, r.key, "three", true)
}

func addEnded(ctx context.Context, t *testing.T, r *replicas) {
	ok, err := r.a.Add(ended(), r.key, []byte("one"), time.Minute)
	if ok {
		t.Error("Add with an ended context reports that it did")
	}
	wantCanceled(t, "Add", err)
	wantAdd(ctx, t, r.a, r.key, "two", true)
}

func wantAdd(ctx context.Context, t *testing.T, c tipcreds.Cache, key, value string, want bool) {
	t.Helper()
	got, err := c.Add(ctx, key, []byte(value), time.Minute)
	if err != nil {
		t.Fatalf("Add: %v", err)
	}
	if got != want {
		t.Errorf("Add = %v, want %v", got, want)
	}
}
