package s3agcreds

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Causes of a [DataAccessError] that are found on this side of the wire.
var (
	// ErrNoCredentials means that GetDataAccess answered without credentials.
	ErrNoCredentials = errors.New("the answer holds no credentials")
	// ErrInstanceARN means that GetAccessGrantsInstanceForPrefix gave no ARN
	// with an account in it.
	ErrInstanceARN = errors.New("the answer holds no Access Grants instance ARN with an account id")
)

const accessDenied = "AccessDenied"

// Kind is what a [DataAccessError] means for the caller.
type Kind string

// The kinds.
const (
	// KindNoGrant: no grant of this identity covers the target with the
	// permission.
	KindNoGrant Kind = "NoGrant"
	// KindNotAuthorized: an IAM policy, or the instance's resource policy,
	// does not allow the call; grants were not looked at.
	KindNotAuthorized Kind = "NotAuthorized"
	// KindNoInstance: the account has no Access Grants instance in the region.
	KindNoInstance Kind = "NoInstance"
	// KindLocationRole: a grant matched, but the role of its location could
	// not be assumed.
	KindLocationRole Kind = "LocationRole"
	// KindUnavailable: the service did not answer, or with a server error or
	// throttling.
	KindUnavailable Kind = "Unavailable"
	// KindOther: anything else.
	KindOther Kind = "Other"
)

// DataAccessError is a failed call of S3 Access Grants.
type DataAccessError struct {
	// Operation is GetDataAccess; or, of what is called to find the instance of a bucket,
	// GetAccessGrantsInstanceForPrefix, GetCallerIdentity or HeadBucket.
	Operation string
	// Kind is what the failure means.
	Kind Kind
	// Code is the error code of AWS, such as "AccessDenied"; empty if AWS did
	// not answer.
	Code string
	// Message is the text of AWS.
	Message string
	// HTTPStatus is the status of the answer, 0 if there was none.
	HTTPStatus int
	// RequestID is AWS's id of the request.
	RequestID string
	// Target and Permission are what was asked for; only GetDataAccess has a permission.
	Target     string
	Permission types.Permission
	// Err is the cause.
	Err error
}

// Error implements error.
func (e *DataAccessError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s for %s", e.Operation, printable(e.Target))
	if e.Permission != "" {
		fmt.Fprintf(&b, " (%s)", e.Permission)
	}
	switch {
	case e.Code == "" && e.Err != nil:
		fmt.Fprintf(&b, ": %v", e.Err)
	case e.Message == "":
		fmt.Fprintf(&b, ": %s", e.Code)
	default:
		fmt.Fprintf(&b, ": %s: %s", e.Code, printable(e.Message))
	}
	if e.Code == "" || e.HTTPStatus == 0 {
		return b.String()
	}
	fmt.Fprintf(&b, " (HTTP %d", e.HTTPStatus)
	if e.RequestID != "" {
		fmt.Fprintf(&b, ", request %s", e.RequestID)
	}
	b.WriteString(")")
	return b.String()
}

// Unwrap returns Err.
func (e *DataAccessError) Unwrap() error { return e.Err }

// RetryableError tells the SDK's retryers not to ask again within one call of
// an S3 client: the S3 Control client has retried already.
func (e *DataAccessError) RetryableError() bool { return false }

// Throttled reports whether AWS answered that there were too many requests.
func (e *DataAccessError) Throttled() bool {
	_, known := retry.DefaultThrottleErrorCodes[e.Code]
	return known || e.HTTPStatus == http.StatusTooManyRequests
}

// RetryAfter is how long the answer's Retry-After header asks to wait from now on, 0
// without one.
func (e *DataAccessError) RetryAfter() time.Duration {
	response, ok := errors.AsType[*smithyhttp.ResponseError](e.Err)
	if !ok || response.Response == nil {
		return 0
	}
	value := response.Response.Header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// Hint says in general words what usually causes the error. It is empty where
// there is nothing to add.
func (e *DataAccessError) Hint() string {
	switch e.Kind {
	case KindNoGrant:
		return "no grant for this user, its groups or the role covers the target with this permission; " +
			"a grant bound to another Identity Center application does not count, nor does one in another region"
	case KindNotAuthorized:
		return "the caller's policy must allow s3:" + e.Operation + " on the Access Grants instance; " +
			"for an instance of another account its resource policy must, too"
	case KindNoInstance:
		return "the account has no Access Grants instance in this region; the instance may belong to another account"
	case KindLocationRole:
		return "the role of the grant's location must trust access-grants.s3.amazonaws.com with sts:AssumeRole, " +
			"sts:SetSourceIdentity and, for directory users and groups, sts:SetContext"
	case KindUnavailable:
		return "S3 Access Grants did not answer; try again later, and look at the network and the region"
	default:
		return ""
	}
}

// newDataAccessError describes a failed call.
func newDataAccessError(operation, target string, permission types.Permission, err error) *DataAccessError {
	e := &DataAccessError{Operation: operation, Target: target, Permission: permission, Err: err}
	if decoding, ok := errors.AsType[*smithy.DeserializationError](err); ok {
		decoding.Snapshot = nil // may be the beginning of an answer with credentials
	}
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		e.HTTPStatus = response.HTTPStatusCode()
	}
	if answered, ok := errors.AsType[interface {
		error
		ServiceRequestID() string
	}](err); ok {
		e.RequestID = answered.ServiceRequestID()
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		e.Code, e.Message = api.ErrorCode(), api.ErrorMessage()
	}
	e.Kind = e.kind()
	return e
}

// kind sorts the error. A missing grant and a denial by IAM are both
// AccessDenied with status 403; only their texts differ.
func (e *DataAccessError) kind() Kind {
	switch {
	case e.Code == accessDenied && strings.Contains(e.Message, "not authorized to perform"):
		return KindNotAuthorized
	case e.Code == accessDenied && strings.HasPrefix(e.Message, "You do not have"):
		return KindNoGrant
	case e.Code == "AccessGrantsInstanceNotExistsError":
		return KindNoInstance
	case e.Code == "StsNotAuthorizedError":
		return KindLocationRole
	case e.HTTPStatus >= 500, e.Throttled(), e.noAnswer():
		return KindUnavailable
	default:
		return KindOther
	}
}

func (e *DataAccessError) noAnswer() bool {
	_, ok := errors.AsType[*smithyhttp.RequestSendError](e.Err)
	return ok && !errors.Is(e.Err, context.Canceled) || errors.Is(e.Err, context.DeadlineExceeded)
}

// printable quotes what would tear a line of a log, or of a terminal, such as a key or a
// message of AWS that repeats it.
func printable(text string) string {
	if utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return text
	}
	return strconv.Quote(text)
}
