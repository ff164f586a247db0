package s3_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
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
		if a := f.do(request{method: "HEAD", target: "/new-one"}); a.header.Get("Content-Type") != "application/xml" || a.header.Get("x-amz-access-point-alias") != "false" {
			t.Errorf("HEAD: %v", a.header)
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

func TestBucketNotEmpty(t *testing.T) {
	f := start(t)
	a := f.refuses(request{method: "DELETE", target: "/reports"}, 409, "BucketNotEmpty")
	if !strings.Contains(a.body, "<BucketName>reports</BucketName>") || strings.Contains(a.body, "versions") {
		t.Error(a.body)
	}
	id := f.versions("k", "one")[0]
	f.do(request{method: "DELETE", target: "/versioned/k"})
	if a := f.refuses(request{method: "DELETE", target: "/versioned"}, 409, "BucketNotEmpty"); !strings.Contains(a.body, "You must delete all versions in the bucket.") {
		t.Error(a.body)
	}
	f.do(request{method: "DELETE", target: "/versioned/k?versionId=" + id})
	f.refuses(request{method: "DELETE", target: "/versioned"}, 409, "BucketNotEmpty") // the delete marker
	if _, ok := f.world.Bucket("versioned"); !ok {
		t.Error("a refused DeleteBucket deleted it")
	}
	if a := f.do(request{method: "DELETE", target: "/foreign"}); a.status != 204 || a.body != "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	f.refuses(request{method: "DELETE", target: "/foreign"}, 404, "NoSuchBucket")
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
}

// TestACLOfTheSDK: the client of the SDK reads ACLs and puts them back.
func TestACLOfTheSDK(t *testing.T) {
	bothDoors(t, func(f *fixture, client *awss3.Client) {
		ctx, bucket, key := f.Context(), aws.String(bucketName), aws.String("seed.txt")
		object, err := client.GetObjectAcl(ctx, &awss3.GetObjectAclInput{Bucket: bucket, Key: key})
		f.must(err)
		if len(object.Grants) != 1 || *object.Grants[0].Grantee.ID != *object.Owner.ID || object.Grants[0].Grantee.Type != types.TypeCanonicalUser {
			f.Errorf("got %+v", object)
		}
		of, err := client.GetBucketAcl(ctx, &awss3.GetBucketAclInput{Bucket: bucket})
		f.must(err)
		if diff := cmp.Diff(object.Grants, of.Grants, cmpopts.IgnoreUnexported(types.Grant{}, types.Grantee{})); diff != "" {
			f.Errorf("the bucket's grants (-object +bucket):\n%s", diff)
		}
		same, other := &types.AccessControlPolicy{Owner: of.Owner, Grants: of.Grants}, of.Grants[0]
		other.Permission = types.PermissionRead
		_, err = client.PutBucketAcl(ctx, &awss3.PutBucketAclInput{Bucket: bucket, AccessControlPolicy: same})
		f.must(err)
		_, err = client.PutObjectAcl(ctx, &awss3.PutObjectAclInput{Bucket: bucket, Key: key, ACL: types.ObjectCannedACLBucketOwnerFullControl})
		f.must(err)
		_, err = client.PutObjectAcl(ctx, &awss3.PutObjectAclInput{Bucket: bucket, Key: key, AccessControlPolicy: &types.AccessControlPolicy{Owner: of.Owner, Grants: []types.Grant{other}}})
		f.fails(err, 400, "AccessControlListNotSupported")
		_, err = client.PutBucketAcl(ctx, &awss3.PutBucketAclInput{Bucket: bucket, ACL: types.BucketCannedACLPublicRead})
		f.fails(err, 400, "AccessControlListNotSupported")
	})
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
