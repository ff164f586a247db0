package world

import (
	"slices"
	"strconv"
	"time"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// Entity is what IAM roles and IAM users have in common. One that came from a
// [World] is not changed any more: [World.ChangeRole] and [World.ChangeIAMUser] make
// another in its place.
type Entity struct {
	Account, Name, Path string
	// ID is the unique identifier, AROA or AIDA and 17 more characters.
	ID      string
	Created time.Time
	// Inline are the inline policies in the order of their names.
	Inline []InlinePolicy
	// Attached are the ARNs of the managed policies in the order in which they were attached.
	Attached []string
	// BoundaryARN is that of the managed policy that is the permissions boundary, empty for none.
	BoundaryARN string
	Tags        map[string]string
	// Policies are the identity policies in force: the inline ones, then the default
	// versions of those attached. The world fills them, and Boundary.
	Policies []*policy.Document
	// Boundary is the default version of the permissions boundary, nil when there is none.
	Boundary *policy.Document
	arn      string
}

// InlinePolicy is a policy embedded in a role or user.
type InlinePolicy struct {
	Name     string
	Document *policy.Document
}

// Role is an IAM role.
type Role struct {
	Entity
	Description string
	// MaxSessionDuration bounds DurationSeconds.
	MaxSessionDuration time.Duration
	Trust              *policy.Document
}

// ARN is arn:{partition}:iam::{account}:role{path}{name}.
func (r *Role) ARN() string { return r.arn }

// IAMUser is an IAM user.
type IAMUser struct {
	Entity
	// Keys in the order in which they were made.
	Keys []AccessKey
}

// ARN is arn:{partition}:iam::{account}:user{path}{name}.
func (u *IAMUser) ARN() string { return u.arn }

// AccessKey is a long-term access key of a user. An active one has a [Session];
// nobody knows an inactive one.
type AccessKey struct {
	ID, Secret string
	Inactive   bool
	Created    time.Time
}

// ManagedPolicy is a customer managed policy, or one of AWS. One that came from a
// [World] is not changed any more.
type ManagedPolicy struct {
	// Account is the owner, "aws" for a policy of AWS.
	Account, Name, Path string
	// ID is the unique identifier, ANPA and 17 more characters.
	ID, Description  string
	Created, Updated time.Time
	// Default is the id of the version in force.
	Default string
	// Versions in the order in which they were made.
	Versions []PolicyVersion
	Tags     map[string]string
	made     int // versions so far
	arn      string
}

// PolicyVersion is a version of a managed policy.
type PolicyVersion struct {
	// ID is v and a number.
	ID       string
	Document *policy.Document
	Created  time.Time
}

// ARN is arn:{partition}:iam::{account}:policy{path}{name}.
func (p *ManagedPolicy) ARN() string { return p.arn }

// Version returns the version with an id.
func (p *ManagedPolicy) Version(id string) (*PolicyVersion, bool) {
	for i := range p.Versions {
		if p.Versions[i].ID == id {
			return &p.Versions[i], true
		}
	}
	return nil, false
}

// Document is the default version's.
func (p *ManagedPolicy) Document() *policy.Document {
	v, _ := p.Version(p.Default)
	return v.Document
}

// AddVersion adds a version and fills its id; the document becomes that of the policy.
func (p *ManagedPolicy) AddVersion(doc *policy.Document, created time.Time) *PolicyVersion {
	p.made++
	v := PolicyVersion{ID: "v" + strconv.Itoa(p.made), Document: doc.WithARN(p.arn), Created: created}
	p.Versions = append(slices.Clip(p.Versions), v)
	return &v
}

// OIDCProvider is an IAM OIDC provider. One that came from a [World] is not changed any more.
type OIDCProvider struct {
	Account string
	// Issuer is the URL that the iss claim must equal.
	Issuer      string
	ClientIDs   []string
	Thumbprints []string
	Created     time.Time
	Tags        map[string]string
	arn         string
}

// ARN is arn:{partition}:iam::{account}:oidc-provider/{URL without scheme}.
func (p *OIDCProvider) ARN() string { return p.arn }
