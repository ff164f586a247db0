package rediscache_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/tipcreds/rediscache"
	"github.com/tip-cli/tip-cli/tipcreds/rediscache/redistest"
)

// Against a redis-server on loopback:
//
//	go test ./tipcreds/rediscache -run '^$' -bench .

// session is about as long as one with a session token of 1,200 bytes.
var session = bytes.Repeat([]byte("x"), 2000)

func benchmark(b *testing.B, do func(c *rediscache.Cache) error) {
	b.Helper()
	cache := open(b, connect(b, redistest.Start(b).Addr), roomy)
	if err := cache.Set(b.Context(), "k", session, time.Hour); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := do(cache); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPing is the round trip alone, by go-redis.
func BenchmarkPing(b *testing.B) {
	client := connect(b, redistest.Start(b).Addr)
	b.ReportAllocs()
	for b.Loop() {
		if err := client.Ping(b.Context()).Err(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	benchmark(b, func(c *rediscache.Cache) error { _, err := c.Get(b.Context(), "k"); return err })
}

func BenchmarkSet(b *testing.B) {
	benchmark(b, func(c *rediscache.Cache) error { return c.Set(b.Context(), "k", session, time.Hour) })
}

func BenchmarkAdd(b *testing.B) {
	benchmark(b, func(c *rediscache.Cache) error { _, err := c.Add(b.Context(), "k", nil, time.Hour); return err })
}

func BenchmarkLockUnlock(b *testing.B) {
	benchmark(b, func(c *rediscache.Cache) error {
		unlock, err := c.Lock(b.Context(), "k")
		if err == nil {
			unlock()
		}
		return err
	})
}
