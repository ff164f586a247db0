package s3agcreds_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

// calledAWS is what of a call is looked at: who signed, and which host, region, account and
// target it named.
type calledAWS struct{ Operation, Key, Host, Region, Account, Target string }

// awsFake stands for STS, S3 and S3 Control without a network: it is an HTTP client.
type awsFake struct {
	account  func(key string) (int, string)                // GetCallerIdentity
	instance func(c calledAWS) (int, string)               // GetAccessGrantsInstanceForPrefix: an ARN, or an error code
	head     func(c calledAWS) (status int, region string) // HeadBucket
	hold     chan struct{}                                 // look-ups wait for it, if there is one

	mu    sync.Mutex
	calls []calledAWS
}

func newAWSFake() *awsFake {
	return &awsFake{
		account:  func(string) (int, string) { return 200, caller },
		instance: func(calledAWS) (int, string) { return 200, "arn:aws:s3:eu-west-1:" + owner + ":access-grants/default" },
		head:     func(calledAWS) (int, string) { return 200, "eu-west-1" },
	}
}

// config signs with keys whose account is not known.
func (f *awsFake) config() aws.Config {
	return aws.Config{
		Region: "eu-west-1", HTTPClient: f, Credentials: credentials.NewStaticCredentialsProvider("AKIABASE000000000001", "secret", ""),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.MaxAttempts = 2
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return time.Microsecond, nil })
			})
		},
	}
}

func (f *awsFake) plugin(tb testing.TB, optFns ...func(*s3agcreds.Options)) *s3agcreds.Plugin {
	tb.Helper()
	p, err := s3agcreds.New(f.config(), optFns...)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// Do implements s3control.HTTPClient.
func (f *awsFake) Do(r *http.Request) (*http.Response, error) {
	c := calledAWS{Operation: operationOf(r), Host: r.URL.Host, Account: r.Header.Get("X-Amz-Account-Id")}
	if _, rest, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		scope := strings.Split(rest, "/")
		c.Key, c.Region = scope[0], scope[2]
	}
	c.Target = r.URL.Query().Get("target") + r.URL.Query().Get("s3prefix")
	f.mu.Lock()
	f.calls = append(f.calls, c)
	f.mu.Unlock()
	if f.hold != nil && c.Operation != "GetDataAccess" {
		select {
		case <-f.hold:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	return f.answer(r, c), nil
}

func operationOf(r *http.Request) string {
	switch {
	case strings.HasPrefix(r.URL.Host, "sts"):
		return "GetCallerIdentity"
	case strings.HasSuffix(r.URL.Path, "/dataaccess"):
		return "GetDataAccess"
	case strings.HasSuffix(r.URL.Path, "/prefix"):
		return "GetAccessGrantsInstanceForPrefix"
	case r.Method == http.MethodHead:
		return "HeadBucket"
	}
	return r.Method
}

func (f *awsFake) answer(r *http.Request, c calledAWS) *http.Response {
	header, status, body := http.Header{"Content-Type": {"text/xml"}}, 200, ""
	switch c.Operation {
	case "GetCallerIdentity":
		var text string
		if status, text = f.account(c.Key); status == 200 {
			body = `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>` + text + `</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
		} else {
			body = errorBody(text)
		}
	case "GetAccessGrantsInstanceForPrefix":
		var text string
		if status, text = f.instance(c); status == 200 {
			body = `<GetAccessGrantsInstanceForPrefixResult><AccessGrantsInstanceArn>` + text + `</AccessGrantsInstanceArn></GetAccessGrantsInstanceForPrefixResult>`
		} else {
			body = errorBody(text)
		}
	case "HeadBucket":
		var region string
		if status, region = f.head(c); region != "" {
			header.Set("X-Amz-Bucket-Region", region)
		}
	case "GetDataAccess":
		body = fmt.Sprintf(`<GetDataAccessResult><Credentials><AccessKeyId>ASIAVENDED%s</AccessKeyId><SecretAccessKey>s</SecretAccessKey>`+
			`<SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials><MatchedGrantTarget>%s</MatchedGrantTarget></GetDataAccessResult>`,
			c.Account, time.Now().Add(time.Hour).UTC().Format(time.RFC3339), c.Target)
	}
	return &http.Response{
		Status: http.StatusText(status), StatusCode: status, Header: header, Request: r, ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(bytes.NewReader([]byte(body))), ContentLength: int64(len(body)),
	}
}

// errorBody is an error with a code, and a message after a colon.
func errorBody(text string) string {
	code, message, _ := strings.Cut(text, ": ")
	return `<ErrorResponse><Error><Code>` + code + `</Code><Message>` + message + `</Message></Error></ErrorResponse>`
}

// count is how often each operation was called.
func (f *awsFake) count() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := map[string]int{}
	for _, c := range f.calls {
		n[c.Operation]++
	}
	return n
}

// last is the last call of an operation.
func (f *awsFake) last(operation string) calledAWS {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := len(f.calls) - 1; i >= 0; i-- {
		if f.calls[i].Operation == operation {
			return f.calls[i]
		}
	}
	return calledAWS{}
}

// keyed are credentials that do not tell their account, unless one is given.
func keyed(key, account string) aws.CredentialsProvider {
	return credentials.StaticCredentialsProvider{Value: aws.Credentials{AccessKeyID: key, SecretAccessKey: "secret", AccountID: account}}
}

// ask asks the plugin for READ.
func ask(t *testing.T, p *s3agcreds.Plugin, base aws.CredentialsProvider, target string) (*s3agcreds.Grant, error) {
	t.Helper()
	return p.Grant(t.Context(), base, target, types.PermissionRead)
}
