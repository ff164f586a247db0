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

// settle says what a failed CreateTokenWithIAM means for the JWT in it. It looks
// at codes and status, never at texts. sent is whether the request may have left.
func (e *ExchangeError) settle(sent bool) {
	e.JWTSpent = sent && !e.Throttled()
	e.InDoubt = e.JWTSpent && !e.verdict()
}

// verdict reports whether AWS itself refused: with a 4xx status and a code of
// its own. A 4xx without a code is the word of something on the way, and 408 says
// that the request was not read to its end. A client that is not the SDK's gives
// no status, and its word is taken.
func (e *ExchangeError) verdict() bool {
	switch e.Code {
	case "", unknownError, "RequestTimeout", "RequestTimeoutException", "InternalServerException":
		return false
	}
	if e.HTTPStatus == 0 {
		api, ok := errors.AsType[smithy.APIError](e.Err)
		return !ok || api.ErrorFault() != smithy.FaultServer
	}
	return e.HTTPStatus >= 400 && e.HTTPStatus < 500 && e.HTTPStatus != http.StatusRequestTimeout
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
