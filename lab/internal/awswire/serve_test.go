package awswire_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
)

const identity = "Action=GetCallerIdentity&Version=2011-06-15"

// failing makes sts.GetCallerIdentity do what f does.
func failing(t *testing.T, f func() (*sts.GetCallerIdentityOutput, error), opts ...awswire.Option) (*awswire.Service, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	opts = append(opts, awswire.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	s, err := awswire.NewService("sts", opts...)
	if err != nil {
		t.Fatal(err)
	}
	awswire.Handle(s, "GetCallerIdentity", func(context.Context, *awswire.Caller, *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
		return f()
	})
	return s, &log
}

// TestInternalFailures: what is no Error is logged and not told.
func TestInternalFailures(t *testing.T) {
	for _, c := range []struct {
		name, log string
		f         func() (*sts.GetCallerIdentityOutput, error)
	}{
		{"error", "secret reason", func() (*sts.GetCallerIdentityOutput, error) { return nil, errors.New("secret reason") }},
		{"panic", "secret panic", func() (*sts.GetCallerIdentityOutput, error) { panic("secret panic") }},
		{"nothing", "neither output nor error", func() (*sts.GetCallerIdentityOutput, error) { return nil, nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, log := failing(t, c.f)
			if diff := cmp.Diff(queryError(500, stsNamespace, "Receiver", "InternalFailure", ""), send(t, s, form(identity))); diff != "" {
				t.Error(diff)
			}
			if !strings.Contains(log.String(), c.log) {
				t.Errorf("log: %s", log)
			}
		})
	}
}

func TestInternalFailureOfEachProtocol(t *testing.T) {
	err := errors.New("secret")
	oidc := send(t, newLab(t, "sso-oidc", err, quiet), jsonPost("/token?aws_iam=t", "", `{"clientId":"c","grantType":"g"}`))
	if diff := cmp.Diff(restJSONError(500, "InternalServerException:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/", `{"error":"server_error"}`), oidc); diff != "" {
		t.Error(diff)
	}
	s3 := send(t, newLab(t, "s3control", err, quiet), get("/v20180820/accessgrantsinstance/dataaccess?target=s3://b/*&permission=READ"))
	if diff := cmp.Diff(s3Error(500, "InternalError", "We encountered an internal error. Please try again.", ""), s3); diff != "" {
		t.Error(diff)
	}
}

// TestAbort: a handler can cut the connection.
func TestAbort(t *testing.T) {
	var observed atomic.Int32
	s, _ := failing(t, func() (*sts.GetCallerIdentityOutput, error) { panic(http.ErrAbortHandler) },
		awswire.WithObserver(func(context.Context, *awswire.Exchange) { observed.Add(1) }))
	srv := httptest.NewServer(s)
	defer srv.Close()
	resp, err := http.Get(srv.URL + "/?" + identity)
	if err == nil {
		_ = resp.Body.Close()
		t.Errorf("answered %d", resp.StatusCode)
	}
	if n := observed.Load(); n != 1 {
		t.Errorf("observed %d times", n)
	}
}

func TestBodyLimit(t *testing.T) {
	s := newLab(t, "sts", nil)
	if got := send(t, s, form(identity+"&Pad="+strings.Repeat("x", 10_000_000-len(identity)-5))); got.Status != http.StatusOK {
		t.Errorf("at the limit: %d", got.Status)
	}
	got := send(t, s, form(identity+"&Pad="+strings.Repeat("x", 10_000_000-len(identity)-4)))
	if diff := cmp.Diff(queryError(413, faultNamespace, "Sender", "RequestEntityTooLarge", "Request Entity Too Large"), got); diff != "" {
		t.Error(diff)
	}
	oidc := send(t, newLab(t, "sso-oidc", nil), jsonPost("/token?aws_iam=t", "", strings.Repeat(" ", 10_000_001)))
	if oidc.Status != 413 || !strings.HasPrefix(oidc.Error, "RequestEntityTooLargeException:") {
		t.Errorf("%+v", oidc)
	}
}

func TestBrokenBody(t *testing.T) {
	r := form("")
	r.Body = io.NopCloser(brokenReader{})
	if diff := cmp.Diff(queryError(400, faultNamespace, "Sender", "IncompleteBody", "The request body terminated unexpectedly"), send(t, newLab(t, "sts", nil), r)); diff != "" {
		t.Error(diff)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestObserver: every request is observed once, refused ones too, before its
// answer is sent.
func TestObserver(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var seen []string
	opts := []awswire.Option{
		awswire.WithClock(func() time.Time { now = now.Add(time.Hour); return now }),
		awswire.WithRegion(func(*http.Request) string { return "eu-west-1" }),
		awswire.WithVerifier(verifierFunc(func(awswire.Scope) (string, error) { return "AKIAIOSFODNN7EXAMPLE", nil })),
		awswire.WithObserver(func(_ context.Context, x *awswire.Exchange) {
			c := x.Caller
			seen = append(seen, fmt.Sprintf("%s %s %s %s %s %s | %d %v in=%t out=%t | %s %s", c.Service, c.Operation, c.Region, c.AccessKeyID,
				c.SourceIP, c.UserAgent, x.Status, x.Err, x.Input != nil, x.Output != nil, x.Request.Method, x.Request.URL.Path))
			if c.RequestID == "" || x.Start.IsZero() || x.Duration > time.Minute { // whatever the clock says
				t.Errorf("%+v", x)
			}
		}),
	}
	s := newLab(t, "sts", nil, opts...)
	for _, body := range []string{identity, "Action=No&Version=2011-06-15", "Action=AssumeRole&Version=2011-06-15&RoleArn=x&RoleSessionName=aa"} {
		r := form(body)
		r.Header.Set("User-Agent", "agent/1")
		send(t, s, r)
	}
	want := []string{
		"sts GetCallerIdentity eu-west-1 AKIAIOSFODNN7EXAMPLE 192.0.2.1 agent/1 | 200 <nil> in=true out=true | POST /",
		"sts  eu-west-1  192.0.2.1 agent/1 | 400 InvalidAction: Could not find operation No for version 2011-06-15 in=false out=false | POST /",
		"sts AssumeRole eu-west-1 AKIAIOSFODNN7EXAMPLE 192.0.2.1 agent/1 | 400 ValidationError: 1 validation error detected: Value 'x' at 'roleArn' " +
			"failed to satisfy constraint: Member must have length greater than or equal to 20 in=false out=false | POST /",
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Error(diff)
	}
}

func TestCaller(t *testing.T) {
	for _, c := range []struct{ header, host, want string }{
		{"444455556666", "111122223333.s3-control.eu-west-1.amazonaws.com", "444455556666"},
		{"", "111122223333.s3-control.eu-west-1.amazonaws.com", "111122223333"},
		{"", "11112222333.s3-control.eu-west-1.amazonaws.com", ""},
		{"", "11112222333x.s3-control.eu-west-1.amazonaws.com", ""},
	} {
		var got string
		s := newLab(t, "s3control", nil, awswire.WithObserver(func(_ context.Context, x *awswire.Exchange) { got = x.Caller.AccountID }))
		r := get("/v20180820/accessgrantsinstance/caller/grants")
		r.Header.Set("x-amz-account-id", c.header)
		if c.header == "" {
			r.Header.Del("x-amz-account-id")
		}
		r.Host = c.host
		reply := send(t, s, r)
		if got != c.want {
			t.Errorf("%+v: account %q", c, got)
		}
		if wantStatus := map[bool]int{true: 200, false: 400}[c.want != ""]; reply.Status != wantStatus {
			t.Errorf("%+v: %+v", c, reply)
		}
	}
}

// TestCallerTransport: what the condition keys of a request are made of.
func TestCallerTransport(t *testing.T) {
	for _, secure := range []bool{false, true} {
		var got awswire.Caller
		s := newLab(t, "s3control", nil, awswire.WithObserver(func(_ context.Context, x *awswire.Exchange) { got = x.Caller }))
		r := get("/v20180820/accessgrantsinstance/caller/grants")
		r.RemoteAddr, r.Host = "[::1]:4000", "localhost:1"
		r.Header.Set("User-Agent", "agent/1")
		r.Header.Set("Referer", "https://page.example")
		if secure {
			r.TLS = &tls.ConnectionState{Version: tls.VersionTLS13}
		}
		send(t, s, r)
		want := awswire.Caller{
			Service: "s3control", Operation: "ListCallerAccessGrants", Region: got.Region, AccountID: got.AccountID, AccessKeyID: got.AccessKeyID,
			RequestID: got.RequestID, SourceIP: "::1", UserAgent: "agent/1", Host: "localhost:1", Referer: "https://page.example", Secure: secure,
		}
		if secure {
			want.TLSVersion = "1.3"
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// TestErrors: what a handler returns, and how it goes out.
func TestErrors(t *testing.T) {
	const own, common = ":http://internal.amazon.com/coral/com.amazonaws.sso.oidc/", ":http://internal.amazon.com/coral/com.amazon.coral.service/"
	oidc := func(e *awswire.Error) reply {
		return send(t, newLab(t, "sso-oidc", e), jsonPost("/token?aws_iam=t", "", `{"clientId":"c","grantType":"g"}`))
	}
	for _, c := range []struct {
		name string
		err  awswire.Error
		want reply
	}{
		{"oauth", awswire.Error{Code: "InvalidGrantException", Message: "Invalid refresh token provided"}, restJSONError(400, "InvalidGrantException"+own, `{"error":"invalid_grant","error_description":"Invalid refresh token provided"}`)},
		{"status of the model", awswire.Error{Code: "InvalidClientException"}, restJSONError(401, "InvalidClientException"+own, `{"error":"invalid_client"}`)},
		{"status of the handler", awswire.Error{Code: "InvalidClientException", Status: 418}, restJSONError(418, "InvalidClientException"+own, `{"error":"invalid_client"}`)},
		{"detail", awswire.Error{Code: "AccessDeniedException", Detail: map[string]any{"reason": "KMS_AccessDeniedException"}}, restJSONError(400, "AccessDeniedException"+own, `{"error":"access_denied","reason":"KMS_AccessDeniedException"}`)},
		{"error given", awswire.Error{Code: "AccessDeniedException", Detail: map[string]any{"error": "denied"}}, restJSONError(400, "AccessDeniedException"+own, `{"error":"denied"}`)},
		{"region", awswire.Error{Code: "InvalidRequestRegionException", Detail: map[string]any{"region": "eu-west-1"}}, restJSONError(400, "InvalidRequestRegionException"+own, `{"error":"invalid_request","region":"eu-west-1"}`)},
		{"denied by IAM", awswire.Error{Code: "AccessDeniedException", Message: "User: ...", Common: true}, restJSONError(403, "AccessDeniedException"+common, `{"Message":"User: ..."}`)},
		{"unmodelled", awswire.Error{Code: "ThrottlingException", Message: "Rate exceeded"}, restJSONError(400, "ThrottlingException"+common, `{"message":"Rate exceeded"}`)},
	} {
		if diff := cmp.Diff(c.want, oidc(&c.err)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	query := send(t, newLab(t, "sts", &awswire.Error{Code: "IDPRejectedClaimException", Message: "no"}), form(assume+"&"+roleARN+"&RoleSessionName=aa"))
	if diff := cmp.Diff(queryError(403, stsNamespace, "Sender", "IDPRejectedClaim", "no"), query); diff != "" {
		t.Error(diff)
	}
	controls := send(t, newLab(t, "sts", &awswire.Error{Code: "C", Message: "a\x00\r\"b"}), form(identity))
	if diff := cmp.Diff(queryError(400, stsNamespace, "Sender", "C", "a\uFFFD&#xD;&quot;b"), controls); diff != "" {
		t.Error(diff)
	}
	byWire := send(t, newLab(t, "sts", &awswire.Error{Code: "IDPRejectedClaim", Message: "no"}), form(assume+"&"+roleARN+"&RoleSessionName=aa"))
	if diff := cmp.Diff(query, byWire); diff != "" {
		t.Error(diff)
	}
	denied := send(t, newLab(t, "sts", &awswire.Error{Code: "AccessDenied", Message: "no"}), form(identity))
	if diff := cmp.Diff(queryError(403, stsNamespace, "Sender", "AccessDenied", "no"), denied); diff != "" {
		t.Error(diff)
	}
	if got := (&awswire.Error{Code: "C"}).Error() + " " + (&awswire.Error{Code: "C", Message: "m"}).Error(); got != "C C: m" {
		t.Error(got)
	}
}

// TestRegistration: a programmer's errors are found at registration.
func TestRegistration(t *testing.T) {
	type noFields struct{}
	type wrongType struct{ ClientId, GrantType *int }
	for name, f := range map[string]func(s *awswire.Service){
		"no such operation": func(s *awswire.Service) { register[sts.AssumeRoleInput, sts.AssumeRoleOutput](s, "AssumeRole", nil) },
		"has a handler already": func(s *awswire.Service) {
			registerToken[ssooidc.CreateTokenWithIAMInput](s)
			registerToken[ssooidc.CreateTokenWithIAMInput](s)
		},
		"has no field for":      func(s *awswire.Service) { registerToken[noFields](s) },
		"does not fit a string": func(s *awswire.Service) { registerToken[wrongType](s) },
		"is not a struct":       func(s *awswire.Service) { registerToken[string](s) },
	} {
		t.Run(name, func(t *testing.T) {
			s, err := awswire.NewService("sso-oidc")
			if err != nil {
				t.Fatal(err)
			}
			wantPanic(t, name, func() { f(s) })
		})
	}
	if _, err := awswire.NewService("nosuch"); err == nil {
		t.Error("a service without a model")
	}
}

func registerToken[I any](s *awswire.Service) {
	register[I, ssooidc.CreateTokenWithIAMOutput](s, "CreateTokenWithIAM", nil)
}

func wantPanic(t *testing.T, text string, f func()) {
	t.Helper()
	defer func() {
		if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), text) {
			t.Errorf("panic %v, want %q", p, text)
		}
	}()
	f()
}

// TestLeftOver pins the members that the SDK has and the models do not, in
// testdata/leftover.txt: whoever updates either sees what changed.
func TestLeftOver(t *testing.T) {
	var got strings.Builder
	for _, s := range labServices(t) {
		svc, _ := s.newService(t, nil)
		for _, member := range sorted(awswire.LeftOver(svc)) {
			fmt.Fprintln(&got, s.name, member)
		}
	}
	want, err := os.ReadFile(filepath.Join("testdata", "leftover.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Error(diff)
	}
}
