package world

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/policy"
)

var bucketForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

func (l *loader) loadBuckets() error {
	for _, b := range l.file.Buckets {
		if err := l.loadBucket(&b); err != nil {
			return at(err, "bucket %q", b.Name)
		}
	}
	return nil
}

func (l *loader) loadBucket(b *BucketFile) error {
	if !bucketForm.MatchString(b.Name) || strings.Contains(b.Name, "..") {
		return errors.New("a bucket name has 3 to 63 lower-case letters, digits, dots or dashes")
	}
	if err := l.account(b.Account); err != nil {
		return err
	}
	region, err := l.region(b.Region)
	if err != nil {
		return err
	}
	text, err := policyText(b.Policy)
	if err != nil {
		return at(err, "policy")
	}
	doc, err := l.policy(b.Policy, policy.Resource)
	if err != nil {
		return at(err, "policy")
	}
	if _, twice := l.buckets[b.Name]; twice {
		return errors.New("the name stands twice")
	}
	for _, o := range b.Objects {
		if o.Key == "" || len(o.Key) > 1024 {
			return fmt.Errorf("object %q: a key has 1 to 1024 bytes", o.Key)
		}
	}
	l.buckets[b.Name] = &Bucket{
		Name: b.Name, Account: b.Account, Region: region, Versioning: b.Versioning,
		Policy: doc, PolicyText: text, Seed: b.Objects,
	}
	return nil
}

// policyText is a policy of the file as JSON, "" if there is none.
func policyText(doc any) (string, error) {
	if text, ok := doc.(string); ok || doc == nil {
		return text, nil
	}
	text, err := jsonOf(doc)
	return string(text), err
}

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
	g := &AccessGrants{
		Account: f.Account, Region: region,
		ARN: "arn:" + l.Partition + ":s3:" + region + ":" + f.Account + ":access-grants/default",
	}
	if f.IdentityCenter != "" {
		in, ok := l.instances[f.IdentityCenter]
		if !ok {
			return fmt.Errorf("identityCenter: no instance %q", f.IdentityCenter)
		}
		if in.Region != region {
			return fmt.Errorf("identityCenter: the instance is in %s and must be in %s", in.Region, region)
		}
		g.IdentityCenter = in
		g.ApplicationARN = "arn:" + l.Partition + ":sso::" + in.Account + ":application/" +
			strings.TrimPrefix(arnField(in.ARN, 5), "instance/") + "/apl-" + strings.ReplaceAll(stableUUID(g.ARN), "-", "")[:16]
	}
	if g.ResourcePolicy, err = l.policy(f.ResourcePolicy, policy.Resource); err != nil {
		return at(err, "resourcePolicy")
	}
	key := f.Account + " " + region
	if _, twice := l.accessGrants[key]; twice {
		return fmt.Errorf("one instance per account and region: %s has two", region)
	}
	if err := l.loadLocations(g, f); err != nil {
		return err
	}
	if err := l.loadGrants(g, f); err != nil {
		return err
	}
	l.accessGrants[key] = g
	return nil
}

func (l *loader) loadLocations(g *AccessGrants, f *AccessGrantsFile) error {
	for _, loc := range f.Locations {
		if err := l.checkScope(g, loc.Scope); err != nil {
			return at(err, "location %q", loc.Scope)
		}
		if locationOf(g, loc.Scope) != nil {
			return fmt.Errorf("location %q stands twice", loc.Scope)
		}
		role := l.roleNamed(g.Account, loc.Role)
		if role == nil {
			return fmt.Errorf("location %q: no role %q in account %s", loc.Scope, loc.Role, g.Account)
		}
		switch {
		case loc.Scope == "s3://":
			loc.ID = "default"
		case loc.ID == "":
			loc.ID = stableUUID(g.ARN + " " + loc.Scope)
		}
		if slices.ContainsFunc(g.Locations, func(other *Location) bool { return other.ID == loc.ID }) {
			return fmt.Errorf("location %q: the id %s stands twice", loc.Scope, loc.ID)
		}
		g.Locations = append(g.Locations, &Location{ID: loc.ID, ARN: g.ARN + "/location/" + loc.ID, Scope: loc.Scope, RoleARN: role.ARN()})
	}
	return nil
}

// checkScope refuses location scopes other than s3:// and those inside a bucket of the instance's region.
func (l *loader) checkScope(g *AccessGrants, scope string) error {
	rest, ok := strings.CutPrefix(scope, "s3://")
	if !ok {
		return errors.New("a scope begins with s3://")
	}
	if rest == "" {
		return nil
	}
	name, _, _ := strings.Cut(rest, "/")
	name = strings.TrimSuffix(name, "*")
	if b, ok := l.buckets[name]; ok && b.Region != g.Region {
		return fmt.Errorf("bucket %s is in %s and must be in %s", name, b.Region, g.Region)
	}
	return nil
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

func (l *loader) loadGrants(g *AccessGrants, f *AccessGrantsFile) error {
	for i := range f.Grants {
		grant, err := l.loadGrant(g, &f.Grants[i])
		if err != nil {
			return at(err, "grants[%d]", i)
		}
		for _, other := range g.Grants {
			if other.Scope == grant.Scope && other.Permission == grant.Permission && other.Grantee == grant.Grantee &&
				other.GranteeID == grant.GranteeID && other.ApplicationARN == grant.ApplicationARN {
				return fmt.Errorf("grants[%d] stands twice", i)
			}
			if other.ID == grant.ID {
				return fmt.Errorf("grants[%d]: the id %s stands twice", i, grant.ID)
			}
		}
		g.Grants = append(g.Grants, grant)
	}
	return nil
}

func (l *loader) loadGrant(g *AccessGrants, f *GrantFile) (*Grant, error) {
	loc := locationOf(g, f.Location)
	if loc == nil {
		return nil, fmt.Errorf("no location %q", f.Location)
	}
	if loc.Scope == "s3://" && f.SubPrefix == "" {
		return nil, errors.New("the default location needs a subPrefix")
	}
	if f.Permission != "READ" && f.Permission != "WRITE" && f.Permission != "READWRITE" {
		return nil, fmt.Errorf("permission %q is none of READ, WRITE, READWRITE", f.Permission)
	}
	scope := GrantScope(loc.Scope, f.SubPrefix)
	if f.Object == strings.HasSuffix(scope, "*") {
		return nil, fmt.Errorf("scope %q: an object grant ends without a star, any other with one", scope)
	}
	grantee, id, err := l.grantee(g, f)
	if err != nil {
		return nil, err
	}
	application := "ALL"
	if f.Application != "" {
		a, ok := l.applications[f.Application]
		if !ok || grantee == IAMGrantee || a.Instance != g.IdentityCenter {
			return nil, fmt.Errorf("application %q is none of the associated instance, or the grantee is of IAM", f.Application)
		}
		application = a.ARN
	}
	if f.ID == "" {
		f.ID = stableUUID(strings.Join([]string{g.ARN, scope, f.Permission, id, application}, " "))
	}
	return &Grant{
		ID: f.ID, ARN: g.ARN + "/grant/" + f.ID, Location: loc, Scope: scope, Object: f.Object,
		Permission: f.Permission, Grantee: grantee, GranteeID: id, ApplicationARN: application,
	}, nil
}

// GrantScope joins a location scope and a sub-prefix: the location's trailing star gives way to the sub-prefix.
func GrantScope(location, subPrefix string) string {
	if subPrefix == "" {
		return location
	}
	base := strings.TrimSuffix(location, "*")
	if base != "s3://" && !strings.HasSuffix(base, "/") && base == location {
		base += "/"
	}
	return base + subPrefix
}

func (l *loader) grantee(g *AccessGrants, f *GrantFile) (GranteeType, string, error) {
	named := 0
	for _, s := range []string{f.User, f.Group, f.Role, f.IAMUser} {
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
		if l.roles[arn] == nil && l.iamUsers[arn] == nil {
			return "", "", fmt.Errorf("no role or user %q", arn)
		}
		return IAMGrantee, arn, nil
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
