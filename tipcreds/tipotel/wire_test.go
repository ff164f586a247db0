package tipotel_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// Secrets, all of which are on the wire or in the cache in some test.
const (
	identityContext  = "AQoJb3JpZ2luX2VjEcanary-identity-context"
	applicationPlain = "canary-application-secret-access-key"
	applicationToken = "canary-application-session-token"
	enhancedPlain    = "canary-enhanced-secret-access-key"
	enhancedToken    = "canary-enhanced-session-token"
	refreshToken     = "aoaAAAAAcanary-refresh-token"
)

// Names of the calls.
const (
	webIdentityCall = "AssumeRoleWithWebIdentity"
	createTokenCall = "CreateTokenWithIAM"
	assumeRoleCall  = "AssumeRole"
)

// wire is STS and SSO OIDC as an HTTP client of the SDK's, without a network and so for
// synctest.
type wire struct {
	life         time.Duration
	delay        time.Duration // of each answer
	refreshToken string        // of CreateTokenWithIAM; empty: none

	mu     sync.Mutex
	calls  []string
	script map[string][]answer
}

// answer takes the place of a success. body is what came.
type answer func(r *http.Request, body string) (*http.Response, error)

func newWire() *wire { return &wire{life: time.Hour, script: map[string][]answer{}} }

// on scripts the next answers of a call; nil is a success.
func (w *wire) on(call string, answers ...answer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.script[call] = append(w.script[call], answers...)
}

// config has three attempts for each call, at once.
func (w *wire) config() aws.Config {
	return aws.Config{Region: "eu-west-1", HTTPClient: w, Retryer: func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return time.Millisecond, nil })
		})
	}}
}

// Do implements aws.HTTPClient.
func (w *wire) Do(r *http.Request) (*http.Response, error) {
	raw, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	call := createTokenCall
	if r.URL.Path != "/token" {
		form, _ := url.ParseQuery(string(raw))
		call = form.Get("Action")
	}
	if w.delay > 0 {
		select {
		case <-time.After(w.delay):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	return w.next(call)(r, string(raw))
}

func (w *wire) next(call string) answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, call)
	if left := w.script[call]; len(left) > 0 {
		w.script[call] = left[1:]
		if left[0] != nil {
			return left[0]
		}
	}
	switch call {
	case createTokenCall:
		token := map[string]any{"accessToken": "canary-access-token", "awsAdditionalDetails": map[string]any{"identityContext": identityContext}}
		if w.refreshToken != "" {
			token["refreshToken"] = w.refreshToken
		}
		return respond(http.StatusOK, "", encode(token))
	case webIdentityCall:
		return respond(http.StatusOK, "", w.credentials(call, "ASIAAPPLICATION00001", applicationPlain, applicationToken))
	default:
		return respond(http.StatusOK, "", w.credentials(call, "ASIAENHANCED00000001", enhancedPlain, enhancedToken))
	}
}

func (w *wire) credentials(call, key, secret, token string) string {
	return fmt.Sprintf(`<%[1]sResponse><%[1]sResult><Credentials><AccessKeyId>%[2]s</AccessKeyId><SecretAccessKey>%[3]s</SecretAccessKey>`+
		`<SessionToken>%[4]s</SessionToken><Expiration>%[5]s</Expiration></Credentials></%[1]sResult></%[1]sResponse>`,
		call, key, secret, token, time.Now().Add(w.life).UTC().Format(time.RFC3339))
}

// respond answers with the request id "req-1".
func respond(status int, errorType, body string) answer {
	return func(r *http.Request, _ string) (*http.Response, error) {
		header := http.Header{"X-Amzn-Requestid": {"req-1"}}
		if errorType != "" {
			header.Set("X-Amzn-Errortype", errorType)
		}
		return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewBufferString(body)), Request: r}, nil
	}
}

func oauthError(status int, errorType, code string) answer {
	return respond(status, errorType, encode(map[string]any{"error": code, "error_description": "canary: no"}))
}

func stsError(status int, code string) answer {
	return respond(status, "", fmt.Sprintf(`<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>canary: no</Message></Error>`+
		`<RequestId>req-1</RequestId></ErrorResponse>`, code))
}

func broken(*http.Request, string) (*http.Response, error) {
	return nil, errors.New("connection reset")
}

func encode(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func jwt(subject string, n int) string {
	claims := map[string]any{"iss": issuer, "sub": subject, "jti": n, "exp": time.Now().Add(2 * time.Hour).Unix()}
	return "eyJhbGciOiJSUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(encode(claims))) + ".c2lnbmF0dXJl"
}
