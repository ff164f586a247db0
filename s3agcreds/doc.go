// Package s3agcreds turns AWS credentials into S3 credentials for one target:
// S3 Access Grants for aws-sdk-go-v2.
//
// A [Provider] is an [aws.CredentialsProvider] over s3control:GetDataAccess.
// It asks the Access Grants instance for a target such as
// "s3://bucket/team-a/*" and a permission, and returns the credentials that
// the instance vends. [Provider.Grant] also tells what was granted.
// [FindInstanceAccount] finds the account that owns the instance.
// [Covers] decides whether a grant at hand serves a further request.
//
// The usual caller holds identity-enhanced credentials, for instance those of
// the package tipcreds, with which S3 itself cannot be called; but every IAM
// identity that has a grant will do.
//
// # Permissions
//
// The caller needs s3:GetDataAccess on the instance, in its own policy and, if
// the instance belongs to another account, in the instance's resource policy
// too. FindInstanceAccount needs s3:GetAccessGrantsInstanceForPrefix. Nothing
// else, above all no S3 object permission.
//
// The trust policy of the role behind a registered location must allow
// access-grants.s3.amazonaws.com sts:AssumeRole, sts:SetSourceIdentity for IAM
// grantees, and sts:SetContext for directory users and groups.
//
// # Concurrency
//
// A Provider is immutable apart from its cache and safe for concurrent use. The
// functions are pure.
//
// # What it does not do
//
// It does not choose targets for S3 operations, keep a cache of many grants,
// follow buckets to other regions, or manage instances, locations and grants.
package s3agcreds
