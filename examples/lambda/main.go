// Command lambda is an AWS Lambda function behind an API Gateway HTTP API. It gives
// its caller a link to one object in S3, if S3 Access Grants lets that person read
// it:
//
//	GET /link?object=s3://bucket/key
//
// The function's own role is not asked for anything: the caller's JWT buys the
// credentials that the grant is looked for with, and CloudTrail names the person.
// One pool lives as long as the execution environment, so that the second request of
// a user costs no exchange; with a Redis several environments share them.
//
// An environment runs one invocation at a time, or several where Lambda is told to;
// the function is safe for both. It does not sign anybody in, and does not send the
// object itself, which could be larger than an answer of Lambda may be.
package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil))
	f, err := newFunction(context.Background(), os.Getenv, log)
	if err != nil {
		log.Error("the function is not configured", "error", err)
		os.Exit(1) // Lambda reports the start as failed
	}
	lambda.Start(f.handle)
}
