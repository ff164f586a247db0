package world

import (
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/policy"
)

// Instance is an IAM Identity Center instance with its identity store.
type Instance struct {
	ARN, Account, Region string
	IdentityStoreID      string
	// IdentityStoreARN is arn:{partition}:identitystore::{account}:identitystore/{id}.
	IdentityStoreARN string
	issuers          map[string]*TrustedTokenIssuer
	directory
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
