package probe

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

// Answer is what a request was answered with; the zero Answer is success.
type Answer struct {
	Status        int
	Code, Message string
}

// AnswerOf reads the error of an SDK client.
func AnswerOf(err error) Answer {
	if err == nil {
		return Answer{}
	}
	var a Answer
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		a.Status = response.HTTPStatusCode()
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return Answer{Status: a.Status, Code: "no API error", Message: err.Error()}
	}
	a.Code, a.Message = api.ErrorCode(), api.ErrorMessage()
	if a.Message == "" { // the exceptions of SSO OIDC have the OAuth member instead
		v := reflect.Indirect(reflect.ValueOf(api))
		if f := v.FieldByName("Error_description"); f.IsValid() && !f.IsNil() {
			a.Message = f.Elem().String()
		}
	}
	return a
}

// Expect compares an answer; a wanted message that ends in "..." is a beginning,
// and "*" is any.
func Expect(tb testing.TB, want Answer, err error) {
	tb.Helper()
	got := AnswerOf(err)
	if begin, ok := strings.CutSuffix(want.Message, "..."); ok && strings.HasPrefix(got.Message, begin) || want.Message == "*" {
		got.Message = want.Message
	}
	if diff := cmp.Diff(want, got); diff != "" {
		tb.Errorf("answer (-want +got):\n%s", diff)
	}
}

// Must ends the test if err is one.
func Must[T any](tb testing.TB, out T, err error) T {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	return out
}
