package s3agcreds_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager"
	tmtypes "github.com/aws/aws-sdk-go-v2/feature/s3/transfermanager/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
)

const partSize = 5 << 20

// The parts of a transfer share one GetDataAccess.
func TestTransferManagers(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 4*partSize/16+1)
	onePart := func(o *transfermanager.Options) {
		o.PartSizeBytes, o.Concurrency, o.GetObjectType = partSize, 5, tmtypes.GetObjectRanges
	}
	tests := []struct {
		name string
		run  func(context.Context, *s3.Client) ([]byte, error)
		want string
	}{
		{"transfermanager, upload", func(ctx context.Context, c *s3.Client) ([]byte, error) {
			_, err := transfermanager.New(c, onePart).UploadObject(ctx,
				&transfermanager.UploadObjectInput{Bucket: aws.String("b"), Key: aws.String("k"), Body: bytes.NewReader(content)})
			return content, err
		}, "WRITE s3://b/k"},
		{"transfermanager, download", func(ctx context.Context, c *s3.Client) ([]byte, error) {
			to := manager.NewWriteAtBuffer(nil)
			_, err := transfermanager.New(c, onePart).DownloadObject(ctx,
				&transfermanager.DownloadObjectInput{Bucket: aws.String("b"), Key: aws.String("k"), WriterAt: to})
			return to.Bytes(), err
		}, "READ s3://b/k"},
		{"manager, upload", func(ctx context.Context, c *s3.Client) ([]byte, error) {
			//nolint:staticcheck // deprecated, and in wide use
			_, err := manager.NewUploader(c).Upload(ctx, &s3.PutObjectInput{Bucket: aws.String("b"), Key: aws.String("k"), Body: bytes.NewReader(content)})
			return content, err
		}, "WRITE s3://b/k"},
		{"manager, download", func(ctx context.Context, c *s3.Client) ([]byte, error) {
			to := manager.NewWriteAtBuffer(nil)
			//nolint:staticcheck // deprecated, and in wide use
			_, err := manager.NewDownloader(c).Download(ctx, to, &s3.GetObjectInput{Bucket: aws.String("b"), Key: aws.String("k")})
			return to.Bytes(), err
		}, "READ s3://b/k"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCloud("READWRITE s3://b/k")
			c.content = content
			got, err := tt.run(t.Context(), c.client(t))
			if err != nil || !bytes.Equal(got, content) {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			if diff := cmp.Diff([]string{tt.want}, c.log()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			keys := c.keys()
			if len(keys) < 4 || len(slices.Compact(keys)) != 1 || keys[0] != "ASIAVENDED1" {
				t.Errorf("signed by %v", keys)
			}
		})
	}
}

// A body that cannot be read again, whose signature is in its chunks and trailers.
func TestStreamingUpload(t *testing.T) {
	c := newCloud("WRITE s3://b/*")
	var payload string
	c.s3 = func(r *http.Request) *http.Response { payload = r.Header.Get("X-Amz-Content-Sha256"); return nil }
	config := c.config()
	client := s3.NewFromConfig(config, c.plugin(t).Install)
	_, err := client.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("b"), Key: aws.String("k"), Body: io.LimitReader(strings.NewReader("streamed"), 8), ContentLength: aws.Int64(8),
	}, s3.WithAPIOptions(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware))
	if diff := cmp.Diff([]string{"ASIAVENDED1"}, c.keys()); err != nil || diff != "" || !strings.Contains(payload, "UNSIGNED-PAYLOAD") {
		t.Errorf("%v, payload %s (-want +got):\n%s", err, payload, diff)
	}
}

// Presigned requests carry grant credentials.
func TestPresign(t *testing.T) {
	bucket, key := aws.String("b"), aws.String("k")
	tests := []struct {
		name    string
		presign func(context.Context, *s3.PresignClient) (*v4.PresignedHTTPRequest, error)
		want    string
	}{
		{"GET", func(ctx context.Context, c *s3.PresignClient) (*v4.PresignedHTTPRequest, error) {
			return c.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key})
		}, "READ s3://b/k"},
		{"HEAD", func(ctx context.Context, c *s3.PresignClient) (*v4.PresignedHTTPRequest, error) {
			return c.PresignHeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: key})
		}, "READ s3://b/k"},
		{"PUT", func(ctx context.Context, c *s3.PresignClient) (*v4.PresignedHTTPRequest, error) {
			return c.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key})
		}, "WRITE s3://b/k"},
		{"DELETE", func(ctx context.Context, c *s3.PresignClient) (*v4.PresignedHTTPRequest, error) {
			return c.PresignDeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: key})
		}, "WRITE s3://b/k"},
		{"UploadPart", func(ctx context.Context, c *s3.PresignClient) (*v4.PresignedHTTPRequest, error) {
			return c.PresignUploadPart(ctx, &s3.UploadPartInput{Bucket: bucket, Key: key, PartNumber: aws.Int32(1), UploadId: aws.String("u")})
		}, "WRITE s3://b/k"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCloud("READWRITE s3://b/*")
			out, err := tt.presign(t.Context(), s3.NewPresignClient(c.client(t)))
			if err != nil {
				t.Fatal(err)
			}
			u, err := url.Parse(out.URL)
			if err != nil {
				t.Fatal(err)
			}
			signer, _, _ := strings.Cut(u.Query().Get("X-Amz-Credential"), "/")
			if signer != "ASIAVENDED1" || u.Query().Get("X-Amz-Security-Token") != "t" || len(c.keys()) != 0 {
				t.Errorf("signed by %s, sent %v", signer, c.keys())
			}
			if diff := cmp.Diff([]string{tt.want}, c.log()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	t.Run("POST", func(t *testing.T) {
		c := newCloud("WRITE s3://b/*")
		out, err := s3.NewPresignClient(c.client(t)).PresignPostObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: key})
		if err != nil {
			t.Fatal(err)
		}
		signer, _, _ := strings.Cut(out.Values["X-Amz-Credential"], "/")
		if diff := cmp.Diff([]string{"WRITE s3://b/k"}, c.log()); diff != "" || signer != "ASIAVENDED1" || out.Values["X-Amz-Security-Token"] != "t" {
			t.Errorf("signed by %s (-want +got):\n%s", signer, diff)
		}
	})
	t.Run("denied", func(t *testing.T) {
		_, err := s3.NewPresignClient(newCloud().client(t)).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: key})
		dataAccessError(t, err)
	})
}
