package rediscache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/tip-cli/tip-cli/tipcreds/cachetest"
	"github.com/tip-cli/tip-cli/tipcreds/rediscache"
	"github.com/tip-cli/tip-cli/tipcreds/rediscache/redistest"
)

const (
	// short is Options.Timeout where Redis gives no answer.
	short = 300 * time.Millisecond
	// slack is what a busy machine takes on top.
	slack = 2 * time.Second
)

// leaks, called first, looks at the end of the test whether it left goroutines
// behind, when clients are closed and servers gone. Nothing may run beside it.
func leaks(t *testing.T) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

func within(t *testing.T, limit time.Duration, what string, call func()) {
	t.Helper()
	began := time.Now()
	call()
	if took := time.Since(began); took > limit {
		t.Errorf("%s took %v, want %v at most", what, took, limit)
	}
}

// During outages commands are left behind, and end with their client. The tests run
// beside each other, and nothing else does.
func TestOutage(t *testing.T) {
	leaks(t)
	t.Run("all", func(t *testing.T) { // returns when all have run
		t.Run("Killed", killed)
		t.Run("Hung", func(t *testing.T) { hung(t, false) })
		t.Run("Hung/ContextTimeoutEnabled", func(t *testing.T) { hung(t, true) })
		t.Run("Refused", refused)
		t.Run("CommandsLeftBehind", commandsLeftBehind)
		for name, outage := range map[string]func(*redistest.Server){"killed": (*redistest.Server).Kill, "hung": (*redistest.Server).Stop} {
			t.Run("WhileWaiting/"+name, func(t *testing.T) { outageWhileWaiting(t, outage) })
			t.Run("WhileHeld/"+name, func(t *testing.T) { outageWhileHeld(t, outage) })
		}
	})
}

// Redis is killed: errors, within the Timeout; when it is back, the same client
// works again.
func killed(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	cache := open(t, connect(t, server.Addr), timeout(short))
	mustSet(t, cache, "k", "one")
	server.Kill()
	cachetest.Outage(t, cache, short+slack)
	server.Restart()
	eventually(t, "the cache works again", func() bool { return cache.Set(t.Context(), "k", []byte("two"), time.Minute) == nil })
	wantValue(t, cache, "k", "two")
	mustLock(t, cache, "k")()
}

// Redis hangs: connections are open, and nothing is answered.
func hung(t *testing.T, byContext bool) {
	t.Helper()
	t.Parallel()
	server := redistest.Start(t)
	client := connectWith(t, &redis.Options{Addr: server.Addr, ContextTimeoutEnabled: byContext})
	cache := open(t, client, timeout(short))
	mustSet(t, cache, "k", "one")
	server.Stop()
	if _, err := cache.Get(t.Context(), "k"); !errors.Is(err, rediscache.ErrTimeout) ||
		!strings.HasPrefix(err.Error(), "rediscache: get: no answer in time: 300ms") || errors.Is(err, t.Context().Err()) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := cache.Get(ctx, "k"); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, rediscache.ErrTimeout) {
		t.Errorf("got %v, want the caller's deadline", err)
	}
	cachetest.Outage(t, cache, short+slack)
	server.Cont()
	eventually(t, "the cache works again", func() bool { v, err := cache.Get(t.Context(), "k"); return err == nil && v != nil })
}

// Nobody listens, and the client is told not to insist: the error is there at once
// and says why.
func refused(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Kill()
	client := connectWith(t, &redis.Options{Addr: server.Addr, MaxRetries: -1, DialerRetries: 1})
	cache := open(t, client, timeout(20*time.Second))
	within(t, slack, "the refusal", func() {
		if _, err := cache.Get(t.Context(), "k"); err == nil || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("got %v", err)
		}
	})
}

func outageWhileWaiting(t *testing.T, outage func(*redistest.Server)) {
	t.Helper()
	t.Parallel()
	server := redistest.Start(t)
	unlock := mustLock(t, open(t, connect(t, server.Addr), timeout(short)), "k")
	waiter := open(t, connect(t, server.Addr), timeout(short))
	ended := make(chan error, 1)
	go func() {
		_, err := waiter.Lock(t.Context(), "k")
		ended <- err
	}()
	select {
	case err := <-ended:
		t.Fatalf("Lock did not wait: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	outage(server)
	within(t, short+slack, "the end of waiting", func() {
		if err := <-ended; err == nil || errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want an error of Redis", err)
		}
	})
	within(t, short+slack, "unlock", unlock)
}

// An outage while the lock is held: the holder goes on, renews in vain and says so,
// and unlocks in bounded time.
func outageWhileHeld(t *testing.T, outage func(*redistest.Server)) {
	t.Helper()
	t.Parallel()
	server := redistest.Start(t)
	var log journal
	ctx, cancel := context.WithCancel(t.Context())
	unlock, err := open(t, connect(t, server.Addr), timeout(short), lockTTL(600*time.Millisecond), log.option).Lock(ctx, "k")
	if err != nil {
		t.Fatal(err)
	}
	outage(server)
	eventually(t, "a renewal fails", func() bool { return strings.Contains(log.String(), "a lock could not be renewed") })
	cancel() // unlock has a time limit of its own
	within(t, short+slack, "unlock", unlock)
	within(t, short/2, "the second unlock", unlock)
	if !strings.Contains(log.String(), "a lock could not be released and expires by itself") {
		t.Errorf("the log has\n%s", log.String())
	}
}

// Renewal goes on after a short outage.
func TestRenewedAfterHang(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := connect(t, server.Addr)
	var log journal
	const ttl = 3 * time.Second
	unlock := mustLock(t, open(t, client, timeout(short), lockTTL(ttl), log.option), "k")
	server.Stop()
	eventually(t, "a renewal fails", func() bool { return strings.Contains(log.String(), "a lock could not be renewed") })
	server.Cont()
	ctx, cancel := context.WithTimeout(t.Context(), ttl)
	defer cancel()
	if _, err := open(t, connect(t, server.Addr), roomy).Lock(ctx, "k"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the lock was not kept: %v", err)
	}
	unlock()
}

// A lock whose caller gave up while Redis hung does not stay when Redis goes on.
func TestLateLockIsReleased(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := connect(t, server.Addr)
	cache := open(t, client, timeout(short), lockTTL(time.Hour))
	mustLock(t, cache, "warm")() // connected, and Redis knows the scripts
	server.Stop()
	if _, err := cache.Lock(t.Context(), "k"); !errors.Is(err, rediscache.ErrTimeout) {
		t.Fatalf("got %v", err)
	}
	server.Cont()
	mustLock(t, open(t, connect(t, server.Addr), roomy), "k")()
}

// One node of a cluster is gone: its keys fail in bounded time, the others serve.
func TestClusterNodeKilled(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()})
	t.Cleanup(func() { _ = client.Close() })
	cache := open(t, client, timeout(2*short))
	victim := cluster.Nodes[1]
	lost, kept := "", ""
	for i := 0; lost == "" || kept == ""; i++ {
		key := fmt.Sprintf("session/%d", i)
		node, err := client.MasterForKey(t.Context(), "tipcreds:v:"+key)
		if err != nil {
			t.Fatal(err)
		}
		if node.Options().Addr == victim.Addr {
			lost = key
		} else {
			kept = key
		}
	}
	mustSet(t, cache, kept, "one")
	victim.Kill()
	within(t, 2*short+slack, "the error", func() {
		if err := cache.Set(t.Context(), lost, nil, time.Minute); err == nil {
			t.Error("no error for a key of the node that is gone")
		}
	})
	wantValue(t, cache, kept, "one")
	victim.Restart()
	eventually(t, "its keys work again", func() bool { return cache.Set(t.Context(), lost, []byte("two"), time.Minute) == nil })
	wantValue(t, cache, lost, "two")
}
