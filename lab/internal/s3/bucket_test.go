package s3_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"
)

func TestBucketLifeCycle(t *testing.T) {
	bothDoors(t, func(f *fixture, client *awss3.Client) {
		_, err := client.CreateBucket(f.Context(), &awss3.CreateBucketInput{Bucket: aws.String("new-one"),
			CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraintEuWest1}})
		f.must(err)
		if b, ok := f.world.Bucket("new-one"); !ok || b.Account != ownerAccount || b.Region != homeRegion {
			t.Errorf("the world has %+v", b)
		}
		head, err := client.HeadBucket(f.Context(), &awss3.HeadBucketInput{Bucket: aws.String("new-one")})
		f.must(err)
		if *head.BucketRegion != homeRegion {
			t.Errorf("region %s", *head.BucketRegion)
		}
		f.put("new-one", "k", "v")
		_, err = client.DeleteBucket(f.Context(), &awss3.DeleteBucketInput{Bucket: aws.String("new-one")})
		f.fails(err, 409, "BucketNotEmpty")
		f.do(request{method: "DELETE", target: "/new-one/k"})
		_, err = client.DeleteBucket(f.Context(), &awss3.DeleteBucketInput{Bucket: aws.String("new-one")})
		f.must(err)
		if _, ok := f.world.Bucket("new-one"); ok {
			t.Error("the world still has the bucket")
		}
		f.refuses(request{method: "GET", target: "/new-one"}, 404, "NoSuchBucket")
	})
}

func TestCreateBucketRefusals(t *testing.T) {
	f := start(t)
	constraint := func(region string) string {
		return "<CreateBucketConfiguration><LocationConstraint>" + region + "</LocationConstraint></CreateBucketConfiguration>"
	}
	for _, test := range []struct {
		name, bucket, body, region string
		header                     map[string]string
		status                     int
		code                       string
	}{
		{"taken by another", "foreign", constraint(homeRegion), "", nil, 409, "BucketAlreadyExists"},
		{"taken by oneself", "reports", constraint(homeRegion), "", nil, 409, "BucketAlreadyOwnedByYou"},
		{"no constraint", "fresh", "", "", nil, 400, "IllegalLocationConstraintException"},
		{"other region", "fresh", constraint("us-west-2"), "", nil, 400, "IllegalLocationConstraintException"},
		{"us-east-1 by name", "fresh", constraint("us-east-1"), "us-east-1", nil, 400, "InvalidLocationConstraint"},
		{"no region", "fresh", constraint("moon"), "us-east-1", nil, 400, "InvalidLocationConstraint"},
		{"upper case", "Fresh", constraint(homeRegion), "", nil, 400, "InvalidBucketName"},
		{"short", "ab", constraint(homeRegion), "", nil, 400, "InvalidBucketName"},
		{"address", "192.168.1.1", constraint(homeRegion), "", nil, 400, "InvalidBucketName"},
		{"bad XML", "fresh", "<CreateBucket", "", nil, 400, "MalformedXML"},
		{"directory bucket", "fresh", "<CreateBucketConfiguration><Location/></CreateBucketConfiguration>", "us-east-1", nil, 501, "NotImplemented"},
		{"object lock", "fresh", constraint(homeRegion), "", map[string]string{"x-amz-bucket-object-lock-enabled": "true"}, 501, "NotImplemented"},
		{"ACL", "fresh", constraint(homeRegion), "", map[string]string{"x-amz-acl": "public-read"}, 400, "AccessControlListNotSupported"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := &fixture{T: t, server: f.server, world: f.world}
			f.refuses(request{method: "PUT", target: "/" + test.bucket, body: test.body, region: test.region, header: test.header}, test.status, test.code)
			if _, ok := f.world.Bucket("fresh"); ok {
				t.Error("the bucket exists")
			}
		})
	}
	f.refuses(request{method: "PUT", target: "/fresh", unsigned: true}, 403, "AccessDenied")
	for range 2 { // in us-east-1 one's own bucket can be created again
		if a := f.do(request{method: "PUT", target: "/east", region: "us-east-1"}); a.status != 200 || a.header.Get("Location") != "/east" {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if a := f.do(request{method: "PUT", target: "/old-name", body: constraint("EU"), region: "us-east-1"}); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if b, _ := f.world.Bucket("old-name"); b.Region != "eu-west-1" {
		t.Errorf("EU is %s", b.Region)
	}
}

func TestObjectTagging(t *testing.T) {
	f := start(t)
	client := f.client()
	key := aws.String("seed.txt")
	tags := []types.Tag{{Key: aws.String("a"), Value: aws.String("1 & <2>")}, {Key: aws.String("b"), Value: aws.String("")}}
	_, err := client.PutObjectTagging(t.Context(), &awss3.PutObjectTaggingInput{Bucket: aws.String(bucketName), Key: key, Tagging: &types.Tagging{TagSet: tags}})
	f.must(err)
	out, err := client.GetObjectTagging(t.Context(), &awss3.GetObjectTaggingInput{Bucket: aws.String(bucketName), Key: key})
	f.must(err)
	if len(out.TagSet) != 2 || *out.TagSet[0].Value != "1 & <2>" || *out.TagSet[1].Key != "b" {
		t.Errorf("got %v", out.TagSet)
	}
	_, err = client.DeleteObjectTagging(t.Context(), &awss3.DeleteObjectTaggingInput{Bucket: aws.String(bucketName), Key: key})
	f.must(err)
	out, err = client.GetObjectTagging(t.Context(), &awss3.GetObjectTaggingInput{Bucket: aws.String(bucketName), Key: key})
	f.must(err)
	if len(out.TagSet) != 0 {
		t.Errorf("after delete %v", out.TagSet)
	}
	many := "<Tagging><TagSet>" + strings.Repeat("<Tag><Key>k</Key><Value>v</Value></Tag>", 11) + "</TagSet></Tagging>"
	put := func(body string) request {
		return request{method: "PUT", target: "/reports/seed.txt?tagging", body: body}
	}
	f.refuses(put(many), 400, "InvalidTag")
	f.refuses(put("<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"), 400, "InvalidTag")
	f.refuses(put("<Tagging><TagSet><Tag><Key>aws:k</Key><Value>v</Value></Tag></TagSet></Tagging>"), 400, "InvalidTag")
	f.refuses(put("<Tagging><TagSet><Tag><Key>k</Key><Value>"+strings.Repeat("v", 257)+"</Value></Tag></TagSet></Tagging>"), 400, "InvalidTag")
	f.refuses(put("<Tagging>"), 400, "MalformedXML")
	f.refuses(request{method: "GET", target: "/reports/none?tagging"}, 404, "NoSuchKey")
}

func TestTaggingOfVersions(t *testing.T) {
	f := start(t)
	ids := f.versions("k", "one", "two")
	f.do(request{method: "PUT", target: "/versioned/k?tagging&versionId=" + ids[0], body: "<Tagging><TagSet><Tag><Key>of</Key><Value>one</Value></Tag></TagSet></Tagging>"})
	if a := f.do(request{method: "GET", target: "/versioned/k?tagging&versionId=" + ids[0]}); !strings.Contains(a.body, "<Value>one</Value>") || a.header.Get("x-amz-version-id") != ids[0] {
		t.Errorf("%s %v", a.body, a.header)
	}
	if a := f.do(request{method: "GET", target: "/versioned/k?tagging"}); strings.Contains(a.body, "<Tag>") {
		t.Errorf("the newest version has tags: %s", a.body)
	}
}

func TestACL(t *testing.T) {
	f := start(t)
	for _, target := range []string{"/reports?acl", "/reports/seed.txt?acl"} {
		got := f.do(request{method: "GET", target: target})
		if got.status != 200 || !strings.Contains(got.body, `xsi:type="CanonicalUser"`) || !strings.Contains(got.body, "FULL_CONTROL") {
			t.Errorf("%s: %s", target, got.body)
		}
		if a := f.do(request{method: "PUT", target: target, body: got.body}); a.status != 200 {
			t.Errorf("the same again: %s", a.body)
		}
		if a := f.do(request{method: "PUT", target: target, header: map[string]string{"x-amz-acl": "private"}}); a.status != 200 {
			t.Errorf("private: %s", a.body)
		}
		f.refuses(request{method: "PUT", target: target, header: map[string]string{"x-amz-acl": "public-read"}}, 400, "AccessControlListNotSupported")
		f.refuses(request{method: "PUT", target: target, body: strings.ReplaceAll(got.body, "FULL_CONTROL", "READ")}, 400, "AccessControlListNotSupported")
		f.refuses(request{method: "PUT", target: target, body: "<x"}, 400, "MalformedXML")
	}
	f.refuses(request{method: "GET", target: "/reports/none?acl"}, 404, "NoSuchKey")
	f.refuses(request{method: "PUT", target: "/reports/none?acl", header: map[string]string{"x-amz-acl": "private"}}, 404, "NoSuchKey")
	out, err := f.client().GetObjectAcl(t.Context(), &awss3.GetObjectAclInput{Bucket: aws.String(bucketName), Key: aws.String("seed.txt")})
	f.must(err)
	if len(out.Grants) != 1 || *out.Grants[0].Grantee.ID != *out.Owner.ID || out.Grants[0].Grantee.Type != types.TypeCanonicalUser {
		t.Errorf("got %+v", out)
	}
}

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
	f.refuses(put(strings.Replace(text, "shared", strings.Repeat("s", 21_000), 1)), 400, "PolicyTooLarge")
	if b, _ := f.world.Bucket(bucketName); b.Policy == nil {
		t.Error("a refused policy took the place of the old one")
	}
	_, err = client.DeleteBucketPolicy(t.Context(), &awss3.DeleteBucketPolicyInput{Bucket: aws.String(bucketName)})
	f.must(err)
	_, err = client.GetBucketPolicy(t.Context(), in)
	f.fails(err, 404, "NoSuchBucketPolicy")
}

func TestGetObjectAttributes(t *testing.T) {
	f := start(t)
	client := f.client()
	u := f.begin(client, "big", func(in *awss3.CreateMultipartUploadInput) {
		in.ChecksumAlgorithm, in.StorageClass = types.ChecksumAlgorithmCrc32, types.StorageClassStandardIa
	})
	u.send(1, noise(fiveMiB))
	u.send(2, []byte("end"))
	done, err := u.complete(u.parts)
	f.must(err)
	in := &awss3.GetObjectAttributesInput{Bucket: aws.String(bucketName), Key: aws.String("big"), MaxParts: aws.Int32(1), ObjectAttributes: []types.ObjectAttributes{
		types.ObjectAttributesEtag, types.ObjectAttributesChecksum, types.ObjectAttributesObjectParts, types.ObjectAttributesStorageClass, types.ObjectAttributesObjectSize}}
	out, err := client.GetObjectAttributes(t.Context(), in)
	f.must(err)
	if *out.ETag != strings.Trim(*done.ETag, `"`) || *out.ObjectSize != fiveMiB+3 || out.StorageClass != types.StorageClassStandardIa || *out.Checksum.ChecksumCRC32 != *done.ChecksumCRC32 {
		t.Errorf("got %+v", out)
	}
	if p := out.ObjectParts; *p.TotalPartsCount != 2 || len(p.Parts) != 1 || !*p.IsTruncated || *p.NextPartNumberMarker != "1" || p.Parts[0].ChecksumCRC32 == nil {
		t.Errorf("parts %+v", p)
	}
	f.refuses(request{method: "GET", target: "/reports/seed.txt?attributes"}, 400, "InvalidArgument")
	f.refuses(request{method: "GET", target: "/reports/seed.txt?attributes", header: map[string]string{"x-amz-object-attributes": "Colour"}}, 400, "InvalidArgument")
	f.refuses(request{method: "GET", target: "/reports/none?attributes", header: map[string]string{"x-amz-object-attributes": "ETag"}}, 404, "NoSuchKey")
}
