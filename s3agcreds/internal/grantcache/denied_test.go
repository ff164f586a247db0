package grantcache_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tip-cli/tip-cli/s3agcreds/internal/grantcache"
)

func TestDenials(t *testing.T) {
	t.Run("case 38: a denial again within 5 minutes, no call", func(t *testing.T) {
		original(t, "a peer asks each time it is denied")
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(), &service{say: fails(errDenied)}
			wantDo(t, c, key("k", read), s, "", errDenied, 1)
			time.Sleep(5*time.Minute - 1)
			wantDo(t, c, key("k", read), s, "", errDenied, 1)
			if got := c.Stats(); got.DeniedHits != 1 || got.Denials != 1 {
				t.Errorf("%+v, want a denial and a hit", got)
			}
			time.Sleep(time.Nanosecond)
			wantDo(t, c, key("k", read), s, "", errDenied, 2)
		})
	})
	t.Run("case 39: a key below asks", func(t *testing.T) {
		c, s := newCache(), &service{say: fails(errDenied)}
		wantDo(t, c, key("foo/bar", read), s, "", errDenied, 1)
		wantDo(t, c, key("foo/bar/log", read), s, "", errDenied, 2)
	})
	t.Run("case 40: a sibling asks", func(t *testing.T) {
		original(t, "a peer denies it unasked")
		c, s := newCache(), &service{say: fails(errDenied)}
		wantDo(t, c, list("foo/a", read), s, "", errDenied, 1)
		wantDo(t, c, list("foo/b", read), s, "", errDenied, 2)
	})
	t.Run("only the question as it was", func(t *testing.T) {
		c, s := newCache(), &service{say: fails(errDenied)}
		account, region, bucket := key("k", read), key("k", read), key("k", read)
		account.Account, region.Region, bucket.Bucket = "444455556666", "us-east-1", "c"
		for i, q := range []*grantcache.Question{
			key("k", read), key("k", write), key("k", readWrite), list("k", read), minimal(key("k", read)),
			minimal(list("k", read)), of("user-2", key("k", read)), account, region, bucket,
		} {
			wantDo(t, c, q, s, "", errDenied, i+1)
			wantDo(t, c, q, s, "", errDenied, i+1)
		}
	})
	t.Run("case 41: an outage is not remembered", func(t *testing.T) {
		for i, err := range []error{errOutage, errUnclear, fmt.Errorf("throttled: %w", errOutage)} {
			c, s := newCache(), &service{say: fails(err)}
			wantDo(t, c, key("k", read), s, "", err, 1)
			wantDo(t, c, key("k", read), s, "", err, 2)
			if got := c.Stats().Denials; got != 0 {
				t.Errorf("number %d is remembered", i)
			}
		}
	})
	t.Run("case 42: a grant that covers beats a denial", func(t *testing.T) {
		original(t, "a peer looks at denials first")
		c, s := newCache(), &service{say: fails(errDenied)}
		wantDo(t, c, key("a/k", read), s, "", errDenied, 1)
		put(t, c, key("a/other", read), "v", "s3://b/a/*", time.Hour)
		wantDo(t, c, key("a/k", read), s, "v", nil, 1)
	})
	t.Run("a forced answer ends a denial", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, s := newCache(noRenewal), &service{say: fails(errDenied)}
			wantDo(t, c, key("k", read), s, "", errDenied, 1)
			put(t, c, key("k", read), "v", "s3://b/k", time.Minute)
			time.Sleep(time.Minute)
			wantDo(t, c, key("k", read), s, "", errDenied, 2)
		})
	})
	t.Run("a denial ends what it contradicts, and no more", func(t *testing.T) {
		c, s := newCache(), &service{say: fails(errDenied)}
		put(t, c, key("k", read), "r", "s3://b/*", time.Hour)
		put(t, c, key("k", write), "w", "s3://b/*", time.Hour)
		put(t, c, key("k", readWrite), "rw", "s3://b*", time.Hour)
		if _, err := c.Refresh(t.Context(), key("k", read), s.ask); err == nil {
			t.Error("no error")
		}
		wantGet(t, c, key("k", read), "")
		wantGet(t, c, key("k", write), "w")
		wantGet(t, c, key("k", readWrite), "")
		wantDo(t, c, key("k", read), s, "", errDenied, 1)
	})
	t.Run("a denial of Minimal says nothing of Default", func(t *testing.T) {
		c, s := newCache(), &service{say: fails(errDenied)}
		put(t, c, list("", read), "v", "s3://b*", time.Hour)
		wantDo(t, c, minimal(list("", read)), s, "", errDenied, 1)
		wantGet(t, c, list("", read), "v")
	})
	t.Run("switched off", func(t *testing.T) {
		c, s := newCache(func(o *grantcache.Options) { o.DeniedFor = -1 }), &service{say: fails(errDenied)}
		wantDo(t, c, key("k", read), s, "", errDenied, 1)
		wantDo(t, c, key("k", read), s, "", errDenied, 2)
		if got := c.Stats().Denials; got != 0 {
			t.Errorf("%d denials are held", got)
		}
	})
	t.Run("bounded: the one goes that was used longest ago", func(t *testing.T) {
		c, s := newCache(func(o *grantcache.Options) { o.MaxEntries = 3 }), &service{say: fails(errDenied)}
		for i, k := range []string{"1", "2", "3"} {
			wantDo(t, c, key(k, read), s, "", errDenied, i+1)
		}
		wantDo(t, c, key("1", read), s, "", errDenied, 3)
		wantDo(t, c, key("4", read), s, "", errDenied, 4) // 2 goes
		wantDo(t, c, key("1", read), s, "", errDenied, 4)
		wantDo(t, c, key("3", read), s, "", errDenied, 4)
		wantDo(t, c, key("2", read), s, "", errDenied, 5)
		if got := c.Stats().Denials; got != 3 {
			t.Errorf("%d denials, want 3", got)
		}
	})
	t.Run("nobody says what a denial is", func(t *testing.T) {
		c, s := grantcache.New[string](options()), &service{say: fails(errDenied)}
		wantDo(t, c, key("k", read), s, "", errDenied, 1)
		wantDo(t, c, key("k", read), s, "", errDenied, 2)
	})
}
