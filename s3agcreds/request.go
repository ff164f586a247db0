package s3agcreds

import (
	"context"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/smithy-go/middleware"
)

// request is what an S3 operation is about.
type request struct {
	bucket, path string
	// prefix says that everything that begins with path is meant, not the object path.
	prefix     bool
	permission types.Permission
	// region is that of the S3 client.
	region string
	// signed is the grant whose credentials the latest attempt was signed with.
	signed atomic.Pointer[Grant]
}

// target is the request's target as it is sent to S3 Access Grants. A prefix is sent
// without a star unless its own last character is one.
func (r *request) target() string {
	if r.prefix && (r.path == "" || strings.HasSuffix(r.path, "*")) {
		return r.starred()
	}
	return scheme + r.bucket + "/" + r.path
}

// starred is the target of a prefix with the star that tells it from an object.
func (r *request) starred() string { return scheme + r.bucket + "/" + r.path + "*" }

// sendable is the request as S3 Access Grants can be asked for it. No target has a line
// break, nor has the scope of a grant (the service's model has the pattern ^.+$ for both).
// So a grant is for a key with one if it is for all that begins with what is before that.
func (r *request) sendable() *request {
	at := strings.IndexAny(r.path, "\n\r\u0085\u2028\u2029")
	if at < 0 {
		return r
	}
	return &request{bucket: r.bucket, path: r.path[:at], prefix: true, permission: r.permission, region: r.region}
}

// requestKey is the stack value's key for a *request.
type requestKey struct{}

func withRequest(ctx context.Context, r *request) context.Context {
	return middleware.WithStackValue(ctx, requestKey{}, r)
}

// requestFrom returns the request that a call of the S3 client is about, nil if it is
// none for S3 Access Grants.
func requestFrom(ctx context.Context) *request {
	r, _ := middleware.GetStackValue(ctx, requestKey{}).(*request)
	return r
}
