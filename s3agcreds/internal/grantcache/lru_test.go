package grantcache_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/s3agcreds/internal/grantcache"
)

func TestFull(t *testing.T) {
	const room = 5
	start := func(t *testing.T) (*cache, *service) {
		c, s := newCache(func(o *grantcache.Options) { o.MaxEntries = room }), &service{say: grants("v", "", time.Hour)}
		for i := range room {
			wantDo(t, c, key(fmt.Sprint(i), read), s, "v", nil, i+1)
			time.Sleep(10 * time.Millisecond)
		}
		return c, s
	}
	held := func(c *cache) (all []int) {
		for i := range 2 * room {
			if c.Get(key(fmt.Sprint(i), read)) != nil {
				all = append(all, i)
			}
		}
		return all
	}
	t.Run("case 37: the one goes that was used longest ago", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := start(t)
			for _, i := range []int{1, 0, 3} { // 2 and 4 were not used since
				time.Sleep(10 * time.Millisecond)
				wantGet(t, c, key(fmt.Sprint(i), read), "v")
			}
			time.Sleep(10 * time.Millisecond)
			wantDo(t, c, key("0", read), s, "v", nil, room) // Do is a use as well
			for i := room; i < room+4; i++ {
				time.Sleep(10 * time.Millisecond)
				wantDo(t, c, key(fmt.Sprint(i), read), s, "v", nil, i+1)
			}
			if diff := cmp.Diff([]int{0, 5, 6, 7, 8}, held(c)); diff != "" {
				t.Errorf("2, 4, 1 and 3 were to go, in this order (-want +got):\n%s", diff)
			}
			if got := c.Stats(); got.Entries != room || got.Evicted != 4 {
				t.Errorf("%+v; want %d entries, and 4 evicted", got, room)
			}
		})
	})
	t.Run("case 37: over all scopes", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := start(t)
			bucket := of("user-3", key("k", read))
			bucket.Bucket = "c"
			for i, q := range []*grantcache.Question{of("user-2", key("k", read)), bucket, minimal(key("k", read))} {
				wantDo(t, c, q, s, "v", nil, room+i+1)
			}
			if diff := cmp.Diff([]int{3, 4}, held(c)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	})
	t.Run("of one millisecond the one that was asked for first", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCache(func(o *grantcache.Options) { o.MaxEntries = room })
			for i := range room + 2 {
				put(t, c, key(fmt.Sprint(i), read), "v", "", time.Hour)
			}
			if diff := cmp.Diff([]int{2, 3, 4, 5, 6}, held(c)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	})
	t.Run("an answer in place of another takes no room", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, _ := start(t)
			for range 10 {
				put(t, c, key("0", read), "v", "", time.Hour)
			}
			if diff := cmp.Diff([]int{0, 1, 2, 3, 4}, held(c)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	})
	t.Run("what is past its life goes by and by, though there is room", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCache()
			for i := range 100 {
				put(t, c, key(fmt.Sprint(i), read), "v", "", time.Hour)
			}
			time.Sleep(2 * time.Hour)
			for i := range 100 {
				put(t, c, key(fmt.Sprint("new", i), read), "v", "", time.Hour)
			}
			if got := c.Stats(); got.Entries > 150 || got.Evicted != 0 {
				t.Errorf("%+v, want about 100 entries", got)
			}
		})
	})
}

// A grant with a target of 70 bytes may take 1 kB, values apart; 30,000 of them 30 MB.
func TestMemory(t *testing.T) {
	const grants = 5_000
	if got := heapOf(func() any { return filled(t, grants) }) / grants; got < 50 || got > 1000 {
		t.Errorf("%.0f bytes a grant, want up to 1000", got)
	}
}

func TestHitAllocatesNothing(t *testing.T) {
	c, q := filled(t, 100), question("team-data", benchKey(50), read)
	if n := testing.AllocsPerRun(100, func() {
		if c.Get(q) == nil {
			t.Error("a miss")
		}
	}); n != 0 {
		t.Errorf("a hit allocates %v times", n)
	}
}
