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

// Instance is an IAM Identity Center instance with its identity store.
type Instance struct {
	ARN, Account, Region string
	IdentityStoreID      string
	// IdentityStoreARN is arn:{partition}:identitystore::{account}:identitystore/{id}.
	IdentityStoreARN string
	issuers          map[string]*TrustedTokenIssuer
	directory
}

// User of an identity store.
type User struct {
	ID, UserName, DisplayName, Email string
	ExternalIDs                      []ExternalIDFile
	Disabled                         bool
}

// Group of an identity store. Members are user ids.
type Group struct {
	ID, DisplayName string
	Members         []string
}

// TrustedTokenIssuer of type OIDC_JWT.
type TrustedTokenIssuer struct {
	ARN, Name, IssuerURL                           string
	ClaimAttributePath, IdentityStoreAttributePath string
}

// Application is a customer managed application of Identity Center.
type Application struct {
	ARN, Name string
	// Account and Region of the instance.
	Account, Region    string
	Instance           *Instance
	Disabled           bool
	AssignmentRequired bool
	// assigned holds the ids of assigned users and groups.
	assigned map[string]bool
	// JWTBearer is the jwt-bearer grant; nil when the application lacks it.
	JWTBearer []AuthorizedIssuer
	// RefreshToken says whether the application has the refresh_token grant.
	RefreshToken bool
	// RefreshTokenLifetime is how long its refresh tokens work.
	RefreshTokenLifetime time.Duration
	// ActorPolicy is the IAM authentication method; nil when there is none.
	ActorPolicy *policy.Document
	Scopes      []Scope
	// ClientID is the opaque identifier that ID tokens carry as aud.
	ClientID string
}

// AssignedTo reports whether a user or group is assigned, by its id.
func (a *Application) AssignedTo(id string) bool { return a.assigned[id] }

// AuthorizedIssuer is an entry of AuthorizedTokenIssuers.
type AuthorizedIssuer struct {
	IssuerARN string
	Audiences []string
}

// Scope is an access scope with its AuthorizedTargets (ARNs), empty for all.
type Scope struct {
	Name    string
	Targets []string
}

// Issuer is an OIDC provider that the lab serves.
type Issuer struct {
	Name, URL string
	Face      string
	// HostedDomain is the host of a cognito issuer's other endpoints, see [Issuer.Domain].
	HostedDomain string
	Clients      []Client
	People       []Person
	// APIs that access tokens can be made for.
	APIs []API
	// IssParameter overrides whether the face has the parameter iss (RFC 9207);
	// nil for the face's way.
	IssParameter         *bool
	IDTokenLifetime      time.Duration
	RefreshTokenLifetime time.Duration
	RotationGrace        time.Duration
}

// Ways in which a confidential client sends its secret (RFC 6749, 2.3.1; OIDC Core, 9).
const (
	SecretBasic = "client_secret_basic"
	SecretPost  = "client_secret_post"
	// SecretAny admits both.
	SecretAny = "any"
)

// Client is a client of an issuer.
type Client struct {
	ID string
	// Secret of a confidential client; empty for a public one.
	Secret string
	// Authentication is [SecretBasic], [SecretPost] or [SecretAny]; empty for a public client.
	Authentication string
	RedirectURIs   []string
	RefreshToken   bool
	// Audience of the API that its access tokens are for by default; empty for none.
	Audience string
	// PasswordAuth and HideUnknownUsers are about InitiateAuth of Cognito.
	PasswordAuth, HideUnknownUsers bool
}

// API is a resource server for which an issuer makes JWT access tokens.
type API struct {
	Audience string
	Scopes   []string
	// Claims are the names of the person's claims in its access tokens.
	Claims []string
}

// Person can sign in at an issuer.
type Person struct {
	Login, Password, Subject string
	Claims                   map[string]any
}

// Bucket is what the lab knows of an S3 bucket beside its objects.
type Bucket struct {
	Name, Account, Region string
	Versioning            bool
	// Policy is the bucket policy, nil when there is none; PolicyText is the JSON of it.
	Policy     *policy.Document
	PolicyText string
	Seed       []ObjectFile
}
