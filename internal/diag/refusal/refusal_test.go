package refusal_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/diag/refusal"
)

func answer(status int, code, message string) error {
	api := &smithy.GenericAPIError{Code: code, Message: message}
	response := &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: api}
	return &smithy.OperationError{ServiceID: "SSO Admin", OperationName: "DescribeApplication", Err: response}
}

// What AWS answers is told apart: only a denial says that a permission is missing.
func TestOf(t *testing.T) {
	const action = "sso:DescribeApplication"
	for name, tt := range map[string]struct {
		err  error
		want refusal.Refusal
	}{
		"denied by a JSON service":  {answer(400, "AccessDeniedException", "no"), refusal.Refusal{Denied: true, Code: "AccessDeniedException", Seen: action + " is not allowed"}},
		"denied by a query service": {answer(403, "AccessDenied", "User: …"), refusal.Refusal{Denied: true, Code: "AccessDenied", Seen: action + " is not allowed"}},
		"not there":                 {answer(400, "ResourceNotFoundException", "no such application"), refusal.Refusal{NotFound: true, Code: "ResourceNotFoundException", Seen: "no such application"}},
		"no such entity":            {answer(404, "NoSuchEntity", "no such role"), refusal.Refusal{NotFound: true, Code: "NoSuchEntity", Seen: "no such role"}},
		"no instance":               {answer(404, "AccessGrantsInstanceNotExistsError", "none"), refusal.Refusal{NotFound: true, Code: "AccessGrantsInstanceNotExistsError", Seen: "none"}},
		"expired keys":              {answer(403, "ExpiredToken", "old"), refusal.Refusal{Unsigned: true, Code: "ExpiredToken", Seen: "the credentials to read with are not taken: ExpiredToken"}},
		"unknown keys":              {answer(403, "UnrecognizedClientException", "?"), refusal.Refusal{Unsigned: true, Code: "UnrecognizedClientException", Seen: "the credentials to read with are not taken: UnrecognizedClientException"}},
		"throttled":                 {answer(400, "ThrottlingException", "slow down"), refusal.Refusal{Unreachable: true, Code: "ThrottlingException", Seen: action + ": no answer: api error ThrottlingException: slow down"}},
		"out of order":              {answer(503, "ServiceUnavailable", ""), refusal.Refusal{Unreachable: true, Code: "ServiceUnavailable", Seen: action + ": no answer: api error ServiceUnavailable: "}},
		"too late":                  {fmt.Errorf("send: %w", context.DeadlineExceeded), refusal.Refusal{Unreachable: true, Seen: action + ": no answer: the time was up"}},
		"no connection":             {errors.New("connection refused"), refusal.Refusal{Unreachable: true, Seen: action + ": no answer: connection refused"}},
		"no credentials":            {fmt.Errorf("get identity: %w", errors.New("none found")), refusal.Refusal{Unsigned: true, Seen: "there are no credentials to read with: none found"}},
		"something else":            {answer(400, "ValidationException", "that is no ARN"), refusal.Refusal{Code: "ValidationException", Seen: "ValidationException: that is no ARN"}},
	} {
		tt.want.Permission = action
		got := refusal.Of(action, tt.err)
		if diff := cmp.Diff(&tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if missing := got.Missing(); (len(missing) == 1 && missing[0] == action) != tt.want.Denied {
			t.Errorf("%s: missing %q", name, missing)
		}
	}
	if refusal.Of(action, nil) != nil {
		t.Error("no error is a refusal")
	}
}
