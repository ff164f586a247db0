package s3_test

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"
)

// versioned puts bodies to a key of the versioned bucket and returns their version ids.
func (f *fixture) versions(key string, bodies ...string) []string {
	f.Helper()
	var ids []string
	for _, body := range bodies {
		a := f.do(request{method: "PUT", target: "/versioned/" + key, body: body})
		ids = append(ids, a.header.Get("x-amz-version-id"))
	}
	return ids
}

func TestVersions(t *testing.T) {
	f := start(t)
	client := f.client()
	ids := f.versions("k", "one", "two")
	if len(ids[0]) != 32 || ids[0] == ids[1] {
		t.Fatalf("version ids %q", ids)
	}
	if a := f.do(request{method: "GET", target: "/versioned/k?versionId=" + ids[0]}); a.body != "one" || a.header.Get("x-amz-version-id") != ids[0] {
		t.Errorf("first version: %q %s", a.body, a.header.Get("x-amz-version-id"))
	}
	if a := f.do(request{method: "HEAD", target: "/versioned/k?versionId=" + ids[0]}); a.header.Get("Content-Length") != "3" || a.header.Get("x-amz-version-id") != ids[0] {
		t.Errorf("head of the first version: %v", a.header)
	}
	marker, err := client.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String("versioned"), Key: aws.String("k")})
	f.must(err)
	if !*marker.DeleteMarker || marker.VersionId == nil {
		t.Fatalf("no delete marker: %+v", marker)
	}
	gone := f.refuses(request{method: "GET", target: "/versioned/k"}, 404, "NoSuchKey")
	if gone.header.Get("x-amz-delete-marker") != "true" || gone.header.Get("x-amz-version-id") != *marker.VersionId {
		t.Errorf("a deleted object answers %v", gone.header)
	}
	gone = f.refuses(request{method: "GET", target: "/versioned/k?versionId=" + *marker.VersionId}, 405, "MethodNotAllowed")
	if gone.header.Get("x-amz-delete-marker") != "true" || gone.header.Get("Allow") != "DELETE" {
		t.Errorf("a delete marker answers %v", gone.header)
	}
	f.refuses(request{method: "GET", target: "/versioned/k?versionId=" + strings.Repeat("A", 32)}, 404, "NoSuchVersion")
	f.refuses(request{method: "PUT", target: "/versioned/n", header: map[string]string{"x-amz-copy-source": "versioned/k?versionId=" + *marker.VersionId}}, 400, "InvalidRequest")
	f.refuses(request{method: "PUT", target: "/versioned/k?versionId=" + ids[0], body: "x"}, 400, "InvalidArgument")

	restored, err := client.DeleteObject(t.Context(), &awss3.DeleteObjectInput{Bucket: aws.String("versioned"), Key: aws.String("k"), VersionId: marker.VersionId})
	f.must(err)
	if !*restored.DeleteMarker || f.get("versioned", "k") != "two" {
		t.Errorf("without its marker: %+v", restored)
	}
	back := f.do(request{method: "PUT", target: "/versioned/k", header: map[string]string{"x-amz-copy-source": "versioned/k?versionId=" + ids[0]}})
	if back.status != 200 || back.header.Get("x-amz-copy-source-version-id") != ids[0] || f.get("versioned", "k") != "one" {
		t.Errorf("restored by copy: %d %v", back.status, back.header)
	}
}

func TestListVersions(t *testing.T) {
	f := start(t)
	f.versions("a", "1", "2")
	f.versions("dir/b", "1")
	f.do(request{method: "DELETE", target: "/versioned/a"})
	list := func(in awss3.ListObjectVersionsInput) []string {
		in.Bucket = aws.String("versioned")
		got := []string{}
		p := awss3.NewListObjectVersionsPaginator(f.client(), &in)
		for p.HasMorePages() {
			page, err := p.NextPage(t.Context())
			f.must(err)
			for _, m := range page.DeleteMarkers {
				got = append(got, "marker "+*m.Key)
			}
			for _, v := range page.Versions {
				size := "old "
				if *v.IsLatest {
					size = "new "
				}
				got = append(got, size+*v.Key)
			}
			for _, g := range page.CommonPrefixes {
				got = append(got, *g.Prefix)
			}
		}
		return got
	}
	all := []string{"marker a", "old a", "old a", "new dir/b"}
	for _, size := range []int32{1, 2, 3, 1000} {
		if diff := cmp.Diff(all, list(awss3.ListObjectVersionsInput{MaxKeys: aws.Int32(size)})); diff != "" {
			t.Errorf("pages of %d: %s", size, diff)
		}
	}
	if diff := cmp.Diff([]string{"marker a", "old a", "old a", "dir/"}, list(awss3.ListObjectVersionsInput{Delimiter: aws.String("/"), MaxKeys: aws.Int32(1)})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"new dir/b"}, list(awss3.ListObjectVersionsInput{Prefix: aws.String("dir/")})); diff != "" {
		t.Error(diff)
	}
}

func TestSuspendedVersioning(t *testing.T) {
	f := start(t)
	client := f.client()
	ids := f.versions("k", "one")
	_, err := client.PutBucketVersioning(t.Context(), &awss3.PutBucketVersioningInput{Bucket: aws.String("versioned"),
		VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusSuspended}})
	f.must(err)
	if b, _ := f.world.Bucket("versioned"); b.Versioning {
		t.Error("the world still has versioning on")
	}
	if got := f.versions("k", "two", "three"); got[0] != "null" || got[1] != "null" {
		t.Errorf("version ids while suspended: %q", got)
	}
	for id, body := range map[string]string{"null": "three", ids[0]: "one"} {
		if a := f.do(request{method: "GET", target: "/versioned/k?versionId=" + id}); a.body != body {
			t.Errorf("version %s: %d %q", id, a.status, a.body)
		}
	}
	a := f.do(request{method: "DELETE", target: "/versioned/k"})
	if a.header.Get("x-amz-version-id") != "null" || a.header.Get("x-amz-delete-marker") != "true" {
		t.Errorf("delete while suspended: %v", a.header)
	}
	out, err := client.GetBucketVersioning(t.Context(), &awss3.GetBucketVersioningInput{Bucket: aws.String("versioned")})
	f.must(err)
	if out.Status != types.BucketVersioningStatusSuspended {
		t.Errorf("status %q", out.Status)
	}
}

func TestVersioningConfiguration(t *testing.T) {
	f := start(t)
	out, err := f.client().GetBucketVersioning(t.Context(), &awss3.GetBucketVersioningInput{Bucket: aws.String(bucketName)})
	f.must(err)
	if out.Status != "" {
		t.Errorf("status of a bucket that never had versioning: %q", out.Status)
	}
	put := func(body string) request {
		return request{method: "PUT", target: "/reports?versioning", body: "<VersioningConfiguration>" + body + "</VersioningConfiguration>"}
	}
	f.refuses(put("<Status>On</Status>"), 400, "MalformedXML")
	f.refuses(put(""), 400, "IllegalVersioningConfigurationException")
	f.refuses(put("<MfaDelete>Disabled</MfaDelete>"), 400, "IllegalVersioningConfigurationException")
	f.refuses(put("<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>"), 501, "NotImplemented")
	f.refuses(put("<Status>Enabled</Status><MfaDelete>On</MfaDelete>"), 400, "MalformedXML")
	f.refuses(put("<Status>"), 400, "MalformedXML")
	f.refuses(request{method: "PUT", target: "/reports?versioning", body: "<Versioning/>"}, 400, "MalformedXML")
	f.refuses(request{method: "PUT", target: "/reports?versioning"}, 400, "MissingRequestBodyError")
	get := func(want string) {
		t.Helper()
		const root = xml.Header + `<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`
		if diff := cmp.Diff(root+want+"</VersioningConfiguration>", f.do(request{method: "GET", target: "/reports?versioning"}).body); diff != "" {
			t.Error(diff)
		}
	}
	get("")
	for _, status := range []string{"Suspended", "Enabled"} {
		if a := f.do(put("<Status>" + status + "</Status><MfaDelete>Disabled</MfaDelete>")); a.status != 200 || a.body != "" {
			t.Errorf("%d %s", a.status, a.body)
		}
		get("<Status>" + status + "</Status>")
	}
	if a := f.do(request{method: "GET", target: "/reports/seed.txt"}); a.header.Get("x-amz-version-id") != "null" {
		t.Errorf("an object from before has version %q", a.header.Get("x-amz-version-id"))
	}
}
