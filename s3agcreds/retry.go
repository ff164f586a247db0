package s3agcreds

import (
	"errors"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// patient adds to the retryer of one call what the SDK leaves alone although it
// passes. Both operations only read, so that asking again does no harm.
func patient(o *s3control.Options) {
	if r, ok := o.Retryer.(aws.RetryerV2); ok {
		o.Retryer = retryer{r}
	}
}

type retryer struct{ aws.RetryerV2 }

// IsErrorRetryable implements aws.Retryer: a 429 without a code of AWS's, as
// proxies give it, and an answer that cannot be read, too.
func (r retryer) IsErrorRetryable(err error) bool {
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && response.HTTPStatusCode() == http.StatusTooManyRequests {
		return true
	}
	if _, broken := errors.AsType[*smithy.DeserializationError](err); broken {
		return true
	}
	return r.RetryerV2.IsErrorRetryable(err)
}
