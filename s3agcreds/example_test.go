package s3agcreds_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

// nopCleanup is for examples, which stop the fake themselves.
type nopCleanup struct{ stop func() }

func (c *nopCleanup) Cleanup(f func()) { c.stop = f }

func Example() {
	ctx := context.Background()
	// In a program: client := s3control.NewFromConfig(awsConfig), where
	// awsConfig.Credentials is, for instance, a tipcreds.Provider.
	var cleanup nopCleanup
	client := newFake(&cleanup).sdk()
	defer cleanup.stop()

	account, err := s3agcreds.FindInstanceAccount(ctx, client, "111122223333", "s3://team-data/reports/*")
	if err != nil {
		fmt.Println(err)
		return
	}
	provider, err := s3agcreds.NewProvider(client, account, "s3://team-data/reports/*", "READ")
	if err != nil {
		fmt.Println(err)
		return
	}
	// s3.Options{Credentials: provider, ...} reads the reports. To see what
	// was granted:
	grant, err := provider.Grant(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(grant.MatchedGrantTarget, grant.Grantee.Type)
	// Output: s3://team-data/reports/* DIRECTORY_USER
}

func ExampleDataAccessError() {
	var cleanup nopCleanup
	f := newFake(&cleanup)
	defer cleanup.stop()
	f.on(errorAnswer(403, "AccessDenied",
		"You do not have READ permissions to the requested S3 Prefix: s3://team-data/payroll/*"))

	provider, err := s3agcreds.NewProvider(f.sdk(), "444455556666", "s3://team-data/payroll/*", "READ")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = provider.Retrieve(context.Background())
	if e, ok := errors.AsType[*s3agcreds.DataAccessError](err); ok {
		fmt.Println(e.Kind, e.HTTPStatus, e.Message)
	}
	// Output: NoGrant 403 You do not have READ permissions to the requested S3 Prefix: s3://team-data/payroll/*
}

func ExampleCovers() {
	fmt.Println(s3agcreds.Covers("s3://team-data/reports/*", "READWRITE", "s3://team-data/reports/2026.csv", "READ"))
	fmt.Println(s3agcreds.Covers("s3://team-data/reports/*", "READWRITE", "s3://team-data/*", "READ"))
	fmt.Println(s3agcreds.Covers("s3://team-data/k?", "READ", "s3://team-data/k1", "READ"))
	// Output:
	// true
	// false
	// false
}
