package grantcache_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/s3agcreds/internal/grantcache"
)

// Run all of it at once, so that the peers' figures are of the same machine and hour:
//
//	go test -run '^$' -bench . ./s3agcreds/internal/grantcache

const benchPrincipal = "pool-1/906764c2-1031-70b4-1d5e-2d8d1d7e7f01/arn:aws:iam::444455556666:role/tip"

// benchGrant is the beginning of the keys of grant i.
func benchGrant(i int) string {
	return fmt.Sprintf("departments/d%02d/teams/team-%05d/projects/", i%97, i)
}

// benchKey is a key of 120 bytes under grant i.
func benchKey(i int) string {
	key := benchGrant(i) + "2026/reports/"
	return key + strings.Repeat("k", 120-len(key))
}

func question(bucket, path string, p types.Permission) *grantcache.Question {
	return &grantcache.Question{
		Scope:  grantcache.Scope{Principal: benchPrincipal, Account: "111122223333", Region: "eu-west-1"},
		Bucket: bucket, Path: path, Permission: p,
	}
}

func answering[V any](value V, target string, life time.Duration) grantcache.Ask[V] {
	return func(context.Context) (grantcache.Answer[V], error) {
		return grantcache.Answer[V]{Value: value, Target: target, Expires: time.Now().Add(life)}, nil
	}
}

func filled(tb testing.TB, grants int) *grantcache.Cache[int] {
	o := options()
	o.MaxEntries, o.RefreshShare = grants+1, 1
	c := grantcache.New[int](o)
	for i := range grants {
		ask := answering(i, "s3://team-data/"+benchGrant(i)+"*", 12*time.Hour)
		if _, _, err := c.Do(tb.Context(), question("team-data", benchKey(i), types.PermissionRead), ask); err != nil {
			tb.Fatal(err)
		}
	}
	return c
}

func peersFilled(grants int) *peerCache {
	c := newPeerCache()
	for i := range grants {
		c.put(benchPrincipal, types.PermissionRead, "s3://team-data/"+benchGrant(i)+"*", i, 12*time.Hour)
	}
	return c
}

var sizes = []int{1, 100, 30_000}

// BenchmarkHitText has grants such as "team-00001-*", which end within a segment: the peers
// look for these last, and character by character.
func BenchmarkHitText(b *testing.B) {
	const grants = 30_000
	text := func(i int) string { return fmt.Sprintf("departments/teams-%05d-", i) }
	key := text(grants/2) + strings.Repeat("k", 120-len(text(0)))
	o := options()
	o.MaxEntries = grants
	ours, peers := grantcache.New[int](o), newPeerCache()
	for i := range grants {
		target := "s3://team-data/" + text(i) + "*"
		if _, _, err := ours.Do(b.Context(), question("team-data", text(i), types.PermissionRead), answering(i, target, 12*time.Hour)); err != nil {
			b.Fatal(err)
		}
		peers.put(benchPrincipal, types.PermissionRead, target, i, 12*time.Hour)
	}
	b.Run("ours/grants=30000", func(b *testing.B) { getOurs(b, ours, question("team-data", key, types.PermissionRead)) })
	b.Run("peers/grants=30000", func(b *testing.B) { getPeers(b, peers, "s3://team-data/"+key) })
}

func BenchmarkHit(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("ours/one-key/grants=%d", n), func(b *testing.B) { hitOurs(b, n, 1) })
		b.Run(fmt.Sprintf("ours/all-keys/grants=%d", n), func(b *testing.B) { hitOurs(b, n, n) })
		b.Run(fmt.Sprintf("peers/one-key/grants=%d", n), func(b *testing.B) { hitPeers(b, n, 1) })
		b.Run(fmt.Sprintf("peers/all-keys/grants=%d", n), func(b *testing.B) { hitPeers(b, n, n) })
	}
}

func hitOurs(b *testing.B, grants, keys int) {
	c := filled(b, grants)
	questions := make([]*grantcache.Question, keys)
	for i := range questions {
		at := spread(i, keys, grants)
		questions[i] = question("team-data", benchKey(at), types.PermissionRead)
	}
	getOurs(b, c, questions...)
}

func getOurs(b *testing.B, c *grantcache.Cache[int], questions ...*grantcache.Question) {
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if c.Get(questions[i]) == nil {
			b.Fatal("a miss")
		}
		if i++; i == len(questions) {
			i = 0
		}
	}
}

func hitPeers(b *testing.B, grants, keys int) {
	c := peersFilled(grants)
	targets := make([]string, keys)
	for i := range targets {
		targets[i] = "s3://team-data/" + benchKey(spread(i, keys, grants))
	}
	getPeers(b, c, targets...)
}

func getPeers(b *testing.B, c *peerCache, targets ...string) {
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if _, ok := c.get(benchPrincipal, types.PermissionRead, targets[i]); !ok {
			b.Fatal("a miss")
		}
		if i++; i == len(targets) {
			i = 0
		}
	}
}

// spread visits the grants in an order that no cache of the processor foresees.
func spread(i, keys, grants int) int {
	if keys == 1 {
		return grants / 2
	}
	return i * 7919 % grants
}

func BenchmarkHitParallel(b *testing.B) {
	b.Run("ours/grants=30000", func(b *testing.B) {
		c, q := filled(b, 30_000), question("team-data", benchKey(15_000), types.PermissionRead)
		b.ReportAllocs()
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if c.Get(q) == nil {
					b.Error("a miss")
				}
			}
		})
	})
	b.Run("peers/grants=30000", func(b *testing.B) {
		c, target := peersFilled(30_000), "s3://team-data/"+benchKey(15_000)
		b.ReportAllocs()
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, ok := c.get(benchPrincipal, types.PermissionRead, target); !ok {
					b.Error("a miss")
				}
			}
		})
	})
}

func BenchmarkMiss(b *testing.B) {
	key := strings.Replace(benchKey(15_000), "projects", "releases", 1)
	b.Run("ours/grants=30000", func(b *testing.B) {
		c, q := filled(b, 30_000), question("team-data", key, types.PermissionRead)
		b.ReportAllocs()
		for b.Loop() {
			if c.Get(q) != nil {
				b.Fatal("a hit")
			}
		}
	})
	b.Run("peers/grants=30000", func(b *testing.B) {
		c, target := peersFilled(30_000), "s3://team-data/"+key
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := c.get(benchPrincipal, types.PermissionRead, target); ok {
				b.Fatal("a hit")
			}
		}
	})
}

// BenchmarkInsert replaces and adds answers in a full cache: ours with the flight, the
// eviction and all, the peers' only the map.
func BenchmarkInsert(b *testing.B) {
	const grants = 30_000
	b.Run("ours/grants=30000", func(b *testing.B) {
		c := filled(b, grants)
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			i++
			q := question("team-data", benchKey(grants+i), types.PermissionRead)
			if _, _, err := c.Do(b.Context(), q, answering(i, "s3://team-data/"+benchGrant(grants+i)+"*", time.Hour)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("peers/grants=30000", func(b *testing.B) {
		c := peersFilled(grants)
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			c.put(benchPrincipal, types.PermissionRead, "s3://team-data/"+benchGrant(grants+i%grants)+"*", i, time.Hour)
			i++
		}
	})
}

// BenchmarkMemory reports the heap that a grant takes, the texts of its target included.
func BenchmarkMemory(b *testing.B) {
	const grants = 30_000
	b.Run("ours/grants=30000", func(b *testing.B) {
		for b.Loop() {
			b.ReportMetric(heapOf(func() any { return filled(b, grants) })/grants, "B/grant")
		}
	})
	b.Run("peers/grants=30000", func(b *testing.B) {
		for b.Loop() {
			b.ReportMetric(heapOf(func() any { return peersFilled(grants) })/grants, "B/grant")
		}
	})
}

func heapOf(build func() any) float64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	held := build()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(held)
	return float64(after.HeapAlloc) - float64(before.HeapAlloc)
}
