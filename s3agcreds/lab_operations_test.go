package s3agcreds_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/s3agcreds"
)

// operated is an operation of S3, on an object of its own.
type operated struct {
	name string
	// target and permission are what S3 Access Grants is asked for; KEY is the key.
	target, permission string
	// run calls it. The object is there, and an upload of its key has begun.
	run func(ctx context.Context, c *s3.Client, key, upload *string) error
	// refused is the error code of S3 itself, although a grant was found.
	refused string
}

const work = "home/analyst/work/"

var bucketOf = aws.String(demo)

// errOf is the error of a call.
func errOf[T any](_ T, err error) error { return err }

var operations = []operated{
	{"GetObject", "s3://tip-demo-data/KEY", "READ", func(ctx context.Context, c *s3.Client, key, _ *string) error {
		out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: bucketOf, Key: key})
		if err != nil {
			return err
		}
		defer func() { _ = out.Body.Close() }()
		body, err := io.ReadAll(out.Body)
		if err == nil && string(body) != "content" {
			err = fmt.Errorf("the object is %q", body)
		}
		return err
	}, ""},
	{"HeadObject", "s3://tip-demo-data/KEY", "READ", func(ctx context.Context, c *s3.Client, key, _ *string) error {
		return errOf(c.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucketOf, Key: key}))
	}, ""},
	{"GetObjectAcl", "s3://tip-demo-data/KEY", "READ", func(ctx context.Context, c *s3.Client, key, _ *string) error {
		return errOf(c.GetObjectAcl(ctx, &s3.GetObjectAclInput{Bucket: bucketOf, Key: key}))
	}, ""},
	// s3:GetObjectAttributes is not among the actions that a READ grant allows.
	{"GetObjectAttributes", "s3://tip-demo-data/KEY", "READ", func(ctx context.Context, c *s3.Client, key, _ *string) error {
		return errOf(c.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{
			Bucket: bucketOf, Key: key, ObjectAttributes: []s3types.ObjectAttributes{s3types.ObjectAttributesEtag},
		}))
	}, "AccessDenied"},
	{"ListObjects", "s3://tip-demo-data/KEY", "READ", func(ctx context.Context, c *s3.Client, key, _ *string) error {
		return errOf(c.ListObjects(ctx, &s3.ListObjectsInput{Bucket: bucketOf, Prefix: key, Delimiter: aws.String("/")}))
	}, ""},
	{"ListObjectsV2", "s3://tip-demo-data/KEY", "READ", func(ctx context.Context, c *s3.Client, key, _ *string) error {
		out, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: bucketOf, Prefix: key})
		if err == nil && len(out.Contents) != 1 {
			err = fmt.Errorf("%d objects", len(out.Contents))
		}
		return err
	}, ""},
	{"ListObjectVersions", "s3://tip-demo-data/KEY", "READ", func(ctx context.Context, c *s3.Client, key, _ *string) error {
		return errOf(c.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: bucketOf, Prefix: key}))
	}, ""},
	{"ListMultipartUploads", "s3://tip-demo-data/KEY", "READ", func(ctx context.Context, c *s3.Client, key, _ *string) error {
		return errOf(c.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: bucketOf, Prefix: key}))
	}, ""},
	{"ListParts", "s3://tip-demo-data/KEY", "READ", func(ctx context.Context, c *s3.Client, key, upload *string) error {
		return errOf(c.ListParts(ctx, &s3.ListPartsInput{Bucket: bucketOf, Key: key, UploadId: upload}))
	}, ""},
	{"PutObject", "s3://tip-demo-data/KEY", "WRITE", func(ctx context.Context, c *s3.Client, key, _ *string) error {
		return errOf(c.PutObject(ctx, &s3.PutObjectInput{Bucket: bucketOf, Key: key, Body: strings.NewReader("other")}))
	}, ""},
	{"PutObjectAcl", "s3://tip-demo-data/KEY", "WRITE", func(ctx context.Context, c *s3.Client, key, _ *string) error {
		return errOf(c.PutObjectAcl(ctx, &s3.PutObjectAclInput{Bucket: bucketOf, Key: key, ACL: s3types.ObjectCannedACLBucketOwnerFullControl}))
	}, ""},
	{"CreateMultipartUpload", "s3://tip-demo-data/KEY", "WRITE", func(ctx context.Context, c *s3.Client, key, _ *string) error {
		return errOf(c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: bucketOf, Key: key}))
	}, ""},
	{"UploadPart", "s3://tip-demo-data/KEY", "WRITE", func(ctx context.Context, c *s3.Client, key, upload *string) error {
		return errOf(uploadPart(ctx, c, key, upload))
	}, ""},
	{"CompleteMultipartUpload", "s3://tip-demo-data/KEY", "WRITE", func(ctx context.Context, c *s3.Client, key, upload *string) error {
		part, err := uploadPart(ctx, c, key, upload)
		if err != nil {
			return err
		}
		return errOf(c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
			Bucket: bucketOf, Key: key, UploadId: upload,
			MultipartUpload: &s3types.CompletedMultipartUpload{Parts: []s3types.CompletedPart{{PartNumber: aws.Int32(1), ETag: part.ETag}}},
		}))
	}, ""},
	{"AbortMultipartUpload", "s3://tip-demo-data/KEY", "WRITE", func(ctx context.Context, c *s3.Client, key, upload *string) error {
		return errOf(c.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: bucketOf, Key: key, UploadId: upload}))
	}, ""},
	{"DeleteObject", "s3://tip-demo-data/KEY", "WRITE", func(ctx context.Context, c *s3.Client, key, _ *string) error {
		return errOf(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucketOf, Key: key}))
	}, ""},
	{"DeleteObjects", "s3://tip-demo-data/KEY", "WRITE", func(ctx context.Context, c *s3.Client, key, _ *string) error {
		out, err := c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucketOf, Delete: &s3types.Delete{
			Objects: []s3types.ObjectIdentifier{{Key: aws.String(*key + "/1")}, {Key: key}, {Key: aws.String(*key + "/2")}},
		}})
		if err == nil && (len(out.Errors) > 0 || len(out.Deleted) != 3) {
			err = fmt.Errorf("deleted %d of 3, %d errors", len(out.Deleted), len(out.Errors))
		}
		return err
	}, ""},
	{"CopyObject", "s3://tip-demo-data/KEY", "READWRITE", func(ctx context.Context, c *s3.Client, key, _ *string) error {
		return errOf(c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucketOf, Key: aws.String(*key + ".copy"), CopySource: aws.String(demo + "/" + *key)}))
	}, ""},
	{"UploadPartCopy", "s3://tip-demo-data/KEY", "READWRITE", func(ctx context.Context, c *s3.Client, key, upload *string) error {
		return errOf(c.UploadPartCopy(ctx, &s3.UploadPartCopyInput{
			Bucket: bucketOf, Key: key, UploadId: upload, PartNumber: aws.Int32(1), CopySource: aws.String(demo + "/" + *key + ".source"),
		}))
	}, ""},
}

func uploadPart(ctx context.Context, c *s3.Client, key, upload *string) (*s3.UploadPartOutput, error) {
	return c.UploadPart(ctx, &s3.UploadPartInput{Bucket: bucketOf, Key: key, UploadId: upload, PartNumber: aws.Int32(1), Body: strings.NewReader("a part")})
}

// object puts an object there, beside the source of a copy, and begins an upload.
func (s *scene) object(key string) (upload *string) {
	s.Helper()
	admin := s.admin()
	for _, name := range []string{key, key + ".source"} {
		if _, err := admin.PutObject(s.Context(), &s3.PutObjectInput{Bucket: bucketOf, Key: &name, Body: strings.NewReader("content")}); err != nil {
			s.Fatal(err)
		}
	}
	out, err := admin.CreateMultipartUpload(s.Context(), &s3.CreateMultipartUploadInput{Bucket: bucketOf, Key: &key})
	if err != nil {
		s.Fatal(err)
	}
	return out.UploadId
}

// Every operation that S3 Access Grants knows, with a grant and without.
func TestLabOperations(t *testing.T) {
	s := newScene(t)
	analyst, engineer := s.person("analyst"), s.person("engineer")
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			s := s.on(t)
			key := work + op.name + "/object"
			target := strings.ReplaceAll(op.target, "KEY", key)
			if op.name == "ListObjectsV2" {
				key += ".source" // one of two keys
				target += ".source"
			}
			upload := s.object(strings.TrimSuffix(key, ".source"))
			s.allowed(op, analyst, key, upload, target)
			s.refused(op, engineer, key, upload, target)
		})
	}
}

func (s *scene) allowed(op operated, who aws.CredentialsProvider, key string, upload *string, target string) {
	s.Helper()
	client, _ := s.through(who)
	since := s.mark()
	err := op.run(s.Context(), client, &key, upload)
	code := ""
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		code = api.ErrorCode()
	}
	if code != op.refused || err != nil && op.refused == "" {
		s.Errorf("with a grant: %v", err)
	}
	s.wantAsked(since, asked{target, op.permission, ""})
	if got := s.data(since, analystID); len(got) == 0 || got[len(got)-1] != op.name {
		s.Errorf("events %q", got)
	}
}

// refused wants the answer of S3 Access Grants, and none of S3.
func (s *scene) refused(op operated, who aws.CredentialsProvider, key string, upload *string, target string) {
	s.Helper()
	client, _ := s.through(who)
	since := s.mark()
	err := op.run(s.Context(), client, &key, upload)
	refused, ok := errors.AsType[*s3agcreds.DataAccessError](err)
	if !ok || refused.Kind != s3agcreds.KindNoGrant || refused.Target != target || string(refused.Permission) != op.permission {
		s.Errorf("without a grant: %v", err)
	}
	s.wantAsked(since, asked{target, op.permission, "AccessDenied"})
	if diff := cmp.Diff([]string(nil), s.data(since, "")); diff != "" {
		s.Errorf("S3 was asked (-want +got):\n%s", diff)
	}
}

// The whole bucket is what HeadBucket, and a list without a prefix, are about.
func TestLabWholeBucket(t *testing.T) {
	s := newScene(t)
	analyst := s.person("analyst")
	for _, c := range []struct {
		bucket string
		code   string
	}{{team, ""}, {demo, "AccessDenied"}} {
		for name, run := range map[string]func(*s3.Client) error{
			"HeadBucket": func(client *s3.Client) error {
				return errOf(client.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &c.bucket}))
			},
			"ListObjectsV2": func(client *s3.Client) error {
				return errOf(client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &c.bucket}))
			},
			"ListObjectVersions": func(client *s3.Client) error {
				return errOf(client.ListObjectVersions(t.Context(), &s3.ListObjectVersionsInput{Bucket: &c.bucket}))
			},
		} {
			t.Run(c.bucket+"/"+name, func(t *testing.T) {
				s := s.on(t)
				client, _ := s.through(analyst)
				since := s.mark()
				err := run(client)
				if (err == nil) != (c.code == "") {
					t.Error(err)
				}
				s.wantAsked(since, asked{"s3://" + c.bucket + "/*", "READ", c.code})
			})
		}
	}
}
