// Package refusal tells the refusals of AWS apart for those who only read: what may
// not be read, what is not there, and what could not be asked.
package refusal

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Refusal is a failed read.
type Refusal struct {
	// Denied: the caller lacks Permission. NotFound: what was asked for is not there.
	// Unsigned: the credentials themselves were not taken, or there are none.
	// Unreachable: no answer, or none that counts. At most one of them is true.
	Denied, NotFound, Unsigned, Unreachable bool
	// Permission is the IAM action that was asked, such as sso:DescribeApplication.
	Permission string
	// Code is that of AWS, or "".
	Code string
	// Seen says in one line what happened.
	Seen string
}

// Missing is Permission in a list if it was missing, else nil: for finding.Log.Unread.
func (r *Refusal) Missing() []string {
	if r.Denied {
		return []string{r.Permission}
	}
	return nil
}

// Of tells what err, the answer to an operation that needs permission, means. It is nil for nil.
func Of(permission string, err error) *Refusal {
	if err == nil {
		return nil
	}
	r := &Refusal{Permission: permission}
	api, answered := errors.AsType[smithy.APIError](err)
	if answered {
		r.Code = api.ErrorCode()
	}
	status := 0
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		status = response.HTTPStatusCode()
	}
	switch {
	case !answered && isUnsigned(err):
		r.Unsigned, r.Seen = true, "there are no credentials to read with: "+Cause(err)
	case !answered || status >= 500 || throttled(r.Code):
		r.Unreachable, r.Seen = true, permission+": no answer: "+Cause(err)
	case slices.Contains(unsignedCodes, r.Code):
		r.Unsigned, r.Seen = true, "the credentials to read with are not taken: "+r.Code
	case strings.HasPrefix(r.Code, "AccessDenied") || r.Code == "NotAuthorized" || r.Code == "UnauthorizedOperation":
		r.Denied, r.Seen = true, permission+" is not allowed"
	case strings.HasPrefix(r.Code, "NoSuch") || strings.HasSuffix(r.Code, "NotFoundException") || strings.HasSuffix(r.Code, "NotFound") || r.Code == "AccessGrantsInstanceNotExistsError":
		r.NotFound, r.Seen = true, api.ErrorMessage()
	default:
		r.Seen = strings.TrimSuffix(r.Code+": "+api.ErrorMessage(), ": ")
	}
	return r
}

// unsignedCodes speak of the credentials and not of what they may do.
var unsignedCodes = []string{
	"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId",
	"SignatureDoesNotMatch", "InvalidSignatureException", "MissingAuthenticationToken", "MissingAuthenticationTokenException", "IncompleteSignature",
	"RequestExpired",
}

func throttled(code string) bool {
	return strings.Contains(code, "Throttl") || code == "TooManyRequestsException" || code == "SlowDown" || code == "ServiceUnavailable"
}

// isUnsigned reports whether a request was never sent for want of credentials.
func isUnsigned(err error) bool {
	text := err.Error()
	return strings.Contains(text, "get identity") || strings.Contains(text, "refresh cached credentials") || strings.Contains(text, "failed to retrieve credentials")
}

// Cause is the innermost error, which says most in the fewest words.
func Cause(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "the time was up"
	}
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
