package cloudformation

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/google/uuid"
)

// timeForm is how attributes have times.
const timeForm = "2006-01-02T15:04:05Z"

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func decimal(n *int32) string { return strconv.Itoa(int(aws.ToInt32(n))) }

func truth(b bool) string { return strconv.FormatBool(b) }

// handlerError is a failure that the handler of a resource type finds by itself.
type handlerError struct{ code, text string }

// Error implements error.
func (e *handlerError) Error() string { return e.text }

// handlerCodes are the codes of handlers for the errors of services; others are
// GeneralServiceException.
var handlerCodes = map[string]string{
	"AccessDenied": "AccessDenied", "AccessDeniedException": "AccessDenied", "ExpiredToken": "InvalidCredentials", "InvalidClientTokenId": "InvalidCredentials",
	"EntityAlreadyExists": "AlreadyExists", "BucketAlreadyExists": "AlreadyExists", "BucketAlreadyOwnedByYou": "AlreadyExists",
	"AccessGrantAlreadyExists": "AlreadyExists", "AccessGrantsInstanceAlreadyExists": "AlreadyExists", "AccessGrantsLocationAlreadyExistsError": "AlreadyExists",
	"NoSuchEntity": "NotFound", "ResourceNotFoundException": "NotFound", "NoSuchBucket": "NotFound", "NoSuchBucketPolicy": "NotFound",
	"AccessGrantsInstanceNotExistsError": "NotFound", "NoSuchAccessGrantsLocationError": "NotFound", "NoSuchAccessGrantError": "NotFound",
	"MalformedPolicyDocument": "InvalidRequest", "ValidationError": "InvalidRequest", "InvalidInput": "InvalidRequest", "ValidationException": "InvalidRequest",
	"MalformedPolicy": "InvalidRequest", "InvalidRequest": "InvalidRequest", "InvalidIamRole": "InvalidRequest", "InvalidAccessGrant": "InvalidRequest",
	"InvalidAccessGrantsLocation": "InvalidRequest", "InvalidIdentityCenterInstance": "InvalidRequest", "InvalidBucketName": "InvalidRequest", "PolicyNotAttachable": "InvalidRequest",
	"LimitExceeded": "ServiceLimitExceeded", "ServiceQuotaExceededException": "ServiceLimitExceeded", "TooManyBuckets": "ServiceLimitExceeded",
	"DeleteConflict": "ResourceConflict", "ConflictException": "ResourceConflict", "ConcurrentModification": "ResourceConflict", "BucketNotEmpty": "ResourceConflict",
	"Throttling": "Throttling", "ThrottlingException": "Throttling", "SlowDown": "Throttling",
	"InternalFailure": "ServiceInternalError", "ServiceFailure": "ServiceInternalError", "InternalError": "ServiceInternalError",
}

// serviceNames are the names of services in the texts of the SDK for Java, which
// AWS's handlers use.
var serviceNames = map[string]string{"IAM": "Iam", "SSO Admin": "SsoAdmin", "S3 Control": "S3Control", "S3": "S3"}

// gone turns the refusal of a service that has no such thing into success: what is
// to be deleted need not be there.
func gone(err error) error {
	var api smithy.APIError
	if errors.As(err, &api) && handlerCodes[api.ErrorCode()] == "NotFound" {
		return nil
	}
	return err
}

// reason is why a resource failed, as events have it.
func reason(err error) string {
	code, text := "InternalFailure", "Internal Failure"
	var own *handlerError
	var api smithy.APIError
	var unsent smithy.InvalidParamsError
	switch {
	case errors.As(err, &unsent):
		code, text = "InvalidRequest", unsentText(&unsent)
	case errors.As(err, &own):
		code, text = own.code, own.text
	case errors.As(err, &api):
		if code = handlerCodes[api.ErrorCode()]; code == "" {
			code = "GeneralServiceException"
		}
		text = api.ErrorMessage() + " (" + strings.Join(origin(err), ", ") + ")"
	}
	return fmt.Sprintf("Resource handler returned message: \"%s\" (RequestToken: %s, HandlerErrorCode: %s)", text, uuid.NewString(), code)
}

// unsentText is what is wrong with a request that was not sent.
func unsentText(err *smithy.InvalidParamsError) string {
	var all []string
	for _, one := range err.Errs() {
		all = append(all, one.Error())
	}
	return strings.Join(all, " ")
}

// origin says which request an error answers.
func origin(err error) []string {
	var parts []string
	var operation *smithy.OperationError
	if errors.As(err, &operation) {
		parts = append(parts, "Service: "+serviceNames[operation.Service()])
	}
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		parts = append(parts, "Status Code: "+strconv.Itoa(response.HTTPStatusCode()))
		parts = append(parts, "Request ID: "+response.ServiceRequestID())
	}
	return parts
}
