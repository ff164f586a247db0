package cachetest

import (
	"context"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// Outage wants an error from every method of a cache whose store cannot be asked,
// within limit, and within a second after the end of its context if that ends
// before. The store stays as it is; stop or cut it off before.
func Outage(t *testing.T, c tipcreds.Cache, limit time.Duration) {
	t.Helper()
	key := newKey()
	const short = 10 * time.Millisecond
	t.Run("Outage", func(t *testing.T) { // returns when all have run
		for _, m := range methods {
			t.Run(m.name, func(t *testing.T) {
				t.Parallel()
				wantError(t.Context(), t, limit, func(ctx context.Context) error { return m.call(ctx, c, key) })
			})
			t.Run(m.name+"/Context", func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(t.Context(), short)
				defer cancel()
				wantError(ctx, t, min(limit, short+atOnce), func(ctx context.Context) error { return m.call(ctx, c, key) })
			})
		}
	})
}

func wantError(ctx context.Context, t *testing.T, limit time.Duration, call func(context.Context) error) {
	t.Helper()
	began := time.Now()
	if err := call(ctx); err == nil {
		t.Error("no error while the store cannot be asked")
	}
	if took := time.Since(began); took > limit {
		t.Errorf("the error took %v, want %v at most", took, limit)
	}
}

var methods = []struct {
	name string
	call func(ctx context.Context, c tipcreds.Cache, key string) error
}{
	{"Get", func(ctx context.Context, c tipcreds.Cache, key string) error {
		_, err := c.Get(ctx, key)
		return err
	}},
	{"Set", func(ctx context.Context, c tipcreds.Cache, key string) error {
		return c.Set(ctx, key, []byte("one"), time.Minute)
	}},
	{"Add", func(ctx context.Context, c tipcreds.Cache, key string) error {
		_, err := c.Add(ctx, key, []byte("one"), time.Minute)
		return err
	}},
	{"Delete", func(ctx context.Context, c tipcreds.Cache, key string) error { return c.Delete(ctx, key) }},
	{"Lock", func(ctx context.Context, c tipcreds.Cache, key string) error {
		unlock, err := c.Lock(ctx, key)
		if unlock != nil {
			unlock()
		}
		return err
	}},
}
