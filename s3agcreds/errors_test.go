package s3agcreds_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

const noGrant = "You do not have READ permissions to the requested S3 Prefix: " + matched

func reset(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

func dataAccessError(t *testing.T, err error) *s3agcreds.DataAccessError {
	t.Helper()
	e, ok := errors.AsType[*s3agcreds.DataAccessError](err)
	if !ok {
		t.Fatalf("error %T %v, want a DataAccessError", err, err)
	}
	return e
}

func TestDataAccessErrors(t *testing.T) {
	const denial = "User: arn:aws:sts::444455556666:assumed-role/Analyst/tip-x is not authorized to perform: " +
		"s3:GetDataAccess on resource: arn:aws:s3:eu-west-1:444455556666:access-grants/default"
	tests := []struct {
		name    string
		status  int
		code    string
		message string
		kind    s3agcreds.Kind
		hint    string
		tries   int
	}{
		{"no grant", 403, "AccessDenied", noGrant, s3agcreds.KindNoGrant, "no grant", 1},
		{"IAM", 403, "AccessDenied", denial, s3agcreds.KindNotAuthorized, "s3:GetDataAccess", 1},
		{"denial of neither text", 403, "AccessDenied", "Access Denied", s3agcreds.KindOther, "", 1},
		{"no instance", 404, "AccessGrantsInstanceNotExistsError", "none", s3agcreds.KindNoInstance, "no Access Grants instance", 1},
		{"location role", 403, "StsNotAuthorizedError", "no", s3agcreds.KindLocationRole, "sts:SetContext", 1},
		{"bad duration", 400, "InvalidRequest", "no", s3agcreds.KindOther, "", 1},
		{"server error", 500, "InternalError", "oops", s3agcreds.KindUnavailable, "try again", 3},
		{"throttled", 503, "SlowDown", "slower", s3agcreds.KindUnavailable, "try again", 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t)
			for range tt.tries {
				f.on(errorAnswer(tt.status, tt.code, tt.message))
			}
			_, err := newProvider(t, f.sdk(), matched).Grant(t.Context())
			e := dataAccessError(t, err)
			got := *e
			got.Err = nil
			want := s3agcreds.DataAccessError{Operation: "GetDataAccess", Kind: tt.kind, Code: tt.code, Message: tt.message,
				HTTPStatus: tt.status, RequestID: "req-s3", Target: matched, Permission: read}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if hint := e.Hint(); !strings.Contains(hint, tt.hint) || (hint == "") != (tt.hint == "") {
				t.Errorf("hint %q, want %q in it", hint, tt.hint)
			}
			if e.Unwrap() == nil || e.RetryableError() || len(f.requests()) != tt.tries {
				t.Errorf("cause %v, retryable %v, %d requests", e.Unwrap(), e.RetryableError(), len(f.requests()))
			}
		})
	}
}

func TestDataAccessNoAnswer(t *testing.T) {
	f := newFake(t)
	f.on(reset, reset, reset)
	_, err := newProvider(t, f.sdk(), matched).Grant(t.Context())
	if e := dataAccessError(t, err); e.Kind != s3agcreds.KindUnavailable || e.HTTPStatus != 0 || e.Code != "" {
		t.Errorf("%s %d %s: %v", e.Kind, e.HTTPStatus, e.Code, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = newProvider(t, f.sdk(), matched).Grant(ctx)
	if e := dataAccessError(t, err); !errors.Is(err, context.Canceled) || e.Kind != s3agcreds.KindOther {
		t.Errorf("%s: %v", e.Kind, err)
	}
}

func TestDataAccessWithoutCredentials(t *testing.T) {
	clients := map[string]s3agcreds.DataAccessAPI{
		"nil answer":     staticClient{},
		"no credentials": staticClient{out: &s3control.GetDataAccessOutput{}},
	}
	f := newFake(t)
	f.on(xmlAnswer(200, ""))
	clients["empty body"] = f.sdk()
	for name, client := range clients {
		_, err := newProvider(t, client, matched).Grant(t.Context())
		if dataAccessError(t, err); !errors.Is(err, s3agcreds.ErrNoCredentials) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDataAccessErrorText(t *testing.T) {
	tests := []struct {
		name string
		err  s3agcreds.DataAccessError
		want string
	}{
		{"whole", s3agcreds.DataAccessError{Operation: "GetDataAccess", Code: "AccessDenied", Message: "no", HTTPStatus: 403,
			RequestID: "r", Target: matched, Permission: read},
			"GetDataAccess for s3://team-data/reports/* (READ): AccessDenied: no (HTTP 403, request r)"},
		{"bare", s3agcreds.DataAccessError{Operation: "GetAccessGrantsInstanceForPrefix", Code: "AccessDenied", HTTPStatus: 403, Target: matched},
			"GetAccessGrantsInstanceForPrefix for s3://team-data/reports/*: AccessDenied (HTTP 403)"},
		{"cause", s3agcreds.DataAccessError{Operation: "GetDataAccess", Target: matched, Permission: write, Err: errors.New("x")},
			"GetDataAccess for s3://team-data/reports/* (WRITE): x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.err.Error(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestOptionErrorText(t *testing.T) {
	_, err := s3agcreds.NewProvider(staticClient{}, "4444", matched, read)
	if want := `s3agcreds: accountID "4444": an account id has 12 digits`; err.Error() != want {
		t.Errorf("got %q", err)
	}
	_, err = s3agcreds.NewProvider(staticClient{}, owner, "b/k", read)
	if want := `s3agcreds: target: invalid S3 target "b/k": it must begin with s3:// (did you mean "s3://b/k"?)`; err.Error() != want {
		t.Errorf("got %q", err)
	}
}

func TestFindInstanceAccount(t *testing.T) {
	f := newFake(t)
	got, err := s3agcreds.FindInstanceAccount(t.Context(), f.sdk(), caller, "s3://team-data/reports/*")
	if err != nil || got != owner {
		t.Errorf("account %s: %v", got, err)
	}
	want := []request{{"GET", caller + ".s3-control.eu-west-1.amazonaws.com", "/v20180820/accessgrantsinstance/prefix",
		caller, url.Values{"s3prefix": {"s3://team-data/reports/*"}}, "eu-west-1/s3"}}
	if diff := cmp.Diff(want, f.requests()); diff != "" {
		t.Errorf("wire (-want +got):\n%s", diff)
	}
}

func TestFindInstanceAccountErrors(t *testing.T) {
	answer := func(arn string) http.HandlerFunc {
		return xmlAnswer(200, "<R><AccessGrantsInstanceArn>"+arn+"</AccessGrantsInstanceArn></R>")
	}
	tests := []struct {
		name   string
		answer http.HandlerFunc
		kind   s3agcreds.Kind
		want   error
	}{
		{"empty ARN", answer(""), s3agcreds.KindOther, s3agcreds.ErrInstanceARN},
		{"no ARN", answer("default"), s3agcreds.KindOther, s3agcreds.ErrInstanceARN},
		{"no account", answer("arn:aws:s3:eu-west-1::access-grants/default"), s3agcreds.KindOther, s3agcreds.ErrInstanceARN},
		{"no instance", errorAnswer(404, "AccessGrantsInstanceNotExistsError", "x"), s3agcreds.KindNoInstance, nil},
		{"IAM", errorAnswer(403, "AccessDenied", "User: x is not authorized to perform: s3:GetAccessGrantsInstanceForPrefix"),
			s3agcreds.KindNotAuthorized, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t)
			f.on(tt.answer)
			_, err := s3agcreds.FindInstanceAccount(t.Context(), f.sdk(), caller, matched)
			e := dataAccessError(t, err)
			if e.Kind != tt.kind || e.Operation != "GetAccessGrantsInstanceForPrefix" || e.Permission != "" || e.Target != matched ||
				tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%s %s: %v", e.Kind, e.Operation, err)
			}
		})
	}
	_, err := s3agcreds.FindInstanceAccount(t.Context(), staticClient{}, caller, matched)
	if dataAccessError(t, err); !errors.Is(err, s3agcreds.ErrInstanceARN) {
		t.Errorf("nil answer: %v", err)
	}
}

func TestFindInstanceAccountRefuses(t *testing.T) {
	tests := []struct {
		name    string
		client  s3agcreds.InstanceForPrefixAPI
		account string
		prefix  string
		want    error
	}{
		{"client", nil, caller, matched, s3agcreds.ErrClientMissing},
		{"account", staticClient{}, "me", matched, s3agcreds.ErrAccountID},
		{"prefix", staticClient{}, caller, "team-data", s3agcreds.ErrTarget},
	}
	for _, tt := range tests {
		_, err := s3agcreds.FindInstanceAccount(t.Context(), tt.client, tt.account, tt.prefix)
		if _, ok := errors.AsType[*s3agcreds.OptionError](err); !ok || !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
