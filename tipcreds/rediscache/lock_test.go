package rediscache_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/tipcreds/rediscache"
	"github.com/tip-cli/tip-cli/tipcreds/rediscache/redistest"
)

// holderTTL is the LockTTL of the process that is killed.
const holderTTL = 1500 * time.Millisecond

// lockName is where the lock of lockKey is in Redis.
const lockName = "tipcreds:l:" + lockKey

func TestLockOfManyGoroutines(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	caches := []*rediscache.Cache{open(t, connect(t, server.Addr), roomy), open(t, connect(t, server.Addr), roomy)}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	const each = 25
	var inside, entered atomic.Int64
	var wg sync.WaitGroup
	for i := range len(caches) * each {
		wg.Go(func() {
			unlock, err := caches[i%len(caches)].Lock(ctx, lockKey)
			if err != nil {
				t.Errorf("Lock: %v", err)
				return
			}
			defer unlock()
			if inside.Add(1) != 1 {
				t.Error("two are inside")
			}
			entered.Add(1)
			time.Sleep(time.Millisecond)
			inside.Add(-1)
		})
	}
	wg.Wait()
	if n := entered.Load(); n != int64(len(caches)*each) {
		t.Errorf("%d were inside, want %d", n, len(caches)*each)
	}
	if n := connect(t, server.Addr).Exists(t.Context(), lockName).Val(); n != 0 {
		t.Error("the lock is there after the last unlock")
	}
}

// A lock is held for longer than its time to live as long as its holder lives.
func TestLockIsRenewed(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := connect(t, server.Addr)
	const ttl = 1500 * time.Millisecond
	unlock := mustLock(t, open(t, client, lockTTL(ttl)), lockKey)
	owner := client.Get(t.Context(), lockName).Val()
	ctx, cancel := context.WithTimeout(t.Context(), 2*ttl)
	defer cancel()
	if _, err := open(t, connect(t, server.Addr)).Lock(ctx, lockKey); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want a wait until the deadline", err)
	}
	if now := client.Get(t.Context(), lockName).Val(); now != owner || owner == "" {
		t.Errorf("the owner was %q and is %q", owner, now)
	}
	if left := client.PTTL(t.Context(), lockName).Val(); left <= 0 || left > ttl {
		t.Errorf("the lock has %v left", left)
	}
	unlock()
	mustLock(t, open(t, client, roomy), lockKey)()
}

// A process that holds the lock is killed with SIGKILL; the next one has it after
// the time to live of the lock.
func TestHolderIsKilled(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	holder := exec.CommandContext(t.Context(), os.Args[0])
	holder.Env = append(os.Environ(), holderAddr+"="+server.Addr)
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = holder.Process.Kill(), holder.Wait() }()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
		t.Fatalf("the holder says %q, %v", line, err)
	}

	cache := open(t, connect(t, server.Addr), roomy)
	ctx, cancel := context.WithTimeout(t.Context(), holderTTL*4/3)
	defer cancel()
	if _, err := cache.Lock(ctx, lockKey); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("while the holder lives: %v", err)
	}
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	unlock := mustLock(t, cache, lockKey)
	took := time.Since(began)
	if limit := holderTTL + slack; took > limit { // a poll, and a busy machine
		t.Errorf("the lock of a dead holder was there for %v, want %v at most", took, limit)
	}
	t.Logf("succeeded after %v", took)
	unlock()
}

// A holder that was stopped for longer than the lock lives finds that of another
// owner, and neither extends nor frees it.
func TestLostLock(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := connect(t, server.Addr)
	var log journal
	const ttl = 300 * time.Millisecond
	unlock := mustLock(t, open(t, client, lockTTL(ttl), log.option), lockKey)
	client.Set(t.Context(), lockName, "another owner", time.Minute)
	const lost = "a lock was lost while it was held"
	eventually(t, "the loss is logged", func() bool { return strings.Contains(log.String(), lost) })
	unlock()
	unlock()
	if owner := client.Get(t.Context(), lockName).Val(); owner != "another owner" {
		t.Errorf("the owner is %q", owner)
	}
	if left := client.PTTL(t.Context(), lockName).Val(); left < 30*time.Second {
		t.Errorf("the other's lock has %v left of a minute", left)
	}
	if n := strings.Count(log.String(), lost); n != 1 {
		t.Errorf("the loss was logged %d times:\n%s", n, log.String())
	}
}

// The same with a real successor: the lock is gone and taken before the holder wakes.
func TestLateUnlock(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := connect(t, server.Addr)
	var log journal
	late := mustLock(t, open(t, client, roomy, log.option), lockKey)
	client.Del(t.Context(), lockName) // it expired
	next := open(t, connect(t, server.Addr), roomy)
	unlock := mustLock(t, next, lockKey)
	late()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := next.Lock(ctx, lockKey); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the late unlock freed the successor's lock: %v", err)
	}
	unlock()
	if !strings.Contains(log.String(), "a lock was lost") {
		t.Errorf("the log has %q", log.String())
	}
}

func TestCancelWhileWaiting(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	defer mustLock(t, open(t, connect(t, server.Addr), roomy), lockKey)()
	cache := open(t, connect(t, server.Addr), roomy)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := cache.Lock(ctx, lockKey)
		ended <- err
	}()
	select {
	case err := <-ended:
		t.Fatalf("Lock did not wait: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	cancel()
	began := time.Now()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > slack {
		t.Errorf("it took %v after the cancel", took)
	}
}
