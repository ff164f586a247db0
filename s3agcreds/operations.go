package s3agcreds

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
)

// requestOf returns what the parameters of an operation are about, nil if S3 Access Grants
// has nothing for the operation or its bucket.
func requestOf(parameters any) *request {
	r := reading(parameters)
	if r == nil {
		r = writing(parameters)
	}
	if r == nil {
		r = copying(parameters)
	}
	if r == nil || !general(r.bucket) {
		return nil
	}
	return r
}

// reading are the operations that need READ.
func reading(parameters any) *request {
	switch in := parameters.(type) {
	case *s3.GetObjectInput:
		return object(in.Bucket, in.Key, types.PermissionRead)
	case *s3.HeadObjectInput:
		return object(in.Bucket, in.Key, types.PermissionRead)
	case *s3.GetObjectAclInput:
		return object(in.Bucket, in.Key, types.PermissionRead)
	case *s3.GetObjectAttributesInput:
		return object(in.Bucket, in.Key, types.PermissionRead)
	case *s3.ListPartsInput:
		return object(in.Bucket, in.Key, types.PermissionRead)
	case *s3.ListObjectsV2Input:
		return prefix(in.Bucket, in.Prefix)
	case *s3.ListObjectsInput:
		return prefix(in.Bucket, in.Prefix)
	case *s3.ListObjectVersionsInput:
		return prefix(in.Bucket, in.Prefix)
	case *s3.ListMultipartUploadsInput:
		return prefix(in.Bucket, in.Prefix)
	case *s3.HeadBucketInput:
		return prefix(in.Bucket, nil)
	}
	return nil
}

// writing are the operations that need WRITE.
func writing(parameters any) *request {
	switch in := parameters.(type) {
	case *s3.PutObjectInput:
		return object(in.Bucket, in.Key, types.PermissionWrite)
	case *s3.PutObjectAclInput:
		return object(in.Bucket, in.Key, types.PermissionWrite)
	case *s3.CreateMultipartUploadInput:
		return object(in.Bucket, in.Key, types.PermissionWrite)
	case *s3.UploadPartInput:
		return object(in.Bucket, in.Key, types.PermissionWrite)
	case *s3.CompleteMultipartUploadInput:
		return object(in.Bucket, in.Key, types.PermissionWrite)
	case *s3.AbortMultipartUploadInput:
		return object(in.Bucket, in.Key, types.PermissionWrite)
	case *s3.DeleteObjectInput:
		return object(in.Bucket, in.Key, types.PermissionWrite)
	case *s3.DeleteObjectsInput:
		return several(in.Bucket, keysOf(in.Delete), types.PermissionWrite)
	}
	return nil
}

// copying are the operations that read one object and write another. One signature is
// for both, so that one grant must be.
func copying(parameters any) *request {
	switch in := parameters.(type) {
	case *s3.CopyObjectInput:
		return between(in.Bucket, in.CopySource, in.Key)
	case *s3.UploadPartCopyInput:
		return between(in.Bucket, in.CopySource, in.Key)
	}
	return nil
}

func object(bucket, key *string, permission types.Permission) *request {
	return &request{bucket: aws.ToString(bucket), path: aws.ToString(key), permission: permission}
}

// prefix is a list of what begins alike, or of a whole bucket.
func prefix(bucket, prefix *string) *request {
	return &request{bucket: aws.ToString(bucket), path: aws.ToString(prefix), prefix: true, permission: types.PermissionRead}
}

// several are keys of one bucket: what they begin with in common, or the one key that
// they all are.
func several(bucket *string, keys []string, permission types.Permission) *request {
	path, same := common(keys)
	return &request{bucket: aws.ToString(bucket), path: path, prefix: !same, permission: permission}
}

// between is a copy. No signature serves two buckets, nor an access point.
func between(bucket, source, key *string) *request {
	from, sourceKey, ok := parseCopySource(aws.ToString(source))
	if !ok || from != aws.ToString(bucket) {
		return nil
	}
	return several(bucket, []string{sourceKey, aws.ToString(key)}, types.PermissionReadwrite)
}

func keysOf(d *s3types.Delete) []string {
	if d == nil {
		return nil
	}
	keys := make([]string, len(d.Objects))
	for i := range d.Objects {
		keys[i] = aws.ToString(d.Objects[i].Key)
	}
	return keys
}
