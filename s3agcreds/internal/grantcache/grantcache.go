// Package grantcache remembers answers of S3 Access Grants: who may do what below which
// prefix, with a value (credentials) for as long as it lasts.
//
// An answer is kept under the target that was matched, not under the one that was asked
// for, so that one grant serves everything that it covers. Of several the longest match
// answers, of these the one for the object, and of these the one with exactly the
// permission. One that is past its time hides no other. An answer replaces all older ones
// that would answer its question instead. Grants are looked at before denials, and denials
// answer exactly the question that was denied.
//
// For each scope and bucket there is a byte-radix trie whose nodes do not change; to put
// something in copies the way to it. So a look-up takes no lock and allocates nothing. What
// was used longest ago goes first when the cache is full; uses within one millisecond are
// not told apart.
//
// It calls nothing itself, knows no credentials, and is safe for concurrent use. The only
// goroutines are those of calls that are under way.
package grantcache

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
)

// Scope is whose grants are meant, and of which instance.
type Scope struct {
	// Principal is who asks: something that stays the same while their credentials are
	// renewed, or else the access key.
	Principal string
	// Account and Region are those of the Access Grants instance.
	Account, Region string
}

// Question is what somebody wants to do.
type Question struct {
	Scope

	// Bucket and Path are the target s3://Bucket/Path. No character of either is a wildcard.
	Bucket, Path string
	// Prefix says that everything that begins with Path is meant, not the object of that
	// name: a list, or several keys.
	Prefix bool
	// Permission that is needed.
	Permission types.Permission
	// Minimal says that credentials for exactly this target are wanted: those for more
	// do not answer.
	Minimal bool
}

// Answer is what was granted.
type Answer[V any] struct {
	// Value is what [Cache.Get] returns.
	Value V
	// Target is the MatchedGrantTarget, "" for the target of the question.
	Target string
	// Expires is the end of the value's life, by the local clock.
	Expires time.Time
}

// Outcome is how one who asks came by an answer, or by an error.
type Outcome int

// The outcomes.
const (
	// None: the context had ended before anything happened.
	None Outcome = iota
	// Hit: an answer was at hand.
	Hit
	// HitRenewed is a Hit, for which a renewal in the background was begun.
	HitRenewed
	// Miss: the service was asked for this caller.
	Miss
	// Shared: the caller waited for what another had asked.
	Shared
	// Denied: a denial was at hand, or was what another got.
	Denied
)

// Ask asks the service. The context outlives the caller's and ends by itself.
type Ask[V any] func(ctx context.Context) (Answer[V], error)

// ParseTarget splits a target "s3://bucket/path". The only wildcard is a star at the
// end, which wild tells; it is not part of the path. "s3://b" is "s3://b/". Where the
// wildcard is in the bucket's name ("s3://*", "s3://b*"), whole is false and bucket is
// the beginning of the names.
func ParseTarget(target string) (bucket, path string, wild, whole bool) {
	rest := strings.TrimPrefix(target, "s3://")
	rest, wild = strings.CutSuffix(rest, "*")
	bucket, path, whole = strings.Cut(rest, "/")
	return bucket, path, wild, whole || !wild
}
