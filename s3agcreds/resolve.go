package s3agcreds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
)

// place is where the Access Grants instance of a bucket is.
type place struct{ account, region string }

// resolver finds the account and the region of the Access Grants instance of a bucket.
type resolver struct {
	base    aws.Config
	options *Options
}

func newResolver(base aws.Config, o *Options) *resolver { return &resolver{base: base, options: o} }

// find returns the place of the instance that a request is to ask.
func (r *resolver) find(_ context.Context, base aws.Credentials, q *request) (place, error) {
	account := r.options.AccountID
	if account == "" {
		account = base.AccountID
	}
	return place{account: account, region: q.region}, nil
}

// control is an S3 Control client of a region that signs with these credentials.
func (r *resolver) control(region string, base aws.Credentials) *s3control.Client {
	return s3control.NewFromConfig(r.base, func(o *s3control.Options) {
		o.Region = region
		o.Credentials = credentials.StaticCredentialsProvider{Value: base}
	})
}
