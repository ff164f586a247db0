package lab_test

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// reachWorld has keys with every letter that a policy could misread.
func reachWorld(w *lab.World) {
	silent(w)
	b := &w.Buckets[0]
	for _, key := range []string{"a/k", "a/sub/k", "ab/k", "a*b/k", "axb/k", "a?b/k", "a$b/k", "a${x}b/k", "a b/k", "a+b/k", "é/k", "star*", "starry", "one", "one2", "other/k"} {
		b.Objects = append(b.Objects, world.ObjectFile{Key: "r/" + key, Body: key})
	}
	prefix := "tip-demo-data/r/"
	var list []world.GrantFile
	for _, dir := range []string{"a/", "a*b/", "a?b/", "a$b/", "a${x}b/", "a b/", "a+b/", "é/"} {
		list = append(list, permitting("READWRITE", user(prefix+dir+"*")))
	}
	list = append(list, object(permitting("READWRITE", user(prefix+"one"))), permitting("READWRITE", world.GrantFile{Location: "s3://tip-team-data", User: analystName, SubPrefix: "*"}))
	grants(list...)(w)
	// The whole space: only the session policy stands in the way.
	for i := range w.Accounts[1].Roles {
		if r := &w.Accounts[1].Roles[i]; r.Name == "s3-access-grants-location" {
			r.Policies = allowing("*")
		}
	}
}

// op is an operation on the key of a bucket.
type op func(ctx context.Context, c *s3.Client, key string) error

const bucket = "tip-demo-data"

func get(ctx context.Context, c *s3.Client, key string) error {
	out, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: &key})
	if err == nil {
		_, _ = io.Copy(io.Discard, out.Body)
		_ = out.Body.Close()
	}
	return err
}

func put(ctx context.Context, c *s3.Client, key string) error {
	_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(bucket), Key: &key, Body: strings.NewReader(key)})
	return err
}

func remove(ctx context.Context, c *s3.Client, key string) error {
	_, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: aws.String(bucket), Key: &key})
	return err
}

func list(ctx context.Context, c *s3.Client, prefix string) error {
	_, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: &prefix})
	return err
}

func multipart(ctx context.Context, c *s3.Client, key string) error {
	begun, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: aws.String(bucket), Key: &key})
	if err != nil {
		return err
	}
	part, err := c.UploadPart(ctx, &s3.UploadPartInput{Bucket: aws.String(bucket), Key: &key, UploadId: begun.UploadId, PartNumber: aws.Int32(1), Body: strings.NewReader("part")})
	if err != nil {
		return err
	}
	done := &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{ETag: part.ETag, PartNumber: aws.Int32(1), ChecksumCRC32: part.ChecksumCRC32}}}
	_, err = c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: aws.String(bucket), Key: &key, UploadId: begun.UploadId, MultipartUpload: done})
	return err
}

func copyFrom(source string) op {
	return func(ctx context.Context, c *s3.Client, key string) error {
		_, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: aws.String(bucket), Key: &key, CopySource: aws.String(bucket + "/" + (&url.URL{Path: source}).EscapedPath())})
		return err
	}
}

// batch deletes one key by the operation for many, which answers per key.
func batch(ctx context.Context, c *s3.Client, key string) error {
	out, err := c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: aws.String(bucket), Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: &key}}}})
	if err == nil && len(out.Errors) > 0 {
		return fmt.Errorf("%s", *out.Errors[0].Code)
	}
	return err
}

func TestReachOfVendedCredentials(t *testing.T) {
	b := start(t, reachWorld)
	p := b.person(analyst)
	for _, c := range []struct {
		target, permission string
		edit               func(*s3control.GetDataAccessInput)
		op                 op
		name               string
		inside, outside    []string
	}{
		{"a/*", "READ", nil, get, "get", []string{"a/k", "a/sub/k"}, []string{"ab/k", "other/k", "a", "../r/a/k"}},
		{"a/*", "READ", nil, list, "list", []string{"a/", "a/s", "a/sub/"}, []string{"a", "", "ab/", "other/"}},
		{"a/*", "READ", nil, put, "put", nil, []string{"a/k"}},
		{"a/*", "READ", nil, remove, "delete", nil, []string{"a/k"}},
		{"a/*", "WRITE", nil, get, "get", nil, []string{"a/k"}},
		{"a/*", "WRITE", nil, list, "list", nil, []string{"a/"}},
		{"a/*", "WRITE", nil, put, "put", []string{"a/new"}, []string{"ab/new", "a"}},
		{"a/*", "WRITE", nil, multipart, "multipart", []string{"a/parts"}, []string{"ab/parts"}},
		{"a/*", "WRITE", nil, remove, "delete", []string{"a/new"}, []string{"ab/k"}},
		{"a/*", "WRITE", nil, batch, "batch delete", []string{"a/parts"}, []string{"ab/k"}},
		{"a/*", "READWRITE", nil, copyFrom("r/a/k"), "copy from inside", []string{"a/copy"}, []string{"ab/copy"}},
		{"a/*", "READWRITE", nil, copyFrom("r/ab/k"), "copy from outside", nil, []string{"a/copy"}},
		{"a/*", "WRITE", nil, copyFrom("r/a/k"), "copy without READ", nil, []string{"a/copy"}},
		{"a/sub/k", "READ", minimal, get, "get", []string{"a/sub/k"}, []string{"a/k", "a/sub/k2", "a/sub/"}},
		{"a/sub/k", "READ", minimal, list, "list", nil, []string{"a/sub/k", "a/sub/", ""}},
		{"a/s*", "READ", minimal, get, "get", []string{"a/sub/k"}, []string{"a/k"}},
		{"a/s*", "READ", minimal, list, "list", []string{"a/s", "a/sub/"}, []string{"a/", "a/k"}},
		{"a/", "READ", minimal, get, "get", nil, []string{"a/k"}},
		{"a*b/*", "READ", nil, get, "get", []string{"a*b/k"}, []string{"axb/k", "ab/k", "a?b/k"}},
		{"a*b/*", "READ", nil, list, "list", []string{"a*b/"}, []string{"axb/"}},
		{"a?b/*", "READ", nil, get, "get", []string{"a?b/k"}, []string{"axb/k", "a*b/k"}},
		{"a$b/*", "READ", nil, get, "get", []string{"a$b/k"}, []string{"a${x}b/k"}},
		{"a${x}b/*", "READ", nil, get, "get", []string{"a${x}b/k"}, []string{"a$b/k"}},
		{"a b/*", "READ", nil, get, "get", []string{"a b/k"}, []string{"a+b/k"}},
		{"a b/*", "READ", nil, list, "list", []string{"a b/"}, []string{"a+b/"}},
		{"a+b/*", "READ", nil, get, "get", []string{"a+b/k"}, []string{"a b/k"}},
		{"é/*", "READ", nil, get, "get", []string{"é/k"}, []string{"e/k"}},
		{"one", "READ", nil, get, "get", []string{"one"}, []string{"one2", "on"}},
		{"one", "READ", nil, list, "list", nil, []string{"one", ""}},
		{"one", "WRITE", nil, put, "put", []string{"one"}, []string{"one2", "one/x"}},
	} {
		t.Run(fmt.Sprintf("%s %s, %s, minimal %t", c.permission, c.target, c.name, c.edit != nil), func(t *testing.T) {
			b := b.on(t)
			edit := func(*s3control.GetDataAccessInput) {}
			if c.edit != nil {
				edit = c.edit
			}
			client := b.vended(p, "s3://"+bucket+"/r/"+c.target, c.permission, edit)
			for _, key := range c.inside {
				if err := c.op(t.Context(), client, "r/"+key); err != nil {
					t.Errorf("inside, %s: %v", key, err)
				}
			}
			for _, key := range c.outside {
				if err := c.op(t.Context(), client, "r/"+key); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
					t.Errorf("outside, %s: %v, want AccessDenied", key, err)
				}
			}
		})
	}
}

// A grant of a whole bucket lists without a prefix, and reaches no other bucket.
func TestReachOfAWholeBucket(t *testing.T) {
	b := start(t, reachWorld)
	client := b.vended(b.person(analyst), "s3://tip-team-data/*", "READ")
	for name, in := range map[string]*s3.ListObjectsV2Input{
		"no prefix":    {Bucket: aws.String("tip-team-data")},
		"empty prefix": {Bucket: aws.String("tip-team-data"), Prefix: aws.String("")},
		"prefix":       {Bucket: aws.String("tip-team-data"), Prefix: aws.String("datasets/")},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.ListObjectsV2(t.Context(), in)
			expect(t, answer{}, err)
		})
	}
	for _, name := range []string{"tip-demo-data", "tip-team-data2"} {
		if _, err := client.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &name}); err == nil {
			t.Errorf("the bucket %s was listed", name)
		}
	}
}

// Vended credentials are for S3's objects, not for asking for more.
func TestVendedCredentialsCannotAskForMore(t *testing.T) {
	b := start(t, reachWorld)
	client := b.vended(b.person(analyst), "s3://"+bucket+"/r/a/*", "READ")
	p := client.Options().Credentials
	_, err := b.dataAccess(p, "s3://"+bucket+"/r/a/*", "READ")
	expect(t, answer{403, "AccessDenied", "User: arn:aws:sts::444455556666:assumed-role/s3-access-grants-location/access-grants-..."}, err)
	_, err = b.control(p).ListCallerAccessGrants(t.Context(), &s3control.ListCallerAccessGrantsInput{AccountId: aws.String(appl)})
	expect(t, answer{403, "AccessDenied", "*"}, err)
	_, err = b.assume(p, roleIn(appl, "tip-id-enhanced-role"))
	expect(t, answer{403, "AccessDenied", "*"}, err)
	for name, op := range map[string]func() error{
		"ListBuckets": func() error { _, err := client.ListBuckets(t.Context(), nil); return err },
		"CreateBucket": func() error {
			_, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("new-bucket")})
			return err
		},
		"DeleteBucket": func() error {
			_, err := client.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: aws.String(bucket)})
			return err
		},
	} {
		if err := op(); answerOf(err).Code != "AccessDenied" {
			t.Errorf("%s: %v, want AccessDenied", name, err)
		}
	}
}

// The identity-enhanced session itself reaches nothing in S3: the allow list forbids it.
func TestEnhancedSessionReachesNoObject(t *testing.T) {
	b := start(t, silent, func(w *lab.World) { w.Accounts[1].Roles[1].Policies = allowing("*") })
	err := get(t.Context(), b.s3(b.person(analyst)), "reports/summary.txt")
	expect(t, answer{403, "AccessDenied", "User: arn:aws:sts::444455556666:assumed-role/tip-id-enhanced-role/session is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::tip-demo-data/reports/summary.txt with an explicit deny in a session policy"}, err)
	expect(t, answer{}, get(t.Context(), b.s3(b.session(enhanced)), "reports/summary.txt"))
}
