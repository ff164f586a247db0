package world

import (
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/policy"
)

// Role is an IAM role.
type Role struct {
	Account, Name, Path string
	// ID is the unique identifier, AROA and 17 more characters.
	ID string
	// MaxSessionDuration bounds DurationSeconds.
	MaxSessionDuration time.Duration
	Trust              *policy.Document
	// Policies are the identity policies in the order of their names.
	Policies []*policy.Document
	arn      string
}

// ARN is arn:{partition}:iam::{account}:role{path}{name}.
func (r *Role) ARN() string { return r.arn }

// IAMUser is an IAM user with long-term keys.
type IAMUser struct {
	Account, Name string
	// ID is the unique identifier, AIDA and 17 more characters.
	ID       string
	Policies []*policy.Document
	arn      string
}

// ARN is arn:{partition}:iam::{account}:user/{name}.
func (u *IAMUser) ARN() string { return u.arn }

// OIDCProvider is an IAM OIDC provider.
type OIDCProvider struct {
	Account string
	// Issuer is the URL that the iss claim must equal.
	Issuer      string
	ClientIDs   []string
	Thumbprints []string
	arn         string
}

// ARN is arn:{partition}:iam::{account}:oidc-provider/{URL without scheme}.
func (p *OIDCProvider) ARN() string { return p.arn }

// Boundary is the permissions boundary of a session's role or user as it is now,
// nil when there is none.
func (w *World) Boundary(*Session) *policy.Document { return nil }
