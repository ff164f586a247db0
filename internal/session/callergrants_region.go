package session

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

// bucketWithin bounds the question in which region a bucket is, which only makes an
// answer clearer.
const bucketWithin = 5 * time.Second

// BucketRegion returns the region of a bucket. S3 is asked in the region where it is
// looked for; it tells anybody, without a signature, whether or not they may see the bucket.
func (s *Session) BucketRegion(ctx context.Context, bucket, lookedFor string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, bucketWithin)
	defer cancel()
	cfg := s.aws.Copy()
	cfg.Region = lookedFor
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("nothing is signed for the region of a bucket")
	})
	plugin, err := s3agcreds.New(cfg)
	if err != nil {
		return "", err
	}
	s.trace("asking S3 in which region the bucket " + bucket + " is")
	return plugin.Region(ctx, bucket)
}
