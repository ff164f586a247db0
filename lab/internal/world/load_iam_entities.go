package world

import (
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/policy"
)

var (
	policyNameForm = regexp.MustCompile(`^[\w+=,.@-]{1,128}$`)
	policyPathForm = regexp.MustCompile(`^((/[A-Za-z0-9.,+@=_-]+)*)/$`)
	versionForm    = regexp.MustCompile(`^v([1-9][0-9]{0,8})$`)
	uniqueIDForm   = regexp.MustCompile(`^(AROA|AIDA|ANPA)[A-Z0-9]{12,124}$`)
	iamTagForm     = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
)

// maxVersions is how many versions a managed policy has at most.
const maxVersions = 5

func (l *loader) loadManagedPolicy(account string, f *ManagedPolicyFile) error {
	if !policyNameForm.MatchString(f.Name) {
		return errors.New("a policy name has 1 to 128 letters, digits or +=,.@_-")
	}
	if f.Path == "" {
		f.Path = "/"
	}
	if !policyPathForm.MatchString(f.Path) {
		return fmt.Errorf("path %q does not begin and end with a slash", f.Path)
	}
	p := &ManagedPolicy{
		Account: account, Name: f.Name, Path: f.Path, Description: f.Description, Created: l.dated(f.Created), Updated: l.dated(f.Updated),
		Tags: f.Tags, arn: l.policyARN(account, f.Path, f.Name),
	}
	for _, other := range l.iam.policies {
		if other.Account == account && strings.EqualFold(other.Name, f.Name) {
			return errors.New("the name stands twice in this account")
		}
	}
	var err error
	if p.ID, err = entityID("ANPA", f.ID, p.arn); err != nil {
		return err
	}
	if err := checkTags(f.Tags, false); err != nil {
		return err
	}
	if err := l.loadVersions(p, f); err != nil {
		return err
	}
	l.storePolicy(p)
	return nil
}

func (l *loader) loadVersions(p *ManagedPolicy, f *ManagedPolicyFile) error {
	versions := f.Versions
	if f.Document != nil {
		versions = append([]PolicyVersionFile{{Document: f.Document, Created: f.Created}}, versions...)
	}
	if n := len(versions); n < 1 || n > maxVersions || f.Document != nil && n > 1 {
		return fmt.Errorf("document, or 1 to %d versions: it has %d", maxVersions, n)
	}
	for _, v := range versions {
		if err := l.loadVersion(p, &v); err != nil {
			return at(err, "version %q", v.ID)
		}
	}
	if p.made > f.LastVersion && f.LastVersion != 0 {
		return fmt.Errorf("lastVersion %d: there is a later one", f.LastVersion)
	}
	p.made = max(p.made, f.LastVersion)
	if p.Default = f.DefaultVersion; p.Default == "" {
		p.Default = p.Versions[len(p.Versions)-1].ID
	}
	if _, ok := p.Version(p.Default); !ok {
		return fmt.Errorf("defaultVersion %q is none of the versions", p.Default)
	}
	return nil
}

func (l *loader) loadVersion(p *ManagedPolicy, f *PolicyVersionFile) error {
	if f.ID == "" {
		f.ID = "v" + strconv.Itoa(p.made+1)
	}
	m := versionForm.FindStringSubmatch(f.ID)
	if m == nil {
		return errors.New("an id is v and a number")
	}
	number, _ := strconv.Atoi(m[1])
	if number <= p.made {
		return errors.New("the versions are not in the order of their ids")
	}
	doc, err := l.identityPolicy(f.Document)
	if err != nil {
		return err
	}
	p.made = number - 1
	p.AddVersion(doc, l.dated(f.Created))
	return nil
}

// identityPolicy compiles an identity policy, which must be there.
func (l *loader) identityPolicy(text any) (*policy.Document, error) {
	doc, err := l.policy(text, policy.Identity)
	if err == nil && doc == nil {
		err = errors.New("the policy is empty")
	}
	return doc, err
}

// entityID checks the unique identifier of a file; without one it is made up from the ARN.
func entityID(prefix, id, arn string) (string, error) {
	if id == "" {
		return prefix + stableID(arn), nil
	}
	if !uniqueIDForm.MatchString(id) || !strings.HasPrefix(id, prefix) {
		return "", fmt.Errorf("id %q is not %s and 12 or more capitals or digits", id, prefix)
	}
	return id, nil
}

// stableID is the tail of a unique identifier that is the same in every run.
func stableID(arn string) string {
	sum := sha256.Sum256([]byte(arn))
	return base32.StdEncoding.EncodeToString(sum[:])[:17]
}

// checkTags checks tags; fold says that keys are told apart without regard to case.
func checkTags(tags map[string]string, fold bool) error {
	if len(tags) > 50 {
		return fmt.Errorf("%d tags: 50 at most are allowed", len(tags))
	}
	seen := map[string]bool{}
	for key, value := range tags {
		if n := len([]rune(key)); n < 1 || n > 128 || len([]rune(value)) > 256 || !iamTagForm.MatchString(key+value) {
			return fmt.Errorf("tag %q: a key has 1 to 128, a value up to 256 letters, digits, spaces or _.:/=+-@", key)
		}
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return fmt.Errorf("tag %q: keys that begin with aws: are reserved", key)
		}
		if fold {
			key = strings.ToLower(key)
		}
		if seen[key] {
			return fmt.Errorf("tag %q stands twice: the case of keys does not count", key)
		}
		seen[key] = true
	}
	return nil
}

// entityFile is what the files of roles and users have in common.
type entityFile struct {
	kind, prefix, account, name, path, id string
	created                               *time.Time
	policies                              map[string]any
	attached                              []string
	boundary                              string
	tags                                  map[string]string
}

func (l *loader) loadEntity(f *entityFile) (Entity, error) {
	if !nameForm.MatchString(f.name) {
		return Entity{}, fmt.Errorf("a %s name has 1 to 64 letters, digits or +=,.@_-", f.kind)
	}
	if f.path == "" {
		f.path = "/"
	}
	if !pathForm.MatchString(f.path) || len(f.path) > 512 {
		return Entity{}, fmt.Errorf("path %q does not begin and end with a slash", f.path)
	}
	if l.iam.names[entityKey(f.kind, f.account, f.name)] != "" {
		return Entity{}, errors.New("the name stands twice in this account")
	}
	e := Entity{
		Account: f.account, Name: f.name, Path: f.path, Created: l.dated(f.created), Attached: f.attached, BoundaryARN: f.boundary,
		Tags: f.tags, arn: l.entityARN(f.kind, f.account, f.path, f.name),
	}
	var err error
	if e.ID, err = entityID(f.prefix, f.id, e.arn); err != nil {
		return e, err
	}
	if err := checkTags(f.tags, true); err != nil {
		return e, err
	}
	if e.Inline, err = l.inlinePolicies(f.policies); err != nil {
		return e, err
	}
	return e, l.checkAttached(&e)
}

// checkAttached looks whether the managed policies of an entity are there.
func (l *loader) checkAttached(e *Entity) error {
	if arn, twice := duplicate(e.Attached); twice {
		return fmt.Errorf("managed policy %q stands twice", arn)
	}
	for _, arn := range e.Attached {
		if !l.attachable(e.Account, arn) {
			return fmt.Errorf("managed policy %q is not known", arn)
		}
	}
	if e.BoundaryARN != "" && !l.attachable(e.Account, e.BoundaryARN) {
		return fmt.Errorf("permissions boundary %q is not known", e.BoundaryARN)
	}
	return nil
}

func (l *loader) attachable(account, arn string) bool {
	p, ok := l.iam.policies[arn]
	return ok && (p.Account == account || p.Account == awsAccount)
}

func (l *loader) inlinePolicies(byName map[string]any) ([]InlinePolicy, error) {
	names := make([]string, 0, len(byName))
	for name := range byName {
		names = append(names, name)
	}
	sort.Strings(names)
	var all []InlinePolicy
	for _, name := range names {
		if !policyNameForm.MatchString(name) {
			return nil, fmt.Errorf("policy %q: a name has 1 to 128 letters, digits or +=,.@_-", name)
		}
		doc, err := l.identityPolicy(byName[name])
		if err != nil {
			return nil, at(err, "policy %q", name)
		}
		all = append(all, InlinePolicy{name, doc})
	}
	return all, nil
}

func (l *loader) loadRole(account string, r *RoleFile) error {
	e, err := l.loadEntity(&entityFile{
		kindRole, "AROA", account, r.Name, r.Path, r.ID, r.Created, r.Policies, r.ManagedPolicies, r.PermissionsBoundary, r.Tags,
	})
	if err != nil {
		return err
	}
	if r.MaxSessionDuration == 0 {
		r.MaxSessionDuration = 3600
	}
	if r.MaxSessionDuration < 3600 || r.MaxSessionDuration > 43200 {
		return fmt.Errorf("maxSessionDuration %d: 3600 to 43200 are allowed", r.MaxSessionDuration)
	}
	if len([]rune(r.Description)) > 1000 {
		return errors.New("a description has up to 1000 characters")
	}
	if r.Trust == nil {
		return errors.New("trust is missing")
	}
	trust, err := l.policy(r.Trust, policy.Trust)
	if err != nil {
		return at(err, "trust")
	}
	role := &Role{Entity: e, Description: r.Description, MaxSessionDuration: time.Duration(r.MaxSessionDuration) * time.Second, Trust: trust}
	l.storeRole(role)
	l.loadUse(role.ID, &r.LastUsed)
	for _, s := range r.Sessions {
		if err := l.loadRoleSession(role, &s); err != nil {
			return at(err, "session %q", s.Name)
		}
	}
	return nil
}

func (l *loader) loadUse(id string, f *UseFile) {
	if f.At != nil {
		l.iam.uses[id] = Use{f.At.UTC().Truncate(time.Second), f.Service, f.Region}
	}
}

func (l *loader) loadIAMUser(account string, u *IAMUserFile) error {
	e, err := l.loadEntity(&entityFile{
		kindUser, "AIDA", account, u.Name, u.Path, u.ID, u.Created, u.Policies, u.ManagedPolicies, u.PermissionsBoundary, u.Tags,
	})
	if err != nil {
		return err
	}
	user := &IAMUser{Entity: e}
	for _, k := range u.AccessKeys {
		if !accessKeyForm.MatchString(k.ID) || k.Secret == "" {
			return fmt.Errorf("access key %q: an id is AKIA and 12 or more capitals or digits, with a secret", k.ID)
		}
		if _, twice := l.KeyOwner(k.ID); twice {
			return fmt.Errorf("access key %q stands twice", k.ID)
		}
		if _, twice := user.Key(k.ID); twice {
			return fmt.Errorf("access key %q stands twice", k.ID)
		}
		user.Keys = append(user.Keys, AccessKey{ID: k.ID, Secret: k.Secret, Inactive: k.Inactive, Created: l.dated(k.Created)})
		l.loadUse(k.ID, &k.LastUsed)
	}
	l.storeUser(user)
	return nil
}
