package world

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// Instance is an IAM Identity Center instance with its identity store.
type Instance struct {
	ARN, Account, Region string
	IdentityStoreID      string
	// IdentityStoreARN is arn:{partition}:identitystore::{account}:identitystore/{id}.
	IdentityStoreARN string
	// OfAccount says that it is an account instance, whoever owns it.
	OfAccount bool
	Created   time.Time
	// maxApplications is the world file's quota; 0 for AWS's.
	maxApplications int
	settings        InstanceSettings               // guarded by World.mu
	issuers         map[string]*TrustedTokenIssuer // by ARN; guarded by World.mu
	directory
}

// InstanceSettings are what UpdateInstance and TagResource change of an instance.
type InstanceSettings struct {
	// Name may be empty.
	Name string
	// KMSKeyARN of a customer managed key; empty for AWS's own.
	KMSKeyARN string
	Tags      map[string]string
}

// TrustedTokenIssuer of type OIDC_JWT. One that came from a [World] is not changed any more.
type TrustedTokenIssuer struct {
	ARN, Name, IssuerURL                           string
	ClaimAttributePath, IdentityStoreAttributePath string
	Tags                                           map[string]string
}

// Application is a customer managed application of Identity Center. One that came
// from a [World] is not changed any more, except for its assignments.
type Application struct {
	ARN, Name, Description string
	// Account and Region of the instance.
	Account, Region string
	// Creator is the account that made it, the API's ApplicationAccount.
	Creator  string
	Created  time.Time
	Instance *Instance
	Disabled bool
	Portal   PortalOptions
	Tags     map[string]string

	AssignmentRequired bool
	assigned           *assignments
	// JWTBearer is the jwt-bearer grant; nil when the application lacks it. One
	// that is empty and not nil authorizes nobody.
	JWTBearer []AuthorizedIssuer
	// RefreshToken says whether the application has the refresh_token grant.
	RefreshToken bool
	// RefreshTokenLifetime is how long its refresh tokens work.
	RefreshTokenLifetime time.Duration
	// TokenExchange says whether the application has the token-exchange grant.
	TokenExchange bool
	// AuthorizationCode has the redirect URIs of the authorization_code grant; nil
	// when the application lacks it.
	AuthorizationCode []string
	// ActorPolicy is the IAM authentication method, nil when there is none;
	// ActorPolicyText is the JSON of it.
	ActorPolicy     *policy.Document
	ActorPolicyText string
	// Scopes in the order in which they were added.
	Scopes []Scope
	// BackgroundSessions says whether user background sessions are enabled.
	BackgroundSessions bool
	// ClientID is the opaque identifier that ID tokens carry as aud.
	ClientID string
}

// defaultRefreshTokenLifetime is how long the refresh tokens of an application work.
const defaultRefreshTokenLifetime = 8 * time.Hour

// PortalOptions say how the access portal shows an application.
type PortalOptions struct {
	// Origin is IDENTITY_CENTER or APPLICATION, empty without sign-in options.
	Origin string
	// URL of the application, empty for none.
	URL    string
	Hidden bool
}

// AuthorizedIssuer is an entry of AuthorizedTokenIssuers.
type AuthorizedIssuer struct {
	// IssuerARN of a trusted token issuer, which may have been deleted since.
	IssuerARN string
	Audiences []string
}

// Scope is an access scope with its AuthorizedTargets (ARNs), empty for all.
type Scope struct {
	Name    string
	Targets []string
}

// Assignment of a user or a group, by its id.
type Assignment struct {
	ID    string
	Group bool
}

// assignments are those of an application. Editions of one application share
// them: an application with 10,000 users is not copied for each.
type assignments struct {
	mu sync.RWMutex
	by map[string]bool // whether it is a group, by id
}

func newAssignments() *assignments { return &assignments{by: map[string]bool{}} }

// add reports whether the id was not assigned.
func (s *assignments) add(id string, group bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, taken := s.by[id]; taken {
		return false
	}
	s.by[id] = group
	return true
}

// remove reports whether the id was assigned as what it is said to be.
func (s *assignments) remove(a Assignment) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if group, ok := s.by[a.ID]; !ok || group != a.Group {
		return false
	}
	delete(s.by, a.ID)
	return true
}

// forget takes the assignment of an id away, if there is one.
func (s *assignments) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.by, id)
}

func (s *assignments) all() []Assignment {
	s.mu.RLock()
	list := make([]Assignment, 0, len(s.by))
	for id, group := range s.by {
		list = append(list, Assignment{id, group})
	}
	s.mu.RUnlock()
	slices.SortFunc(list, func(a, b Assignment) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// AssignedTo reports whether a user or group is assigned, by its id.
func (a *Application) AssignedTo(id string) bool {
	a.assigned.mu.RLock()
	defer a.assigned.mu.RUnlock()
	_, ok := a.assigned.by[id]
	return ok
}

// Assigned reports whether an application has exactly this assignment.
func (a *Application) Assigned(to Assignment) bool {
	a.assigned.mu.RLock()
	defer a.assigned.mu.RUnlock()
	group, ok := a.assigned.by[to.ID]
	return ok && group == to.Group
}

// Assignments are all of an application, in the order of their ids.
func (a *Application) Assignments() []Assignment { return a.assigned.all() }
