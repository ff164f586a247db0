package world

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/policy"
)

func (l *loader) loadAccessGrants() error {
	for _, g := range l.file.AccessGrants {
		if err := l.loadGrantsInstance(&g); err != nil {
			return at(err, "accessGrants of %s", g.Account)
		}
	}
	return nil
}

func (l *loader) loadGrantsInstance(f *AccessGrantsFile) error {
	if err := l.account(f.Account); err != nil {
		return err
	}
	region, err := l.region(f.Region)
	if err != nil {
		return err
	}
	g := l.NewAccessGrants(f.Account, region)
	if f.Created != nil {
		g.Created = f.Created.UTC()
	}
	for _, step := range []func(*AccessGrants, *AccessGrantsFile) error{
		l.loadQuotas, l.loadAssociation, l.loadGrantsPolicy, l.loadLocations, l.loadGrants,
	} {
		if err := step(g, f); err != nil {
			return err
		}
	}
	if g.Tags = f.Tags; CheckTags(f.Tags) != nil {
		return at(CheckTags(f.Tags), "tags")
	}
	if l.AddAccessGrants(g) != nil {
		return fmt.Errorf("one instance per account and region: %s has two", region)
	}
	return nil
}

func (l *loader) loadQuotas(g *AccessGrants, f *AccessGrantsFile) error {
	for _, quota := range []struct {
		name  string
		value int
		field *int
	}{{"maxLocations", f.MaxLocations, &g.MaxLocations}, {"maxGrants", f.MaxGrants, &g.MaxGrants}} {
		if quota.value < 0 || quota.value > *quota.field {
			return fmt.Errorf("%s: %d, 1 to %d are allowed", quota.name, quota.value, *quota.field)
		}
		if quota.value > 0 {
			*quota.field = quota.value
		}
	}
	return nil
}

func (l *loader) loadAssociation(g *AccessGrants, f *AccessGrantsFile) error {
	if f.IdentityCenter == "" {
		return nil
	}
	in, ok := l.instances[f.IdentityCenter]
	if !ok {
		return fmt.Errorf("identityCenter: no instance %q", f.IdentityCenter)
	}
	if in.Region != g.Region {
		return fmt.Errorf("identityCenter: the instance is in %s and must be in %s", in.Region, g.Region)
	}
	g.associate(in, stableUUID(g.ARN))
	if f.Application != "" {
		if applicationForm.FindStringSubmatch(f.Application) == nil {
			return fmt.Errorf("application %q is not the ARN of one", f.Application)
		}
		g.ApplicationARN = f.Application
	}
	return nil
}

func (l *loader) loadGrantsPolicy(g *AccessGrants, f *AccessGrantsFile) (err error) {
	if g.PolicyText, err = policyText(f.ResourcePolicy); err != nil {
		return at(err, "resourcePolicy")
	}
	g.Organization, g.PolicyCreated = f.Organization, g.Created
	if f.PolicyCreated != nil {
		g.PolicyCreated = f.PolicyCreated.UTC()
	}
	g.ResourcePolicy, err = l.policy(f.ResourcePolicy, policy.Resource)
	return at(err, "resourcePolicy")
}

func (l *loader) loadLocations(g *AccessGrants, f *AccessGrantsFile) error {
	for _, loc := range f.Locations {
		if err := l.loadLocation(g, &loc); err != nil {
			return at(err, "location %q", loc.Scope)
		}
	}
	return nil
}

func (l *loader) loadLocation(g *AccessGrants, f *LocationFile) error {
	if err := l.CheckLocationScope(g, f.Scope); err != nil && !l.file.Exported {
		return err
	}
	role, err := l.locationRole(g.Account, f.Role)
	if err != nil {
		return err
	}
	switch {
	case f.Scope == DefaultLocation:
		f.ID = "default"
	case f.ID == "":
		f.ID = stableUUID(g.ARN + " " + f.Scope)
	}
	if err := CheckTags(f.Tags); err != nil {
		return at(err, "tags")
	}
	err = g.AddLocation(&Location{ID: f.ID, Scope: f.Scope, RoleARN: role, Created: l.since(g, f.Created), Tags: f.Tags})
	if errors.Is(err, ErrLocationExists) {
		return fmt.Errorf("the scope or the id %s stands twice", f.ID)
	}
	return err
}

// since is a time of the file, or that of the instance.
func (l *loader) since(g *AccessGrants, t *time.Time) time.Time {
	if t == nil {
		return g.Created
	}
	return t.UTC()
}

// locationRole is the ARN of a location's role, which the file names or has the ARN of.
func (l *loader) locationRole(account, role string) (string, error) {
	if r := l.roleNamed(account, role); r != nil {
		return r.ARN(), nil
	}
	if strings.HasPrefix(role, "arn:") && (l.file.Exported || l.roles[role] != nil) {
		return role, nil
	}
	return "", fmt.Errorf("no role %q in account %s", role, account)
}

func locationOf(g *AccessGrants, scope string) *Location {
	for _, loc := range g.Locations {
		if loc.Scope == scope {
			return loc
		}
	}
	return nil
}

func (l *loader) roleNamed(account, name string) *Role {
	for _, r := range l.roles {
		if r.Account == account && r.Name == name {
			return r
		}
	}
	return nil
}

// loadGrants looks for twins in a set: a world may have as many grants as the quota admits.
func (l *loader) loadGrants(g *AccessGrants, f *AccessGrantsFile) error {
	if len(f.Grants) > g.MaxGrants {
		return fmt.Errorf("%d grants: %d at most are allowed", len(f.Grants), g.MaxGrants)
	}
	seen := make(map[any]bool, 2*len(f.Grants))
	type gives struct {
		scope, permission, id, application string
		grantee                            GranteeType
	}
	for i := range f.Grants {
		grant, err := l.loadGrant(g, &f.Grants[i])
		if err != nil {
			return at(err, "grants[%d]", i)
		}
		key := gives{grant.Scope, grant.Permission, grant.GranteeID, grant.ApplicationARN, grant.Grantee}
		if seen[key] {
			return fmt.Errorf("grants[%d] stands twice", i)
		}
		if seen[grant.ID] {
			return fmt.Errorf("grants[%d]: the id %s stands twice", i, grant.ID)
		}
		seen[key], seen[grant.ID] = true, true
		g.append(grant)
	}
	return nil
}

func (l *loader) loadGrant(g *AccessGrants, f *GrantFile) (*Grant, error) {
	loc := locationOf(g, f.Location)
	if loc == nil {
		return nil, fmt.Errorf("no location %q", f.Location)
	}
	if f.Permission != "READ" && f.Permission != "WRITE" && f.Permission != "READWRITE" {
		return nil, fmt.Errorf("permission %q is none of READ, WRITE, READWRITE", f.Permission)
	}
	scope, err := l.GrantScope(g, loc, f.SubPrefix, f.Object)
	if err != nil && !l.file.Exported {
		return nil, err
	}
	if err != nil {
		scope = l.joinScope(loc.Scope, f.SubPrefix)
	}
	grantee, id, err := l.grantee(g, f)
	if err != nil {
		return nil, err
	}
	application, err := l.GrantApplication(g, grantee, f.Application)
	if err != nil && !l.file.Exported {
		return nil, err
	}
	if err != nil {
		application = f.Application
	}
	if err := CheckTags(f.Tags); err != nil {
		return nil, at(err, "tags")
	}
	if f.ID == "" {
		f.ID = stableUUID(strings.Join([]string{g.ARN, scope, f.Permission, id, application}, " "))
	}
	return &Grant{
		ID: f.ID, LocationID: loc.ID, SubPrefix: f.SubPrefix, Scope: scope, Object: f.Object, Permission: f.Permission,
		Grantee: grantee, GranteeID: id, ApplicationARN: application, Created: l.since(g, f.Created), Tags: f.Tags,
	}, nil
}

// GrantApplication is the application that a grant is limited to: ALL if none is
// named, else one of the associated Identity Center, and only for its people.
func (w *World) GrantApplication(g *AccessGrants, grantee GranteeType, arn string) (string, error) {
	if arn == "" {
		return "ALL", nil
	}
	a, ok := w.Application(arn)
	if !ok || grantee == IAMGrantee || a.Instance != g.IdentityCenter {
		return "", fmt.Errorf("application %q is none of the associated instance, or the grantee is of IAM", arn)
	}
	return a.ARN, nil
}

func (l *loader) grantee(g *AccessGrants, f *GrantFile) (GranteeType, string, error) {
	named := 0
	for _, s := range []string{f.User, f.Group, f.Role, f.IAMUser, f.UserID, f.GroupID} {
		if s != "" {
			named++
		}
	}
	if named != 1 {
		return "", "", errors.New("exactly one of user, group, role and iamUser is needed")
	}
	switch {
	case f.Role != "" || f.IAMUser != "":
		arn := f.Role + f.IAMUser
		if l.roles[arn] == nil && l.iamUsers[arn] == nil && !l.file.Exported {
			return "", "", fmt.Errorf("no role or user %q", arn)
		}
		return IAMGrantee, arn, nil
	case f.UserID != "" || f.GroupID != "":
		if !l.file.Exported {
			return "", "", errors.New("userId and groupId are for exported files")
		}
		if f.UserID != "" {
			return DirectoryUser, f.UserID, nil
		}
		return DirectoryGroup, f.GroupID, nil
	case g.IdentityCenter == nil:
		return "", "", errors.New("a directory grantee needs identityCenter to be set")
	case f.User != "":
		if u := g.IdentityCenter.userNamed(f.User); u != nil {
			return DirectoryUser, u.ID, nil
		}
		return "", "", fmt.Errorf("no user %q", f.User)
	}
	if grp := g.IdentityCenter.groupNamed(f.Group); grp != nil {
		return DirectoryGroup, grp.ID, nil
	}
	return "", "", fmt.Errorf("no group %q", f.Group)
}
