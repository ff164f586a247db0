package s3_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/tip-cli/tip-cli/lab/internal/s3"
)

// TestKeysThatDependOnTheRequest: condition keys that no header carries alone.
func TestKeysThatDependOnTheRequest(t *testing.T) {
	late := &lateAuthorizer{Authorizer: yes{}}
	f := start(t, s3.WithAuthorizer(late))
	upload := f.upload("parts")
	for name, test := range map[string]struct {
		r    request
		key  string
		want []string
	}{
		"the payload's hash":  {request{method: "GET", target: "/reports/seed.txt", header: map[string]string{"X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD"}}, "s3:x-amz-content-sha256", []string{"UNSIGNED-PAYLOAD"}},
		"a new object":        {request{method: "PUT", target: "/reports/new", body: "x"}, "s3:ObjectCreationOperation", []string{"true"}},
		"a copy":              {request{method: "PUT", target: "/reports/copy", header: map[string]string{"x-amz-copy-source": "reports/seed.txt"}}, "s3:ObjectCreationOperation", []string{"true"}},
		"the end of parts":    {request{method: "POST", target: "/reports/parts?uploadId=" + upload, body: "<x/>"}, "s3:ObjectCreationOperation", []string{"true"}},
		"a part":              {request{method: "PUT", target: "/reports/parts?partNumber=1&uploadId=" + upload, body: "x"}, "s3:ObjectCreationOperation", []string{"false"}},
		"the beginning":       {request{method: "POST", target: "/reports/parts?uploads"}, "s3:ObjectCreationOperation", []string{"false"}},
		"a read":              {request{method: "GET", target: "/reports/seed.txt"}, "s3:ObjectCreationOperation", nil},
		"where a bucket goes": {request{method: "PUT", target: "/fresh", body: constraint(homeRegion)}, "s3:LocationConstraint", []string{homeRegion}},
		"whose its objects are": {request{method: "PUT", target: "/fresh-2", body: constraint(homeRegion), header: map[string]string{"x-amz-object-ownership": "BucketOwnerEnforced"}},
			"s3:x-amz-object-ownership", []string{"BucketOwnerEnforced"}},
	} {
		t.Run(name, func(t *testing.T) {
			late.set(yes{})
			f.do(test.r)
			if diff := cmp.Diff(test.want, late.seen[0].Context[test.key]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", test.key, diff)
			}
		})
	}
}

// TestPresignedPayloadKey: policies against presigned URLs go by this value (S3
// user guide, "Amazon S3 Signature Version 4 authentication specific policy keys").
func TestPresignedPayloadKey(t *testing.T) {
	late := &lateAuthorizer{Authorizer: yes{}}
	f := start(t, s3.WithAuthorizer(late))
	name, key := bucketName, "seed.txt"
	signed, err := awss3.NewPresignClient(f.client()).PresignGetObject(t.Context(), &awss3.GetObjectInput{Bucket: &name, Key: &key})
	f.must(err)
	resp, err := http.Get(signed.URL)
	f.must(err)
	f.must(resp.Body.Close())
	if got := late.seen[0].Context["s3:x-amz-content-sha256"]; len(got) != 1 || got[0] != "UNSIGNED-PAYLOAD" {
		t.Errorf("s3:x-amz-content-sha256 is %q", got)
	}
}

// upload begins a multipart upload.
func (f *fixture) upload(key string) string {
	f.Helper()
	name := bucketName
	out, err := f.client().CreateMultipartUpload(context.WithoutCancel(f.Context()), &awss3.CreateMultipartUploadInput{Bucket: &name, Key: &key})
	f.must(err)
	return *out.UploadId
}

// TestSemicolonsAreData: no parameter may vanish from a request, for it would then
// be another one. Unsigned, since the SDK's signer drops such parameters itself.
func TestSemicolonsAreData(t *testing.T) {
	f := start(t)
	f.refuses(request{method: "DELETE", target: "/reports/seed.txt?uploadId=a;b", unsigned: true}, 404, "NoSuchUpload")
	f.refuses(request{method: "DELETE", target: "/reports/seed.txt?versionId="}, 400, "InvalidArgument")
	if got := f.get(bucketName, "seed.txt"); got != "seed" {
		t.Errorf("the object is %q", got)
	}
	if a := f.do(request{method: "GET", target: "/reports?list-type=2&prefix=private;x", unsigned: true}); strings.Contains(a.body, "<Contents>") {
		t.Errorf("the prefix was dropped: %s", a.body)
	}
}

// TestNoBucketInThePath: a path that begins with two slashes names no bucket, and
// is not a request for the list of all.
func TestNoBucketInThePath(t *testing.T) {
	f := start(t)
	for _, method := range []string{"GET", "PUT", "HEAD"} {
		code := "InvalidURI"
		if method == "HEAD" {
			code = ""
		}
		f.refuses(request{method: method, target: "//reports/seed.txt"}, 400, code)
	}
}

// TestSecureTransportIsTheConnection: the scheme in a request line proves nothing.
func TestSecureTransportIsTheConnection(t *testing.T) {
	late := &lateAuthorizer{Authorizer: yes{}}
	f := start(t, s3.WithAuthorizer(late))
	r := httptest.NewRequest(http.MethodGet, "https://s3.eu-west-1.amazonaws.com/reports/seed.txt", nil)
	r.TLS = nil
	f.service.ServeHTTP(httptest.NewRecorder(), r)
	if got := late.seen[0].Context["aws:SecureTransport"]; len(got) != 1 || got[0] != "false" {
		t.Errorf("aws:SecureTransport is %q on a connection without TLS", got)
	}
}

// TestHostsOfOtherServices: these look like S3's, but are website and control endpoints.
func TestHostsOfOtherServices(t *testing.T) {
	for _, host := range []string{
		"reports.s3-website-eu-west-1.amazonaws.com", "reports.s3-website.eu-west-1.amazonaws.com", "s3-control-eu-west-1.amazonaws.com",
		"point-444455556666.s3-accesspoint.eu-west-1.amazonaws.com",
	} {
		if bucket, region := s3.ParseHost(host); bucket != "" || region != "" {
			t.Errorf("%s: bucket %q, region %q", host, bucket, region)
		}
	}
}
