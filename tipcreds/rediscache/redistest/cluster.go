package redistest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// slots of a Redis cluster, by its specification.
const slots = 16384

// masters of the cluster that StartCluster makes: the least that can elect.
const masters = 3

// clusterLimit bounds how long the nodes may take to agree.
const clusterLimit = 30 * time.Second

// Cluster is three masters without replicas, each with a third of the slots.
type Cluster struct {
	// Nodes are the masters, in the order of their slots.
	Nodes []*Server
}

// Addrs are the addresses of all nodes, as a cluster client takes them.
func (c *Cluster) Addrs() []string {
	addrs := make([]string, 0, len(c.Nodes))
	for _, n := range c.Nodes {
		addrs = append(addrs, n.Addr)
	}
	return addrs
}

// StartCluster starts a cluster and waits until every node knows that all slots are
// served. A node that is killed takes its slots along; the others go on serving
// theirs (cluster-require-full-coverage no). args are further options of
// redis-server for every node; they must not ask for a password, with which the
// cluster could not be made: set one with CONFIG SET or ACL SETUSER afterwards.
func StartCluster(tb testing.TB, args ...string) *Cluster {
	tb.Helper()
	options := append([]string{
		"--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf", "--cluster-node-timeout", "2000",
		"--cluster-require-full-coverage", "no",
	}, args...)
	c := &Cluster{}
	for range masters {
		c.Nodes = append(c.Nodes, Start(tb, options...))
	}
	ctx, cancel := context.WithTimeout(tb.Context(), clusterLimit)
	defer cancel()
	if err := c.form(ctx); err != nil {
		tb.Fatalf("redistest: cluster: %v", err)
	}
	return c
}

// form does what redis-cli --cluster create does.
func (c *Cluster) form(ctx context.Context) error {
	clients := make([]*redis.Client, len(c.Nodes))
	for i, n := range c.Nodes {
		clients[i] = redis.NewClient(&redis.Options{Addr: n.Addr})
	}
	defer func() {
		for _, client := range clients {
			_ = client.Close()
		}
	}()
	for i, client := range clients {
		if err := assign(ctx, client, i); err != nil {
			return err
		}
	}
	for _, n := range c.Nodes[1:] {
		if err := clients[0].ClusterMeet(ctx, "127.0.0.1", fmt.Sprint(n.port)).Err(); err != nil {
			return fmt.Errorf("meet %s: %w", n.Addr, err)
		}
	}
	for i, client := range clients {
		if err := awaitAgreement(ctx, client); err != nil {
			return fmt.Errorf("node %s: %w", c.Nodes[i].Addr, err)
		}
	}
	return nil
}

// assign gives a node an epoch of its own and its share of the slots.
func assign(ctx context.Context, client *redis.Client, i int) error {
	if err := client.Do(ctx, "cluster", "set-config-epoch", i+1).Err(); err != nil {
		return fmt.Errorf("set config epoch: %w", err)
	}
	first, end := i*slots/masters, (i+1)*slots/masters
	if err := client.ClusterAddSlotsRange(ctx, first, end-1).Err(); err != nil {
		return fmt.Errorf("add slots %d to %d: %w", first, end-1, err)
	}
	return nil
}

// awaitAgreement waits until a node knows all masters with all slots.
func awaitAgreement(ctx context.Context, client *redis.Client) error {
	want := []string{
		"cluster_state:ok", fmt.Sprintf("cluster_slots_ok:%d", slots), fmt.Sprintf("cluster_known_nodes:%d", masters),
		fmt.Sprintf("cluster_size:%d", masters),
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		info, err := client.ClusterInfo(ctx).Result()
		if err != nil {
			return err
		}
		if containsAll(info, want) {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w\n%s", ctx.Err(), info)
		}
	}
}

func containsAll(text string, all []string) bool {
	for _, s := range all {
		if !strings.Contains(text, s+"\r\n") {
			return false
		}
	}
	return true
}
