package s3agcreds_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	owner   = "444455556666"
	caller  = "111122223333"
	matched = "s3://team-data/reports/*"
	grantee = "906764c2-1031-70b4-1d5e-2d8d1d7e7f01"

	grantKey    = "ASIAGRANT00000000001"
	grantSecret = "canary-grant-secret-access-key"
	grantToken  = "canary-grant-session-token"
)

// request is what of a request must be exactly so.
type request struct {
	Method, Host, Path, Account string
	Query                       url.Values
	Scope                       string // region/service of the signature
}

// fakeS3Control is S3 Control behind whatever host name is dialled.
type fakeS3Control struct {
	server  *httptest.Server
	client  *http.Client
	expires time.Time

	mu     sync.Mutex
	seen   []request
	agents []string
	script []http.HandlerFunc
}

type cleaner interface{ Cleanup(func()) }

func newFake(t cleaner) *fakeS3Control {
	f := &fakeS3Control{expires: time.Now().Add(time.Hour).UTC().Truncate(time.Second)}
	f.server = httptest.NewServer(http.HandlerFunc(f.serve))
	address := f.server.Listener.Addr().String()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
	f.client = &http.Client{Transport: transport}
	t.Cleanup(func() { f.server.Close(); transport.CloseIdleConnections() })
	return f
}

// sdk is a real client that reaches the fake under S3 Control's host names.
func (f *fakeS3Control) sdk() *s3control.Client {
	return s3control.New(s3control.Options{
		Region:          "eu-west-1",
		Credentials:     credentials.NewStaticCredentialsProvider("ASIAENHANCED00000001", "secret", "token"),
		HTTPClient:      f.client,
		EndpointOptions: s3control.EndpointResolverOptions{DisableHTTPS: true},
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return time.Microsecond, nil })
		}),
	})
}

func (f *fakeS3Control) on(answers ...http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.script = append(f.script, answers...)
}

func (f *fakeS3Control) requests() []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]request(nil), f.seen...)
}

func (f *fakeS3Control) serve(w http.ResponseWriter, r *http.Request) {
	f.note(r)(w, r)
}

func (f *fakeS3Control) note(r *http.Request) http.HandlerFunc {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := request{
		Method: r.Method, Host: r.Host, Path: r.URL.Path,
		Account: r.Header.Get("X-Amz-Account-Id"), Query: r.URL.Query(),
	}
	if _, credential, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		parts := strings.Split(credential, "/")
		seen.Scope = parts[2] + "/" + parts[3]
	}
	f.seen = append(f.seen, seen)
	f.agents = append(f.agents, r.Header.Get("User-Agent"))
	if len(f.script) > 0 {
		answer := f.script[0]
		f.script = f.script[1:]
		if answer != nil {
			return answer
		}
	}
	if strings.HasSuffix(r.URL.Path, "/prefix") {
		return xmlAnswer(200, `<GetAccessGrantsInstanceForPrefixResult><AccessGrantsInstanceArn>arn:aws:s3:eu-west-1:`+owner+
			`:access-grants/default</AccessGrantsInstanceArn><AccessGrantsInstanceId>default</AccessGrantsInstanceId></GetAccessGrantsInstanceForPrefixResult>`)
	}
	return dataAccess(f.expires, `<Grantee><GranteeType>DIRECTORY_USER</GranteeType><GranteeIdentifier>`+grantee+`</GranteeIdentifier></Grantee>`)
}

func dataAccess(expires time.Time, more string) http.HandlerFunc {
	return xmlAnswer(200, fmt.Sprintf(`<GetDataAccessResult><Credentials><AccessKeyId>%s</AccessKeyId>
<SecretAccessKey>%s</SecretAccessKey><SessionToken>%s</SessionToken><Expiration>%s</Expiration></Credentials>
<MatchedGrantTarget>%s</MatchedGrantTarget>%s</GetDataAccessResult>`,
		grantKey, grantSecret, grantToken, expires.Format(time.RFC3339), matched, more))
}

func xmlAnswer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func errorAnswer(status int, code, message string) http.HandlerFunc {
	return xmlAnswer(status, fmt.Sprintf(`<ErrorResponse><Error><Code>%s</Code><Message>%s</Message></Error>
<RequestId>req-s3</RequestId><HostId>host</HostId></ErrorResponse>`, code, message))
}

// staticClient answers without a network.
type staticClient struct {
	out *s3control.GetDataAccessOutput
	err error
}

func (c staticClient) GetDataAccess(
	context.Context, *s3control.GetDataAccessInput, ...func(*s3control.Options),
) (*s3control.GetDataAccessOutput, error) {
	return c.out, c.err
}

func (c staticClient) GetAccessGrantsInstanceForPrefix(
	context.Context, *s3control.GetAccessGrantsInstanceForPrefixInput, ...func(*s3control.Options),
) (*s3control.GetAccessGrantsInstanceForPrefixOutput, error) {
	return nil, c.err
}
