package tipcreds_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"go.uber.org/goleak"

	"github.com/tip-cli/tip-cli/tipcreds"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	accessRole      = "arn:aws:iam::444455556666:role/Analyst"
	applicationRole = "arn:aws:iam::444455556666:role/TIPApplication"
	application     = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"
	userID          = "906764c2-1031-70b4-1d5e-2d8d1d7e7f01"
	storeARN        = "arn:aws:identitystore::111122223333:identitystore/d-1234567890"
	tokenIssuerARN  = "arn:aws:sso::111122223333:trustedTokenIssuer/ssoins-1234567890abcdef/tti-43b4a822-1020-7053-90f0-8d3f2a1b6c5e"
	instanceARN     = "arn:aws:sso:::instance/ssoins-1234567890abcdef"
	assumedRoleARN  = "arn:aws:sts::444455556666:assumed-role/Analyst/tip-" + userID

	webToken         = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnktd2ViLXRva2VuIn0.c2lnbmF0dXJl"
	identityContext  = "AQoJb3JpZ2luX2VjEcanary-identity-context"
	applicationKey   = "ASIAAPPLICATION00001"
	applicationPlain = "canary-application-secret-access-key"
	applicationToken = "canary-application-session-token"
	enhancedKey      = "ASIAENHANCED00000001"
	enhancedPlain    = "canary-enhanced-secret-access-key"
	enhancedToken    = "canary-enhanced-session-token"
)

// Names of the calls that the fake answers.
const (
	webIdentityCall = "AssumeRoleWithWebIdentity"
	createTokenCall = "CreateTokenWithIAM"
	assumeRoleCall  = "AssumeRole"
)

// awsCall is one request as it arrived.
type awsCall struct {
	Op     string
	Form   url.Values
	Body   map[string]any
	Header http.Header
}

// fakeAWS is STS and SSO OIDC on one address.
type fakeAWS struct {
	*httptest.Server
	expires time.Time

	mu    sync.Mutex
	calls []awsCall
	// script gives answers of an operation in order; a nil one and what
	// comes after the last is the success.
	script map[string][]http.HandlerFunc
	// token is the success of CreateTokenWithIAM.
	token map[string]any
}

// cleaner is the part of testing.TB that newFakeAWS needs.
type cleaner interface{ Cleanup(func()) }

// nopCleanup is for examples, which close the fake themselves.
type nopCleanup struct{}

func (nopCleanup) Cleanup(func()) {}

func newFakeAWS(t cleaner) *fakeAWS {
	f := &fakeAWS{
		expires: time.Now().Add(time.Hour).UTC().Truncate(time.Second),
		script:  map[string][]http.HandlerFunc{},
		token:   tokenAnswer(),
	}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f
}

func tokenAnswer() map[string]any {
	return map[string]any{
		"accessToken": "canary-access-token", "tokenType": "Bearer", "expiresIn": 3600,
		"idToken": idToken(map[string]any{
			"sub": userID, "aws:identity_store_id": "d-1234567890", "aws:identity_store_arn": storeARN, "aws:instance_arn": instanceARN,
			"aws:application_arn": application, "aws:credential_id": "credential-1", "act": map[string]any{"sub": tokenIssuerARN},
		}),
		"issuedTokenType":      "urn:ietf:params:oauth:token-type:access_token",
		"scope":                []string{"s3:access_grants:read_write", "openid", "aws", "sts:identity_context"},
		"awsAdditionalDetails": map[string]any{"identityContext": identityContext},
	}
}

func idToken(claims map[string]any) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return "eyJhbGciOiJSUzI1NiJ9." + base64.RawURLEncoding.EncodeToString(payload) + ".c2ln"
}

// on scripts the next answers of op.
func (f *fakeAWS) on(op string, answers ...http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.script[op] = append(f.script[op], answers...)
}

func (f *fakeAWS) seen() []awsCall {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]awsCall(nil), f.calls...)
}

// ops counts the calls by operation, in the order of the wire.
func (f *fakeAWS) ops() []string {
	var ops []string
	for _, c := range f.seen() {
		ops = append(ops, c.Op)
	}
	return ops
}

func (f *fakeAWS) serve(w http.ResponseWriter, r *http.Request) {
	call := awsCall{Header: r.Header.Clone()}
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if r.URL.RequestURI() == "/token?aws_iam=t" {
		call.Op = createTokenCall
		err = json.Unmarshal(raw, &call.Body)
	} else {
		call.Form, err = url.ParseQuery(string(raw))
		call.Op = call.Form.Get("Action")
	}
	if err != nil || r.Method != http.MethodPost {
		http.Error(w, "what is this?", http.StatusTeapot)
		return
	}
	f.record(call)(w, r)
}

func (f *fakeAWS) record(call awsCall) http.HandlerFunc {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call)
	if left := f.script[call.Op]; len(left) > 0 {
		f.script[call.Op] = left[1:]
		if left[0] != nil {
			return left[0]
		}
	}
	switch call.Op {
	case createTokenCall:
		return jsonAnswer(http.StatusOK, "", f.token)
	case webIdentityCall:
		return stsAnswer(call.Op, "arn:aws:sts::444455556666:assumed-role/TIPApplication/s", applicationKey, applicationPlain, applicationToken, f.expires)
	default:
		return stsAnswer(call.Op, assumedRoleARN, enhancedKey, enhancedPlain, enhancedToken, f.expires)
	}
}

func stsAnswer(op, arn, key, secret, token string, expires time.Time) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, `<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult>
<AssumedRoleUser><Arn>%[2]s</Arn><AssumedRoleId>AROAEXAMPLE:s</AssumedRoleId></AssumedRoleUser>
<Credentials><AccessKeyId>%[3]s</AccessKeyId><SecretAccessKey>%[4]s</SecretAccessKey>
<SessionToken>%[5]s</SessionToken><Expiration>%[6]s</Expiration></Credentials>
</%[1]sResult><ResponseMetadata><RequestId>req-sts</RequestId></ResponseMetadata></%[1]sResponse>`,
			op, arn, key, secret, token, expires.Format(time.RFC3339))
	}
}

func stsError(status int, code, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>%s</Code><Message>%s</Message></Error><RequestId>req-sts-error</RequestId></ErrorResponse>`, code, message)
	}
}

func jsonAnswer(status int, errorType string, body any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Amzn-RequestId", "req-oidc")
		if errorType != "" {
			w.Header().Set("X-Amzn-ErrorType", errorType+":http://internal.amazon.com/coral/com.amazonaws.sso.oidc/")
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
	}
}

// reset closes the connection without an answer.
func reset(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// config points the SDK at the fake and makes its retries quick.
func (f *fakeAWS) config() aws.Config {
	return aws.Config{
		Region:       "eu-west-1",
		BaseEndpoint: aws.String(f.URL),
		HTTPClient:   f.Client(),
		Retryer:      quickRetryer,
	}
}

func quickRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return time.Microsecond, nil })
	})
}

// provider is one with an application role, Identity Center in eu-central-1.
func (f *fakeAWS) provider(t testing.TB, optFns ...func(*tipcreds.Options)) *tipcreds.Provider {
	t.Helper()
	fns := append([]func(*tipcreds.Options){func(o *tipcreds.Options) {
		o.ApplicationRoleARN = applicationRole
		o.AWSConfig = f.config()
		o.IdentityCenterRegion = "eu-central-1"
	}}, optFns...)
	p, err := tipcreds.New(accessRole, application, token(webToken), fns...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
