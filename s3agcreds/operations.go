package s3agcreds

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
)

// requestOf returns what the parameters of an operation are about, nil if S3 Access Grants
// has nothing for the operation or its bucket.
func requestOf(parameters any) *request {
	switch in := parameters.(type) {
	case *s3.GetObjectInput:
		return object(in.Bucket, in.Key, types.PermissionRead)
	case *s3.PutObjectInput:
		return object(in.Bucket, in.Key, types.PermissionWrite)
	case *s3.ListObjectsV2Input:
		return &request{bucket: aws.ToString(in.Bucket), path: aws.ToString(in.Prefix), prefix: true, permission: types.PermissionRead}
	}
	return nil
}

func object(bucket, key *string, permission types.Permission) *request {
	return &request{bucket: aws.ToString(bucket), path: aws.ToString(key), permission: permission}
}
