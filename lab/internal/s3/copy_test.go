package s3_test

import (
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/tip-cli/tip-cli/lab/internal/s3"
)

func TestCopyObject(t *testing.T) {
	f := start(t)
	client := f.client()
	_, err := client.PutObject(t.Context(), &awss3.PutObjectInput{Bucket: aws.String(bucketName), Key: aws.String("a +ä?"), Body: nil,
		ContentType: aws.String("text/plain"), Metadata: map[string]string{"k": "old"}, Tagging: aws.String("t=1")})
	f.must(err)
	source := aws.String("/reports/" + url.QueryEscape("a +ä?"))
	_, err = client.CopyObject(t.Context(), &awss3.CopyObjectInput{Bucket: aws.String("foreign"), Key: aws.String("same"), CopySource: source})
	f.must(err)
	head, err := client.HeadObject(t.Context(), &awss3.HeadObjectInput{Bucket: aws.String("foreign"), Key: aws.String("same")})
	f.must(err)
	if head.Metadata["k"] != "old" || *head.ContentType != "text/plain" || *head.TagCount != 1 {
		t.Errorf("COPY: %v %s %v", head.Metadata, *head.ContentType, head.TagCount)
	}
	out, err := client.CopyObject(t.Context(), &awss3.CopyObjectInput{
		Bucket: aws.String("foreign"), Key: aws.String("replaced"), CopySource: source, MetadataDirective: types.MetadataDirectiveReplace,
		Metadata: map[string]string{"n": "new"}, TaggingDirective: types.TaggingDirectiveReplace, ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
	})
	f.must(err)
	head, err = client.HeadObject(t.Context(), &awss3.HeadObjectInput{Bucket: aws.String("foreign"), Key: aws.String("replaced")})
	f.must(err)
	if head.Metadata["k"] != "" || head.Metadata["n"] != "new" || head.TagCount != nil || out.CopyObjectResult.ChecksumSHA256 == nil {
		t.Errorf("REPLACE: %v %v", head.Metadata, head.TagCount)
	}
	if *out.CopyObjectResult.ETag != *head.ETag {
		t.Errorf("ETag %s and %s", *out.CopyObjectResult.ETag, *head.ETag)
	}
}

func TestCopyRefusals(t *testing.T) {
	f := start(t)
	for _, test := range []struct {
		name   string
		header map[string]string
		target string
		status int
		code   string
	}{
		{"itself", map[string]string{"x-amz-copy-source": "reports/seed.txt"}, "/reports/seed.txt", 400, "InvalidRequest"},
		{"missing key", map[string]string{"x-amz-copy-source": "reports/none"}, "/reports/new", 404, "NoSuchKey"},
		{"missing bucket", map[string]string{"x-amz-copy-source": "no-such-bucket/k"}, "/reports/new", 404, "NoSuchBucket"},
		{"no key", map[string]string{"x-amz-copy-source": "reports"}, "/reports/new", 400, "InvalidArgument"},
		{"empty", map[string]string{"x-amz-copy-source": ""}, "/reports/new", 400, "InvalidArgument"},
		{"bad escape", map[string]string{"x-amz-copy-source": "reports/%zz"}, "/reports/new", 400, "InvalidArgument"},
		{"unknown parameter", map[string]string{"x-amz-copy-source": "reports/seed.txt?acl"}, "/reports/new", 400, "InvalidArgument"},
		{"access point", map[string]string{"x-amz-copy-source": "arn:aws:s3:eu-west-1:444455556666:accesspoint/a/object/k"}, "/reports/new", 501, "NotImplemented"},
		{"missing version", map[string]string{"x-amz-copy-source": "reports/seed.txt?versionId=made-up"}, "/reports/new", 400, "InvalidArgument"},
		{"metadata directive", map[string]string{"x-amz-copy-source": "reports/seed.txt", "x-amz-metadata-directive": "MERGE"}, "/reports/new", 400, "InvalidArgument"},
		{"tagging directive", map[string]string{"x-amz-copy-source": "reports/seed.txt", "x-amz-tagging-directive": "MERGE"}, "/reports/new", 400, "InvalidArgument"},
		{"tags without REPLACE", map[string]string{"x-amz-copy-source": "reports/seed.txt", "x-amz-tagging": "a=b"}, "/reports/new", 400, "InvalidArgument"},
		{"source does not match", map[string]string{"x-amz-copy-source": "reports/seed.txt", "x-amz-copy-source-if-match": `"x"`}, "/reports/new", 412, "PreconditionFailed"},
		{"source matches", map[string]string{"x-amz-copy-source": "reports/seed.txt", "x-amz-copy-source-if-none-match": "*"}, "/reports/new", 412, "PreconditionFailed"},
		{"source too old", map[string]string{"x-amz-copy-source": "reports/seed.txt", "x-amz-copy-source-if-modified-since": "Tue, 02 Jan 2046 15:04:05 GMT"}, "/reports/new", 412, "PreconditionFailed"},
		{"source too new", map[string]string{"x-amz-copy-source": "reports/seed.txt", "x-amz-copy-source-if-unmodified-since": "Mon, 02 Jan 2006 15:04:05 GMT"}, "/reports/new", 412, "PreconditionFailed"},
		{"target exists", map[string]string{"x-amz-copy-source": "reports/seed.txt", "If-None-Match": "*"}, "/reports/private/plan.txt", 412, "PreconditionFailed"},
		{"algorithm", map[string]string{"x-amz-copy-source": "reports/seed.txt", "x-amz-checksum-algorithm": "ROT13"}, "/reports/new", 400, "InvalidRequest"},
		{"owner of the source", map[string]string{"x-amz-copy-source": "reports/seed.txt", "x-amz-source-expected-bucket-owner": otherAccount}, "/reports/new", 403, "AccessDenied"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fixture{T: t, server: f.server}
			f.refuses(request{method: "PUT", target: test.target, header: test.header}, test.status, test.code)
			f.refuses(request{method: "GET", target: "/reports/new"}, 404, "NoSuchKey")
		})
	}
	a := f.do(request{method: "PUT", target: "/reports/seed.txt", header: map[string]string{"x-amz-copy-source": "reports/seed.txt", "x-amz-metadata-directive": "REPLACE", "x-amz-meta-k": "v"}})
	if a.status != 200 || f.do(request{method: "HEAD", target: "/reports/seed.txt"}).header.Get("x-amz-meta-k") != "v" {
		t.Errorf("a copy onto itself with new metadata: %d %s", a.status, a.body)
	}
}

func TestCopyCountsAgainstTheLimit(t *testing.T) {
	f := start(t, s3.WithStorageLimit(30)) // the seed has 18 bytes
	f.put(bucketName, "ten", "0123456789")
	before := f.service.Store().Used()
	f.refuses(request{method: "PUT", target: "/reports/new", header: map[string]string{"x-amz-copy-source": "reports/ten"}}, 507, "InsufficientStorage")
	u := f.begin(f.client(), "big")
	f.refuses(request{method: "PUT", target: "/reports/big?partNumber=1&uploadId=" + u.id, header: map[string]string{"x-amz-copy-source": "reports/ten"}}, 507, "InsufficientStorage")
	if used := f.service.Store().Used(); used != before {
		t.Errorf("refused copies leave %d bytes", used-before)
	}
}
