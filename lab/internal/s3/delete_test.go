package s3_test

import (
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/tip-cli/tip-cli/lab/internal/s3"
)

func TestDeleteObject(t *testing.T) {
	f := start(t)
	for _, key := range []string{"seed.txt", "never-there"} {
		a := f.do(request{method: "DELETE", target: "/reports/" + key})
		if a.status != 204 || a.header.Get("x-amz-delete-marker") != "" || a.header.Get("x-amz-version-id") != "" {
			t.Errorf("%s: %d %v", key, a.status, a.header)
		}
	}
	f.refuses(request{method: "GET", target: "/reports/seed.txt"}, 404, "NoSuchKey")
	f.refuses(request{method: "DELETE", target: "/reports/private/plan.txt", header: map[string]string{"If-Match": `"x"`}}, 412, "PreconditionFailed")
	f.refuses(request{method: "DELETE", target: "/reports/never-there", header: map[string]string{"If-Match": "*"}}, 412, "PreconditionFailed")
	f.refuses(request{method: "DELETE", target: "/reports/private/plan.txt", header: map[string]string{"x-amz-if-match-size": "1"}}, 501, "NotImplemented")
	f.refuses(request{method: "DELETE", target: "/reports/private/plan.txt", header: map[string]string{"x-amz-if-match-last-modified-time": "x"}}, 501, "NotImplemented")
	if f.get(bucketName, "private/plan.txt") != "secret" {
		t.Error("a refused delete deleted")
	}
}

func TestDeleteObjects(t *testing.T) {
	bothDoors(t, func(f *fixture, client *awss3.Client) {
		out, err := client.DeleteObjects(f.Context(), &awss3.DeleteObjectsInput{Bucket: aws.String(bucketName), Delete: &types.Delete{Objects: []types.ObjectIdentifier{
			{Key: aws.String("seed.txt")}, {Key: aws.String("private/plan.txt")}, {Key: aws.String("none & <other>")},
			{Key: aws.String("shared/2026.csv"), ETag: aws.String("x")},
		}}})
		f.must(err)
		got := map[string]string{}
		for _, d := range out.Deleted {
			got[*d.Key] = "deleted"
		}
		for _, e := range out.Errors {
			got[*e.Key] = *e.Code
		}
		want := map[string]string{"seed.txt": "deleted", "private/plan.txt": "AccessDenied", "none & <other>": "deleted", "shared/2026.csv": "PreconditionFailed"}
		for key, result := range want {
			if got[key] != result {
				t.Errorf("%s: %s, want %s", key, got[key], result)
			}
		}
		f.refuses(request{method: "GET", target: "/reports/seed.txt"}, 404, "NoSuchKey")
		if f.get(bucketName, "private/plan.txt") != "secret" || !strings.HasPrefix(f.get(bucketName, "shared/2026.csv"), "a,b") {
			t.Error("a denied key was deleted")
		}
	}, s3.WithAuthorizer(but{"s3:DeleteObject", "arn:aws:s3:::reports/private/plan.txt"}))
}

// deletion is a DeleteObjects without an SDK.
func deletion(body string) request {
	sum := md5.Sum([]byte(body))
	return request{method: "POST", target: "/reports?delete", body: body,
		header: map[string]string{"Content-MD5": base64.StdEncoding.EncodeToString(sum[:])}}
}

func TestDeleteObjectsRefusals(t *testing.T) {
	f := start(t)
	object := "<Object><Key>k%d</Key></Object>"
	var many strings.Builder
	for i := range 1001 {
		fmt.Fprintf(&many, object, i)
	}
	f.refuses(deletion("<Delete>"+many.String()+"</Delete>"), 400, "MalformedXML")
	f.refuses(deletion("<Delete></Delete>"), 400, "MalformedXML")
	f.refuses(deletion("<Delete>"), 400, "MalformedXML")
	f.refuses(deletion("<Remove/>"), 400, "MalformedXML")
	bare := deletion("<Delete><Object><Key>seed.txt</Key></Object></Delete>")
	bare.header = nil
	f.refuses(bare, 400, "InvalidRequest")
	if f.get(bucketName, "seed.txt") != "seed" {
		t.Error("a refused request deleted")
	}
	a := f.do(deletion("<Delete><Quiet>true</Quiet><Object><Key>seed.txt</Key></Object><Object><Key/></Object><Object><Key>k</Key><Size>1</Size></Object></Delete>"))
	if a.status != 200 || strings.Contains(a.body, "<Deleted>") || strings.Count(a.body, "<Error>") != 2 {
		t.Errorf("quiet: %s", a.body)
	}
}

func TestDeleteObjectsVersions(t *testing.T) {
	f := start(t)
	ids := f.versions("k", "one", "two")
	out, err := f.client().DeleteObjects(t.Context(), &awss3.DeleteObjectsInput{Bucket: aws.String("versioned"), Delete: &types.Delete{
		Objects: []types.ObjectIdentifier{{Key: aws.String("k"), VersionId: &ids[1]}, {Key: aws.String("k")}}}})
	f.must(err)
	if len(out.Deleted) != 2 || *out.Deleted[0].VersionId != ids[1] || out.Deleted[0].DeleteMarker != nil || !*out.Deleted[1].DeleteMarker || out.Deleted[1].DeleteMarkerVersionId == nil {
		t.Errorf("got %+v", out.Deleted)
	}
	if a := f.do(request{method: "GET", target: "/versioned/k?versionId=" + ids[0]}); a.body != "one" {
		t.Errorf("the other version: %d", a.status)
	}
	f.refuses(request{method: "GET", target: "/versioned/k?versionId=" + ids[1]}, 404, "NoSuchVersion")
}
