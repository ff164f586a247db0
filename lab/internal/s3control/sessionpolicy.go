package s3control

import (
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
)

// Actions of vended credentials, as the S3 guide lists them.
var (
	readObject  = []string{"s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAcl", "s3:GetObjectVersionAcl", "s3:ListMultipartUploadParts"}
	readBucket  = []string{"s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"}
	writeObject = []string{
		"s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectVersionAcl", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload",
	}
)

type statement struct {
	Effect    string
	Action    []string
	Resource  string
	Condition map[string]map[string]string `json:",omitempty"`
}

// sessionPolicy limits a session to a target: everything under it if it ends
// with a star, else the one object.
func sessionPolicy(partition, target string, permission types.Permission) []byte {
	path, wild := strings.CutSuffix(strings.TrimPrefix(target, "s3://"), "*")
	star := ""
	if wild {
		star = "*"
	}
	arn := "arn:" + partition + ":s3:::"
	var all []statement
	objects := arn + escape(path) + star
	if permission != types.PermissionWrite {
		all = append(all, statement{Effect: "Allow", Action: readObject, Resource: objects})
		if wild {
			all = append(all, listing(arn, path))
		}
	}
	if permission != types.PermissionRead {
		all = append(all, statement{Effect: "Allow", Action: writeObject, Resource: objects})
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": all})
	if err != nil {
		panic(err) // strings only
	}
	return text
}

// listing admits lists under a path. Of a whole bucket every list is within the
// target, also one that names no prefix and so has no s3:prefix.
func listing(arn, path string) statement {
	bucket, prefix, inBucket := strings.Cut(path, "/")
	s := statement{Effect: "Allow", Action: readBucket, Resource: arn + escape(bucket)}
	switch {
	case !inBucket:
		s.Resource += "*"
	case prefix != "":
		s.Condition = map[string]map[string]string{"StringLike": {"s3:prefix": escape(prefix) + "*"}}
	}
	return s
}

// escape keeps characters of a key from being read as wildcards or variables.
func escape(s string) string {
	return strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}").Replace(s)
}
