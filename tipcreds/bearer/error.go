package bearer

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"golang.org/x/oauth2"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// Error answers a request with what err means, which a call to AWS with a user's
// credentials returned (or with the user's Retrieve), if that is known here; else it
// writes nothing and reports false, and the answer is the handler's. Call it before
// anything else is written, with the request that the middleware handed over: its
// options say how to answer and where to log.
//
//	RefusalError                       as it says
//	WrongUserError, ErrNoUser          500: a mistake of this program; nothing was sent
//	ErrSubjectMismatch, ErrNotAJWT,    500: a mistake in Options.Subject or
//	ErrNoSubject                       Options.TokenSource; nothing was sent
//	ErrWebTokenSpent, ErrNoWebToken,   401 invalid_token: send a token that was issued
//	ErrForgotten                       since
//	the JWT was refused (expired,      401 invalid_token: the same
//	used before, not trusted)
//	the identity provider refused a    401 invalid_token: sign in again
//	grant (invalid_grant,
//	interaction_required ...)
//	the exchange was denied (user      403 access_denied: no other token helps
//	not assigned, trust policy)
//	AccessDenied of a service          403 access_denied: AWS refuses this user
//	throttled, by whomever             503, Retry-After: the same token will do, unless
//	                                   the last step was throttled; then 401 is next
//	keys that expired on the way,      503, Retry-After: the same request will do
//	identity provider unreachable for
//	STS, 503 of a service
//	no answer, a broken one, 5xx       502
//	no answer in time                  504
//	the request's context has ended    503, which nobody reads
//	any other failed exchange, and a   500: the settings of this server
//	signature that was refused
//
// Other errors of a service, such as NoSuchKey, are the handler's: it knows what was
// asked for.
func Error(w http.ResponseWriter, r *http.Request, err error) bool {
	refusal := refusalOf(err)
	if refusal == nil {
		return false
	}
	if req, ok := r.Context().Value(requestKey{}).(*request); ok {
		req.middleware.refuse(w, r, refusal)
	} else {
		refusal.ServeHTTP(w, r)
	}
	return true
}

// refusalOf is the table of [Error]; nil for what is not in it.
func refusalOf(err error) *RefusalError {
	if err == nil {
		return nil
	}
	if refusal, ok := errors.AsType[*RefusalError](err); ok {
		if refusal == nil {
			return serverError(errNilRefusal)
		}
		return refusal
	}
	if _, ok := errors.AsType[*tipcreds.WrongUserError](err); ok || errors.Is(err, tipcreds.ErrNoUser) {
		return serverError(err)
	}
	if e, ok := errors.AsType[*tipcreds.ExchangeError](err); ok {
		return exchangeRefusal(err, e)
	}
	if refusal := serviceRefusal(err); refusal != nil {
		return refusal
	}
	return endRefusal(err)
}

// exchangeRefusal is for a user who has no credentials.
func exchangeRefusal(err error, e *tipcreds.ExchangeError) *RefusalError {
	if e.Throttled() {
		return unavailable(err, e.RetryAfter)
	}
	if e.FreshTokenRequired() || errors.Is(err, tipcreds.ErrForgotten) {
		return usedToken(err)
	}
	if e.Step == tipcreds.StepWebToken {
		return webTokenRefusal(err)
	}
	switch e.Code {
	case "ExpiredToken": // of the keys that sign; the next attempt has new ones
		return unavailable(err, 0)
	case "AccessDenied", "AccessDeniedException":
		return denied(err)
	case "IDPCommunicationError":
		return unavailable(err, e.RetryAfter)
	}
	return brokenExchange(err, e)
}

// brokenExchange is for failures that have nothing to do with the user.
func brokenExchange(err error, e *tipcreds.ExchangeError) *RefusalError {
	if refusal := endRefusal(err); refusal != nil {
		return refusal
	}
	_, unsent := errors.AsType[*smithyhttp.RequestSendError](err)
	if unsent || e.InDoubt || e.HTTPStatus >= http.StatusInternalServerError || e.HTTPStatus != 0 && e.Code == "" {
		return badGateway(err)
	}
	return serverError(err)
}

// webTokenRefusal is for a TokenSource that has no JWT, or not the right one.
func webTokenRefusal(err error) *RefusalError {
	for _, mistake := range []error{
		tipcreds.ErrSubjectMismatch, tipcreds.ErrNotAJWT, tipcreds.ErrNoSubject, tipcreds.ErrTokenProviderMissing,
	} {
		if errors.Is(err, mistake) {
			return serverError(err)
		}
	}
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok && refusedGrant(refused.ErrorCode) {
		return usedToken(err)
	}
	if refusal := endRefusal(err); refusal != nil {
		return refusal
	}
	return badGateway(err)
}

// refusedGrant reports whether a token endpoint asks for another grant of the user
// (RFC 6749 section 5.2, OpenID Connect Core section 3.1.2.6).
func refusedGrant(code string) bool {
	switch code {
	case "invalid_grant", "interaction_required", "login_required", "consent_required":
		return true
	default:
		return false
	}
}

// endRefusal is for a context or connection that came to its end.
func endRefusal(err error) *RefusalError {
	if errors.Is(err, context.Canceled) {
		return unavailable(err, 0)
	}
	timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	if errors.Is(err, context.DeadlineExceeded) || ok && timeout.Timeout() {
		return gatewayTimeout(err)
	}
	return nil
}

// serviceRefusal is for a call to AWS that was signed with the user's credentials.
func serviceRefusal(err error) *RefusalError {
	status, retryAfter := answerOf(err)
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		if refusal := codeRefusal(err, api.ErrorCode(), retryAfter); refusal != nil {
			return refusal
		}
	}
	switch {
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		return unavailable(err, retryAfter)
	case status == http.StatusGatewayTimeout:
		return gatewayTimeout(err)
	case status >= http.StatusInternalServerError:
		return badGateway(err)
	}
	if _, ok := errors.AsType[*smithyhttp.RequestSendError](err); ok {
		if refusal := endRefusal(err); refusal != nil {
			return refusal
		}
		return badGateway(err)
	}
	return nil
}

// codeRefusal is for the error codes that all services have (AWS "Common Errors", and
// those of S3).
func codeRefusal(err error, code string, retryAfter time.Duration) *RefusalError {
	switch code {
	case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized", "AllAccessDisabled",
		"Forbidden": // of a HEAD, whose answer has no code
		return denied(err)
	case "ExpiredToken", "ExpiredTokenException", "RequestExpired":
		return unavailable(err, retryAfter)
	case "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidToken", "UnrecognizedClientException", "SignatureDoesNotMatch",
		"InvalidSignatureException", "IncompleteSignature", "RequestTimeTooSkewed", "MissingAuthenticationToken",
		"MissingAuthenticationTokenException":
		return serverError(err)
	}
	if _, throttled := retry.DefaultThrottleErrorCodes[code]; throttled {
		return unavailable(err, retryAfter)
	}
	return nil
}

// maxRetryAfter bounds what is believed of a service's Retry-After.
const maxRetryAfter = time.Hour

// answerOf reads status and Retry-After, in seconds, of the answer in an error; both
// are 0 if there was none.
func answerOf(err error) (status int, retryAfter time.Duration) {
	answer, ok := errors.AsType[*smithyhttp.ResponseError](err)
	if !ok || answer.Response == nil {
		return 0, 0
	}
	if n, err := strconv.ParseUint(answer.Response.Header.Get("Retry-After"), 10, 16); err == nil {
		retryAfter = min(time.Duration(n)*time.Second, maxRetryAfter)
	}
	return answer.HTTPStatusCode(), retryAfter
}
