package tipcreds_test

import (
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// TestHint covers the causes that TestExchangeErrors does not provoke.
func TestHint(t *testing.T) {
	const app, create, access = tipcreds.StepAssumeApplicationRole, tipcreds.StepCreateToken, tipcreds.StepAssumeAccessRole
	tests := []struct {
		err  tipcreds.ExchangeError
		want string // part of the hint; empty: none
	}{
		{tipcreds.ExchangeError{Step: app, Code: "InvalidIdentityToken", Message: "Couldn't retrieve verification key"}, "discovery"},
		{tipcreds.ExchangeError{Step: app, Code: "InvalidIdentityToken", Message: "Invalid JWT"}, "malformed"},
		{tipcreds.ExchangeError{Step: app, Code: "IDPCommunicationError"}, "public internet"},
		{tipcreds.ExchangeError{Step: app, Code: "IDPRejectedClaim"}, "revoked"},
		{tipcreds.ExchangeError{Step: create, Code: "ExpiredTokenException"}, "fresh one"},
		{tipcreds.ExchangeError{Step: create, Code: "UnsupportedGrantTypeException"}, "grant type"},
		{tipcreds.ExchangeError{Step: create, Code: "InvalidScopeException"}, "scope"},
		{tipcreds.ExchangeError{Step: create, Code: "InvalidSignatureException"}, "clock"},
		{tipcreds.ExchangeError{Step: create, Code: "UnrecognizedClientException"}, "signing credentials"},
		{tipcreds.ExchangeError{Step: access, Code: "ValidationError", Message: "exceeds the 1 hour session limit for roles assumed by role chaining."}, "one hour"},
		{tipcreds.ExchangeError{Step: access, Code: "ExpiredTokenException"}, "fresh token"},
		{tipcreds.ExchangeError{Step: access, Code: "ValidationError", Message: "something else"}, ""},
		{tipcreds.ExchangeError{Step: tipcreds.StepWebToken}, ""},
	}
	for _, tt := range tests {
		hint := tt.err.Hint()
		if !strings.Contains(hint, tt.want) || (hint == "") != (tt.want == "") {
			t.Errorf("%s %s: hint %q, want %q in it", tt.err.Step, tt.err.Code, hint, tt.want)
		}
	}
}
