package s3_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/s3"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const (
	ownerAccount = "444455556666"
	otherAccount = "111122223333"
	homeRegion   = "eu-west-1"
	bucketName   = "reports"
	keyID        = "AKIAIOSFODNN7EXAMPLE"
	keySecret    = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
)

const worldFile = `
version: 1
region: eu-west-1
accounts:
  - id: "444455556666"
    name: Application
    users:
      - name: admin
        accessKeys: [{id: AKIAIOSFODNN7EXAMPLE, secret: wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY}]
        policies:
          all: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}
    roles:
      - name: Reader
        trust: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {AWS: "444455556666"}, Action: "sts:AssumeRole"}]}
        policies:
          read:
            Version: "2012-10-17"
            Statement:
              - {Effect: Allow, Action: "s3:GetObject", Resource: "arn:aws:s3:::reports/shared/*"}
              - {Effect: Allow, Action: "s3:ListBucket", Resource: "arn:aws:s3:::reports", Condition: {StringLike: {"s3:prefix": "shared/*"}}}
              - {Effect: Allow, Action: "s3:PutObject", Resource: "arn:aws:s3:::reports/*"}
  - id: "111122223333"
    name: Identity Center
    users:
      - name: guest
        accessKeys: [{id: AKIAI44QH8DHBEXAMPLE, secret: je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY}]
        policies:
          all: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}
buckets:
  - name: reports
    account: "444455556666"
    objects:
      - {key: seed.txt, body: "seed", contentType: text/plain}
      - {key: shared/2026.csv, body: "a,b\n1,2\n", contentType: text/csv}
      - {key: private/plan.txt, body: "secret"}
  - {name: far-away, account: "444455556666", region: us-west-2}
  - {name: versioned, account: "444455556666", versioning: true}
  - {name: foreign, account: "111122223333"}
`

// yes allows everything.
type yes struct{}

func (yes) Allow(*authz.Request) error { return nil }

// but allows everything except one action, on one resource if it is not empty.
type but struct{ action, resource string }

func (b but) Allow(r *authz.Request) error {
	if r.Action == b.action && (b.resource == "" || b.resource == r.Resource) {
		return errors.New("no right to " + r.Action + " on " + r.Resource)
	}
	return nil
}

// fixture is a service on a socket.
type fixture struct {
	*testing.T
	world   *world.World
	service *s3.Service
	server  *httptest.Server

	mu        sync.Mutex
	exchanges []s3.Exchange
}

func newWorld(t testing.TB) *world.World {
	t.Helper()
	f, err := world.Parse([]byte(worldFile), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w, err := world.New(f, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// start serves a new world over http, with every right unless opts say otherwise.
func start(t *testing.T, opts ...s3.Option) *fixture { return serve(t, false, opts...) }

func serve(t *testing.T, overTLS bool, opts ...s3.Option) *fixture {
	t.Helper()
	return serveWorld(t, newWorld(t), overTLS, opts...)
}

func serveWorld(t *testing.T, w *world.World, overTLS bool, opts ...s3.Option) *fixture {
	t.Helper()
	f := &fixture{T: t, world: w}
	record := func(_ context.Context, e *s3.Exchange) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.exchanges = append(f.exchanges, *e)
	}
	var err error
	f.service, err = s3.New(f.world, append([]s3.Option{s3.WithAuthorizer(yes{}), s3.WithObserver(record)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	if overTLS {
		f.server = httptest.NewTLSServer(f.service)
	} else {
		f.server = httptest.NewServer(f.service)
	}
	t.Cleanup(f.server.Close)
	return f
}

// last returns the newest exchange that the observer saw.
func (f *fixture) last() s3.Exchange {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.exchanges) == 0 {
		f.Fatal("no exchange was observed")
	}
	return f.exchanges[len(f.exchanges)-1]
}

// bothDoors runs a test over http and over TLS, where SDKs sign and send bodies differently.
func bothDoors(t *testing.T, test func(*fixture, *awss3.Client), opts ...s3.Option) {
	for name, overTLS := range map[string]bool{"http": false, "https": true} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, overTLS, opts...)
			test(f, f.client())
		})
	}
}

func (f *fixture) client(opts ...func(*awss3.Options)) *awss3.Client {
	return awss3.New(awss3.Options{
		Region: homeRegion, BaseEndpoint: aws.String(f.server.URL), UsePathStyle: true, HTTPClient: f.server.Client(),
		Credentials: staticKeys(keyID, keySecret, ""), RetryMaxAttempts: 1,
	}, opts...)
}

func staticKeys(id, secret, token string) aws.CredentialsProvider {
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: token}, nil
	})
}

// request is one request without an SDK.
type request struct {
	method, target string // target begins with a slash
	body           string
	header         map[string]string
	host           string // instead of the listener's
	region         string
	unsigned       bool
	key, secret    string
	token          string
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
	code   string // of the error document
}

func (f *fixture) do(r request) answer {
	f.Helper()
	req, err := http.NewRequestWithContext(f.Context(), r.method, f.server.URL+r.target, strings.NewReader(r.body))
	if err != nil {
		f.Fatal(err)
	}
	if r.host != "" {
		req.Host = r.host
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	if !r.unsigned {
		f.sign(req, r)
	}
	res, err := f.server.Client().Do(req)
	if err != nil {
		f.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		f.Fatal(err)
	}
	var doc struct{ Code string }
	_ = xml.Unmarshal(body, &doc) // most answers are no error documents
	return answer{res.StatusCode, res.Header, string(body), doc.Code}
}

func (f *fixture) sign(req *http.Request, r request) {
	f.Helper()
	sum := sha256.Sum256([]byte(r.body))
	hash := hex.EncodeToString(sum[:])
	if h := req.Header.Get("X-Amz-Content-Sha256"); h != "" {
		hash = h
	}
	req.Header.Set("X-Amz-Content-Sha256", hash)
	keys := aws.Credentials{AccessKeyID: or(r.key, keyID), SecretAccessKey: or(r.secret, keySecret), SessionToken: r.token}
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err := signer.SignHTTP(f.Context(), keys, req, hash, "s3", or(r.region, homeRegion), time.Now()); err != nil {
		f.Fatal(err)
	}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// refuses checks the status and the code of an answer.
func (f *fixture) refuses(r request, status int, code string) answer {
	f.Helper()
	a := f.do(r)
	if a.status != status || a.code != code {
		f.Errorf("%s %s: got %d %s, want %d %s\n%s", r.method, r.target, a.status, a.code, status, code, a.body)
	}
	return a
}

// put stores an object through the front.
func (f *fixture) put(bucket, key, body string) {
	f.Helper()
	_, err := f.client().PutObject(f.Context(), &awss3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(body)})
	f.must(err)
}

// get reads an object through the front.
func (f *fixture) get(bucket, key string) string {
	f.Helper()
	out, err := f.client().GetObject(f.Context(), &awss3.GetObjectInput{Bucket: &bucket, Key: &key})
	f.must(err)
	return f.read(out.Body)
}

func (f *fixture) read(body io.ReadCloser) string {
	f.Helper()
	defer body.Close()
	text, err := io.ReadAll(body)
	f.must(err)
	return string(text)
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

// fails checks the code and the status of an SDK error.
func (f *fixture) fails(err error, status int, code string) {
	f.Helper()
	var api smithy.APIError
	var response interface{ HTTPStatusCode() int }
	if !errors.As(err, &api) || !errors.As(err, &response) {
		f.Errorf("got %v, want %s", err, code)
		return
	}
	if api.ErrorCode() != code || response.HTTPStatusCode() != status {
		f.Errorf("got %d %s, want %d %s", response.HTTPStatusCode(), api.ErrorCode(), status, code)
	}
}

// noise is n bytes that do not repeat soon.
func noise(n int) []byte {
	var out bytes.Buffer
	for i := 0; out.Len() < n; i++ {
		fmt.Fprintf(&out, "%d,", i*i)
	}
	return out.Bytes()[:n]
}
