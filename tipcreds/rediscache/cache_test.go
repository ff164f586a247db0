package rediscache_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tip-cli/tip-cli/tipcreds"
	"github.com/tip-cli/tip-cli/tipcreds/cachetest"
	"github.com/tip-cli/tip-cli/tipcreds/rediscache"
	"github.com/tip-cli/tip-cli/tipcreds/rediscache/redistest"
)

// roomy is for checks that are not about time, on a machine that is busy.
var roomy = timeout(10 * time.Second)

func TestConformance(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	cachetest.Run(t, func(t *testing.T) tipcreds.Cache { return open(t, connect(t, server.Addr), roomy) })
}

func TestConformanceOnCluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	cachetest.Run(t, func(t *testing.T) tipcreds.Cache {
		client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: cluster.Addrs()})
		t.Cleanup(func() { _ = client.Close() })
		return open(t, client, roomy)
	})
}

// A client that asks a Sentinel where the master is.
func TestSentinel(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	sentinel := redistest.StartSentinel(t, master)
	client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{sentinel.Addr}, MasterName: redistest.SentinelMaster})
	t.Cleanup(func() { _ = client.Close() })
	cache := open(t, client, roomy)
	if err := everything(t.Context(), cache, "k"); err != nil {
		t.Error(err)
	}
	mustSet(t, cache, "k", "one")
	wantValue(t, open(t, connect(t, master.Addr), roomy), "k", "one")
}

// Keys of one cache lie on all nodes of a cluster.
func TestClusterKeys(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()})
	t.Cleanup(func() { _ = client.Close() })
	cache := open(t, client, roomy)
	const keys = 30
	for i := range keys {
		key := fmt.Sprintf("session/%d", i)
		mustSet(t, cache, key, key)
		if ok, err := cache.Add(t.Context(), "claim/"+key, nil, time.Minute); !ok || err != nil {
			t.Fatalf("Add = %v, %v", ok, err)
		}
		defer mustLock(t, cache, key)()
		wantValue(t, cache, key, key)
	}
	total := int64(0)
	for _, node := range cluster.Nodes {
		n, err := connect(t, node.Addr).DBSize(t.Context()).Result()
		if err != nil || n == 0 {
			t.Errorf("node %s has %d keys, %v", node.Addr, n, err)
		}
		total += n
	}
	if total != 3*keys {
		t.Errorf("the nodes have %d keys, want %d", total, 3*keys)
	}
}

func TestNewRefuses(t *testing.T) {
	client := connect(t, "127.0.0.1:1")
	one, other := key(t, "one", 1), key(t, "one", 2)
	tests := []struct {
		name   string
		client redis.UniversalClient
		keys   []rediscache.Key
		option func(*rediscache.Options)
		want   error
		text   string
	}{
		{"no client", nil, []rediscache.Key{one}, nil, rediscache.ErrNoClient, "rediscache: a client is required"},
		{"no keys", client, nil, nil, rediscache.ErrNoKeys, "rediscache: at least one key is required"},
		{"a zero key", client, []rediscache.Key{one, {}}, nil, rediscache.ErrKeyLength,
			"rediscache: key 2 of the list: a key has 32 bytes: make one with openssl rand -base64 32"},
		{"one id twice", client, []rediscache.Key{one, other}, nil, rediscache.ErrDuplicateKeyID, `rediscache: key "one": two keys have this id`},
		{"a short lock", client, []rediscache.Key{one}, lockTTL(99 * time.Millisecond), rediscache.ErrLockTTL, "rediscache: LockTTL is below 100ms"},
		{"a negative lock", client, []rediscache.Key{one}, lockTTL(-1), rediscache.ErrLockTTL, "rediscache: LockTTL is below 100ms"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.option == nil {
				tt.option = func(*rediscache.Options) {}
			}
			cache, err := rediscache.New(tt.client, tt.keys, tt.option)
			if cache != nil || !errors.Is(err, tt.want) || err.Error() != tt.text {
				t.Errorf("got %v, %v, want %q", cache, err, tt.text)
			}
		})
	}
	open(t, client, lockTTL(100*time.Millisecond), func(o *rediscache.Options) { o.Timeout = -1 })
}

func TestTimeToLive(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := connect(t, server.Addr)
	cache := open(t, client, roomy)
	for _, ttl := range []time.Duration{0, -time.Second} {
		if err := cache.Set(t.Context(), "k", nil, ttl); !errors.Is(err, rediscache.ErrTTL) {
			t.Errorf("Set for %v: %v", ttl, err)
		}
		if ok, err := cache.Add(t.Context(), "k", nil, ttl); ok || !errors.Is(err, rediscache.ErrTTL) {
			t.Errorf("Add for %v: %v, %v", ttl, ok, err)
		}
	}
	wantNone(t, cache, "k")
	if err := cache.Set(t.Context(), "k", nil, time.Nanosecond); err != nil { // a millisecond, not for ever
		t.Error(err)
	}
	eventually(t, "the value of a nanosecond is gone", func() bool { return client.Exists(t.Context(), "tipcreds:v:k").Val() == 0 })

	set := func(ttl time.Duration) error { return cache.Set(t.Context(), "k", nil, ttl) }
	add := func(ttl time.Duration) error { _, err := cache.Add(t.Context(), "k", nil, ttl); return err }
	for _, write := range []func(time.Duration) error{set, add} {
		client.FlushAll(t.Context())
		if err := write(90500*time.Millisecond + time.Microsecond); err != nil {
			t.Error(err)
		}
		left := client.PTTL(t.Context(), "tipcreds:v:k").Val()
		if left > 90500*time.Millisecond || left < 80*time.Second {
			t.Errorf("%v are left of 90.5 s", left)
		}
	}
}

// Caches with different prefixes share a Redis and nothing else.
func TestPrefix(t *testing.T) {
	t.Parallel()
	client := connect(t, redistest.Start(t).Addr)
	a := open(t, client, roomy)
	b := open(t, client, roomy, func(o *rediscache.Options) { o.Prefix = "billing:" })
	mustSet(t, a, "k", "one")
	wantNone(t, b, "k")
	defer mustLock(t, a, "k")()
	defer mustLock(t, b, "k")()
	for _, name := range []string{"tipcreds:v:k", "tipcreds:l:k", "billing:l:k"} {
		if client.Exists(t.Context(), name).Val() != 1 {
			t.Errorf("there is no %s", name)
		}
	}
}

// Redis may forget scripts at any time.
func TestScriptsForgotten(t *testing.T) {
	t.Parallel()
	client := connect(t, redistest.Start(t).Addr)
	cache := open(t, client, roomy)
	for range 2 {
		unlock := mustLock(t, cache, "k")
		client.ScriptFlush(t.Context())
		unlock()
		client.ScriptFlush(t.Context())
	}
}

func TestNothingSecretIsPrinted(t *testing.T) {
	cache := open(t, connect(t, "127.0.0.1:1"))
	var log journal
	logger := slog.New(slog.NewTextHandler(&log, nil))
	logger.Info("x", "cache", cache)
	shown := fmt.Sprintf("%v %+v %#v %s %q %v %+v %#v", cache, cache, cache, cache, cache, *cache, *cache, *cache) + log.String()
	if !strings.Contains(shown, "rediscache(tipcreds:)") {
		t.Errorf("got %s", shown)
	}
	wantNoMaterial(t, shown)
}

// The documentation says how much of Redis's memory entries take.
func TestMemory(t *testing.T) {
	t.Parallel()
	client := connect(t, redistest.Start(t).Addr)
	cache := open(t, client, roomy)
	const key = "session/6f1ed002ab5595859014ebf0951522d9c8a7f1ac2e0a4a8d2f0c8a0f5b9d3e11"
	mustSet(t, cache, key, strings.Repeat("x", 2000))
	if ok, err := cache.Add(t.Context(), "claim/"+key, nil, time.Minute); !ok || err != nil {
		t.Fatalf("Add = %v, %v", ok, err)
	}
	defer mustLock(t, cache, key)()
	for name, limit := range map[string]int64{"v:" + key: 2300, "v:claim/" + key: 200, "l:" + key: 200} {
		n, err := client.MemoryUsage(t.Context(), "tipcreds:"+name).Result()
		if err != nil || n > limit {
			t.Errorf("%s takes %d bytes, %v, want %d at most", name, n, err, limit)
		}
	}
}
