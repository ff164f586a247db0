package rediscache_test

import (
	"bytes"
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tip-cli/tip-cli/tipcreds/rediscache"
	"github.com/tip-cli/tip-cli/tipcreds/rediscache/redistest"
)

// sharedRedis is the address of a server for a test that needs no other.
func sharedRedis(t *testing.T) string {
	t.Helper()
	return redistest.Start(t).Addr
}

// tap records what goes over connections.
type tap struct {
	mu   sync.Mutex
	seen bytes.Buffer
}

type tapped struct {
	net.Conn

	tap *tap
}

func (c tapped) Write(p []byte) (int, error) {
	c.tap.record(p)
	return c.Conn.Write(p)
}

func (c tapped) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.tap.record(p[:n])
	return n, err
}

func (w *tap) record(p []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen.Write(p)
}

func (w *tap) has(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return bytes.Contains(w.seen.Bytes(), []byte(text))
}

func TestNothingIsPlain(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	var wire tap
	client := connectWith(t, &redis.Options{Addr: addr, Dialer: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		return tapped{conn, &wire}, err
	}})
	cache := open(t, client, roomy)
	const secret = "canary-7d1c-canary"
	mustSet(t, cache, "session", secret)
	if ok, err := cache.Add(t.Context(), "claim", []byte(secret), time.Minute); !ok || err != nil {
		t.Fatalf("Add = %v, %v", ok, err)
	}
	wantValue(t, cache, "session", secret)
	wantValue(t, cache, "claim", secret)
	if !wire.has("tipcreds:v:session") {
		t.Fatal("the tap hears nothing")
	}
	if wire.has("canary") {
		t.Error("a value went over the wire in the clear")
	}

	raw := connect(t, addr)
	names := raw.Keys(t.Context(), "*").Val()
	if len(names) != 2 {
		t.Fatalf("Redis has %q", names)
	}
	var sealed []string
	for _, name := range names {
		sealed = append(sealed, raw.Get(t.Context(), name).Val())
	}
	if strings.Contains(strings.Join(append(sealed, names...), " "), "canary") {
		t.Error("Redis has a value in the clear")
	}
	mustSet(t, cache, "session", secret)
	if again := raw.Get(t.Context(), "tipcreds:v:session").Val(); again == sealed[0] || again == sealed[1] {
		t.Error("the same value was sealed twice to the same bytes")
	}
}

// Rotation as the documentation has it: at no step does a replica miss what another
// has written, although replicas change one after the other.
func TestRotation(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	oldKey, newKey := key(t, "2026-01", 1), key(t, "2026-02", 2)
	stages := [][]rediscache.Key{{oldKey}, {oldKey, newKey}, {newKey, oldKey}, {newKey}}
	replica := func(stage int) *rediscache.Cache { return openWith(t, connect(t, addr), stages[stage], roomy) }

	for stage := range stages[1:] {
		before, after := replica(stage), replica(stage+1)
		mustSet(t, before, "k", "before")
		if stage+1 < len(stages)-1 { // the last step drops the old key when nothing is left of it
			wantValue(t, after, "k", "before")
		}
		mustSet(t, after, "k", "after")
		wantValue(t, before, "k", "after")
	}

	var log journal
	mustSet(t, replica(0), "k", "old")
	wantNone(t, openWith(t, connect(t, addr), stages[3], roomy, log.option), "k")
	if want := `key=k sealing_key=2026-01 reason="it is sealed with a key that is not in the list"`; !strings.Contains(log.String(), want) {
		t.Errorf("the log has no %s:\n%s", want, log.String())
	}
	raw := connect(t, addr).Get(t.Context(), "tipcreds:v:k").Val()
	if !strings.Contains(raw, "2026-01") {
		t.Error("a replica without the key took the value away from the others")
	}
}

func TestNotOurs(t *testing.T) {
	t.Parallel()
	addr := sharedRedis(t)
	raw := connect(t, addr)
	good := open(t, raw, roomy)
	mustSet(t, good, "k", "one")
	mustSet(t, good, "other", "two")
	sealed := raw.Get(t.Context(), "tipcreds:v:k").Val()
	moved := raw.Get(t.Context(), "tipcreds:v:other").Val()
	other := openWith(t, raw, []rediscache.Key{key(t, "one", 2)}, roomy)
	mustSet(t, other, "k", "one")
	otherMaterial := raw.Get(t.Context(), "tipcreds:v:k").Val()

	const forged, short, format = "it was changed, cut or moved", "it is shorter than any", "it has a format that is not known here"
	tests := []struct{ name, value, reason string }{
		{"as it was", sealed, ""},
		{"one byte", sealed[:1], short},
		{"only the header", sealed[:5], forged},
		{"a nonce and a half tag", sealed[:25], forged},
		{"cut by a byte", sealed[:len(sealed)-1], forged},
		{"longer by a byte", sealed + "x", forged},
		{"another version", "\x02" + sealed[1:], format},
		{"another length of the id", sealed[:1] + "\xff" + sealed[2:], forged},
		{"another id", sealed[:2] + "two" + sealed[5:], "a key that is not in the list"},
		{"an id that is none", sealed[:2] + "\n\x1b!" + sealed[5:], forged},
		{"another nonce", sealed[:6] + string(sealed[6]^1) + sealed[7:], forged},
		{"another text", sealed[:len(sealed)-20] + string(sealed[len(sealed)-20]^1) + sealed[len(sealed)-19:], forged},
		{"another tag", sealed[:len(sealed)-1] + string(sealed[len(sealed)-1]^1), forged},
		{"from another key in Redis", moved, forged},
		{"by another key of the same id", otherMaterial, forged},
		{"plain", "{\"accessKeyId\":\"AKIAIOSFODNN7EXAMPLE\"}", format},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw.Set(t.Context(), "tipcreds:v:k", tt.value, 0)
			var log journal
			cache := open(t, raw, roomy, log.option)
			got, err := cache.Get(t.Context(), "k")
			if err != nil || (got == nil) != (tt.reason != "") || !strings.Contains(log.String(), tt.reason) {
				t.Errorf("got %q, %v, want a log with %q:\n%s", got, err, tt.reason, log.String())
			}
			if ok, err := cache.Add(t.Context(), "k", nil, time.Minute); ok || err != nil {
				t.Errorf("Add over it = %v, %v", ok, err)
			}
		})
	}
}
