package s3agcreds

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
)

const (
	scheme    = "s3://"
	arnPrefix = "arn:aws:s3:::"
	// maxTarget is GetDataAccess's limit for target, in characters.
	maxTarget = 2000
)

// ErrTarget is the cause of a refused target.
var ErrTarget = errors.New("invalid S3 target")

// ValidateTarget checks that target is one that GetDataAccess can take: it
// begins with "s3://", names something, and has at most 2000 characters, none of
// them a control character such as a newline: what is asked for is written into logs
// and shown on terminals. The error wraps [ErrTarget] and says what may have been meant. The target is
// not otherwise interpreted: an asterisk at its end asks for a prefix, any
// other character stands for itself.
func ValidateTarget(target string) error {
	if err := askable(target); err != nil {
		return err
	}
	if strings.ContainsFunc(target, unicode.IsControl) {
		return fmt.Errorf("%w %.100q: it has a control character", ErrTarget, target)
	}
	return nil
}

// askable is [ValidateTarget] for targets of requests: S3 takes keys with control
// characters, whatever is thought of them.
func askable(target string) error {
	switch {
	case target == "" || target == scheme:
		return fmt.Errorf("%w %q: want s3://BUCKET/KEY or s3://BUCKET/PREFIX*", ErrTarget, target)
	case !strings.HasPrefix(target, scheme):
		return fmt.Errorf("%w %.100q: it must begin with s3://%s", ErrTarget, target, didYouMean(target))
	case !utf8.ValidString(target):
		return fmt.Errorf("%w %.100q: not UTF-8", ErrTarget, target)
	case utf8.RuneCountInString(target) > maxTarget:
		return fmt.Errorf("%w: %d characters, at most %d are allowed", ErrTarget, utf8.RuneCountInString(target), maxTarget)
	case target[len(scheme)] == '/':
		return fmt.Errorf("%w %.100q: the bucket is missing", ErrTarget, target)
	default:
		return nil
	}
}

// didYouMean suggests a target for a missing or misspelt scheme.
func didYouMean(target string) string {
	rest, isARN := strings.CutPrefix(target, arnPrefix)
	if i := strings.Index(rest, "://"); !isARN && i >= 0 {
		if !strings.EqualFold(rest[:i], "s3") {
			return ""
		}
		rest = rest[i+len("://"):]
	} else if short := len("s3:"); !isARN && len(rest) >= short && strings.EqualFold(rest[:short], "s3:") {
		rest = rest[short:]
	}
	rest = strings.TrimLeft(rest, "/")
	if rest == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %.100q?)", scheme+rest)
}

// NormalizeTarget gives a bucket without a path the slash that its grants
// have: "s3://bucket" becomes "s3://bucket/". It is for comparing targets here;
// AWS is sent what the caller wrote.
func NormalizeTarget(target string) string {
	rest, ok := strings.CutPrefix(target, scheme)
	if !ok || rest == "" || strings.Contains(rest, "/") || strings.HasSuffix(rest, "*") {
		return target
	}
	return target + "/"
}

// Covers reports whether credentials for grantTarget (a MatchedGrantTarget) and
// permission serve a request for requestTarget and requestPermission, so that
// GetDataAccess need not be called for it.
//
// The only wildcard is one asterisk at the very end of grantTarget, which
// stands for any string, slashes included; everywhere else an asterisk, a
// question mark or a bracket is that character. Without it the grant is for
// one object and the targets must be equal. An asterisk at the end of requestTarget asks
// for a prefix, which must lie within the grant's. READWRITE covers READ and WRITE;
// READ and WRITE do not add up to READWRITE.
//
// It compares text. Whose the grant is, and whether it still lasts, is for the
// caller to know.
func Covers(
	grantTarget string, permission types.Permission, requestTarget string, requestPermission types.Permission,
) bool {
	return permissionCovers(permission, requestPermission) &&
		targetCovers(NormalizeTarget(grantTarget), NormalizeTarget(requestTarget))
}

func targetCovers(grant, request string) bool {
	if prefix, ok := strings.CutSuffix(grant, "*"); ok {
		return strings.HasPrefix(prefix, scheme) && strings.HasPrefix(strings.TrimSuffix(request, "*"), prefix)
	}
	return grant == request
}

func permissionCovers(grant, request types.Permission) bool {
	if grant == request {
		return true
	}
	return grant == types.PermissionReadwrite &&
		(request == types.PermissionRead || request == types.PermissionWrite)
}
