package fastpath

import (
	"time"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/internal/answer"
)

// s3Entry is an entry of s3_creds.json.
type s3Entry struct {
	grant                                      answer.Grant // without Target
	accessKeyID, secretAccessKey, sessionToken string
	expiration, duration, obtainedAt           int64 // seconds
	seen                                       uint32
	unused                                     string
}

// bestS3 returns the entry of s3_creds.json that answers a request, nil if none does. ok
// is false if the text is not one that is read here.
func bestS3(text string, r *answer.GrantRequest) (best *s3Entry, ok bool) {
	var found s3Entry
	ok = parseS3(text, func(target string, e *s3Entry) {
		if e.grant.Identity != r.Identity {
			return // most of the work is for the others
		}
		e.complete(target)
		if r.ServedBy(&e.grant) && (best == nil || r.Prefers(&e.grant, &best.grant)) {
			found, best = *e, &found
		}
	})
	return best, ok
}

// complete fills in what is read as it is written.
func (e *s3Entry) complete(target string) {
	e.grant.Target = target
	e.grant.Expiration = time.Unix(e.expiration, 0)
	e.grant.Duration = time.Duration(e.duration) * time.Second
	if e.obtainedAt != 0 {
		e.grant.ObtainedAt = time.Unix(e.obtainedAt, 0)
	}
}

// document returns the document of credential_process; ok is false if encoding/json
// would write something of it in another way.
func (e *s3Entry) document() (text []byte, ok bool) {
	for _, value := range [...]string{e.accessKeyID, e.secretAccessKey, e.sessionToken} {
		if !plain(value) {
			return nil, false
		}
	}
	return document(e.accessKeyID, e.secretAccessKey, e.sessionToken, time.Unix(e.expiration, 0).UTC().Format(time.RFC3339), ""), true
}

// plain reports whether encoding/json writes text as it is.
func plain(text string) bool {
	p := parser{text: text + `"`}
	value, ok := p.rest()
	return ok && len(value) == len(text)
}

// parseS3 parses s3_creds.json and shows the entries, which are valid until the next
// one. It accepts less than the store: targets in ascending order, as encoding/json
// writes them; the members below, each once and spelt so, and other members whose values
// are strings; numbers and strings that are written plainly. What it accepts, the store
// reads the same.
func parseS3(text string, show func(target string, e *s3Entry)) bool {
	p := parser{text: text}
	var e s3Entry
	last := ""
	ok := p.object(func() bool {
		target, ok := p.raw()
		if !ok || target <= last || !utf8.ValidString(target) || !p.next(':') || !p.next('[') {
			return false
		}
		last = target
		for first := true; !p.next(']'); first = false {
			e = s3Entry{}
			if !first && !p.next(',') || !p.object(func() bool { return e.member(&p) }) || !e.whole() {
				return false
			}
			show(target, &e)
		}
		return true
	})
	p.space()
	return ok && p.at == len(p.text)
}

// The members of an entry, for telling whether one was seen.
const (
	sawID = 1 << iota
	sawPermission
	sawTargetType
	sawPrivilege
	sawExpiration
	sawCreds
	sawAccessKey
	sawSecret
	sawToken
	sawAccount
	sawDuration
	sawIdentity
	sawRequested
	sawResolved
	sawRegion
	sawUser
	sawGranteeType
	sawGranteeID
	sawObtained
)

// whole reports whether an entry has what the store wants of each.
func (e *s3Entry) whole() bool {
	return e.expiration != 0 && e.accessKeyID != "" && e.secretAccessKey != "" && e.sessionToken != ""
}

// first notes that a member was seen, and reports whether it was not before.
func (e *s3Entry) first(member uint32) bool {
	again := e.seen&member != 0
	e.seen |= member
	return !again
}

// member reads a member of an entry.
func (e *s3Entry) member(p *parser) bool {
	key, ok := p.quoted()
	if !ok || !p.next(':') {
		return false
	}
	switch key {
	case "expiration":
		return e.first(sawExpiration) && p.timestamp(&e.expiration)
	case "duration_seconds":
		return e.first(sawDuration) && p.integer(&e.duration, 7)
	case "obtained_at":
		return e.first(sawObtained) && p.integer(&e.obtainedAt, 10)
	case "resolved":
		return e.first(sawResolved) && p.boolean(&e.grant.Resolved)
	case "creds":
		return e.first(sawCreds) && p.object(func() bool { return e.key(p) })
	}
	saw, value := e.text(key)
	if saw == 0 {
		return !knownS3(key) && p.skip()
	}
	*value, ok = p.raw()
	return ok && e.first(saw)
}

// text returns where the value of a member belongs that is a string.
func (e *s3Entry) text(key string) (saw uint32, value *string) {
	g := &e.grant
	switch key {
	case "id":
		return sawID, &e.unused
	case "permission":
		return sawPermission, &g.Permission
	case "target_type":
		return sawTargetType, &g.TargetType
	case "privilege":
		return sawPrivilege, &g.Privilege
	case "account_id":
		return sawAccount, &g.AccountID
	case "identity":
		return sawIdentity, &g.Identity
	case "requested_target":
		return sawRequested, &g.RequestedTarget
	case "region":
		return sawRegion, &g.Region
	case "user_id":
		return sawUser, &e.unused
	case "grantee_type":
		return sawGranteeType, &e.unused
	case "grantee_id":
		return sawGranteeID, &e.unused
	}
	return 0, nil
}

// key reads a member of "creds".
func (e *s3Entry) key(p *parser) bool {
	key, ok := p.quoted()
	if !ok || !p.next(':') {
		return false
	}
	var saw uint32
	var value *string
	switch key {
	case "AccessKeyId":
		saw, value = sawAccessKey, &e.accessKeyID
	case "SecretAccessKey":
		saw, value = sawSecret, &e.secretAccessKey
	case "SessionToken":
		saw, value = sawToken, &e.sessionToken
	default:
		return false
	}
	*value, ok = p.raw()
	return ok && e.first(saw)
}

// knownS3 is known for an entry of s3_creds.json.
func knownS3(key string) bool {
	switch string(lower(key)) {
	case "id", "permission", "target_type", "privilege", "expiration", "creds", "account_id", "duration_seconds", "identity",
		"requested_target", "resolved", "region", "user_id", "grantee_type", "grantee_id", "obtained_at":
		return true
	}
	return false
}

// grant returns the S3 credentials on disk that answer a request of the person whose
// role session this is. That session need not last, but be complete, and made for the
// present configuration.
func (r *role) grant(dir string, private bool, getenv func(string) string, request *answer.GrantRequest) ([]byte, bool) {
	stored := r.judged(private)
	if !private || !stored.Complete || r.userID == "" || r.s3Identity == "" {
		return nil, false
	}
	if request.Region == "" {
		if request.Region = r.region(getenv); request.Region == "" {
			return nil, false
		}
	}
	request.Identity, request.Configured, request.Caller = r.s3Identity, r.s3AccountID, r.accountID
	text, private, ok := read(dir+separator+s3File, s3Limit, secretFile)
	if !ok || !private {
		return nil, false
	}
	best, ok := bestS3(text, request)
	if !ok || best == nil {
		return nil, false
	}
	if digest, ok := configDigest(dir); !ok || !stored.Ours(&answer.Asked{ConfigDigest: digest}) {
		return nil, false
	}
	return best.document()
}
