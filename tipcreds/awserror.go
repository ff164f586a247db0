package tipcreds

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// newExchangeError describes a failed call of step; secrets are removed from all
// texts.
func newExchangeError(step Step, err error, seen *observation, secrets []string) *ExchangeError {
	e := &ExchangeError{Step: step, HTTPStatus: seen.status, RetryAfter: seen.retryAfter, ClockSkew: seen.skew}
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		e.HTTPStatus = response.HTTPStatusCode()
	}
	if answered, ok := errors.AsType[interface {
		error
		ServiceRequestID() string
	}](err); ok {
		e.RequestID = redactText(answered.ServiceRequestID(), secrets)
	}
	var message string
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		e.Code, message = codeAndMessage(api, seen.oauthBody(step))
	} else {
		e.Code = seen.errorType // of an answer whose body cannot be read
	}
	e.Code = redactText(e.Code, secrets)
	e.Message = redactText(message, secrets)
	e.Err = redactError(err, secrets)
	if e.Message != message {
		e.Err = &smithy.GenericAPIError{Code: e.Code, Message: e.Message}
	}
	return e
}

// oauthBody is the error answer of Identity Center, nil of the other steps.
func (o *observation) oauthBody(step Step) []byte {
	if step != StepCreateToken {
		return nil
	}
	return o.errorBody
}

// maxContextAssertion is the length that STS admits for a ContextAssertion, in
// characters. It is not checked before: AWS may raise it.
const maxContextAssertion = 2048

// measureContext adds to a refusal that the identity context is too long, which
// AWS words by quoting it. Only its length is told.
func (e *ExchangeError) measureContext(identityContext string) {
	if n := len(identityContext); e.Code == "ValidationError" && n > maxContextAssertion {
		e.Message = strings.TrimSpace(fmt.Sprintf("%s [the identity context has %d characters, STS takes %d]",
			e.Message, n, maxContextAssertion))
	}
}

// codeAndMessage reads an API error. The typed errors of SSO OIDC have an empty
// ErrorMessage; their text is in error_description, or, where IAM refused and
// not the service, only in the body.
func codeAndMessage(api smithy.APIError, body []byte) (code, message string) {
	code, message = api.ErrorCode(), api.ErrorMessage()
	if message == unknownError {
		message = ""
	}
	b := parseOAuthError(body)
	if code == unknownError && b.Error != "" {
		code = exceptionName(b.Error)
	}
	for _, text := range []string{message, errorDescription(api), b.ErrorDescription, b.Message} {
		if text != "" {
			return code, text + b.details()
		}
	}
	return code, strings.TrimSpace(b.details())
}

// unknownError is what the SDK puts for an error type, and for a message, that
// an answer lacks.
const unknownError = "UnknownError"

// oauthErrorBody is the body of an error of CreateTokenWithIAM (RFC 6749
// section 5.2 with additions of AWS), or of IAM in front of it, which has only
// a message.
type oauthErrorBody struct {
	Error            string `json:"error"`
	ErrorDescription string `json:"error_description"`
	Reason           string `json:"reason"`
	Region           string `json:"region"`
	Endpoint         string `json:"endpoint"`
	Message          string `json:"message"`
}

// parseOAuthError reads what can be read of body.
func parseOAuthError(body []byte) oauthErrorBody {
	var b oauthErrorBody
	var wrongType *json.UnmarshalTypeError // of one member; the others are read
	if err := json.Unmarshal(body, &b); err != nil && !errors.As(err, &wrongType) {
		return oauthErrorBody{}
	}
	return b
}

// isIAMError reports whether body is an error answer of IAM and not of Identity
// Center behind it.
func isIAMError(body []byte) bool {
	b := parseOAuthError(body)
	return b.Error == "" && b.Message != ""
}

func (b oauthErrorBody) details() string {
	var details strings.Builder
	for _, d := range []struct{ name, value string }{
		{"reason", b.Reason}, {"region", b.Region}, {"endpoint", b.Endpoint},
	} {
		if d.value != "" {
			details.WriteString(" [" + d.name + " " + d.value + "]")
		}
	}
	return details.String()
}

// exceptionName gives the exception of SSO OIDC for an OAuth error code, for
// answers that lack the header x-amzn-ErrorType, which alone names it.
func exceptionName(oauthError string) string {
	switch oauthError {
	case "invalid_request":
		return "InvalidRequestException"
	case "invalid_client":
		return "InvalidClientException"
	case "invalid_grant":
		return "InvalidGrantException"
	case "unauthorized_client":
		return "UnauthorizedClientException"
	case "unsupported_grant_type":
		return "UnsupportedGrantTypeException"
	case "invalid_scope":
		return "InvalidScopeException"
	case "slow_down":
		return "SlowDownException"
	case "access_denied":
		return "AccessDeniedException"
	case "expired_token":
		return "ExpiredTokenException"
	case "server_error":
		return "InternalServerException"
	default:
		return oauthError
	}
}

// errorDescription reads the field of that name of the typed errors.
func errorDescription(err smithy.APIError) string {
	switch e := err.(type) {
	case *types.AccessDeniedException:
		return aws.ToString(e.Error_description)
	case *types.AuthorizationPendingException:
		return aws.ToString(e.Error_description)
	case *types.ExpiredTokenException:
		return aws.ToString(e.Error_description)
	case *types.InternalServerException:
		return aws.ToString(e.Error_description)
	case *types.InvalidClientException:
		return aws.ToString(e.Error_description)
	case *types.InvalidGrantException:
		return aws.ToString(e.Error_description)
	case *types.InvalidRequestException:
		return aws.ToString(e.Error_description)
	case *types.InvalidRequestRegionException:
		return aws.ToString(e.Error_description)
	case *types.InvalidScopeException:
		return aws.ToString(e.Error_description)
	case *types.SlowDownException:
		return aws.ToString(e.Error_description)
	case *types.UnauthorizedClientException:
		return aws.ToString(e.Error_description)
	case *types.UnsupportedGrantTypeException:
		return aws.ToString(e.Error_description)
	default:
		return ""
	}
}
