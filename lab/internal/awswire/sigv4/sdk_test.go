package sigv4_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	s3controltypes "github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/sigv4"
)

// seen is what the server of a client test saw of one request.
type seen struct {
	mode, key, body, method string
	presigned               bool
	err                     error
}

// clientServer verifies real requests against the real clock.
type clientServer struct {
	*httptest.Server
	mu   sync.Mutex
	last seen
}

func (s *clientServer) record(last seen) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = last
}

func (s *clientServer) take() seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.last
	s.last = seen{}
	return last
}

// newClientServer serves whoever dials it, whatever the host name.
func newClientServer(t *testing.T, secure bool, scope awswire.Scope, buffered bool) *clientServer {
	t.Helper()
	s := &clientServer{}
	v := sigv4.New(lookup)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var got seen
		if buffered {
			got = verifyBuffered(v, r, scope)
		} else {
			got = verifyStreamed(v, r, scope)
		}
		s.record(got)
		if got.err != nil {
			code, status, _ := sigv4.S3Error(got.err)
			http.Error(w, "<Error><Code>"+code+"</Code></Error>", status)
		}
	})
	if secure {
		s.Server = httptest.NewTLSServer(handler)
	} else {
		s.Server = httptest.NewServer(handler)
	}
	t.Cleanup(s.Close)
	return s
}

func verifyStreamed(v *sigv4.Verifier, r *http.Request, scope awswire.Scope) seen {
	verified, err := v.VerifyS3(r, scope)
	if err != nil {
		return seen{err: err}
	}
	body, err := io.ReadAll(verified.Body)
	return seen{mode: verified.PayloadHash, key: verified.AccessKeyID, body: string(body), method: r.Method, presigned: verified.Presigned, err: err}
}

func verifyBuffered(v *sigv4.Verifier, r *http.Request, scope awswire.Scope) seen {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return seen{err: err}
	}
	signed, err := v.Verify(r, body, scope)
	return seen{mode: signed.PayloadHash, key: signed.AccessKeyID, presigned: signed.Presigned, body: string(body), method: r.Method, err: err}
}

// client dials s for every host name and trusts its certificate.
func (s *clientServer) client() *http.Client {
	roots := x509.NewCertPool()
	if s.Certificate() != nil {
		roots.AddCert(s.Certificate())
	}
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "example.com"},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, s.Listener.Addr().String())
		},
	}}
}

func (s *clientServer) config(t *testing.T, creds aws.Credentials) aws.Config {
	t.Helper()
	client := s.client()
	t.Cleanup(client.CloseIdleConnections)
	return aws.Config{
		Region:      region,
		Credentials: credentials.StaticCredentialsProvider{Value: creds},
		HTTPClient:  client,
		// What config.LoadDefaultConfig sets.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
		Retryer:                    func() aws.Retryer { return aws.NopRetryer{} },
	}
}

func (s *clientServer) s3(t *testing.T, creds aws.Credentials, optFns ...func(*s3.Options)) *s3.Client {
	t.Helper()
	scheme := "http"
	if s.Certificate() != nil {
		scheme = "https"
	}
	return s3.NewFromConfig(s.config(t, creds), append(optFns, func(o *s3.Options) {
		o.BaseEndpoint = aws.String(scheme + "://s3.eu-west-1.amazonaws.com")
	})...)
}

func TestS3ClientUploads(t *testing.T) {
	content := strings.Repeat("content ", 20000) // 160 kB
	modes := map[bool]string{false: hashOf(content), true: "STREAMING-UNSIGNED-PAYLOAD-TRAILER"}
	for secure, mode := range modes {
		s := newClientServer(t, secure, s3Scope, false)
		for _, algorithm := range append([]s3types.ChecksumAlgorithm{""}, "CRC32", "CRC32C", "SHA1", "SHA256", "CRC64NVME") {
			_, err := s.s3(t, temporary).PutObject(t.Context(), &s3.PutObjectInput{
				Bucket: aws.String("bucket"), Key: aws.String("a b/ä+%20/~*'()!.txt"), Body: strings.NewReader(content),
				ChecksumAlgorithm: algorithm, Metadata: map[string]string{"a": "b  c"}, ContentEncoding: aws.String("gzip"),
			})
			got := s.take()
			if err != nil || got.err != nil || got.body != content || got.mode != mode || got.key != sessionKey {
				t.Errorf("secure %v, %s: %v, %v, mode %s, %d bytes", secure, algorithm, err, got.err, got.mode, len(got.body))
			}
		}
	}
}

func TestS3ClientUploadsAStream(t *testing.T) {
	content := strings.Repeat("content ", 40000)
	s := newClientServer(t, true, s3Scope, false)
	input := &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key")}
	// Without a length the SDK sends no x-amz-decoded-content-length, which S3 refuses.
	input.Body = io.MultiReader(strings.NewReader(content))
	if _, err := s.s3(t, longTerm).PutObject(t.Context(), input); err == nil {
		t.Error("accepted")
	}
	answer{awswire.VerifyIncomplete, "MissingContentLength", 411, ""}.check(t, s.take().err)

	input.Body, input.ContentLength = io.MultiReader(strings.NewReader(content)), aws.Int64(int64(len(content)))
	_, err := s.s3(t, longTerm).PutObject(t.Context(), input)
	got := s.take()
	if err != nil || got.err != nil || got.body != content || got.mode != "STREAMING-UNSIGNED-PAYLOAD-TRAILER" {
		t.Errorf("%v, %v, mode %s, %d bytes", err, got.err, got.mode, len(got.body))
	}
	_, err = s.s3(t, longTerm).PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("bucket"), Key: aws.String("key"), Body: strings.NewReader(content),
	}, s3.WithAPIOptions(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware), func(o *s3.Options) {
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	})
	if got = s.take(); err != nil || got.err != nil || got.body != content || got.mode != "UNSIGNED-PAYLOAD" {
		t.Errorf("%v, %v, mode %s, %d bytes", err, got.err, got.mode, len(got.body))
	}
}

func TestS3ClientOperations(t *testing.T) {
	bucket, key := aws.String("bucket"), aws.String("//x/../y/a+b%20.txt")
	operations := map[string]func(context.Context, *s3.Client) error{
		"GetObject": func(ctx context.Context, c *s3.Client) error {
			_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, Range: aws.String("bytes=0-9"), ChecksumMode: s3types.ChecksumModeEnabled})
			return err
		},
		"ListObjectsV2": func(ctx context.Context, c *s3.Client) error {
			_, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String("a b/ä+&=;"), Delimiter: aws.String("/"), StartAfter: aws.String("")})
			return err
		},
		"CopyObject": func(ctx context.Context, c *s3.Client) error {
			_, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: key, CopySource: aws.String("bucket/a%20b")})
			return err
		},
		"CompleteMultipartUpload": func(ctx context.Context, c *s3.Client) error {
			_, err := c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: bucket, Key: key, UploadId: aws.String("u"), ChecksumCRC32: aws.String("AAAAAA=="), MultipartUpload: &s3types.CompletedMultipartUpload{}})
			return err
		},
		"DeleteObjects": func(ctx context.Context, c *s3.Client) error {
			_, err := c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &s3types.Delete{Objects: []s3types.ObjectIdentifier{{Key: key}}}})
			return err
		},
	}
	for _, secure := range []bool{false, true} {
		s := newClientServer(t, secure, s3Scope, false)
		for name, call := range operations {
			for _, pathStyle := range []bool{false, true} {
				client := s.s3(t, temporary, func(o *s3.Options) { o.UsePathStyle = pathStyle })
				err := call(t.Context(), client)
				// The server answers nothing, which not every operation can read.
				if got := s.take(); got.err != nil || got.key != sessionKey {
					t.Errorf("%s, secure %v, path style %v: %v (client: %v)", name, secure, pathStyle, got.err, err)
				}
			}
		}
	}
}

func TestS3ClientPresigned(t *testing.T) {
	s := newClientServer(t, false, s3Scope, false)
	presigner := s3.NewPresignClient(s.s3(t, temporary))
	get, err := presigner.PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("bucket"), Key: aws.String("a b/ä+.txt"),
		ResponseContentDisposition: aws.String(`attachment; filename="a b.txt"`)}, s3.WithPresignExpires(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	put, err := presigner.PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key"),
		ContentType: aws.String("text/plain"), Metadata: map[string]string{"a": "b"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, signed := range []*v4.PresignedHTTPRequest{get, put} {
		req, err := http.NewRequestWithContext(t.Context(), signed.Method, signed.URL, bytes.NewReader([]byte("content")))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = signed.SignedHeader.Clone()
		res, err := s.client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if got := s.take(); got.err != nil || !got.presigned || got.body != "content" || got.key != sessionKey {
			t.Errorf("%s: %+v", signed.Method, got)
		}
	}
}

func TestSTSAndS3ControlClients(t *testing.T) {
	s := newClientServer(t, true, stsScope, true)
	client := sts.NewFromConfig(s.config(t, temporary), func(o *sts.Options) {
		o.BaseEndpoint = aws.String("https://sts.eu-west-1.amazonaws.com")
	})
	_, err := client.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::444455556666:role/access"), RoleSessionName: aws.String("tip")})
	if got := s.take(); got.err != nil || got.key != sessionKey {
		t.Errorf("STS: %v (client: %v)", got.err, err)
	}
	s = newClientServer(t, true, s3Scope, true)
	control := s3control.NewFromConfig(s.config(t, temporary), func(o *s3control.Options) {
		o.BaseEndpoint = aws.String("https://s3-control.eu-west-1.amazonaws.com")
	})
	_, err = control.GetDataAccess(t.Context(), &s3control.GetDataAccessInput{AccountId: aws.String("111122223333"),
		Permission: s3controltypes.PermissionReadwrite, Target: aws.String("s3://bucket/a b/ä+*")})
	if got := s.take(); got.err != nil || got.key != sessionKey {
		t.Errorf("S3 Control, GET: %v (client: %v)", got.err, err)
	}
	_, err = control.CreateAccessGrant(t.Context(), &s3control.CreateAccessGrantInput{AccountId: aws.String("111122223333"),
		AccessGrantsLocationId: aws.String("default"), Permission: s3controltypes.PermissionRead, Grantee: &s3controltypes.Grantee{}})
	if got := s.take(); got.err != nil || got.key != sessionKey || got.body == "" {
		t.Errorf("S3 Control, POST: %v (client: %v)", got.err, err)
	}
}

func TestS3ClientIsRefused(t *testing.T) {
	s := newClientServer(t, false, s3Scope, false)
	wrong := temporary
	wrong.SecretAccessKey = "wrong"
	_, err := s.s3(t, wrong).HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("bucket")})
	if got := s.take(); err == nil || kindOf(got.err) != awswire.VerifyBadSignature {
		t.Errorf("%v, %v", got.err, err)
	}
	_, err = s.s3(t, temporary, func(o *s3.Options) { o.Region = "us-east-1" }).HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("bucket")})
	var own *sigv4.Error
	if got := s.take(); err == nil || !errors.As(got.err, &own) || own.Region != region {
		t.Errorf("%v, %v", got.err, err)
	}
	anonymous := s.s3(t, aws.Credentials{}, func(o *s3.Options) { o.Credentials = aws.AnonymousCredentials{} })
	_, err = anonymous.PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("bucket"), Key: aws.String("key"), Body: strings.NewReader("content")})
	if got := s.take(); err != nil || got.err != nil || got.key != "" || got.body != "content" {
		t.Errorf("anonymous: %+v, %v", got, err)
	}
}
