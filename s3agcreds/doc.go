// Package s3agcreds turns AWS credentials into S3 credentials: S3 Access Grants for
// aws-sdk-go-v2. It has two doors.
//
// A [Plugin] goes into S3 clients and signs each of their requests with what S3 Access
// Grants has for it: the bucket and key that the request is about, and the permission that
// its operation needs. It remembers grants, so that one GetDataAccess serves everything
// below a granted prefix:
//
//	plugin, err := s3agcreds.New(cfg)
//	client := s3.NewFromConfig(cfg, plugin.Install)
//
// A [Provider] is an [aws.CredentialsProvider] for one target such as
// "s3://bucket/team-a/*" and one permission. [Provider.Grant] also tells what was granted,
// [FindInstanceAccount] finds the account that owns the instance, and [Covers] decides
// whether a grant at hand serves a further request.
//
// The usual caller holds identity-enhanced credentials, for instance those of
// the package tipcreds, with which S3 itself cannot be called; but every IAM
// identity that has a grant will do.
//
// # A server with many users
//
// One client and one plugin serve them all. Each call says whose it is:
//
//	out, err := client.GetObject(ctx, input, plugin.As(user))
//
// where user is an [aws.CredentialsProvider], such as a tipcreds.User. Grants are
// remembered by user: see [Principaler], and [Plugin.Forget] for when one signs out. A
// call whose user was forgotten (nil) fails. Never put the credentials of such a client
// into an [aws.CredentialsCache]: it would sign one request with the grant of another.
//
// # Operations
//
//	READ       GetObject, HeadObject, GetObjectAcl, GetObjectAttributes, ListParts,
//	           ListObjects, ListObjectsV2, ListObjectVersions, ListMultipartUploads, HeadBucket
//	WRITE      PutObject, PutObjectAcl, DeleteObject, DeleteObjects, CreateMultipartUpload,
//	           UploadPart, CompleteMultipartUpload, AbortMultipartUpload
//	READWRITE  CopyObject, UploadPartCopy
//
// Lists are about their prefix, HeadBucket about the whole bucket, DeleteObjects about what
// its keys begin with in common. A copy is about what both keys begin with in common. One
// signature cannot serve two buckets: a copy between buckets is signed with the base
// credentials. So is every other operation, and every operation on access points (ARNs and
// aliases), multi-region and Object Lambda access points, Outposts, and directory buckets
// (S3 Express One Zone), whose sessions are made with the base credentials. Presigned
// requests carry the credentials of a grant, and end when these do, which may be sooner
// than asked for. With privilege Minimal a presigned POST is for its key only, not for
// others that conditions may allow.
//
// A prefix is sent as it is, as the plugins of AWS do; where somebody has a grant for one
// object of that very name, it is sent again with a star. With privilege Minimal prefixes
// always have the star, objects the target type Object, and a key that ends in a star
// cannot be asked for ([ErrStarKey]).
//
// # Failures
//
// What S3 Access Grants refuses is a [*DataAccessError], which [errors.As] finds in the
// error of the S3 call; [Options.Fallback] says when the base credentials sign instead.
// GetDataAccess is retried by its own client, and the S3 client does not ask again. Keys may
// have any character, control characters included, which errors and logs show quoted. A
// target cannot have a line break: for a key with one the grant is asked for that covers
// everything up to it, and with privilege Minimal it is refused ([ErrTarget]), as is a key
// that is not UTF-8, which S3 does not take. Denials
// are remembered for a time, outages and throttling are not. If S3 answers ExpiredToken,
// InvalidToken, InvalidAccessKeyId or TokenRefreshRequired, that grant is forgotten and
// the next call asks for another; HEAD requests have no such answer.
//
// # Metrics
//
// By [Options.MeterProvider], or that of the S3 client:
//
//	s3agcreds.requests                  counter, {request}: S3 requests (each attempt, and
//	                                    two for a presigned one) by outcome
//	s3agcreds.get_data_access.duration  histogram, s: calls of GetDataAccess, retries
//	                                    included, by permission and result
//
// The outcome is hit (a grant was at hand), miss (GetDataAccess was called), shared (with
// the call of another request), denied (a denial was at hand, or shared) or, besides one
// of these, fallback; refresh counts renewals, in the background and by [Plugin.Refresh].
// The result is granted or a [Kind].
//
// # Permissions
//
// The caller needs s3:GetDataAccess on the instance, in its own policy and, if
// the instance belongs to another account, in the instance's resource policy
// too. FindInstanceAccount, and a Plugin without [Options.AccountID], need
// s3:GetAccessGrantsInstanceForPrefix as well. Nothing else, above all no S3 object
// permission.
//
// The trust policy of the role behind a registered location must allow
// access-grants.s3.amazonaws.com sts:AssumeRole, sts:SetSourceIdentity for IAM
// grantees, and sts:SetContext for directory users and groups.
//
// # Concurrency
//
// A Plugin and a Provider are safe for concurrent use, and need no closing. The
// functions are pure.
//
// # What it does not do
//
// It does not send an S3 request to another region than its client's (see [Plugin.Region]),
// keep grants beyond the process, or manage instances, locations and grants. It does not
// touch the bodies of requests; what smithy-go does with these is as without it.
package s3agcreds
