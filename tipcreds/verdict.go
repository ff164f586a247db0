package tipcreds

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/smithy-go"
)

// Throttled reports whether AWS refused the call for its rate and did not look
// at it: HTTP 429, or an error code that means throttling. A JWT that was in such
// a call is not spent. See also [ExchangeError.RetryAfter].
func (e *ExchangeError) Throttled() bool {
	if e.HTTPStatus == http.StatusTooManyRequests {
		return true
	}
	switch e.Code { // those of the SDK's retry.DefaultThrottleErrorCodes that speak of a rate, and SSO OIDC's own
	case "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
		"TooManyRequestsException", "RequestLimitExceeded", "SlowDown", "SlowDownException":
		return true
	default:
		return false
	}
}

// RefreshTokenRefused reports, of an error of [Provider.ExchangeRefreshToken],
// that IAM Identity Center refused the refresh token (InvalidGrantException, as
// seen on the wire, or ExpiredTokenException, as documented): it is of no use any
// more, and a fresh JWT is required. It is false of every error of
// [Provider.Exchange].
func (e *ExchangeError) RefreshTokenRefused() bool {
	if e.Step != StepCreateToken || e.JWTSpent || e.Throttled() {
		return false // a JWT that drew one of these codes is spent
	}
	return e.Code == "InvalidGrantException" || e.Code == "ExpiredTokenException"
}

// FreshTokenRequired reports that the JWT is to blame: it was used before, has expired,
// or is not one that AWS takes, so that the user has to bring another. It is false of
// failures that have nothing to do with it, even if they have used it up
// ([ExchangeError.JWTSpent]).
func (e *ExchangeError) FreshTokenRequired() bool {
	switch {
	case e.Throttled():
		return false
	case errors.Is(e.Err, ErrWebTokenSpent), errors.Is(e.Err, ErrNoWebToken):
		return true
	case e.Step == StepAssumeApplicationRole:
		return isTokenCode(e.Code) || e.Code == "ExpiredToken"
	default: // the signing keys may have expired as well; then a JWT that was not sent is still good
		return isTokenCode(e.Code) || e.Code == "ExpiredToken" && e.JWTSpent
	}
}

// isTokenCode reports whether AWS gives code for a JWT and for little else.
func isTokenCode(code string) bool {
	switch code {
	case "InvalidGrantException", "InvalidIdentityToken", "IDPRejectedClaim", "ExpiredTokenException":
		return true
	default:
		return false
	}
}

// settle says what a failed CreateTokenWithIAM means for the JWT in it. It looks
// at codes, headers and status, never at texts. sent is whether the request may
// have left.
func (e *ExchangeError) settle(sent bool, seen *observation) {
	refused := e.verdict(seen.errorType != "")
	e.JWTSpent = sent && !e.Throttled() && !(refused && e.refusedSignature(seen))
	e.InDoubt = e.JWTSpent && !refused
}

// verdict reports whether AWS itself refused: with a 4xx status and a code of
// its own. A 4xx without a code, or with one that AWS does not have and without
// AWS's headers (named is whether one named the exception), is the word of
// something on the way, and 408 says that the request was not read to its end. A
// client that is not the SDK's gives no status, and its word is taken.
func (e *ExchangeError) verdict(named bool) bool {
	switch e.Code {
	case "", unknownError, "RequestTimeout", "RequestTimeoutException", "InternalServerException":
		return false
	}
	if e.HTTPStatus == 0 {
		api, ok := errors.AsType[smithy.APIError](e.Err)
		return !ok || api.ErrorFault() != smithy.FaultServer
	}
	if !named && e.RequestID == "" && !isAWSCode(e.Code) {
		return false
	}
	return e.HTTPStatus >= 400 && e.HTTPStatus < 500 && e.HTTPStatus != http.StatusRequestTimeout
}

// isAWSCode reports whether code is one that AWS gives at CreateTokenWithIAM, so
// that an answer without AWS's headers may be AWS's: the exceptions of SSO OIDC
// with a 4xx status, and what is common to all services (AWS "Common Errors").
func isAWSCode(code string) bool {
	switch code {
	case "AccessDeniedException", "AuthorizationPendingException", "ExpiredTokenException", "InvalidClientException",
		"InvalidGrantException", "InvalidRequestException", "InvalidRequestRegionException", "InvalidScopeException",
		"SlowDownException", "UnauthorizedClientException", "UnsupportedGrantTypeException":
		return true
	case "AccessDenied", "ExpiredToken", "InvalidAction", "MalformedHttpRequestException", "NotAuthorized",
		"OptInRequired", "UnknownOperationException", "ValidationError", "ValidationException":
		return true
	default:
		return isSignatureCode(code)
	}
}

// refusedSignature reports whether the request was refused for its signature or
// for the credentials that signed it, which AWS looks at before it reads the JWT.
// ExpiredTokenException may speak of the JWT and does not count; ExpiredToken does
// where the body has the form of IAM's.
func (e *ExchangeError) refusedSignature(seen *observation) bool {
	if e.Code == "ExpiredToken" {
		return isIAMError(seen.errorBody)
	}
	return isSignatureCode(e.Code)
}

// isSignatureCode reports whether code speaks of the signature, or of the keys that
// made it, and of nothing else.
func isSignatureCode(code string) bool {
	switch code {
	case "InvalidSignatureException", "SignatureDoesNotMatch", "RequestTimeTooSkewed", "RequestExpired",
		"IncompleteSignature", "IncompleteSignatureException",
		"MissingAuthenticationToken", "MissingAuthenticationTokenException",
		"UnrecognizedClientException", "InvalidClientTokenId":
		return true
	default:
		return false
	}
}

// maxRetryAfter bounds what is believed of a Retry-After header.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads the header of that name (RFC 9110 section 10.2.3): seconds, or
// a date, which is compared with the answer's own Date where it has one.
func retryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if n, err := strconv.ParseUint(value, 10, 64); err == nil {
		return min(time.Duration(min(n, uint64(maxRetryAfter/time.Second)))*time.Second, maxRetryAfter)
	}
	until, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	return max(0, min(until.Sub(now), maxRetryAfter)).Round(time.Second)
}
