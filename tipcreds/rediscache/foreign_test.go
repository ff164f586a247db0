package rediscache_test

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tip-cli/tip-cli/tipcreds/rediscache/redistest"
)

// What others put at one key of a Redis is no outage of it: an error would have
// providers go on without the cache for every user.

// putList puts a value of another type.
func putList(t *testing.T, raw *redis.Client, name string) {
	t.Helper()
	if err := errors.Join(raw.Del(t.Context(), name).Err(), raw.RPush(t.Context(), name, "a list").Err()); err != nil {
		t.Fatal(err)
	}
}

func TestValueOfAnotherType(t *testing.T) {
	t.Parallel()
	raw := connect(t, redistest.Start(t).Addr)
	var log journal
	cache := open(t, raw, roomy, log.option)
	wantNone(t, cache, "k")
	if log.String() != "" {
		t.Errorf("where there is nothing, the log has\n%s", log.String())
	}
	putList(t, raw, "tipcreds:v:k")
	wantNone(t, cache, "k")
	if want := `msg="rediscache: a value cannot be opened and counts as none" key=k sealing_key="" reason="it is of another type than is written here"`; !strings.Contains(log.String(), want) {
		t.Errorf("the log has no %s:\n%s", want, log.String())
	}
	if ok, err := cache.Add(t.Context(), "k", nil, time.Minute); ok || err != nil {
		t.Errorf("Add = %v, %v, want that it is in the way", ok, err)
	}
	mustSet(t, cache, "k", "one")
	wantValue(t, cache, "k", "one")
	putList(t, raw, "tipcreds:v:k")
	if err := cache.Delete(t.Context(), "k"); err != nil {
		t.Error(err)
	}
	if ok, err := cache.Add(t.Context(), "k", nil, time.Minute); !ok || err != nil {
		t.Errorf("Add after Delete = %v, %v", ok, err)
	}
}

// However long a value is that somebody puts there, as much of it is read as could
// be a value. The test is alone, as it counts what the process allocates.
func TestLongValue(t *testing.T) {
	raw := connect(t, redistest.Start(t).Addr)
	var log journal
	cache := open(t, raw, roomy, log.option)
	const longest = 64 << 10
	value := strings.Repeat("x", longest)
	mustSet(t, cache, "k", value)
	if got, err := cache.Get(t.Context(), "k"); string(got) != value || err != nil || log.String() != "" {
		t.Fatalf("Get has %d bytes of %d, %v\n%s", len(got), longest, err, log.String())
	}
	mustSet(t, cache, "k", strings.Repeat(value, 2))
	wantNone(t, cache, "k")
	if want := `key=k sealing_key="" reason="it is longer than 64 KiB"`; !strings.Contains(log.String(), want) {
		t.Errorf("the log has no %s:\n%s", want, log.String())
	}

	const huge = 64 << 20
	for name, use := range map[string]func() error{
		"Get": func() error { _, err := cache.Get(t.Context(), "k"); return err },
		"Add": func() error { _, err := cache.Add(t.Context(), "k", nil, time.Minute); return err },
	} {
		if err := raw.SetRange(t.Context(), "tipcreds:v:k", huge-1, "x").Err(); err != nil {
			t.Fatal(err)
		}
		before := allocated()
		if err := use(); err != nil {
			t.Error(err)
		}
		if n := allocated() - before; n > huge/2 {
			t.Errorf("%s of a value of %d bytes allocated %d", name, huge, n)
		}
	}
	if n := scriptMemory(t, raw); n > huge/2 {
		t.Errorf("a script has copied the value: scripts have %d bytes", n)
	}
}

// scriptMemory is what Redis has allocated for Lua.
func scriptMemory(t *testing.T, raw *redis.Client) int {
	t.Helper()
	info := raw.Info(t.Context(), "memory").Val()
	_, rest, _ := strings.Cut(info, "used_memory_lua:")
	text, _, _ := strings.Cut(rest, "\r\n")
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, info)
	}
	return n
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// A lock key of another type is somebody's lock.
func TestLockOfAnotherType(t *testing.T) {
	t.Parallel()
	raw := connect(t, redistest.Start(t).Addr)
	putList(t, raw, lockName)
	raw.Expire(t.Context(), lockName, time.Minute)
	cache := open(t, raw, roomy)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := cache.Lock(ctx, lockKey); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want a wait until the deadline", err)
	}
	raw.Del(t.Context(), lockName)
	mustLock(t, cache, lockKey)()
}

// A lock that becomes something else while it is held is lost, and left alone.
func TestHeldLockIsReplaced(t *testing.T) {
	t.Parallel()
	raw := connect(t, redistest.Start(t).Addr)
	var log journal
	renewed := mustLock(t, open(t, raw, roomy, lockTTL(300*time.Millisecond), log.option), lockKey)
	putList(t, raw, lockName)
	const lost = "a lock was lost while it was held"
	eventually(t, "the loss is logged", func() bool { return strings.Contains(log.String(), lost) })
	renewed()

	var late journal
	unlock := mustLock(t, open(t, raw, roomy, late.option), "late")
	putList(t, raw, "tipcreds:l:late")
	unlock()
	if !strings.Contains(late.String(), lost) {
		t.Errorf("the log has\n%s", late.String())
	}
	unlock = mustLock(t, open(t, raw, roomy), "longer")
	raw.Append(t.Context(), "tipcreds:l:longer", "x")
	unlock()
	if n := raw.Exists(t.Context(), lockName, "tipcreds:l:late", "tipcreds:l:longer").Val(); n != 3 {
		t.Error("unlock took away what is not its own")
	}
}

// A lock that never expires is of nobody who renews it: it gets a time to live from
// the first who waits, and no further ones.
func TestLockWithoutTimeToLive(t *testing.T) {
	t.Parallel()
	raw := connect(t, redistest.Start(t).Addr)
	const ttl = 500 * time.Millisecond
	for name, put := range map[string]func(){
		"a string": func() { raw.Set(t.Context(), lockName, "junk", 0) },
		"a list":   func() { putList(t, raw, lockName) },
	} {
		put()
		began := time.Now()
		unlock := mustLock(t, open(t, raw, roomy, lockTTL(ttl)), lockKey)
		if took := time.Since(began); took < ttl/2 {
			t.Errorf("%s was taken for no lock after %v", name, took)
		}
		unlock()
	}

	raw.Set(t.Context(), lockName, "another owner", time.Minute)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := open(t, raw, roomy, lockTTL(time.Hour)).Lock(ctx, lockKey); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want a wait until the deadline", err)
	}
	if left := raw.PTTL(t.Context(), lockName).Val(); left <= 30*time.Second || left > time.Minute {
		t.Errorf("a lock of a minute has %v left", left)
	}
}
