package awswire_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

// newLab makes the service of that name with the lab's operations, whose handlers
// return err, or an empty output if err is nil.
func newLab(t testing.TB, name string, err error, opts ...awswire.Option) *awswire.Service {
	t.Helper()
	s, newErr := awswire.NewService(name, opts...)
	if newErr != nil {
		t.Fatal(newErr)
	}
	switch name {
	case "sts":
		register[sts.AssumeRoleInput, sts.AssumeRoleOutput](s, "AssumeRole", err)
		register[sts.AssumeRoleWithWebIdentityInput, sts.AssumeRoleWithWebIdentityOutput](s, "AssumeRoleWithWebIdentity", err)
		register[sts.GetCallerIdentityInput, sts.GetCallerIdentityOutput](s, "GetCallerIdentity", err)
	case "sso-oidc":
		register[ssooidc.CreateTokenWithIAMInput, ssooidc.CreateTokenWithIAMOutput](s, "CreateTokenWithIAM", err)
	case "s3control":
		register[s3control.GetDataAccessInput, s3control.GetDataAccessOutput](s, "GetDataAccess", err)
		register[s3control.ListCallerAccessGrantsInput, s3control.ListCallerAccessGrantsOutput](s, "ListCallerAccessGrants", err)
	}
	return s
}

func register[I, O any](s *awswire.Service, operation string, err error) {
	awswire.Handle(s, operation, func(context.Context, *awswire.Caller, *I) (*O, error) {
		if err != nil {
			return nil, err
		}
		return new(O), nil
	})
}

// reply is what was answered, ids scrubbed.
type reply struct {
	Status int
	Type   string // Content-Type
	Error  string // x-amzn-ErrorType
	Body   string
}

var ids = []struct{ re, name string }{
	{`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`, "ID"},
	{`<RequestId>[A-Z0-9]{16}</RequestId>`, "<RequestId>ID</RequestId>"},
	{`<HostId>[^<]+</HostId>`, "<HostId>ID2</HostId>"},
}

func send(t testing.TB, s http.Handler, r *http.Request) reply {
	t.Helper()
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	text := string(body)
	for _, id := range ids {
		text = regexp.MustCompile(id.re).ReplaceAllString(text, id.name)
	}
	return reply{w.Code, w.Header().Get("Content-Type"), w.Header().Get("x-amzn-ErrorType"), text}
}

func form(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	return r
}

func jsonPost(path, target, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if target != "" {
		r.Header.Set("Content-Type", "application/x-amz-json-1.1")
		r.Header.Set("X-Amz-Target", target)
	}
	return r
}

func get(url string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, url, http.NoBody)
	r.Header.Set("x-amz-account-id", "111122223333")
	return r
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}
