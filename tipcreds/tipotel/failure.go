package tipotel

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// failure is an error as it is reported: by its class, without its text.
type failure struct {
	*tipcreds.ExchangeError // nil of the cache's

	kind string // error.type
}

// newFailure is nil for no error.
func newFailure(err error) *failure {
	if err == nil {
		return nil
	}
	e, _ := errors.AsType[*tipcreds.ExchangeError](err)
	return &failure{ExchangeError: e, kind: kind(err, e)}
}

// String is the description of a span's status.
func (f *failure) String() string {
	if f.ExchangeError == nil {
		return f.kind
	}
	return string(f.Step) + ": " + f.kind
}

// attributes are those of a span.
func (f *failure) attributes() []attribute.KeyValue {
	all := []attribute.KeyValue{f.kindAttribute()}
	if f.ExchangeError == nil {
		return all
	}
	all = append(all, jwtSpentKey.Bool(f.JWTSpent), inDoubtKey.Bool(f.InDoubt))
	if isCode(f.Code) {
		all = append(all, errorCodeKey.String(f.Code))
	}
	if f.HTTPStatus != 0 {
		all = append(all, semconv.HTTPResponseStatusCode(f.HTTPStatus))
	}
	if isRequestID(f.RequestID) {
		all = append(all, semconv.AWSRequestID(f.RequestID))
	}
	if f.CacheErr != nil {
		all = append(all, cacheUnavailableKey.Bool(true))
	}
	return all
}

func (f *failure) kindAttribute() attribute.KeyValue { return semconv.ErrorTypeKey.String(f.kind) }

// kind is error.type: of a bounded number of values. e may be nil.
func kind(err error, e *tipcreds.ExchangeError) string {
	if e != nil && isCode(e.Code) {
		return e.Code
	}
	if name := found(err); name != "" {
		return name
	}
	if said, ok := errors.AsType[interface {
		error
		ErrorType() string
	}](err); ok && isCode(said.ErrorType()) {
		return said.ErrorType()
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case e != nil && e.HTTPStatus >= http.StatusMultipleChoices && e.HTTPStatus < 600:
		return strconv.Itoa(e.HTTPStatus)
	}
	return class(err)
}

// class tells errors apart by their types.
func class(err error) string {
	if _, ok := errors.AsType[*smithy.DeserializationError](err); ok {
		return "answer_unreadable"
	}
	_, unsent := errors.AsType[*smithyhttp.RequestSendError](err)
	if _, ok := errors.AsType[*net.OpError](err); ok || unsent {
		return "connection"
	}
	return semconv.ErrorTypeOther.Value.AsString()
}

// found names what tipcreds finds itself.
func found(err error) string {
	for _, known := range []struct {
		err  error
		name string
	}{
		{tipcreds.ErrWebTokenSpent, "web_token_spent"},
		{tipcreds.ErrNoWebToken, "web_token_missing"},
		{tipcreds.ErrNotAJWT, "not_a_jwt"},
		{tipcreds.ErrNoSubject, "subject_missing"},
		{tipcreds.ErrSubjectMismatch, "subject_mismatch"},
		{tipcreds.ErrNoBootstrap, "bootstrap_missing"},
		{tipcreds.ErrNoIdentityContext, "identity_context_missing"},
		{tipcreds.ErrNoCredentials, "credentials_missing"},
		{tipcreds.ErrAnswerTooLong, "answer_too_long"},
	} {
		if errors.Is(err, known.err) {
			return known.name
		}
	}
	return ""
}

// maxName bounds what others have named, in bytes. The longest code of SSO OIDC and STS
// has 36, an id of a request as many; a JWT has hundreds.
const maxName = 64

// isCode reports whether text has the form of an error code: it may be from a proxy.
func isCode(text string) bool { return isName(text, "._-") }

func isRequestID(text string) bool { return isName(text, "._-=+/") }

func isName(text, others string) bool {
	return text != "" && len(text) <= maxName && strings.IndexFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(others, r)
	}) < 0
}
