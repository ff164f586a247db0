package s3_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/internal/s3"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

func TestBucketPolicy(t *testing.T) {
	f := start(t)
	client := f.client()
	in := &awss3.GetBucketPolicyInput{Bucket: aws.String(bucketName)}
	_, err := client.GetBucketPolicy(t.Context(), in)
	f.fails(err, 404, "NoSuchBucketPolicy")
	const text = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/shared/*"}}`
	_, err = client.PutBucketPolicy(t.Context(), &awss3.PutBucketPolicyInput{Bucket: aws.String(bucketName), Policy: aws.String(text)})
	f.must(err)
	out, err := client.GetBucketPolicy(t.Context(), in)
	f.must(err)
	if diff := cmp.Diff(text, *out.Policy); diff != "" {
		t.Error(diff)
	}
	put := func(body string) request { return request{method: "PUT", target: "/reports?policy", body: body} }
	f.refuses(put("{"), 400, "MalformedPolicy")
	f.refuses(put(strings.Replace(text, "Allow", "Perhaps", 1)), 400, "MalformedPolicy")
	f.refuses(put(strings.Replace(text, `"Principal": "*", `, "", 1)), 400, "MalformedPolicy")
	f.refuses(put(strings.Replace(text, ":::reports/", ":::foreign/", 1)), 400, "MalformedPolicy")
	for _, nobody := range []string{"arn:aws:iam::444455556666:role/Nobody", "arn:aws:iam::111122223333:user/nobody", "AROAEXAMPLEID1234567X"} {
		f.refuses(put(strings.Replace(text, `"*"`, `{"AWS": "`+nobody+`"}`, 1)), 400, "MalformedPolicy")
		_, err = client.PutBucketPolicy(t.Context(), &awss3.PutBucketPolicyInput{Bucket: aws.String(bucketName), Policy: aws.String(strings.Replace(text, `"*"`, `{"AWS": "`+nobody+`"}`, 1))})
		if err == nil || !strings.HasSuffix(err.Error(), "Invalid principal in policy") {
			t.Errorf("%s: %v", nobody, err)
		}
	}
	f.refuses(put(strings.Replace(text, "shared", strings.Repeat("s", 21_000), 1)), 400, "PolicyTooLarge")
	if b, _ := f.world.Bucket(bucketName); b.Policy == nil {
		t.Error("a refused policy took the place of the old one")
	}
	_, err = client.DeleteBucketPolicy(t.Context(), &awss3.DeleteBucketPolicyInput{Bucket: aws.String(bucketName)})
	f.must(err)
	_, err = client.GetBucketPolicy(t.Context(), in)
	f.fails(err, 404, "NoSuchBucketPolicy")
}

// TestBucketPolicyOfTheWorldFile: a policy that was loaded can be read, kept by
// other changes of the bucket, replaced and deleted.
func TestBucketPolicyOfTheWorldFile(t *testing.T) {
	const asYAML = `
    policy: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::reports/*"}]}`
	const asJSON = `{"Statement":[{"Action":"s3:GetObject","Effect":"Allow","Principal":"*","Resource":"arn:aws:s3:::reports/*"}],"Version":"2012-10-17"}`
	for name, written := range map[string]string{"YAML": asYAML, "JSON in a string": "\n    policy: '" + asJSON + "'"} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(worldFile, "  - name: reports", "  - name: reports"+written, 1)
			file, err := world.Parse([]byte(text), "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			w, err := world.New(file, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			f := serveWorld(t, w, false, s3.WithAuthorizer(yes{}))
			get := request{method: "GET", target: "/reports?policy"}
			f.do(request{method: "PUT", target: "/reports?versioning", body: "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"})
			if a := f.do(get); a.status != 200 || a.body != asJSON || a.header.Get("Content-Type") != "application/json" {
				t.Errorf("%d %s", a.status, a.body)
			}
			other := strings.Replace(asJSON, "Allow", "Deny", 1)
			f.do(request{method: "PUT", target: "/reports?policy", body: other})
			if diff := cmp.Diff(other, f.do(get).body); diff != "" {
				t.Error(diff)
			}
			f.do(request{method: "DELETE", target: "/reports?policy"})
			f.refuses(get, 404, "NoSuchBucketPolicy")
		})
	}
}
