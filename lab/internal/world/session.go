package world

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"maps"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// Kind says what a session's principal is.
type Kind string

// Kinds of principal, in CloudTrail's words.
const (
	KindIAMUser     Kind = "IAMUser"
	KindAssumedRole Kind = "AssumedRole"
)

// Session is a set of credentials and whom they speak for. A session is
// immutable; its role's policies are looked up anew at every request.
type Session struct {
	AccessKeyID, SecretAccessKey string
	// SessionToken is empty for long-term keys.
	SessionToken string
	Issued       time.Time
	// Expires is zero for long-term keys, and for sessions of the world file without an end.
	Expires time.Time
	// Ended is when the session was ended before its time, zero if it was not. Its
	// Expires is then over whatever the clock says.
	Ended   time.Time `json:"Ended,omitzero"`
	Kind    Kind
	Account string
	// ARN is the user's, or arn:{partition}:sts::{account}:assumed-role/{role}/{session name}.
	ARN string
	// UserID as GetCallerIdentity gives it: AIDA..., or AROA...:{session name}.
	UserID string
	// RoleARN is the IAM ARN of an assumed role.
	RoleARN     string
	SessionName string
	// SourceIdentity of the session, empty when there is none.
	SourceIdentity string
	// Tags are the session tags, condition key aws:PrincipalTag/{key}.
	Tags map[string]string
	// TransitiveTags are the keys of those Tags that sessions inherit for which
	// this one assumes a role.
	TransitiveTags []string
	// SessionPolicies limit the role's rights to what any of them allows.
	SessionPolicies []*policy.Document
	// WebIdentity is set on sessions of AssumeRoleWithWebIdentity.
	WebIdentity *WebIdentity
	// Identity is the propagated person, nil when there is none.
	Identity *IdentityContext
	// AccessGrant is set on sessions that S3 Access Grants gave out.
	AccessGrant *VendedGrant
	// FromFile says that the world file has the session.
	FromFile bool
}

// WebIdentity is what AssumeRoleWithWebIdentity learned from the JWT.
type WebIdentity struct {
	Issuer, Audience, Subject string
}

// IdentityContext is what sts:identity_context carries.
type IdentityContext struct {
	UserID           string    `json:"user"`
	IdentityStoreID  string    `json:"store"`
	IdentityStoreARN string    `json:"storeArn"`
	InstanceARN      string    `json:"instance"`
	ApplicationARN   string    `json:"application"`
	CredentialID     string    `json:"credential"`
	Scopes           []string  `json:"scopes"`
	Issued           time.Time `json:"iat"`
	Expires          time.Time `json:"exp"`
	// Audit says that the context names the person for the audit trail only.
	Audit bool `json:"audit,omitempty"`
	// Round counts how often contexts were ended before this one was sealed.
	Round int `json:"round,omitempty"`
}

// VendedGrant is the grant behind credentials of GetDataAccess.
type VendedGrant struct {
	GrantARN, InstanceARN, Target string
}

// sessionTokenBytes make a session token of 1,216 characters. AWS fixes no size
// (at most 4,096) and gives more than 1,000 to sessions of federated people.
const sessionTokenBytes = 900

// NewCredentials makes up an access key id with the prefix ASIA, a secret and a session token.
func NewCredentials() (accessKeyID, secret, token string) {
	return "ASIA" + uniqueID(16), randomText(30), "IQoJb3JpZ2luX2Vj" + randomText(sessionTokenBytes)
}

// uniqueID is n characters of A-Z and 2-7, like the tail of IAM's identifiers.
func uniqueID(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand aborts the program instead
	return base32.StdEncoding.EncodeToString(b)[:n]
}

func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return base64.StdEncoding.EncodeToString(b)
}

// AddSession stores s so that requests signed with its key are recognised.
func (w *World) AddSession(s *Session) {
	w.mu.Lock()
	defer w.mu.UnlockRuntime()
	w.sweep()
	w.sessions[s.AccessKeyID] = s
}

// sweep forgets, at most once a minute, the sessions and refresh tokens that ended
// more than an hour ago, and the spent tokens whose time is over: younger sessions
// and refresh tokens still get the answer that they have expired. w.mu is held.
func (w *World) sweep() {
	past := w.Past()
	if age := past.Sub(w.swept); age >= 0 && age < time.Minute { // before 0 the clock went back
		return
	}
	w.swept = past
	long := past.Add(-time.Hour)
	maps.DeleteFunc(w.sessions, func(_ string, s *Session) bool { return !s.Expires.IsZero() && sooner(s.Expires, s.Ended).Before(long) })
	maps.DeleteFunc(w.refresh, func(_ string, t *RefreshToken) bool { return sooner(t.Expires, t.Ended).Before(long) })
	maps.DeleteFunc(w.spent, func(_ string, until time.Time) bool { return !past.Before(until) })
}

// sooner is when something was over that expires, or was ended before its time.
func sooner(expires, ended time.Time) time.Time {
	if ended.IsZero() {
		return expires
	}
	return ended
}

// Session returns the session of an access key, also when it has expired.
func (w *World) Session(accessKeyID string) (*Session, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	s, ok := w.sessions[accessKeyID]
	if !ok {
		s, ok = w.administrators.byKey[accessKeyID]
	}
	return s, ok
}

// AssumedRoleARN is the ARN of a session of role. It drops the role's path.
func (w *World) AssumedRoleARN(role *Role, sessionName string) string {
	return "arn:" + w.Partition + ":sts::" + role.Account + ":assumed-role/" + role.Name + "/" + sessionName
}

// IssuerHostPath is an issuer URL as IAM names it: without scheme.
func IssuerHostPath(issuer string) string {
	_, rest, ok := strings.Cut(issuer, "://")
	if !ok {
		return issuer
	}
	return rest
}
