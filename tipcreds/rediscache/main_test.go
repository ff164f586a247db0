package rediscache_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"go.uber.org/goleak"

	"github.com/tip-cli/tip-cli/tipcreds/rediscache"
)

// holderAddr makes the test binary a process that takes the lock of lockKey and
// keeps it until it is killed.
const holderAddr = "REDISCACHE_TEST_HOLDER"

const lockKey = "session/example"

func TestMain(m *testing.M) {
	if addr := os.Getenv(holderAddr); addr != "" {
		if err := holdForEver(addr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	logging.Disable() // go-redis tells standard error of every outage
	// Tests wait more than they work. What the command line says comes later, and wins.
	if err := flag.Set("test.parallel", "16"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

func holdForEver(addr string) error {
	key, err := rediscache.NewKey("one", material(1))
	if err != nil {
		return err
	}
	client := redis.NewClient(&redis.Options{Addr: addr})
	cache, err := rediscache.New(client, []rediscache.Key{key}, func(o *rediscache.Options) { o.LockTTL = holderTTL })
	if err != nil {
		return err
	}
	if _, err := cache.Lock(context.Background(), lockKey); err != nil {
		return err
	}
	fmt.Println("locked")
	select {}
}

// material is a key that is not random, so that tests can repeat it.
func material(n byte) []byte { return bytes.Repeat([]byte{n}, 32) }

func key(t testing.TB, id string, n byte) rediscache.Key {
	t.Helper()
	k, err := rediscache.NewKey(id, material(n))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// connect returns a client of a server of its own.
func connect(t testing.TB, addr string) *redis.Client {
	t.Helper()
	return connectWith(t, &redis.Options{Addr: addr})
}

func connectWith(t testing.TB, options *redis.Options) *redis.Client {
	t.Helper()
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// open returns a cache over client with one key.
func open(t testing.TB, client redis.UniversalClient, optFns ...func(*rediscache.Options)) *rediscache.Cache {
	t.Helper()
	return openWith(t, client, []rediscache.Key{key(t, "one", 1)}, optFns...)
}

func openWith(t testing.TB, client redis.UniversalClient, keys []rediscache.Key, optFns ...func(*rediscache.Options)) *rediscache.Cache {
	t.Helper()
	cache, err := rediscache.New(client, keys, optFns...)
	if err != nil {
		t.Fatal(err)
	}
	return cache
}

func lockTTL(d time.Duration) func(*rediscache.Options) {
	return func(o *rediscache.Options) { o.LockTTL = d }
}

func timeout(d time.Duration) func(*rediscache.Options) {
	return func(o *rediscache.Options) { o.Timeout = d }
}

// journal collects what is logged.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func (j *journal) option(o *rediscache.Options) {
	o.Logger = slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// eventually polls until ok, for ten seconds.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within ten seconds: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func mustSet(t *testing.T, c *rediscache.Cache, key, value string) {
	t.Helper()
	if err := c.Set(t.Context(), key, []byte(value), time.Minute); err != nil {
		t.Fatal(err)
	}
}

func wantValue(t *testing.T, c *rediscache.Cache, key, want string) {
	t.Helper()
	got, err := c.Get(t.Context(), key)
	if err != nil || string(got) != want {
		t.Errorf("Get(%q) = %q, %v, want %q", key, got, err, want)
	}
}

func wantNone(t *testing.T, c *rediscache.Cache, key string) {
	t.Helper()
	got, err := c.Get(t.Context(), key)
	if err != nil || got != nil {
		t.Errorf("Get(%q) = %q, %v, want none", key, got, err)
	}
}

func mustLock(t *testing.T, c *rediscache.Cache, key string) (unlock func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	unlock, err := c.Lock(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	return unlock
}
