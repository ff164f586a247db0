package rediscache_test

import (
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/tip-cli/tip-cli/tipcreds/rediscache"
)

// The list of keys is that of the environment of every replica, the sealing one
// first. In a cluster, give redis.NewClusterClient DisableRoutingPolicies.
func Example() {
	keys, err := rediscache.ParseKeys("2026-02:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=,2026-01:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=")
	if err != nil {
		fmt.Println(err)
		return
	}
	client := redis.NewUniversalClient(&redis.UniversalOptions{Addrs: []string{"127.0.0.1:6379"}})
	defer func() { _ = client.Close() }()
	cache, err := rediscache.New(client, keys, func(o *rediscache.Options) { o.Prefix = "reports:" })
	fmt.Println(keys, cache, err)
	// Output: [key 2026-02 REDACTED key 2026-01 REDACTED] rediscache(reports:) <nil>
}
