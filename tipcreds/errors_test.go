package tipcreds_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/tipcreds"
)

func oauthError(status int, errorType, oauth, description string) http.HandlerFunc {
	return jsonAnswer(status, errorType, map[string]any{"error": oauth, "error_description": description})
}

// TestExchangeErrors checks how answers become errors: every field, the text
// and a part of the hint.
func TestExchangeErrors(t *testing.T) {
	const iamDenial = "User: arn:aws:sts::444455556666:assumed-role/TIPApplication/s is not authorized to perform: " +
		"sso-oauth:CreateTokenWithIAM on resource: " + application
	tests := []struct {
		name   string
		op     string
		answer http.HandlerFunc       // as often as it is asked for
		want   tipcreds.ExchangeError // without Err
		hint   string
	}{
		{"trust policy", webIdentityCall,
			stsError(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
			tipcreds.ExchangeError{Step: tipcreds.StepAssumeApplicationRole, Code: "AccessDenied",
				Message: "Not authorized to perform sts:AssumeRoleWithWebIdentity", HTTPStatus: 403, RequestID: "req-sts-error"},
			"trust policy does not admit"},
		{"audience", webIdentityCall, stsError(400, "InvalidIdentityToken", "Incorrect token audience"),
			tipcreds.ExchangeError{Step: tipcreds.StepAssumeApplicationRole, Code: "InvalidIdentityToken",
				Message: "Incorrect token audience", HTTPStatus: 400, RequestID: "req-sts-error"},
			"client ids"},
		{"no provider", webIdentityCall,
			stsError(400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://dev-123456789.okta.com/oauth2/default"),
			tipcreds.ExchangeError{Step: tipcreds.StepAssumeApplicationRole, Code: "InvalidIdentityToken",
				Message:    "No OpenIDConnect provider found in your account for https://dev-123456789.okta.com/oauth2/default",
				HTTPStatus: 400, RequestID: "req-sts-error"},
			"no IAM OIDC provider"},
		{"expired at STS", webIdentityCall, stsError(400, "ExpiredTokenException", "Token too old: 441398"),
			tipcreds.ExchangeError{Step: tipcreds.StepAssumeApplicationRole, Code: "ExpiredTokenException",
				Message: "Token too old: 441398", HTTPStatus: 400, RequestID: "req-sts-error"},
			"fresh one"},

		{"bare denial", createTokenCall, oauthError(400, "AccessDeniedException", "access_denied", ""),
			tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: "AccessDeniedException",
				HTTPStatus: 400, RequestID: "req-oidc", JWTSpent: true},
			"not assigned"},
		{"IAM denial", createTokenCall, jsonAnswer(403, "AccessDeniedException", map[string]any{"Message": iamDenial}),
			tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: "AccessDeniedException", Message: iamDenial,
				HTTPStatus: 403, RequestID: "req-oidc", JWTSpent: true},
			"lacks sso-oauth:CreateTokenWithIAM"},
		{"KMS", createTokenCall,
			jsonAnswer(400, "AccessDeniedException", map[string]any{"error": "access_denied", "reason": "KMS_AccessDeniedException"}),
			tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: "AccessDeniedException",
				Message: "[reason KMS_AccessDeniedException]", HTTPStatus: 400, RequestID: "req-oidc", JWTSpent: true},
			"KMS key"},
		{"replay", createTokenCall, oauthError(400, "InvalidGrantException", "invalid_grant", "Invalid grant provided"),
			tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: "InvalidGrantException",
				Message: "Invalid grant provided", HTTPStatus: 400, RequestID: "req-oidc", JWTSpent: true},
			"used before"},
		{"unknown application", createTokenCall, oauthError(401, "InvalidClientException", "invalid_client", "no such client"),
			tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: "InvalidClientException",
				Message: "no such client", HTTPStatus: 401, RequestID: "req-oidc", JWTSpent: true},
			"application ARN"},
		{"grant type", createTokenCall, oauthError(400, "UnauthorizedClientException", "unauthorized_client", "x"),
			tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: "UnauthorizedClientException",
				Message: "x", HTTPStatus: 400, RequestID: "req-oidc", JWTSpent: true},
			"grant type"},
		{"region", createTokenCall, jsonAnswer(400, "InvalidRequestRegionException",
			map[string]any{"error": "invalid_request", "error_description": "wrong region", "region": "us-east-1"}),
			tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: "InvalidRequestRegionException",
				Message: "wrong region [region us-east-1]", HTTPStatus: 400, RequestID: "req-oidc", JWTSpent: true},
			"another region"},
		{"throttled", createTokenCall, oauthError(400, "SlowDownException", "slow_down", "x"),
			tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: "SlowDownException",
				Message: "x", HTTPStatus: 400, RequestID: "req-oidc"},
			"too many"},
		{"no error type header", createTokenCall, oauthError(400, "", "invalid_grant", "Invalid grant provided"),
			tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: "InvalidGrantException",
				Message: "Invalid grant provided", HTTPStatus: 400, RequestID: "req-oidc", JWTSpent: true},
			"used before"},
		{"server error", createTokenCall, oauthError(500, "InternalServerException", "server_error", "boom"),
			tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: "InternalServerException",
				Message: "boom", HTTPStatus: 500, RequestID: "req-oidc", JWTSpent: true, InDoubt: true},
			"try again later"},

		{"no SetContext", assumeRoleCall,
			stsError(403, "AccessDenied", "User: x is not authorized to perform: sts:SetContext on resource: "+accessRole),
			tipcreds.ExchangeError{Step: tipcreds.StepAssumeAccessRole, Code: "AccessDenied",
				Message:    "User: x is not authorized to perform: sts:SetContext on resource: " + accessRole,
				HTTPStatus: 403, RequestID: "req-sts-error", JWTSpent: true},
			"must allow sts:SetContext"},
		{"no AssumeRole", assumeRoleCall,
			stsError(403, "AccessDenied", "User: x is not authorized to perform: sts:AssumeRole on resource: "+accessRole),
			tipcreds.ExchangeError{Step: tipcreds.StepAssumeAccessRole, Code: "AccessDenied",
				Message:    "User: x is not authorized to perform: sts:AssumeRole on resource: " + accessRole,
				HTTPStatus: 403, RequestID: "req-sts-error", JWTSpent: true},
			"both sts:AssumeRole and sts:SetContext"},
		{"too long", assumeRoleCall,
			stsError(400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."),
			tipcreds.ExchangeError{Step: tipcreds.StepAssumeAccessRole, Code: "ValidationError",
				Message:    "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
				HTTPStatus: 400, RequestID: "req-sts-error", JWTSpent: true},
			"maximum session duration"},
		{"region disabled", assumeRoleCall, stsError(403, "RegionDisabledException", "STS is not activated in this region"),
			tipcreds.ExchangeError{Step: tipcreds.StepAssumeAccessRole, Code: "RegionDisabledException",
				Message: "STS is not activated in this region", HTTPStatus: 403, RequestID: "req-sts-error", JWTSpent: true},
			"not active"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeAWS(t)
			f.on(tt.op, tt.answer, tt.answer)
			_, err := f.provider(t).Exchange(t.Context(), webToken)
			e := exchangeError(t, err)
			got := *e
			got.Err = nil
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if hint := e.Hint(); !strings.Contains(hint, tt.hint) {
				t.Errorf("hint %q lacks %q", hint, tt.hint)
			}
			if e.Unwrap() == nil || e.RetryableError() {
				t.Errorf("cause %v, retryable %v", e.Unwrap(), e.RetryableError())
			}
			calls := f.ops()
			if last := calls[len(calls)-1]; last != tt.op {
				t.Errorf("went on to %s", last)
			}
		})
	}
}

func TestExchangeErrorText(t *testing.T) {
	tests := []struct {
		name string
		err  tipcreds.ExchangeError
		want string
	}{
		{"whole", tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: "InvalidGrantException", Message: "used",
			HTTPStatus: 400, RequestID: "r"}, "create token with IAM: InvalidGrantException: used (HTTP 400, request r)"},
		{"bare", tipcreds.ExchangeError{Step: tipcreds.StepAssumeAccessRole, Code: "AccessDenied", HTTPStatus: 403},
			"assume access role: AccessDenied (HTTP 403)"},
		{"cause", tipcreds.ExchangeError{Step: tipcreds.StepWebToken, Err: errors.New("no browser")},
			"get web token: no browser"},
		{"other step", tipcreds.ExchangeError{Step: "Later", Err: errors.New("x")}, "Later: x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.err.Error(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// TestCreateTokenIsSentOnce: a JWT is single-use, so neither a server error
// nor a lost answer may lead to a second request.
func TestCreateTokenIsSentOnce(t *testing.T) {
	tests := []struct {
		name   string
		answer http.HandlerFunc
		status int
	}{
		{"500", oauthError(500, "InternalServerException", "server_error", ""), 500},
		{"503", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, 503},
		{"throttling", jsonAnswer(429, "ThrottlingException", nil), 429},
		{"html", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(502)
			_, _ = io.WriteString(w, "<html>Bad gateway</html>")
		}, 502},
		{"reset", reset, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeAWS(t)
			f.on(createTokenCall, tt.answer)
			p := f.provider(t, func(o *tipcreds.Options) { o.AWSConfig.RetryMaxAttempts = 5 })
			_, err := p.Exchange(t.Context(), webToken)
			e := exchangeError(t, err)
			if e.HTTPStatus != tt.status || e.JWTSpent == e.Throttled() || e.InDoubt != e.JWTSpent || e.Hint() == "" {
				t.Errorf("status %d, spent %v, in doubt %v, hint %q: %v", e.HTTPStatus, e.JWTSpent, e.InDoubt, e.Hint(), e)
			}
			if diff := cmp.Diff([]string{webIdentityCall, createTokenCall}, f.ops()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSTSRetries: the STS calls may be repeated and are.
func TestSTSRetries(t *testing.T) {
	unavailable := stsError(503, "ServiceUnavailable", "later")
	tests := []struct {
		name    string
		op      string
		answers []http.HandlerFunc
		want    int
		ok      bool
	}{
		{"application role 503", webIdentityCall, []http.HandlerFunc{unavailable, unavailable}, 3, true},
		{"application role reset", webIdentityCall, []http.HandlerFunc{reset}, 2, true},
		{"identity provider slow", webIdentityCall,
			[]http.HandlerFunc{stsError(400, "IDPCommunicationError", "x")}, 2, true},
		{"keys not fetched", webIdentityCall,
			[]http.HandlerFunc{stsError(400, "InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider")}, 2, true},
		{"keys never fetched", webIdentityCall, slices.Repeat([]http.HandlerFunc{
			stsError(400, "InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider")}, 3), 2, false},
		{"wrong audience stays wrong", webIdentityCall, slices.Repeat([]http.HandlerFunc{
			stsError(400, "InvalidIdentityToken", "Incorrect token audience")}, 3), 2, false},
		{"application role denied", webIdentityCall, []http.HandlerFunc{stsError(403, "AccessDenied", "x")}, 1, false},
		{"access role 503", assumeRoleCall, []http.HandlerFunc{unavailable, unavailable}, 3, true},
		{"access role reset", assumeRoleCall, []http.HandlerFunc{reset}, 2, true},
		{"access role denied", assumeRoleCall, []http.HandlerFunc{stsError(403, "AccessDenied", "x")}, 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeAWS(t)
			f.on(tt.op, tt.answers...)
			_, err := f.provider(t).Exchange(t.Context(), webToken)
			if (err == nil) != tt.ok {
				t.Errorf("error %v, want success %v", err, tt.ok)
			}
			if got := count(f.ops(), tt.op); got != tt.want {
				t.Errorf("%d requests, want %d", got, tt.want)
			}
		})
	}
}

func count(ops []string, op string) (n int) {
	for _, o := range ops {
		if o == op {
			n++
		}
	}
	return n
}

// TestJWTNotSpent: where the request certainly did not leave, the JWT may be
// used again.
func TestJWTNotSpent(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	var cancelNow context.CancelFunc
	broken := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("no keys today")
	})
	tests := []struct {
		name string
		fn   func(*fakeAWS, *tipcreds.Options)
	}{
		{"nobody listens", func(_ *fakeAWS, o *tipcreds.Options) {
			o.ClientOptions.SSOOIDC = append(o.ClientOptions.SSOOIDC, func(o *ssooidc.Options) {
				o.BaseEndpoint = aws.String("http://" + closed.Addr().String())
			})
		}},
		{"TLS refused", func(f *fakeAWS, o *tipcreds.Options) {
			o.ClientOptions.SSOOIDC = append(o.ClientOptions.SSOOIDC, func(o *ssooidc.Options) {
				o.BaseEndpoint = aws.String(strings.Replace(f.URL, "http:", "https:", 1))
			})
		}},
		{"signing", func(f *fakeAWS, o *tipcreds.Options) {
			config := f.config()
			config.Credentials = broken
			o.SSOOIDCClient = ssooidc.NewFromConfig(config)
		}},
		{"cancelled while signing", func(f *fakeAWS, o *tipcreds.Options) {
			config := f.config()
			config.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				cancelNow()
				return aws.Credentials{AccessKeyID: "AKIAOWN0000000000001", SecretAccessKey: "own"}, nil
			})
			o.SSOOIDCClient = ssooidc.NewFromConfig(config)
		}},
		{"cancelled before", func(_ *fakeAWS, o *tipcreds.Options) {
			o.BeforeCreateToken = func(context.Context, string) error { cancelNow(); return nil }
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakeAWS(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			cancelNow = cancel
			_, err := f.provider(t, func(o *tipcreds.Options) { tt.fn(f, o) }).Exchange(ctx, webToken)
			e := exchangeError(t, err)
			if e.Step != tipcreds.StepCreateToken || e.JWTSpent {
				t.Errorf("step %s, spent %v: %v", e.Step, e.JWTSpent, e)
			}
			if diff := cmp.Diff([]string{webIdentityCall}, f.ops()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
		})
	}
}

// TestForeignClient: of a client that is not the SDK's nothing is known, so a
// failed call has spent the JWT.
func TestForeignClient(t *testing.T) {
	f := newFakeAWS(t)
	config := f.config()
	config.Credentials = credentials.NewStaticCredentialsProvider("AKIAOWN0000000000001", "own", "")
	tests := []struct {
		name   string
		client foreignOIDC
		want   error
	}{
		{"error", foreignOIDC{err: errForeign}, errForeign},
		{"nil answer", foreignOIDC{}, tipcreds.ErrNoIdentityContext},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := tipcreds.New(accessRole, application, token(webToken), func(o *tipcreds.Options) {
				o.STSClient, o.SSOOIDCClient = sts.NewFromConfig(config), tt.client
			})
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.Exchange(t.Context(), webToken)
			if e := exchangeError(t, err); !e.JWTSpent || !errors.Is(err, tt.want) {
				t.Errorf("spent %v: %v", e.JWTSpent, err)
			}
		})
	}
}

var errForeign = errors.New("foreign failure")

type foreignOIDC struct{ err error }

func (c foreignOIDC) CreateTokenWithIAM(
	context.Context, *ssooidc.CreateTokenWithIAMInput, ...func(*ssooidc.Options),
) (*ssooidc.CreateTokenWithIAMOutput, error) {
	return nil, c.err
}

// TestAnswerWithoutCredentials: success without credentials, or with some
// whose end nobody knows, is a failure.
func TestAnswerWithoutCredentials(t *testing.T) {
	const eternal = "<Credentials><AccessKeyId>k</AccessKeyId><SecretAccessKey>s</SecretAccessKey>" +
		"<SessionToken>t</SessionToken></Credentials>"
	for op, step := range map[string]tipcreds.Step{
		webIdentityCall: tipcreds.StepAssumeApplicationRole,
		assumeRoleCall:  tipcreds.StepAssumeAccessRole,
	} {
		for _, credentials := range []string{"", eternal} {
			f := newFakeAWS(t)
			f.on(op, func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, "<"+op+"Response><"+op+"Result>"+credentials+"</"+op+"Result></"+op+"Response>")
			})
			_, err := f.provider(t).Exchange(t.Context(), webToken)
			if e := exchangeError(t, err); e.Step != step || !errors.Is(err, tipcreds.ErrNoCredentials) {
				t.Errorf("%s with %q: step %s: %v", op, credentials, e.Step, err)
			}
		}
	}
}

// TestRequestIDIsRedacted: whoever echoes the request into that header gets nothing shown.
func TestRequestIDIsRedacted(t *testing.T) {
	f := newFakeAWS(t)
	f.on(createTokenCall, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amzn-RequestId", webToken+" "+applicationToken)
		oauthErrorBody(w)
	})
	_, err := f.provider(t).Retrieve(t.Context())
	checkClean(t, "the error", err.Error()+exchangeError(t, err).RequestID)
}

func oauthErrorBody(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = w.Write([]byte(`{"error":"invalid_grant"}`))
}

// TestFreshTokenRequired: only what another JWT would mend.
func TestFreshTokenRequired(t *testing.T) {
	tests := []struct {
		e    tipcreds.ExchangeError
		want bool
	}{
		{tipcreds.ExchangeError{Step: tipcreds.StepWebToken, Err: tipcreds.ErrWebTokenSpent}, true},
		{tipcreds.ExchangeError{Step: tipcreds.StepWebToken, Err: tipcreds.ErrNoWebToken}, true},
		{tipcreds.ExchangeError{Step: tipcreds.StepWebToken, Err: tipcreds.ErrSubjectMismatch}, false},
		{tipcreds.ExchangeError{Step: tipcreds.StepAssumeApplicationRole, Code: "ExpiredToken"}, true},
		{tipcreds.ExchangeError{Step: tipcreds.StepAssumeApplicationRole, Code: "InvalidIdentityToken"}, true},
		{tipcreds.ExchangeError{Step: tipcreds.StepAssumeApplicationRole, Code: "AccessDenied"}, false},
		{tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: "InvalidGrantException", JWTSpent: true}, true},
		{tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: "ExpiredToken"}, false},
		{tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: "ExpiredToken", JWTSpent: true}, true},
		{tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: "AccessDeniedException", JWTSpent: true}, false},
		{tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, JWTSpent: true, InDoubt: true}, false},
		{tipcreds.ExchangeError{Step: tipcreds.StepCreateToken, Code: "ExpiredTokenException", HTTPStatus: 429}, false},
	}
	for _, tt := range tests {
		if got := tt.e.FreshTokenRequired(); got != tt.want {
			t.Errorf("%s %s: %v", tt.e.Step, tt.e.Code, got)
		}
	}
}
