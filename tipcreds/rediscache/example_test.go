package rediscache_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/redis/go-redis/v9"

	"github.com/tip-cli/tip-cli/tipcreds"
	"github.com/tip-cli/tip-cli/tipcreds/rediscache"
)

// sealingKeys stands for what is in the environment of every replica, from a secret.
const sealingKeys = "2026-02:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=,2026-01:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="

// The list of keys is that of the environment of every replica, the sealing one
// first.
func Example() {
	keys, err := rediscache.ParseKeys(sealingKeys)
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

// A server with replicas that share a cluster: each makes its pool like this. The
// list of keys and the password of Redis come from secrets. Nothing is asked yet.
func ExampleNew() {
	keys, err := rediscache.ParseKeys(sealingKeys)
	if err != nil {
		fmt.Println(err)
		return
	}
	client := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs:     []string{"cache.example.com:6379"}, // one node tells of the others
		Username:  "tip",
		Password:  os.Getenv("REDIS_PASSWORD"),
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12},

		DisableRoutingPolicies: true, // else it asks for COMMAND, outside of every context
	})
	defer func() { _ = client.Close() }()
	cache, err := rediscache.New(client, keys, func(o *rediscache.Options) {
		o.Prefix = "reports:" // and ~reports:* in the ACL
		o.Logger = slog.Default()
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	awsConfig := aws.Config{Region: "eu-west-1"} // in a program: config.LoadDefaultConfig(ctx)
	pool, err := tipcreds.NewPool(
		"arn:aws:iam::444455556666:role/Analyst",
		"arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		func(o *tipcreds.PoolOptions) {
			o.ApplicationRoleARN = "arn:aws:iam::444455556666:role/TIPApplication"
			o.AWSConfig = awsConfig
			o.Cache = cache
		})
	if err != nil {
		fmt.Println(err)
		return
	}

	// For each request, with a token that was verified; the package bearer does this.
	subject := tipcreds.Subject{Issuer: "https://idp.example.com", ID: "00u1"}
	user := pool.For(subject, func(context.Context) (string, error) { return "the token of the request", nil })
	fmt.Println(user.Subject())
	// Output: 00u1 of https://idp.example.com
}
