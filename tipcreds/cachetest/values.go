package cachetest

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// shortest is the shortest time to live of the interface.
const shortest = time.Second

// early is by how much a value may be gone before its time: granularity, and the
// time that the command took.
const early = 100 * time.Millisecond

// overdue is when a value must be gone.
const overdue = 2 * shortest

func getNone(ctx context.Context, t *testing.T, r *replicas) {
	wantValue(ctx, t, r.a, r.key, nil)
}

func getEnded(_ context.Context, t *testing.T, r *replicas) {
	_, err := r.a.Get(ended(), r.key)
	wantCanceled(t, "Get", err)
}

func setShared(ctx context.Context, t *testing.T, r *replicas) {
	set(ctx, t, r.a, r.key, "one")
	wantValue(ctx, t, r.a, r.key, []byte("one"))
	wantValue(ctx, t, r.b, r.key, []byte("one"))
}

func setValues(ctx context.Context, t *testing.T, r *replicas) {
	everyByte := make([]byte, 256)
	for i := range everyByte {
		everyByte[i] = byte(i)
	}
	for _, value := range [][]byte{{}, {0}, everyByte, bytes.Repeat(everyByte, 256)} {
		set(ctx, t, r.a, r.key, string(value))
		wantValue(ctx, t, r.b, r.key, value)
	}
}

func setKeys(ctx context.Context, t *testing.T, r *replicas) {
	others := []string{r.key[:len(r.key)-1], strings.ToUpper(r.key), "l:" + r.key[2:], "lock:" + r.key[5:]}
	set(ctx, t, r.a, r.key, "one")
	for _, other := range others {
		wantValue(ctx, t, r.a, other, nil)
		set(ctx, t, r.a, other, other)
	}
	wantValue(ctx, t, r.a, r.key, []byte("one"))
	for _, other := range others {
		wantValue(ctx, t, r.b, other, []byte(other))
	}
}

// What the caller does with a slice before or after is no matter of the cache.
func setCopies(ctx context.Context, t *testing.T, r *replicas) {
	value := []byte("one")
	if err := r.a.Set(ctx, r.key, value, time.Minute); err != nil {
		t.Fatalf("Set: %v", err)
	}
	value[0] = 'X'
	got := get(ctx, t, r.a, r.key)
	if len(got) == 0 {
		t.Fatal("Get has no value after Set")
	}
	got[0] = 'Y'
	wantValue(ctx, t, r.a, r.key, []byte("one"))
}

func setReplaces(ctx context.Context, t *testing.T, r *replicas) {
	set(ctx, t, r.a, r.key, "one")
	set(ctx, t, r.b, r.key, "two")
	wantValue(ctx, t, r.a, r.key, []byte("two"))
}

func setExpires(ctx context.Context, t *testing.T, r *replicas) {
	before := time.Now()
	if err := r.a.Set(ctx, r.key, []byte("one"), shortest); err != nil {
		t.Fatalf("Set: %v", err)
	}
	wantGone(ctx, t, r, before)
}

// wantGone waits until the value is gone, which must happen in its time.
func wantGone(ctx context.Context, t *testing.T, r *replicas, before time.Time) {
	t.Helper()
	set := time.Now()
	for get(ctx, t, r.b, r.key) != nil {
		if time.Since(set) > overdue {
			t.Fatalf("the value is there after %v, and was to live for %v", overdue, shortest)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if lived := time.Since(before); lived < shortest-early {
		t.Errorf("the value lived for %v, want %v", lived, shortest)
	}
}

func setRenewsTime(ctx context.Context, t *testing.T, r *replicas) {
	if err := r.a.Set(ctx, r.key, []byte("one"), shortest); err != nil {
		t.Fatalf("Set: %v", err)
	}
	set(ctx, t, r.a, r.key, "two")
	pass(ctx, t, overdue)
	wantValue(ctx, t, r.a, r.key, []byte("two"))
}

func setEnded(ctx context.Context, t *testing.T, r *replicas) {
	wantCanceled(t, "Set", r.a.Set(ended(), r.key, []byte("one"), time.Minute))
	wantValue(ctx, t, r.a, r.key, nil)
}

func deleteShared(ctx context.Context, t *testing.T, r *replicas) {
	set(ctx, t, r.a, r.key, "one")
	if err := r.b.Delete(ctx, r.key); err != nil {
		t.Errorf("Delete: %v", err)
	}
	wantValue(ctx, t, r.a, r.key, nil)
}

func deleteNone(ctx context.Context, t *testing.T, r *replicas) {
	if err := r.a.Delete(ctx, r.key); err != nil {
		t.Errorf("Delete of a key without a value: %v", err)
	}
}

func deleteEnded(ctx context.Context, t *testing.T, r *replicas) {
	set(ctx, t, r.a, r.key, "one")
	wantCanceled(t, "Delete", r.a.Delete(ended(), r.key))
	wantValue(ctx, t, r.a, r.key, []byte("one"))
}

func set(ctx context.Context, t *testing.T, c tipcreds.Cache, key, value string) {
	t.Helper()
	if err := c.Set(ctx, key, []byte(value), time.Minute); err != nil {
		t.Fatalf("Set: %v", err)
	}
}

func get(ctx context.Context, t *testing.T, c tipcreds.Cache, key string) []byte {
	t.Helper()
	value, err := c.Get(ctx, key)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	return value
}

// wantValue wants a value, or none if want is nil. An empty value is one.
func wantValue(ctx context.Context, t *testing.T, c tipcreds.Cache, key string, want []byte) {
	t.Helper()
	got := get(ctx, t, c, key)
	if !bytes.Equal(got, want) || (got == nil) != (want == nil) {
		t.Errorf("Get = %s, want %s", show(got), show(want))
	}
}

func show(value []byte) string {
	switch {
	case value == nil:
		return "none"
	case len(value) > 100:
		return "a long value"
	}
	return "\"" + string(value) + "\""
}

func wantCanceled(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%s with an ended context: got %v, want %v", what, err, context.Canceled)
	}
}

// pass lets time pass that the store measures.
func pass(ctx context.Context, t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-ctx.Done():
		t.Fatal(ctx.Err())
	}
}
