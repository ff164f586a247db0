package faults_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// body is one of a request.
func body(text string) io.ReadCloser { return io.NopCloser(strings.NewReader(text)) }

// drain reads a body to its end and returns how long it was.
func drain(r io.ReadCloser) (int, error) {
	defer func() { _ = r.Close() }()
	n, err := io.Copy(io.Discard, r)
	return int(n), err
}

// exchange sends a request with a plain client through the proxy door.
func exchange(t *testing.T, b *probe.Bench, r *http.Request) *http.Response {
	t.Helper()
	client := b.Lab.HTTPClient()
	t.Cleanup(client.CloseIdleConnections)
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// presign is a link to an object of the default world, good for 15 minutes.
func presign(t *testing.T, b *probe.Bench, p aws.CredentialsProvider) string {
	t.Helper()
	in := &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String("reports/summary.txt")}
	out, err := s3.NewPresignClient(s3.NewFromConfig(b.Config(p))).PresignGetObject(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out.URL
}

func getting(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func credentialsOf(t *testing.T, p aws.CredentialsProvider) aws.Credentials {
	t.Helper()
	c, err := p.Retrieve(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
