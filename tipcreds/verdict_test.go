package tipcreds_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/tip-cli/tip-cli/tipcreds"
)

// traced is an HTTP client that reports what a script says and then fails.
type traced func(*httptrace.ClientTrace)

// Do implements aws.HTTPClient.
func (d traced) Do(r *http.Request) (*http.Response, error) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		d(trace)
	}
	return nil, errors.New("connection lost")
}

func gotConn(tr *httptrace.ClientTrace, info httptrace.GotConnInfo) {
	if tr.GotConn != nil {
		tr.GotConn(info)
	}
}

// TestSentAsFarAsKnown: the JWT is unspent exactly where no byte can have left.
func TestSentAsFarAsKnown(t *testing.T) {
	tests := []struct {
		name   string
		script traced
		spent  bool
	}{
		{"a client that reports nothing", func(*httptrace.ClientTrace) {}, true},
		{"no connection", func(tr *httptrace.ClientTrace) { tr.GetConn("host:443") }, false},
		{"a connection, nothing written", func(tr *httptrace.ClientTrace) {
			tr.GetConn("host:443")
			gotConn(tr, httptrace.GotConnInfo{Reused: true})
		}, false},
		{"a header written", func(tr *httptrace.ClientTrace) {
			tr.GetConn("host:443")
			gotConn(tr, httptrace.GotConnInfo{})
			tr.WroteHeaderField("Host", []string{"host"})
		}, true},
		{"all headers written", func(tr *httptrace.ClientTrace) {
			tr.GetConn("host:443")
			gotConn(tr, httptrace.GotConnInfo{})
			tr.WroteHeaders()
		}, true},
		{"written to the first of two connections", func(tr *httptrace.ClientTrace) {
			tr.GetConn("host:443")
			gotConn(tr, httptrace.GotConnInfo{Reused: true})
			tr.WroteHeaderField("Host", []string{"host"})
			tr.GetConn("host:443")
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			config := aws.Config{Region: "eu-west-1", HTTPClient: tt.script, Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "x", "")}
			p := ownClients(t, sts.NewFromConfig(config), ssooidc.NewFromConfig(config))
			_, err := p.Exchange(t.Context(), webToken)
			e := exchangeError(t, err)
			if e.JWTSpent != tt.spent || e.InDoubt != tt.spent || e.HTTPStatus != 0 {
				t.Errorf("spent %v, in doubt %v: %v", e.JWTSpent, e.InDoubt, err)
			}
		})
	}
}

// TestAnsweredIsSent: an answer counts, whatever the client reported before.
func TestAnsweredIsSent(t *testing.T) {
	config := aws.Config{
		Region: "eu-west-1", HTTPClient: mute{}, Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "x", ""),
	}
	_, err := ownClients(t, sts.NewFromConfig(config), ssooidc.NewFromConfig(config)).Exchange(t.Context(), webToken)
	if e := exchangeError(t, err); !e.JWTSpent || !e.InDoubt || e.HTTPStatus != 500 {
		t.Errorf("spent %v, in doubt %v: %v", e.JWTSpent, e.InDoubt, err)
	}
}

// mute is an HTTP client that has an answer and reports no connection.
type mute struct{}

// Do implements aws.HTTPClient.
func (mute) Do(r *http.Request) (*http.Response, error) {
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil {
		trace.GetConn("host:443")
	}
	return &http.Response{StatusCode: 500, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

func ownClients(t *testing.T, role tipcreds.AssumeRoleAPI, create tipcreds.CreateTokenAPI) *tipcreds.Provider {
	t.Helper()
	p, err := tipcreds.New(accessRole, application, token(webToken), func(o *tipcreds.Options) {
		o.STSClient, o.SSOOIDCClient = role, create
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestForeignVerdict: of a client that is not the SDK's the error code is believed.
func TestForeignVerdict(t *testing.T) {
	tests := []struct {
		name           string
		err            error
		spent, inDoubt bool
	}{
		{"refused", &smithy.GenericAPIError{Code: "InvalidGrantException", Fault: smithy.FaultClient}, true, false},
		{"refused, nobody's fault", &smithy.GenericAPIError{Code: "InvalidGrantException"}, true, false},
		{"their fault", &smithy.GenericAPIError{Code: "SomethingException", Fault: smithy.FaultServer}, true, true},
		{"server error", &smithy.GenericAPIError{Code: "InternalServerException"}, true, true},
		{"throttled", &smithy.GenericAPIError{Code: "ThrottlingException"}, false, false},
		{"lost", errForeign, true, true},
		{"nothing", nil, true, true},
		{"cancelled", context.Canceled, true, true},
	}
	for _, tt := range tests {
		_, err := ownClients(t, &clients{}, foreignOIDC{err: tt.err}).Exchange(t.Context(), webToken)
		if e := exchangeError(t, err); e.JWTSpent != tt.spent || e.InDoubt != tt.inDoubt {
			t.Errorf("%s: spent %v, in doubt %v: %v", tt.name, e.JWTSpent, e.InDoubt, err)
		}
	}
}

// TestBlankAnswer: a success that says nothing is no verdict.
func TestBlankAnswer(t *testing.T) {
	for _, text := range []string{"", "{}", `{"awsAdditionalDetails":null}`, `{"accessToken":""}`, `{"message":"hello"}`} {
		f := newFakeAWS(t)
		f.on(createTokenCall, body(200, "application/json", text))
		_, err := f.provider(t).Exchange(t.Context(), webToken)
		e := exchangeError(t, err)
		if !errors.Is(err, tipcreds.ErrNoIdentityContext) || !e.JWTSpent || !e.InDoubt || e.HTTPStatus != 200 {
			t.Errorf("%q: spent %v, in doubt %v: %v", text, e.JWTSpent, e.InDoubt, err)
		}
	}
}

func TestThrottled(t *testing.T) {
	throttling := []string{
		"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
		"TooManyRequestsException", "RequestLimitExceeded", "SlowDown", "SlowDownException",
	}
	for _, code := range throttling {
		e := tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: code, HTTPStatus: 400}
		if !e.Throttled() || !strings.Contains(e.Hint(), "not used up") {
			t.Errorf("%s: %v, hint %q", code, e.Throttled(), e.Hint())
		}
		if _, ok := retry.DefaultThrottleErrorCodes[code]; !ok && code != "SlowDownException" {
			t.Errorf("%s is nothing to the SDK", code)
		}
	}
	for _, code := range []string{"", "AccessDenied", "InvalidGrantException", "LimitExceededException", "TransactionInProgressException"} {
		if e := (&tipcreds.ExchangeError{Code: code, HTTPStatus: 400}); e.Throttled() {
			t.Errorf("%s throttles", code)
		}
		if e := (&tipcreds.ExchangeError{Code: code, HTTPStatus: 429}); !e.Throttled() {
			t.Errorf("%s with 429 does not throttle", code)
		}
	}
	late := tipcreds.ExchangeError{Step: tipcreds.StepAssumeAccessRole, HTTPStatus: 429, JWTSpent: true, RetryAfter: 7e9}
	if hint := late.Hint(); !strings.Contains(hint, "wait 7s, with a fresh token") {
		t.Errorf("hint %q", hint)
	}
}

// TestOddErrorBodies: members of wrong types cost nothing but their text.
func TestOddErrorBodies(t *testing.T) {
	tests := []struct {
		name, header, text string
		code               string
		inDoubt            bool
	}{
		{"description is a number", "", `{"error":"invalid_grant","error_description":7}`, "InvalidGrantException", false},
		{"typed, description is an object", "InvalidGrantException" + coral, `{"error_description":{}}`, "InvalidGrantException", false},
		{"prefixed", "com.amazonaws.sso.oidc#InvalidGrantException", "<", "InvalidGrantException", false},
		{"error is a list", "", `{"error":["invalid_grant"]}`, "UnknownError", true},
		{"list", "", `[]`, "", true},
		{"nothing", "", ``, "UnknownError", true},
	}
	for _, tt := range tests {
		f := newFakeAWS(t)
		f.on(createTokenCall, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Amzn-ErrorType", tt.header)
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, tt.text)
		})
		_, err := f.provider(t).Exchange(t.Context(), webToken)
		if e := exchangeError(t, err); e.Code != tt.code || e.InDoubt != tt.inDoubt || !e.JWTSpent {
			t.Errorf("%s: code %q, spent %v, in doubt %v: %v", tt.name, e.Code, e.JWTSpent, e.InDoubt, err)
		}
	}
}
