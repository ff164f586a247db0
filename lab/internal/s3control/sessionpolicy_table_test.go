package s3control_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/s3control"
)

// actions of S3 that are asked about, those of vended credentials and others.
var (
	objectActions = strings.Fields(`AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectTagging DeleteObjectVersion DeleteObjectVersionTagging
		GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging GetObjectTorrent GetObjectVersion GetObjectVersionAcl
		GetObjectVersionAttributes GetObjectVersionForReplication GetObjectVersionTagging InitiateReplication ListMultipartUploadParts
		ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl PutObjectLegalHold PutObjectRetention PutObjectTagging PutObjectVersionAcl
		PutObjectVersionTagging ReplicateDelete ReplicateObject ReplicateTags RestoreObject UpdateObjectEncryption`)
	bucketActions = strings.Fields(`CreateBucket DeleteBucket DeleteBucketPolicy GetAccelerateConfiguration GetBucketAcl GetBucketCORS GetBucketLocation
		GetBucketLogging GetBucketNotification GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus GetBucketPublicAccessBlock GetBucketTagging
		GetBucketVersioning GetEncryptionConfiguration GetInventoryConfiguration GetLifecycleConfiguration GetReplicationConfiguration ListBucket
		ListBucketMultipartUploads ListBucketVersions PutBucketAcl PutBucketPolicy PutBucketTagging PutBucketVersioning PutLifecycleConfiguration`)
	otherActions = strings.Fields("ListAllMyBuckets GetDataAccess ListCallerAccessGrants GetAccessGrantsInstanceForPrefix CreateAccessGrant ListAccessGrants CreateSession")
)

// What credentials of each permission may do (S3 user guide, "Grants", and the
// description of Permission in the S3 Control API reference).
func TestActionsOfPermissions(t *testing.T) {
	read := []string{"GetObject", "GetObjectAcl", "GetObjectVersion", "GetObjectVersionAcl", "ListMultipartUploadParts"}
	list := []string{"ListBucket", "ListBucketMultipartUploads", "ListBucketVersions"}
	write := []string{"AbortMultipartUpload", "DeleteObject", "DeleteObjectVersion", "PutObject", "PutObjectAcl", "PutObjectVersionAcl"}
	for target, listed := range map[string]bool{"s3://bucket/p/*": true, "s3://bucket/*": true, "s3://bu*": true, "s3://bucket/p/k": false} {
		for permission, want := range map[types.Permission][]string{
			types.PermissionRead: read, types.PermissionWrite: write, types.PermissionReadwrite: slices.Concat(read, write),
		} {
			wantLists := list
			if !listed || permission == types.PermissionWrite {
				wantLists = nil
			}
			doc := parsed(t, target, permission)
			got := allowed(doc, objectActions, "arn:aws:s3:::bucket/p/k", nil)
			if diff := cmp.Diff(sorted(want), got); diff != "" {
				t.Errorf("%s of %s, on an object (-want +got):\n%s", permission, target, diff)
			}
			if got := allowed(doc, bucketActions, "arn:aws:s3:::bucket", policy.Context{"s3:prefix": {"p/k"}}); !slices.Equal(got, wantLists) {
				t.Errorf("%s of %s, on the bucket: %v, want %v", permission, target, got, wantLists)
			}
			for _, resource := range []string{"*", "arn:aws:s3:::bucket", "arn:aws:s3:::bucket/p/k", "arn:aws:s3:eu-west-1:444455556666:access-grants/default"} {
				if got := allowed(doc, otherActions, resource, nil); got != nil {
					t.Errorf("%s of %s on %s: %v", permission, target, resource, got)
				}
			}
		}
	}
}

// Where each target reaches, and with which prefix a list may ask.
func TestReachOfTargets(t *testing.T) {
	const none = "-" // a list that names no prefix
	for target, c := range map[string]struct {
		objects, notObjects, lists, notLists string
	}{
		"s3://bucket/p/*": {"bucket/p/ bucket/p/k bucket/p/q/k", "bucket/pk bucket/q/k bucket2/p/k", "bucket:p/ bucket:p/k", "bucket:" + none + " bucket: bucket:p bucket:q/ bucket2:p/"},
		"s3://bucket/p*":  {"bucket/p bucket/pk bucket/p/k", "bucket/q bucket2/p", "bucket:p bucket:pk", "bucket:" + none + " bucket: bucket2:p"},
		"s3://bucket/*":   {"bucket/k bucket/p/k", "bucket2/k", "bucket:" + none + " bucket: bucket:p", "bucket2:" + none + " bucket2:p"},
		"s3://bu*":        {"bu/k bucket/k bucket2/p/k", "other/bu b/k", "bu:" + none + " bucket: bucket2:p bucket:" + none, "b:" + none + " other:bu"},
		"s3://bucket/p/k": {"bucket/p/k", "bucket/p/k2 bucket/p/k/x bucket/p/", "", "bucket:" + none + " bucket:p/k bucket:p/"},
	} {
		doc := parsed(t, target, types.PermissionReadwrite)
		for keys, want := range map[string]bool{c.objects: true, c.notObjects: false} {
			for key := range strings.FieldsSeq(keys) {
				if got := allows(doc, "s3:GetObject", "arn:aws:s3:::"+key, nil) && allows(doc, "s3:PutObject", "arn:aws:s3:::"+key, nil); got != want {
					t.Errorf("%s, object %s: %t", target, key, got)
				}
			}
		}
		for lists, want := range map[string]bool{c.lists: true, c.notLists: false} {
			for list := range strings.FieldsSeq(lists) {
				bucket, prefix, _ := strings.Cut(list, ":")
				keys := policy.Context{"s3:prefix": {prefix}}
				if prefix == none {
					keys = nil
				}
				if got := allows(doc, "s3:ListBucket", "arn:aws:s3:::"+bucket, keys); got != want {
					t.Errorf("%s, list %s: %t", target, list, got)
				}
			}
		}
	}
}

func parsed(t *testing.T, target string, permission types.Permission) *policy.Document {
	t.Helper()
	doc, err := policy.Parse(s3control.SessionPolicy("aws", target, permission), policy.Session)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func allowed(doc *policy.Document, actions []string, resource string, keys policy.Context) (all []string) {
	for _, action := range actions {
		if allows(doc, "s3:"+action, resource, keys) {
			all = append(all, action)
		}
	}
	return all
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }
