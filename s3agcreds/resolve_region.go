package s3agcreds

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// ErrBucketRegion means that S3 did not say in which region a bucket is.
var ErrBucketRegion = errors.New("S3 did not say in which region the bucket is; look at its name, and set the region without Options.CrossRegion")

const regionHeader = "x-amz-bucket-region"

// Region returns the region of a bucket, by an unsigned HeadBucket, which S3 answers with
// the region whether or not anybody may see the bucket. It is remembered for
// [Options.ResolvedFor], and needs no [Options.CrossRegion]. With it a call reaches a
// bucket of another region than the client's:
//
//	region, err := plugin.Region(ctx, bucket)
//	...
//	out, err := client.GetObject(ctx, input, func(o *s3.Options) { o.Region = region })
//
// For what is no general purpose bucket it is the region of the configuration. Errors are of type
// [*DataAccessError], with [ErrBucketRegion] where S3 answered without the region, or
// hold the context's.
func (p *Plugin) Region(ctx context.Context, bucket string) (string, error) {
	return p.places.region(ctx, bucket, p.places.base.Region, p.places.now())
}

// region is that of a bucket. The region of from is asked.
func (r *resolver) region(ctx context.Context, bucket, from string, now time.Duration) (string, error) {
	if region, ok := r.regions.get(bucket, now); ok {
		return region, nil
	}
	if !general(bucket) { // directory buckets are of the client's region and take no unsigned request; no other has one region
		return from, nil
	}
	return r.regions.do(ctx, strings.Clone(bucket), func(ctx context.Context) (string, time.Duration, error) {
		r.trace(ctx, "HeadBucket", scheme+bucket+"/", from)
		region, err := headBucket(ctx, r.objects(), bucket, from)
		if err != nil {
			return "", 0, newDataAccessError("HeadBucket", scheme+bucket+"/", "", err)
		}
		return region, r.options.ResolvedFor, nil
	})
}

// validRegion reports whether a text has the form of a region. It becomes part of a host name.
func validRegion(region string) bool {
	if region == "" || len(region) > 40 {
		return false
	}
	for _, c := range region {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

func headBucket(ctx context.Context, client *s3.Client, bucket, from string) (string, error) {
	var region string
	out, err := client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket}, func(o *s3.Options) { o.Region = from })
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && response.Response != nil {
		region = response.Response.Header.Get(regionHeader) // of a redirection and a denial, too
	}
	if err == nil {
		region = aws.ToString(out.BucketRegion)
	}
	switch {
	case validRegion(region):
		return region, nil
	case err == nil:
		return "", ErrBucketRegion
	case answeredBy(err):
		return "", fmt.Errorf("%w: %w", ErrBucketRegion, err)
	}
	return "", err
}

// answeredBy reports whether S3 answered, and not with a fault of its own.
func answeredBy(err error) bool {
	response, ok := errors.AsType[*smithyhttp.ResponseError](err)
	return ok && response.HTTPStatusCode() < http.StatusInternalServerError && response.HTTPStatusCode() != http.StatusTooManyRequests
}
