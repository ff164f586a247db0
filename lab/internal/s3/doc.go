// Package s3 serves the lab's Amazon S3: the REST API of 2006-03-01 with path
// style and virtual-hosted-style addresses.
//
// A request goes through, in this order: address and operation, SigV4, session,
// region, bucket, authorization, handler. Nothing is read from or written to the
// store before the rights for it have been asked for, action by action and key
// by key. What the package does not offer is answered NotImplemented (501).
//
// Objects are held in memory by lab/internal/s3/store; the owner, region,
// versioning and policy of a bucket are the world's.
//
// A [Service] is safe for concurrent use. It must not be mounted behind an
// http.ServeMux pattern, which would clean "//" and ".." out of keys. It keeps no
// access logs, has no ACLs (as in a bucket with Object Ownership
// "BucketOwnerEnforced"), no encryption, no lifecycle, no MFA delete
// and no object lock.
package s3
