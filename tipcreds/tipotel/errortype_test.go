package tipotel_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"go.opentelemetry.io/otel/attribute"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// strangeError names a class that is none.
type strangeError struct{ typedError }

func (strangeError) ErrorType() string { return "canary: sign in" }

// TestErrorTypes has every value of error.type that is not AWS's, as the documentation
// lists them.
func TestErrorTypes(t *testing.T) {
	failed := func(err error) error { return &tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Err: err} }
	status := func(status int) error {
		return &tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, HTTPStatus: status, Err: errors.New("canary")}
	}
	coded := &tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: "AccessDenied", HTTPStatus: 403, Err: context.Canceled}
	tests := []struct {
		err  error
		want string
	}{
		{coded, "AccessDenied"},
		{failed(tipcreds.ErrWebTokenSpent), "web_token_spent"},
		{failed(tipcreds.ErrNoWebToken), "web_token_missing"},
		{failed(tipcreds.ErrNotAJWT), "not_a_jwt"},
		{failed(tipcreds.ErrNoSubject), "subject_missing"},
		{failed(fmt.Errorf("canary: %w", tipcreds.ErrSubjectMismatch)), "subject_mismatch"},
		{failed(tipcreds.ErrNoBootstrap), "bootstrap_missing"},
		{failed(tipcreds.ErrNoIdentityContext), "identity_context_missing"},
		{failed(tipcreds.ErrNoCredentials), "credentials_missing"},
		{failed(tipcreds.ErrAnswerTooLong), "answer_too_long"},
		{failed(&smithy.DeserializationError{Err: errors.New("canary")}), "answer_unreadable"},
		{failed(&smithyhttp.RequestSendError{Err: errors.New("canary")}), "connection"},
		{failed(&smithyhttp.RequestSendError{Err: context.DeadlineExceeded}), "timeout"},
		{failed(&net.OpError{Op: "dial", Err: errors.New("canary")}), "connection"},
		{&net.OpError{Op: "dial", Err: errors.New("canary")}, "connection"},
		{context.DeadlineExceeded, "timeout"},
		{fmt.Errorf("canary: %w", context.Canceled), "cancelled"},
		{failed(fmt.Errorf("canary: %w", typedError{})), "sign_in_required"},
		{failed(strangeError{}), "_OTHER"},
		{status(503), "503"},
		{status(302), "302"},
		{status(200), "_OTHER"},
		{status(999), "_OTHER"},
		{errors.New("canary"), "_OTHER"},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.err), func(t *testing.T) {
			r := newRecord(t)
			var o tipcreds.Options
			r.Instrument(&o)
			for _, op := range []tipcreds.Operation{tipcreds.OpCacheGet, tipcreds.OpRenew} {
				_, end := o.Observe(t.Context(), op)
				end(tipcreds.Outcome{Err: tt.err})
			}
			for _, s := range r.spans.Ended() {
				attributes := attribute.NewSet(s.Attributes()...)
				if got, _ := attributes.Value("error.type"); got.AsString() != tt.want {
					t.Errorf("%s: %s, want %s", s.Name(), got.AsString(), tt.want)
				}
			}
		})
	}
}

// TestRefusedHere: what tipcreds refuses without asking anybody.
func TestRefusedHere(t *testing.T) {
	for want, token := range map[string]string{
		"web_token_missing": "", "not_a_jwt": "opaque", "subject_missing": "eyJ9.e30.c2ln", "subject_mismatch": jwt("bob", 1),
	} {
		r := newRecord(t)
		if _, err := r.provider(t, newWire(), constant(token), shares(newMemory())).Retrieve(t.Context()); err == nil {
			t.Fatal("no error")
		}
		renewal := attribute.NewSet(r.spans.Started()[0].Attributes()...)
		if got, _ := renewal.Value("error.type"); got.AsString() != want {
			t.Errorf("%q: %s, want %s", token, got.AsString(), want)
		}
	}
}
