package s3agcreds_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

func ExampleNew() {
	ctx := context.Background()
	// In a program: cfg, err := config.LoadDefaultConfig(ctx), with credentials that S3
	// Access Grants knows.
	cfg := newCloud("READ s3://team-data/reports/*").config()

	plugin, err := s3agcreds.New(cfg, func(o *s3agcreds.Options) { o.AccountID = "444455556666" })
	if err != nil {
		fmt.Println(err)
		return
	}
	client := s3.NewFromConfig(cfg, plugin.Install)
	for _, key := range []string{"reports/2025.csv", "reports/2026.csv"} {
		if _, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("team-data"), Key: &key}); err != nil {
			fmt.Println(err)
			return
		}
	}
	stats := plugin.Stats()
	fmt.Println("hits", stats.Hits, "misses", stats.Misses)
	// Output: hits 1 misses 1
}

func ExamplePlugin_As() {
	ctx := context.Background()
	cfg := newCloud("READ s3://team-data/reports/*").config()
	plugin, err := s3agcreds.New(cfg, func(o *s3agcreds.Options) { o.AccountID = "444455556666" })
	if err != nil {
		fmt.Println(err)
		return
	}
	// One client for the whole server; the handler of a request knows its user. In a
	// program that is a tipcreds.User.
	client := s3.NewFromConfig(cfg)
	handle := func(user aws.CredentialsProvider, key string) {
		in := &s3.GetObjectInput{Bucket: aws.String("team-data"), Key: &key}
		_, err := client.GetObject(ctx, in, plugin.As(user))
		if refused, ok := errors.AsType[*s3agcreds.DataAccessError](err); ok {
			fmt.Println(refused.Kind, refused.Target)
			return
		}
		fmt.Println("ok", err)
	}
	user := credentials.NewStaticCredentialsProvider("ASIAENHANCED00000001", "secret", "token")
	handle(user, "reports/2026.csv")
	handle(user, "payroll/2026.csv")
	// Output:
	// ok <nil>
	// NoGrant s3://team-data/payroll/2026.csv
}

func ExamplePlugin_Grant() {
	plugin, err := s3agcreds.New(newCloud("READWRITE s3://team-data/reports/*").config(),
		func(o *s3agcreds.Options) { o.AccountID = "444455556666" })
	if err != nil {
		fmt.Println(err)
		return
	}
	grant, err := plugin.Grant(context.Background(), nil, "s3://team-data/reports/2026.csv", "READ")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(grant.MatchedGrantTarget)
	// Output: s3://team-data/reports/*
}
