package redistest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/tip-cli/tip-cli/tipcreds/rediscache/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func client(t *testing.T, addr string) *redis.Client {
	t.Helper()
	c := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1, DialerRetries: 1, ReadTimeout: 300 * time.Millisecond})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestServer(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	c := client(t, s.Addr)
	if err := c.Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}

	s.Stop()
	if err := c.Get(t.Context(), "k").Err(); err == nil {
		t.Error("a stopped server answered")
	}
	s.Cont()
	if v, err := c.Get(t.Context(), "k").Result(); v != "v" || err != nil {
		t.Errorf("after Cont: %q, %v", v, err)
	}

	s.Kill()
	s.Kill() // nothing is left to kill
	if err := c.Get(t.Context(), "k").Err(); err == nil {
		t.Error("a killed server answered")
	}
	s.Restart()
	if err := c.Get(t.Context(), "k").Err(); !errors.Is(err, redis.Nil) {
		t.Errorf("after Restart: %v, want an empty server", err)
	}
}

func TestKillWhileStopped(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	s.Stop()
	s.Restart()
	if err := client(t, s.Addr).Ping(t.Context()).Err(); err != nil {
		t.Error(err)
	}
}

// A server at a port that another one has does not take the other's answers for its
// own: it says that it could not start.
func TestPortTaken(t *testing.T) {
	if port := os.Getenv("REDISTEST_PORT"); port != "" {
		redistest.Start(t, "--port", port)
		return
	}
	_, port, _ := strings.Cut(redistest.Start(t).Addr, ":")
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPortTaken$")
	cmd.Env = append(os.Environ(), "REDISTEST_PORT="+port)
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "Address already in use") {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, "--requirepass", "example")
	if err := client(t, s.Addr).Get(t.Context(), "k").Err(); err == nil || !strings.HasPrefix(err.Error(), "NOAUTH") {
		t.Errorf("got %v, want NOAUTH", err)
	}
}

func TestCluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t)
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()[:1]})
	t.Cleanup(func() { _ = c.Close() })
	seen := map[string]bool{}
	err := c.ForEachMaster(t.Context(), func(ctx context.Context, node *redis.Client) error { return node.Ping(ctx).Err() })
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		if err := c.Set(t.Context(), key, key, 0).Err(); err != nil {
			t.Fatal(err)
		}
		node, err := c.MasterForKey(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		seen[node.Options().Addr] = true
	}
	if len(seen) != len(cluster.Nodes) {
		t.Errorf("keys are on %d nodes, want %d", len(seen), len(cluster.Nodes))
	}

	node := cluster.Nodes[1]
	node.Restart()
	if err := client(t, node.Addr).ClusterInfo(t.Context()).Err(); err != nil {
		t.Error(err)
	}
}

// A machine without Redis skips, and CI fails: a test that nobody runs is none.
func TestWithoutRedis(t *testing.T) {
	if os.Getenv("REDISTEST_CHILD") != "" {
		t.Setenv("PATH", t.TempDir())
		redistest.Start(t)
		return
	}
	for ci, want := range map[string]string{"": "--- SKIP: TestWithoutRedis", "true": "--- FAIL: TestWithoutRedis"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWithoutRedis$", "-test.v")
		cmd.Env = append(os.Environ(), "REDISTEST_CHILD=1", "CI="+ci)
		out, _ := cmd.CombinedOutput()
		if !strings.Contains(string(out), want) || !strings.Contains(string(out), "apt-get install redis-server") {
			t.Errorf("CI=%q: no %q in\n%s", ci, want, out)
		}
	}
}
