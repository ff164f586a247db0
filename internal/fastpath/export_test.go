package fastpath

import (
	"time"

	"github.com/tip-cli/tip-cli/internal/answer"
)

// What the tests of this package look at.
var (
	Document    = warm
	Write       = write
	ContextName = contextName
	RegionMark  = regionMark
)

// Names are the names that internal/store and os have as well.
var Names = map[string]string{
	"state directory": homeVariable, "context": contextVariable, "directory": defaultDir, "contexts": contextsDir,
	"default": defaultContext, "current": currentContextFile, "config": configFile, "role": roleFile, "s3": s3File, "home": userHome,
}

// ParseRole parses role_creds.json; the result compares with what the store reads.
func ParseRole(text []byte) (Role, bool) {
	r, ok := parseRole(string(text))
	if !ok {
		return Role{}, false
	}
	return Role{
		r.accessKeyID, r.secretAccessKey, r.sessionToken, r.expiration.text, r.accountID, r.userID, r.fingerprint,
		r.obtainedAt.text, r.renewBefore, r.configDigest, r.s3Identity, r.s3AccountID, r.s3Region, r.s3RegionMark, string(r.document()),
	}, true
}

// Role is what ParseRole reads, and the document that comes of it.
type Role struct {
	AccessKeyID, SecretAccessKey, SessionToken, Expiration, AccountID, UserID, Fingerprint, ObtainedAt string
	RenewBefore                                                                                        int
	ConfigDigest, S3Identity, S3AccountID, S3Region, S3RegionMark, Document                            string
}

// S3Entry is what is read of an entry of s3_creds.json.
type S3Entry struct {
	answer.Grant
	AccessKeyID, SecretAccessKey, SessionToken string
	Document                                   string // empty if encoding/json would write it otherwise
}

// ParseS3 parses s3_creds.json.
func ParseS3(text []byte) (entries []S3Entry, ok bool) {
	ok = parseS3(string(text), func(target string, e *s3Entry) {
		e.complete(target)
		entry := S3Entry{Grant: e.grant, AccessKeyID: e.accessKeyID, SecretAccessKey: e.secretAccessKey, SessionToken: e.sessionToken}
		entry.Expiration, entry.ObtainedAt = entry.Expiration.UTC(), utc(entry.ObtainedAt)
		document, _ := e.document()
		entry.Document = string(document)
		entries = append(entries, entry)
	})
	return entries, ok
}

func utc(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	return at.UTC()
}

// BestS3 returns the access key of the entry that answers a request.
func BestS3(text []byte, r *answer.GrantRequest) (key string, ok bool) {
	best, ok := bestS3(string(text), r)
	if best == nil {
		return "", ok
	}
	return best.accessKeyID, ok
}

// PlainTarget reports whether a path is one that is answered here.
var PlainTarget = plainTarget
