package fastpath

import (
	"time"

	"github.com/tip-cli/tip-cli/internal/answer"
)

// role is role_creds.json as this version of tip-cli writes it.
type role struct {
	accessKeyID, secretAccessKey, sessionToken string
	expiration, obtainedAt                     instant
	accountID, userID                          string
	fingerprint, configDigest                  string
	s3Identity, s3AccountID                    string
	s3Region, s3RegionMark                     string
	renewBefore                                int // seconds
}

// instant is a time as the file has it.
type instant struct {
	text string
	time time.Time
}

// parseRole parses role_creds.json. It accepts less than encoding/json: the members
// below, each once and spelt so, with values of plain characters; and other members
// whose values are strings. What it accepts, encoding/json reads the same.
func parseRole(text string) (*role, bool) {
	p := parser{text: text}
	var r role
	ok := p.object(func() bool {
		key, ok := p.quoted()
		return ok && p.next(':') && r.member(key, &p)
	})
	p.space()
	return &r, ok && p.at == len(text)
}

// member reads the value of a member.
func (r *role) member(key string, p *parser) bool {
	switch key {
	case "access_key_id":
		return p.into(&r.accessKeyID)
	case "secret_access_key":
		return p.into(&r.secretAccessKey)
	case "session_token":
		return p.into(&r.sessionToken)
	case "expiration":
		return p.instant(&r.expiration)
	case "account_id":
		return p.into(&r.accountID)
	case "user_id":
		return p.into(&r.userID)
	case "fingerprint":
		return p.into(&r.fingerprint)
	case "obtained_at":
		return p.instant(&r.obtainedAt)
	case "renew_before":
		return p.seconds(&r.renewBefore)
	case "config_digest":
		return p.into(&r.configDigest)
	case "s3_identity":
		return p.into(&r.s3Identity)
	case "s3_account_id":
		return p.into(&r.s3AccountID)
	case "s3_region":
		return p.into(&r.s3Region)
	case "s3_region_mark":
		return p.into(&r.s3RegionMark)
	}
	return !known(key) && p.skip()
}

// known reports whether encoding/json, which does not mind the case, takes key for one
// of the members above.
func known(key string) bool {
	switch string(lower(key)) {
	case "access_key_id", "secret_access_key", "session_token", "expiration", "account_id", "user_id", "fingerprint",
		"obtained_at", "renew_before", "config_digest", "s3_identity", "s3_account_id", "s3_region", "s3_region_mark":
		return true
	}
	return false
}

// lower returns plain text without capital letters.
func lower(text string) []byte {
	out := make([]byte, 0, 32)
	for i := range len(text) {
		c := text[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		out = append(out, c)
	}
	return out
}

// judged returns what internal/answer judges it by.
func (r *role) judged(private bool) answer.Stored {
	return answer.Stored{
		Complete:   r.accessKeyID != "" && r.secretAccessKey != "" && r.sessionToken != "" && r.expiration.text != "" && r.renewBefore > 0,
		Private:    private,
		Expiration: r.expiration.time, ObtainedAt: r.obtainedAt.time, RenewBefore: time.Duration(r.renewBefore) * time.Second,
		Fingerprint: r.fingerprint, ConfigDigest: r.configDigest,
	}
}

// document returns the document of credential_process, as encoding/json would write it.
func (r *role) document() []byte {
	return document(r.accessKeyID, r.secretAccessKey, r.sessionToken, r.expiration.text, r.accountID)
}

// document writes a document of values that are plain; without an account it has none.
func document(accessKeyID, secretAccessKey, sessionToken, expiration, accountID string) []byte {
	out := make([]byte, 0, 256+len(accessKeyID)+len(secretAccessKey)+len(sessionToken))
	out = append(out, `{"Version":1`...)
	out = member(out, "AccessKeyId", accessKeyID)
	out = member(out, "SecretAccessKey", secretAccessKey)
	out = member(out, "SessionToken", sessionToken)
	out = member(out, "Expiration", expiration)
	if accountID != "" {
		out = member(out, "AccountId", accountID)
	}
	return append(out, '}', '\n')
}

// member appends a member whose value is plain.
func member(out []byte, key, value string) []byte {
	out = append(out, ',', '"')
	out = append(out, key...)
	out = append(out, '"', ':', '"')
	out = append(out, value...)
	return append(out, '"')
}
