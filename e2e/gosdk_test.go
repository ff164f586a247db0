package e2e_test

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// goErrand is the first argument that makes this test binary the client of the
// SDK for Go: it is a program of its own then, with a chain of providers of its own.
const goErrand = "go-errand"

// runGoErrand does what testdata/clients/sdk.py does.
func runGoErrand(args []string) int {
	flags := flag.NewFlagSet(goErrand, flag.ExitOnError)
	profile := flags.String("profile", "", "")
	if err := flags.Parse(args[1:]); err != nil {
		return 2
	}
	errands := map[string]func(context.Context, aws.Config) error{"identity": goIdentity, "grant": goGrant, "renewal": goRenewal}
	opts := []func(*config.LoadOptions) error{config.WithRegion("eu-west-1")}
	if *profile != "" {
		opts = append(opts, config.WithSharedConfigProfile(*profile))
	}
	if args[0] == "renewal" { // the clock of the SDK cannot be set: its credentials are always about to end
		opts = append(opts, config.WithCredentialsCacheOptions(func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = 17 * time.Minute }))
	}
	ctx, cancel := context.WithTimeout(context.Background(), clientTimeout)
	defer cancel()
	cfg, err := config.LoadDefaultConfig(ctx, opts...)
	if err == nil {
		err = errands[args[0]](ctx, cfg)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// goRefused is the error code, or "allowed".
func goRefused(err error) string {
	var answer smithy.APIError
	switch {
	case err == nil:
		return "allowed"
	case errors.As(err, &answer):
		return answer.ErrorCode()
	}
	return err.Error()
}

func goIdentity(ctx context.Context, cfg aws.Config) error {
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		return err
	}
	fmt.Println("identity", *who.UserId, *who.Account)
	_, err = s3.NewFromConfig(cfg).ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("tip-demo-data"), Prefix: aws.String("reports/")})
	fmt.Println("direct", goRefused(err))
	return nil
}

func goGrant(ctx context.Context, cfg aws.Config) error {
	bucket, client := aws.String("tip-demo-data"), s3.NewFromConfig(cfg)
	list, err := client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String("reports/")})
	if err != nil {
		return err
	}
	var keys []string
	for i := range list.Contents {
		keys = append(keys, *list.Contents[i].Key)
	}
	fmt.Println("keys", strings.Join(keys, ","))
	object, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("reports/summary.txt")})
	if err != nil {
		return err
	}
	body, err := io.ReadAll(object.Body)
	if err != nil {
		return err
	}
	fmt.Println("body", strings.TrimSpace(string(body)))
	_, err = client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("reports/mine.txt"), Body: strings.NewReader("mine")})
	fmt.Println("write", goRefused(err))
	return nil
}

// goRenewal calls AWS, waits for a line, and calls again.
func goRenewal(ctx context.Context, cfg aws.Config) error {
	client := sts.NewFromConfig(cfg)
	for _, word := range []string{"first", "second"} {
		if _, err := client.GetCallerIdentity(ctx, nil); err != nil {
			return err
		}
		used, err := cfg.Credentials.Retrieve(ctx)
		if err != nil {
			return err
		}
		fmt.Println(word, used.AccessKeyID)
		if word == "first" {
			if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
				return err
			}
		}
	}
	return nil
}
