package bearer_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"golang.org/x/oauth2"

	"github.com/tip-cli/tip-cli/tipcreds"
	"github.com/tip-cli/tip-cli/tipcreds/bearer"
)

// exchange is a failed step, as the SDK hands it on.
func exchange(step tipcreds.Step, e tipcreds.ExchangeError) error {
	e.Step = step
	return fmt.Errorf("operation error S3: GetObject, get identity: get credentials: %w", &e)
}

// fromService is an error answer of a service.
func fromService(status int, code string, retryAfter ...string) error {
	err := errors.New("unreadable")
	if code != "" {
		err = &smithy.GenericAPIError{Code: code, Message: "canary"}
	}
	header := http.Header{}
	if retryAfter != nil {
		header["Retry-After"] = retryAfter
	}
	return &smithy.OperationError{ServiceID: "S3", OperationName: "GetObject", Err: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: header}}, Err: err,
	}}
}

// TestError is the table of Error, a case a row or more. A status of 0 means that the
// error is not known, and that nothing was written.
func TestError(t *testing.T) {
	const token, role, create, access = tipcreds.StepWebToken, tipcreds.StepAssumeApplicationRole, tipcreds.StepCreateToken, tipcreds.StepAssumeAccessRole
	type fields = tipcreds.ExchangeError
	const invalid, deny, server, later = bearer.CodeInvalidToken, bearer.CodeAccessDenied, bearer.CodeServerError, bearer.CodeTemporarilyUnavailable
	unsent := &smithyhttp.RequestSendError{Err: errors.New("connection refused")}
	tests := []struct {
		name   string
		err    error
		status int
		code   string
		retry  string
	}{
		{"refusal", fmt.Errorf("x: %w", &bearer.RefusalError{Status: 418, Code: "teapot"}), 418, "teapot", ""},
		{"wrong user", &smithy.OperationError{Err: &tipcreds.WrongUserError{}}, 500, server, ""},
		{"wrong user at Retrieve", exchange(token, fields{Err: &tipcreds.WrongUserError{}}), 500, server, ""},
		{"no credentials handed over", fmt.Errorf("x: %w", tipcreds.ErrNoUser), 500, server, ""},

		{"JWT of another user", exchange(token, fields{Err: tipcreds.ErrSubjectMismatch}), 500, server, ""},
		{"no JWT but something", exchange(token, fields{Err: tipcreds.ErrNotAJWT}), 500, server, ""},
		{"JWT of nobody", exchange(token, fields{Err: tipcreds.ErrNoSubject}), 500, server, ""},
		{"no token source", exchange(token, fields{Err: tipcreds.ErrTokenProviderMissing}), 500, server, ""},
		{"JWT was spent here", exchange(token, fields{Err: tipcreds.ErrWebTokenSpent, JWTSpent: true}), 401, invalid, ""},
		{"no JWT", exchange(token, fields{Err: tipcreds.ErrNoWebToken}), 401, invalid, ""},
		{"signed out meanwhile", exchange(token, fields{Err: tipcreds.ErrForgotten}), 401, invalid, ""},
		{"no JWT at the first step", exchange(role, fields{Err: tipcreds.ErrNoWebToken}), 401, invalid, ""},
		{"grant refused", exchange(token, fields{Err: &oauth2.RetrieveError{ErrorCode: "invalid_grant"}}), 401, invalid, ""},
		{"interaction required", exchange(token, fields{Err: &oauth2.RetrieveError{ErrorCode: "interaction_required"}}), 401, invalid, ""},
		{"client refused", exchange(token, fields{Err: &oauth2.RetrieveError{ErrorCode: "invalid_client"}}), 502, server, ""},
		{"identity provider is out", exchange(token, fields{Err: errors.New("no route")}), 502, server, ""},
		{"identity provider is slow", exchange(token, fields{Err: os.ErrDeadlineExceeded}), 504, server, ""},
		{"source refuses", exchange(token, fields{Err: &bearer.RefusalError{Status: 403}}), 403, "", ""},

		{"used before", exchange(create, fields{Code: "InvalidGrantException", HTTPStatus: 400, JWTSpent: true}), 401, invalid, ""},
		{"expired for Identity Center", exchange(create, fields{Code: "ExpiredTokenException", HTTPStatus: 400, JWTSpent: true}), 401, invalid, ""},
		{"expired for STS", exchange(role, fields{Code: "ExpiredTokenException", HTTPStatus: 400}), 401, invalid, ""},
		{"expired for STS, in short", exchange(role, fields{Code: "ExpiredToken", HTTPStatus: 400}), 401, invalid, ""},
		{"malformed", exchange(role, fields{Code: "InvalidIdentityToken", HTTPStatus: 400}), 401, invalid, ""},
		{"revoked", exchange(role, fields{Code: "IDPRejectedClaim", HTTPStatus: 403}), 401, invalid, ""},
		{"context expired", exchange(access, fields{Code: "ExpiredTokenException", HTTPStatus: 400, JWTSpent: true}), 401, invalid, ""},
		{"signing keys expired", exchange(create, fields{Code: "ExpiredToken", HTTPStatus: 403}), 503, later, "1"},
		{"signing keys expired at the end", exchange(access, fields{Code: "ExpiredToken", HTTPStatus: 403, JWTSpent: true}), 401, invalid, ""},
		{"STS cannot reach the issuer", exchange(role, fields{Code: "IDPCommunicationError", HTTPStatus: 400}), 503, later, "1"},

		{"role refuses", exchange(role, fields{Code: "AccessDenied", HTTPStatus: 403}), 403, deny, ""},
		{"not assigned", exchange(create, fields{Code: "AccessDeniedException", HTTPStatus: 400, JWTSpent: true}), 403, deny, ""},
		{"context refused", exchange(access, fields{Code: "AccessDenied", HTTPStatus: 403, JWTSpent: true}), 403, deny, ""},

		{"throttled", exchange(create, fields{Code: "SlowDownException", HTTPStatus: 400, RetryAfter: 7 * time.Second}), 503, later, "7"},
		{"throttled without a time", exchange(role, fields{Code: "Throttling", HTTPStatus: 400}), 503, later, "1"},
		{"throttled at the end", exchange(access, fields{Code: "Throttling", HTTPStatus: 400, JWTSpent: true}), 503, later, "1"},

		{"no verdict", exchange(create, fields{Code: "InternalServerException", HTTPStatus: 500, JWTSpent: true, InDoubt: true}), 502, server, ""},
		{"not reached", exchange(create, fields{Err: unsent}), 502, server, ""},
		{"not AWS", exchange(create, fields{Code: "blocked", HTTPStatus: 403, JWTSpent: true, InDoubt: true}), 502, server, ""},
		{"unreadable", exchange(access, fields{HTTPStatus: 200, JWTSpent: true, Err: tipcreds.ErrNoCredentials}), 502, server, ""},
		{"no answer in time", exchange(create, fields{JWTSpent: true, InDoubt: true, Err: context.DeadlineExceeded}), 504, server, ""},
		{"ended", exchange(create, fields{JWTSpent: true, InDoubt: true, Err: context.Canceled}), 503, later, "1"},
		{"client unknown", exchange(create, fields{Code: "InvalidClientException", HTTPStatus: 401, JWTSpent: true}), 500, server, ""},
		{"signature refused", exchange(create, fields{Code: "InvalidSignatureException", HTTPStatus: 403}), 500, server, ""},
		{"hook failed", exchange(create, fields{Err: errors.New("disk full")}), 500, server, ""},

		{"S3 denies", fromService(403, "AccessDenied"), 403, deny, ""},
		{"Athena denies", fromService(400, "AccessDeniedException"), 403, deny, ""},
		{"HEAD denied", fromService(403, "Forbidden"), 403, deny, ""},
		{"S3 slows down", fromService(503, "SlowDown"), 503, later, "1"},
		{"slows down with a time", fromService(400, "ThrottlingException", "3"), 503, later, "3"},
		{"slows down with no time", fromService(429, "X", "soon"), 503, later, "1"},
		{"slows down for ever", fromService(429, "X", "65000"), 503, later, "3600"},
		{"unavailable", fromService(503, "ServiceUnavailable"), 503, later, "1"},
		{"internal error", fromService(500, "InternalError"), 502, server, ""},
		{"internal error, unreadable", fromService(500, ""), 502, server, ""},
		{"gateway of AWS", fromService(504, ""), 504, server, ""},
		{"session expired on the way", fromService(400, "ExpiredToken"), 503, later, "1"},
		{"key unknown", fromService(403, "InvalidAccessKeyId"), 500, server, ""},
		{"signature", fromService(403, "SignatureDoesNotMatch"), 500, server, ""},
		{"service not reached", &smithy.OperationError{Err: unsent}, 502, server, ""},
		{"service silent", &smithy.OperationError{Err: &smithyhttp.RequestSendError{Err: &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}}}, 504, server, ""},
		{"service too slow", &smithy.CanceledError{Err: context.DeadlineExceeded}, 504, server, ""},
		{"client has gone", &smithy.CanceledError{Err: context.Canceled}, 503, later, "1"},

		{"no such key", fromService(404, "NoSuchKey"), 0, "", ""},
		{"bad request", fromService(400, "InvalidRequest"), 0, "", ""},
		{"archived", fromService(403, "InvalidObjectState"), 0, "", ""},
		{"anything", errors.New("anything"), 0, "", ""},
		{"nothing", nil, 0, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			known := bearer.Error(w, httptest.NewRequest(http.MethodGet, "/", nil), tt.err)
			if !known {
				if tt.status != 0 || len(w.Header()) != 0 || w.Body.Len() != 0 {
					t.Errorf("unknown; wrote %v %s", w.Header(), w.Body)
				}
				return
			}
			res := w.Result()
			code := ""
			if tt.code != "" {
				code = fmt.Sprintf(`"error":%q`, tt.code)
			}
			if got := seen(t, res); got.Status != tt.status || !strings.Contains(got.Body, code) || res.Header.Get("Retry-After") != tt.retry ||
				(got.Challenge != "") != (tt.code == invalid) || strings.Contains(got.Body, "canary") {
				t.Errorf("%+v, retry after %q", got, res.Header.Get("Retry-After"))
			}
		})
	}
}

// TestErrorUsesTheMiddleware: in a handler, the answer has the middleware's realm and
// handler, and the reason is in the log, at a level that fits.
func TestErrorUsesTheMiddleware(t *testing.T) {
	for want, err := range map[string]error{
		"INFO 401":  exchange(tipcreds.StepWebToken, tipcreds.ExchangeError{Err: tipcreds.ErrWebTokenSpent}),
		"INFO 403":  fromService(403, "AccessDenied"),
		"WARN 503":  fromService(503, "SlowDown"),
		"ERROR 500": &tipcreds.WrongUserError{},
		"DEBUG 401": &bearer.RefusalError{Status: 401},
	} {
		var lines strings.Builder
		log := slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug}))
		var handled *bearer.RefusalError
		h := protected(t, fakePool(t, &clients{}), staticVerifier(), func(w http.ResponseWriter, r *http.Request) {
			if !bearer.Error(w, r, err) {
				t.Errorf("%v is not known", err)
			}
		}, logTo(log), func(o *bearer.Options) {
			o.Realm = "mine"
			o.ErrorHandler = func(w http.ResponseWriter, r *http.Request, refusal *bearer.RefusalError) {
				handled = refusal
				if token, ok := bearer.TokenFrom(r.Context()); !ok || token.Subject != "a" {
					t.Error("no token for the handler of errors")
				}
				refusal.ServeHTTP(w, r)
			}
		})
		get(h, "Bearer "+mint(t, "a", nil))
		level, status, _ := strings.Cut(want, " ")
		if handled == nil || handled.Realm != "mine" || !errors.Is(handled, err) && handled.Err != nil ||
			!strings.Contains(lines.String(), "level="+level) || !strings.Contains(lines.String(), "status="+status) {
			t.Errorf("%s: handled %+v, log %s", want, handled, &lines)
		}
	}
}
