package world

import (
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// Quotas of an S3 Access Grants instance (S3 user guide, "S3 Access Grants limitations").
const (
	MaxGrantsLocations = 1_000
	MaxGrants          = 100_000
)

// AccessGrants is an S3 Access Grants instance. One that came from a [World] is
// not changed any more; [World.ChangeAccessGrants] makes another in its place.
type AccessGrants struct {
	// ARN is arn:{partition}:s3:{region}:{account}:access-grants/default.
	ARN, Account, Region string
	Created              time.Time
	// IdentityCenter is the associated instance, nil when there is none.
	IdentityCenter *Instance
	// ApplicationARN is the Identity Center application of the association.
	ApplicationARN string
	// ResourcePolicy is nil when there is none; PolicyText is the JSON of it.
	// Organization and PolicyCreated came with it.
	ResourcePolicy *policy.Document
	PolicyText     string
	Organization   string
	PolicyCreated  time.Time
	Tags           map[string]string
	// MaxLocations and MaxGrants are the quotas.
	MaxLocations, MaxGrants int
	// Locations and Grants in the order in which they were made.
	Locations []*Location
	Grants    []*Grant
	made      int // locations and grants so far
}

// Location is a registered location.
type Location struct {
	ID, ARN, Scope, RoleARN string
	Created                 time.Time
	Tags                    map[string]string
	// Number orders the locations of an instance by their age.
	Number int
}

// GranteeType is the API's name for the kind of a grantee.
type GranteeType string

// Kinds of grantee.
const (
	DirectoryUser  GranteeType = "DIRECTORY_USER"
	DirectoryGroup GranteeType = "DIRECTORY_GROUP"
	IAMGrantee     GranteeType = "IAM"
)

// Grant is an access grant. Scope is the grant scope: location scope and
// sub-prefix; a trailing star is the only wildcard.
type Grant struct {
	ID, ARN    string
	LocationID string
	SubPrefix  string
	Scope      string
	Object     bool
	Permission string
	Grantee    GranteeType
	// GranteeID is a user or group id of the identity store, or an IAM ARN.
	GranteeID string
	// ApplicationARN is "ALL" or an Identity Center application.
	ApplicationARN string
	Created        time.Time
	Tags           map[string]string
	// Number orders the grants of an instance by their age.
	Number int
}

// Errors of changes to S3 Access Grants.
var (
	ErrAccessGrantsExist = errors.New("the account has an S3 Access Grants instance in the region")
	ErrNoAccessGrants    = errors.New("there is no such S3 Access Grants instance")
	ErrLocationExists    = errors.New("a location of that scope exists")
	ErrLocationQuota     = errors.New("too many locations")
	ErrNoLocation        = errors.New("there is no such location")
	ErrLocationInUse     = errors.New("the location has grants")
	ErrGrantExists       = errors.New("such a grant exists")
	ErrGrantQuota        = errors.New("too many grants")
	ErrNoGrant           = errors.New("there is no such grant")
)

// NewAccessGrants is an instance without an association, locations or grants.
// It is nobody's until [World.AddAccessGrants].
func (w *World) NewAccessGrants(account, region string) *AccessGrants {
	return &AccessGrants{
		ARN: "arn:" + w.Partition + ":s3:" + region + ":" + account + ":access-grants/default", Account: account, Region: region,
		Created: w.now().UTC().Truncate(time.Second), MaxLocations: MaxGrantsLocations, MaxGrants: MaxGrants,
	}
}

// AccessGrants returns the S3 Access Grants instance of an account and region.
func (w *World) AccessGrants(account, region string) (*AccessGrants, bool) {
	w.mu.RLock()
	defer w.mu.RUnlock()
	g, ok := w.accessGrants[account+" "+region]
	return g, ok
}

// AddAccessGrants stores a new instance. The error is [ErrAccessGrantsExist] if
// its account has one in its region.
func (w *World) AddAccessGrants(g *AccessGrants) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := g.Account + " " + g.Region
	if _, taken := w.accessGrants[key]; taken {
		return ErrAccessGrantsExist
	}
	w.accessGrants[key] = g
	return nil
}

// ChangeAccessGrants has change edit a copy of an instance, stores it, and returns
// it. Nobody else changes it meanwhile, and who holds the old one goes on reading
// that. change must not touch what slices and maps of the copy hold, only replace
// it: the methods of [AccessGrants] do. The error is that of change, or [ErrNoAccessGrants].
func (w *World) ChangeAccessGrants(account, region string, change func(*AccessGrants) error) (*AccessGrants, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, ok := w.accessGrants[account+" "+region]
	if !ok {
		return nil, ErrNoAccessGrants
	}
	edited := *g
	if err := change(&edited); err != nil {
		return nil, err
	}
	w.accessGrants[account+" "+region] = &edited
	return &edited, nil
}

// RemoveAccessGrants forgets an instance unless check refuses.
func (w *World) RemoveAccessGrants(account, region string, check func(*AccessGrants) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	g, ok := w.accessGrants[account+" "+region]
	if !ok {
		return ErrNoAccessGrants
	}
	if err := check(g); err != nil {
		return err
	}
	delete(w.accessGrants, account+" "+region)
	return nil
}

// Associate ties an instance to Identity Center, which makes an application for it.
func (g *AccessGrants) Associate(i *Instance) { g.associate(i, uuid.NewString()) }

func (g *AccessGrants) associate(i *Instance, id string) {
	g.IdentityCenter = i
	g.ApplicationARN = i.application(g.ARN, id)
}

// Dissociate unties it. Grants to people stay, and serve nobody.
func (g *AccessGrants) Dissociate() { g.IdentityCenter, g.ApplicationARN = nil, "" }

// Location returns the location with an id.
func (g *AccessGrants) Location(id string) (*Location, bool) {
	i := slices.IndexFunc(g.Locations, func(l *Location) bool { return l.ID == id })
	if i < 0 {
		return nil, false
	}
	return g.Locations[i], true
}

// Grant returns the grant with an id.
func (g *AccessGrants) Grant(id string) (*Grant, bool) {
	i := slices.IndexFunc(g.Grants, func(one *Grant) bool { return one.ID == id })
	if i < 0 {
		return nil, false
	}
	return g.Grants[i], true
}

// AddLocation adds a location and fills its ARN and number. The error is
// [ErrLocationExists] or [ErrLocationQuota].
func (g *AccessGrants) AddLocation(l *Location) error {
	if slices.ContainsFunc(g.Locations, func(other *Location) bool { return other.Scope == l.Scope || other.ID == l.ID }) {
		return ErrLocationExists
	}
	if len(g.Locations) >= g.MaxLocations {
		return ErrLocationQuota
	}
	g.made++
	l.ARN, l.Number = g.ARN+"/location/"+l.ID, g.made
	g.Locations = append(g.Locations, l) // beyond what anybody reads of the old one
	return nil
}

// AddGrant adds a grant and fills its ARN and number. The error is
// [ErrGrantExists] or [ErrGrantQuota].
func (g *AccessGrants) AddGrant(n *Grant) error {
	if slices.ContainsFunc(g.Grants, n.same) {
		return ErrGrantExists
	}
	if len(g.Grants) >= g.MaxGrants {
		return ErrGrantQuota
	}
	g.append(n)
	return nil
}

// append adds a grant that is known to be new.
func (g *AccessGrants) append(n *Grant) {
	g.made++
	n.ARN, n.Number = g.ARN+"/grant/"+n.ID, g.made
	g.Grants = append(g.Grants, n)
}

// same reports whether another grant gives the same, or has the same id.
func (n *Grant) same(other *Grant) bool {
	return n.ID == other.ID || n.Scope == other.Scope && n.GranteeID == other.GranteeID && n.Grantee == other.Grantee &&
		n.Permission == other.Permission && n.ApplicationARN == other.ApplicationARN
}

// ReplaceLocation puts a location in the place of the one with its id, which may
// be an edited copy. The error is [ErrNoLocation].
func (g *AccessGrants) ReplaceLocation(l *Location) error {
	i := slices.IndexFunc(g.Locations, func(other *Location) bool { return other.ID == l.ID })
	if i < 0 {
		return ErrNoLocation
	}
	g.Locations = slices.Clone(g.Locations)
	g.Locations[i] = l
	return nil
}

// ReplaceGrant puts a grant in the place of the one with its id. The error is [ErrNoGrant].
func (g *AccessGrants) ReplaceGrant(n *Grant) error {
	i := slices.IndexFunc(g.Grants, func(other *Grant) bool { return other.ID == n.ID })
	if i < 0 {
		return ErrNoGrant
	}
	g.Grants = slices.Clone(g.Grants)
	g.Grants[i] = n
	return nil
}

// RemoveLocation takes a location without grants away. The error is
// [ErrNoLocation] or [ErrLocationInUse].
func (g *AccessGrants) RemoveLocation(id string) error {
	i := slices.IndexFunc(g.Locations, func(l *Location) bool { return l.ID == id })
	if i < 0 {
		return ErrNoLocation
	}
	if slices.ContainsFunc(g.Grants, func(n *Grant) bool { return n.LocationID == id }) {
		return ErrLocationInUse
	}
	g.Locations = slices.Concat(g.Locations[:i], g.Locations[i+1:])
	return nil
}

// RemoveGrant takes a grant away. The error is [ErrNoGrant].
func (g *AccessGrants) RemoveGrant(id string) error {
	i := slices.IndexFunc(g.Grants, func(n *Grant) bool { return n.ID == id })
	if i < 0 {
		return ErrNoGrant
	}
	g.Grants = slices.Concat(g.Grants[:i], g.Grants[i+1:])
	return nil
}
