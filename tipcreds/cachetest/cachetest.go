package cachetest

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// limit bounds each subtest: a cache that hangs fails it.
const limit = 30 * time.Second

// atOnce is the time within which a call ends when its context has.
const atOnce = time.Second

// replicas are what each check gets: two caches over one store, as two processes
// have them, and a key that nobody else uses.
type replicas struct {
	a, b tipcreds.Cache
	key  string
}

// Run tests the caches that open returns, in subtests. open is called twice in each
// of them, from several at once, and returns every time a cache of its own, as another process would, over
// one and the same store; with t.Cleanup it closes what it opens.
func Run(t *testing.T, open func(t *testing.T) tipcreds.Cache) {
	t.Helper()
	t.Run("Cache", func(t *testing.T) { // returns when all have run
		for _, c := range checks {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				r := &replicas{a: open(t), b: open(t), key: newKey()}
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				c.check(ctx, t, r)
			})
		}
	})
}

var checks = []struct {
	name  string
	check func(ctx context.Context, t *testing.T, r *replicas)
}{
	{"Get/None", getNone},
	{"Get/EndedContext", getEnded},
	{"Set/Shared", setShared},
	{"Set/Values", setValues},
	{"Set/Keys", setKeys},
	{"Set/Copies", setCopies},
	{"Set/Replaces", setReplaces},
	{"Set/Expires", setExpires},
	{"Set/RenewsTime", setRenewsTime},
	{"Set/EndedContext", setEnded},
	{"Add/OnlyFirst", addOnlyFirst},
	{"Add/OneOfMany", addOneOfMany},
	{"Add/Expires", addExpires},
	{"Add/EndedContext", addEnded},
	{"Delete/Shared", deleteShared},
	{"Delete/None", deleteNone},
	{"Delete/EndedContext", deleteEnded},
	{"Lock/Excludes", lockExcludes},
	{"Lock/Contention", lockContention},
	{"Lock/Keys", lockKeys},
	{"Lock/NotItsValue", lockNotItsValue},
	{"Lock/UnlockTwice", lockUnlockTwice},
	{"Lock/OutlivesContext", lockOutlivesContext},
	{"Lock/WaitEnds", lockWaitEnds},
	{"Lock/WaitIsCancelled", lockWaitIsCancelled},
	{"Lock/EndedContext", lockEnded},
}

// newKey returns a key of the greatest length, with characters that stores give a
// meaning to.
func newKey() string {
	const length = 100
	key := "cachetest/{a}:*?[b]\\\"'%~" + rand.Text()
	for len(key) < length {
		key += "x"
	}
	return key
}

func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
