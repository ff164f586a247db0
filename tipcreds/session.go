package tipcreds

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Session is the result of one exchange. Printing it with any verb of fmt, or
// logging it with slog, shows no secret. Encoding it (JSON) does, and so does
// fmt where it cannot call methods: a Session in an unexported field of a struct
// that is printed.
type Session struct {
	// Credentials are the identity-enhanced credentials of the access role.
	// Source is ProviderName, AccountID the account of the role.
	Credentials aws.Credentials
	// ExpiresAt is when Credentials expire, equal to Credentials.Expires.
	ExpiresAt time.Time
	// AssumedRoleARN is the ARN of the session at STS, which ends in the role
	// session name.
	AssumedRoleARN string

	// UserID is the user's id in the identity store: the sub claim of
	// Identity Center's ID token. Empty if the answer held no readable one.
	UserID string
	// IdentityStoreID is the claim aws:identity_store_id; may be empty.
	IdentityStoreID string
	// IdentityStoreARN is the claim aws:identity_store_arn; may be empty.
	IdentityStoreARN string
	// InstanceARN is the claim aws:instance_arn, the Identity Center
	// instance; may be empty.
	InstanceARN string
	// ApplicationARN is the claim aws:application_arn; may be empty.
	ApplicationARN string
	// TrustedTokenIssuerARN is the claim act.sub: the trusted token issuer that
	// vouched for the user; may be empty.
	TrustedTokenIssuerARN string
	// CredentialID is the claim aws:credential_id, which CloudTrail shows for
	// calls with a bearer token; may be empty. It is no secret.
	CredentialID string
	// Scopes are those that Identity Center granted to the application.
	Scopes []string

	// ClockSkew is AWS's clock, by the Date header of the last answer, minus
	// the local one, in whole seconds: positive if the local clock is behind,
	// and the credentials expire that much earlier by it. 0 if they agree or
	// nothing was measured.
	ClockSkew time.Duration

	// ApplicationRefreshToken is Identity Center's refresh token, a secret,
	// for [Provider.ExchangeRefreshToken]. Empty unless the application has
	// the refresh_token grant. After a refresh that brought no new one it is
	// the old one, which stays valid (RFC 6749 section 6).
	ApplicationRefreshToken string
}

// String implements fmt.Stringer without secrets.
func (s Session) String() string {
	return fmt.Sprintf("tipcreds.Session{user %s, %s, expires %s}",
		s.UserID, s.AssumedRoleARN, s.ExpiresAt.UTC().Format(time.RFC3339))
}

// GoString implements fmt.GoStringer without secrets.
func (s Session) GoString() string { return s.String() }

// Format implements fmt.Formatter: every verb prints String.
func (s Session) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue implements slog.LogValuer without secrets.
func (s Session) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("user_id", s.UserID),
		slog.String("assumed_role_arn", s.AssumedRoleARN),
		slog.Time("expires_at", s.ExpiresAt),
	)
}
