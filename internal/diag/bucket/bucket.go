// Package bucket asks S3 whether a bucket is there, and in which region, without
// signing anything: S3 tells that to anybody, whether or not they may see the bucket.
// It keeps nothing, and its functions may be called concurrently.
package bucket

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

// regionHeader is in answers to HeadBucket, those of redirections and denials included.
const regionHeader = "x-amz-bucket-region"

// nameForm is that of bucket names, those of old times included, which may have
// capital letters. A name becomes part of a host name.
var nameForm = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$`)

// within bounds the question.
const within = 10 * time.Second

// Place is what S3 says of a bucket.
type Place struct {
	// Missing says that there is no such bucket, or that none can have the name.
	Missing bool
	// Region it is in, "" if it is missing.
	Region string
}

// Find asks S3 in a region. The Refusal is that of a question without an answer that
// says anything.
func Find(ctx context.Context, client *awshttp.BuildableClient, region, name string) (Place, *refusal.Refusal) {
	if !nameForm().MatchString(name) {
		return Place{Missing: true}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	out, err := s3.New(s3.Options{
		Region: region, HTTPClient: client, Credentials: aws.AnonymousCredentials{}, RetryMaxAttempts: 1,
	}).HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &name})
	place := Place{}
	if err == nil {
		place.Region = aws.ToString(out.BucketRegion)
	} else if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && response.Response != nil {
		place.Region = response.Response.Header.Get(regionHeader)
		place.Missing = response.HTTPStatusCode() == http.StatusNotFound && place.Region == ""
	}
	switch {
	case place.Missing || config.IsRegion(place.Region):
		return place, nil
	case err != nil:
		return Place{}, refusal.Of("s3:ListBucket", err)
	}
	return Place{}, &refusal.Refusal{Unreachable: true, Seen: "S3 answered without the region of the bucket " + name}
}
