package rediscache_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/tip-cli/tip-cli/tipcreds/rediscache"
	"github.com/tip-cli/tip-cli/tipcreds/rediscache/redistest"
)

// lossy loses the answer to the next script: Redis has run it, and the connection
// breaks.
type lossy struct{ armed, lost atomic.Bool }

type lossyConn struct {
	net.Conn

	lossy *lossy
	hit   atomic.Bool
}

func (c *lossyConn) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("evalsha")) && c.lossy.armed.CompareAndSwap(true, false) {
		c.hit.Store(true)
	}
	return c.Conn.Write(p)
}

func (c *lossyConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.hit.CompareAndSwap(true, false) {
		c.lossy.lost.Store(true)
		_ = c.Close()
		return 0, io.EOF
	}
	return n, err
}

func (l *lossy) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &lossyConn{Conn: conn, lossy: l}, nil
}

// go-redis sends a command again if its answer is lost. What the first sending did
// is not taken for somebody else's.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	var l lossy
	client := connectWith(t, &redis.Options{Addr: server.Addr, Dialer: l.dial})
	cache := open(t, client, roomy, lockTTL(time.Hour))
	mustLock(t, cache, "warm")() // so that Redis knows the scripts

	l.armed.Store(true)
	if ok, err := cache.Add(t.Context(), "k", nil, time.Minute); !ok || err != nil || !l.lost.Swap(false) {
		t.Errorf("Add = %v, %v, want that it did", ok, err)
	}
	l.armed.Store(true)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	unlock, err := cache.Lock(ctx, "k")
	if err != nil || !l.lost.Swap(false) {
		t.Fatalf("Lock: %v", err)
	}
	l.armed.Store(true)
	unlock()
	if n := client.Exists(t.Context(), "tipcreds:l:k").Val(); n != 0 || !l.lost.Load() {
		t.Error("the lock is there after unlock")
	}
}

// gate is a hook that holds commands back, deaf to their contexts as go-redis is
// while it reads.
type gate struct {
	open chan struct{}
	mu   sync.Mutex
	now  int
	most int
	sent int
}

func (g *gate) DialHook(next redis.DialHook) redis.DialHook { return next }

func (g *gate) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (g *gate) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(context.Context, redis.Cmder) error {
		g.enter()
		<-g.open
		g.mu.Lock()
		defer g.mu.Unlock()
		g.now--
		return errors.New("the gate is open")
	}
}

func (g *gate) enter() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sent++
	g.now++
	g.most = max(g.most, g.now)
}

func gated(t *testing.T) (*gate, *redis.Client) {
	t.Helper()
	g := &gate{open: make(chan struct{})}
	client := connect(t, "127.0.0.1:1")
	client.AddHook(g)
	return g, client
}

// However many callers there are, the commands left behind are 512 at most.
func commandsLeftBehind(t *testing.T) {
	t.Parallel()
	g, client := gated(t)
	cache := open(t, client, timeout(short))
	var wg sync.WaitGroup
	for range 2000 {
		wg.Go(func() {
			if _, err := cache.Get(t.Context(), "k"); !errors.Is(err, rediscache.ErrTimeout) {
				t.Errorf("got %v", err)
			}
		})
	}
	within(t, short+5*slack, "all calls", wg.Wait)
	if g.most != 512 {
		t.Errorf("%d commands were under way, want 512", g.most)
	}
	close(g.open)
	eventually(t, "none is left", func() bool { g.mu.Lock(); defer g.mu.Unlock(); return g.now == 0 })
	eventually(t, "there are turns again", func() bool {
		_, err := cache.Get(t.Context(), "k")
		return err != nil && !errors.Is(err, rediscache.ErrTimeout)
	})
}

// With a context that has ended nothing is sent.
func TestNothingIsSentAfterTheEnd(t *testing.T) {
	g, client := gated(t)
	cache := open(t, client)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 { // a select that chose at random would be seen
		if _, err := cache.Get(ctx, "k"); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	if g.sent != 0 {
		t.Errorf("%d commands were sent", g.sent)
	}
}
