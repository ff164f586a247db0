package tipcreds

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// adoptedFor is how long credentials that tell no end are guarded: the longest that AWS vends.
const adoptedFor = 12 * time.Hour

// Principal names the user, for who remembers something of them in this process, such as
// the grants that S3 Access Grants gave: the package s3agcreds asks for it. The text is the
// same for all handles of one user of the pool, and stays while credentials are renewed and
// after [Pool.Forget]; no two users have the same, nor have two pools. It is a digest, without secrets,
// computed when it is first asked for. Empty if the subject was incomplete.
func (u *User) Principal() string {
	if u == nil || u.err != nil {
		return ""
	}
	return u.keeper.principalOf(u.keeper.subject, u.pool.id)
}

// Principal names the user as [User.Principal] does. It is the same for every provider of
// a subject with the same roles, application and extra contexts. As long as it is not known
// whose the provider is (no [Options.Subject], and nothing exchanged yet), it is empty.
func (p *Provider) Principal() string {
	k, subject := p.keeper, p.keeper.subject
	if subject.IsZero() {
		first := k.pinned.Load()
		if first == nil {
			return ""
		}
		subject = *first
	}
	return k.principalOf(subject, "")
}

// Adopt makes credentials the user's which AWS vended for theirs, as S3 Access Grants
// does: until they expire, clients that are made from [Pool.Config] send what they sign only
// with a context that carries this user. It comes before they are used. What those clients
// get themselves they know already; this is for what was vended to others, and the package
// s3agcreds does it by itself. Credentials that are another user's of the pool stay theirs.
func (u *User) Adopt(vended aws.Credentials) {
	if u == nil || u.err != nil {
		return
	}
	expires := vended.Expires
	if !vended.CanExpire {
		expires = time.Now().Add(adoptedFor)
	}
	u.pool.owners.add(vended.AccessKeyID, u.keeper.subject, expires)
}

// principalOf is computed once. Pools differ by their id.
func (k *keeper) principalOf(subject Subject, pool string) string {
	if known := k.principal.Load(); known != nil {
		return *known
	}
	sum := digest(append([]string{"principal", pool, k.accessRoleARN, k.applicationARN, subject.Issuer, subject.ID}, k.extraContexts()...))
	name := "tip-" + base64.RawURLEncoding.EncodeToString(sum[:])
	k.principal.Store(&name)
	return name
}

// extraContexts are the options of that name, as parts of a [digest].
func (k *keeper) extraContexts() []string {
	var parts []string
	for _, c := range k.options.ExtraContexts {
		parts = append(parts, aws.ToString(c.ProviderArn), aws.ToString(c.ContextAssertion))
	}
	return parts
}

// digest is different for different lists.
func digest(parts []string) [sha256.Size]byte {
	h := sha256.New()
	for _, part := range parts {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	return [sha256.Size]byte(h.Sum(nil))
}
