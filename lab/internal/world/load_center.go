package world

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/tip-cli/tip-cli/lab/internal/policy"
)

var (
	instanceForm    = regexp.MustCompile(`^arn:(aws[a-z-]*):sso:::instance/(ssoins-[a-zA-Z0-9]{16})$`)
	tokenIssuerForm = regexp.MustCompile(`^arn:(aws[a-z-]*):sso::([0-9]{12}):trustedTokenIssuer/(ssoins-[a-zA-Z0-9]{16})/tti-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	applicationForm = regexp.MustCompile(`^arn:(aws[a-z-]*):sso::([0-9]{12}):application/(ssoins-[a-zA-Z0-9]{16})/apl-[a-zA-Z0-9]{16}$`)
	storeForm       = regexp.MustCompile(`^(d-[0-9a-f]{10}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)
	principalForm   = regexp.MustCompile(`^([0-9a-f]{10}-)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	claimForm       = regexp.MustCompile(`^\p{L}+([._]\p{L}+){0,2}$`)
	scopeForm       = regexp.MustCompile(`^[A-Za-z0-9_]{1,50}(:[A-Za-z0-9_]{1,50}){0,2}$`)
	issuerNameForm  = regexp.MustCompile(`^[\w+=,.@-]{1,255}$`)
)

func (l *loader) loadInstances() error {
	for i := range l.file.IdentityCenter {
		f := &l.file.IdentityCenter[i]
		if err := l.loadInstance(f); err != nil {
			return at(err, "identityCenter %q", f.ARN)
		}
	}
	return nil
}

func (l *loader) loadInstance(f *InstanceFile) error {
	if err := l.account(f.Account); err != nil {
		return err
	}
	region, err := l.region(f.Region)
	if err != nil {
		return err
	}
	m := instanceForm.FindStringSubmatch(f.ARN)
	if m == nil || m[1] != l.Partition {
		return fmt.Errorf("arn is not arn:%s:sso:::instance/ssoins-{16 characters}", l.Partition)
	}
	if !storeForm.MatchString(f.IdentityStoreID) {
		return fmt.Errorf("identityStoreId %q is neither d-{10 hexadecimal digits} nor a UUID", f.IdentityStoreID)
	}
	if _, twice := l.instances[f.ARN]; twice {
		return errors.New("the arn stands twice")
	}
	in := &Instance{
		ARN: f.ARN, Account: f.Account, Region: region, IdentityStoreID: f.IdentityStoreID,
		IdentityStoreARN: "arn:" + l.Partition + ":identitystore::" + f.Account + ":identitystore/" + f.IdentityStoreID,
		issuers:          map[string]*TrustedTokenIssuer{}, directory: newDirectory(),
	}
	l.instances[f.ARN] = in
	for _, step := range []func(*Instance, *InstanceFile) error{l.loadUsers, l.loadGroups, l.loadTrustedIssuers, l.loadApplications} {
		if err := step(in, f); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) loadTrustedIssuers(in *Instance, f *InstanceFile) error {
	if len(f.TrustedTokenIssuers) > 10 {
		return fmt.Errorf("%d trustedTokenIssuers: 10 at most are allowed", len(f.TrustedTokenIssuers))
	}
	for _, t := range f.TrustedTokenIssuers {
		if err := l.loadTrustedIssuer(in, &t); err != nil {
			return at(err, "trustedTokenIssuer %q", t.Name)
		}
	}
	return nil
}

func (l *loader) loadTrustedIssuer(in *Instance, t *TrustedTokenIssuerFile) error {
	if !issuerNameForm.MatchString(t.Name) {
		return errors.New("a name has 1 to 255 letters, digits or +=,.@_-")
	}
	if len(t.IssuerURL) > 512 {
		return errors.New("issuerUrl has 512 characters at most")
	}
	if err := checkIssuerURL(t.IssuerURL, *l.Switches.LoopbackIssuers, true); err != nil {
		return err
	}
	if len(t.ClaimAttributePath) > 255 || !claimForm.MatchString(t.ClaimAttributePath) {
		return fmt.Errorf("claimAttributePath %q: up to three words of letters, joined by a dot or an underscore", t.ClaimAttributePath)
	}
	if paths := []string{"userName", "emails.value", l.Switches.ExternalIDPath}; !slices.Contains(paths, t.IdentityStoreAttributePath) {
		return fmt.Errorf("identityStoreAttributePath %q is none of %s", t.IdentityStoreAttributePath, strings.Join(paths, ", "))
	}
	for _, other := range in.issuers {
		if other.IssuerURL == t.IssuerURL || other.Name == t.Name {
			return errors.New("the name or issuerUrl stands twice")
		}
	}
	if t.ARN == "" {
		t.ARN = "arn:" + l.Partition + ":sso::" + in.Account + ":trustedTokenIssuer/" +
			strings.TrimPrefix(arnField(in.ARN, 5), "instance/") + "/tti-" + stableUUID(in.ARN+" "+t.Name)
	}
	m := tokenIssuerForm.FindStringSubmatch(t.ARN)
	if m == nil || m[1] != l.Partition || m[2] != in.Account || !strings.HasSuffix(in.ARN, "/"+m[3]) {
		return errors.New("arn is not arn:{partition}:sso::{the instance's account}:trustedTokenIssuer/{the instance}/tti-{UUID}")
	}
	if in.issuers[t.ARN] != nil {
		return errors.New("the arn stands twice")
	}
	in.issuers[t.ARN] = &TrustedTokenIssuer{
		ARN: t.ARN, Name: t.Name, IssuerURL: t.IssuerURL,
		ClaimAttributePath: t.ClaimAttributePath, IdentityStoreAttributePath: t.IdentityStoreAttributePath,
	}
	return nil
}

// stableUUID makes the same identifier from the same text in every run.
func stableUUID(text string) string {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(text)).String()
}

func (l *loader) loadApplications(in *Instance, f *InstanceFile) error {
	for i := range f.Applications {
		a := &f.Applications[i]
		if err := l.loadApplication(in, a); err != nil {
			return at(err, "application %q", a.Name)
		}
	}
	return nil
}

func (l *loader) loadApplication(in *Instance, f *ApplicationFile) error {
	m := applicationForm.FindStringSubmatch(f.ARN)
	if m == nil || m[1] != l.Partition || m[2] != in.Account || !strings.HasSuffix(in.ARN, "/"+m[3]) {
		return errors.New("arn is not arn:{partition}:sso::{the instance's account}:application/{the instance}/apl-{16 characters}")
	}
	if _, twice := l.applications[f.ARN]; twice {
		return errors.New("the arn stands twice")
	}
	if err := checkSeconds(f.RefreshTokenLifetime); err != nil {
		return at(err, "refreshTokenLifetime")
	}
	if f.RefreshTokenLifetime > 0 && !f.RefreshToken {
		return errors.New("refreshTokenLifetime is for an application with refreshToken: true")
	}
	a := &Application{
		ARN: f.ARN, Name: f.Name, Account: in.Account, Region: in.Region, Instance: in, Disabled: f.Disabled,
		AssignmentRequired: f.AssignmentRequired == nil || *f.AssignmentRequired, RefreshToken: f.RefreshToken,
		RefreshTokenLifetime: seconds(f.RefreshTokenLifetime, 8*time.Hour),
		assigned:             map[string]bool{},
		ClientID:             base64.StdEncoding.EncodeToString([]byte(stableID(f.ARN))),
	}
	var err error
	if a.ActorPolicy, err = l.policy(f.ActorPolicy, policy.Actor); err != nil {
		return at(err, "actorPolicy")
	}
	if err := l.existing(a.ActorPolicy); err != nil {
		return at(err, "actorPolicy")
	}
	for _, step := range []func(*Application, *ApplicationFile) error{l.assignments, l.jwtBearer, l.scopes} {
		if err := step(a, f); err != nil {
			return err
		}
	}
	l.applications[a.ARN] = a
	return nil
}

// existing refuses an actor policy that names a role or user that is not there.
func (l *loader) existing(doc *policy.Document) error {
	if doc == nil {
		return nil
	}
	for _, arn := range doc.PrincipalARNs() {
		if l.roles[arn] == nil && l.iamUsers[arn] == nil && strings.Contains(arn, ":iam::") && !strings.HasSuffix(arn, ":root") {
			return fmt.Errorf("Invalid actor policy provided: there is no %s", arn) //nolint:staticcheck // AWS's words
		}
	}
	return nil
}

func (l *loader) assignments(a *Application, f *ApplicationFile) error {
	for _, name := range f.AssignedUsers {
		u := a.Instance.userNamed(name)
		if u == nil {
			return fmt.Errorf("assignedUsers: no user %q", name)
		}
		a.assigned[u.ID] = true
	}
	for _, name := range f.AssignedGroups {
		g := a.Instance.groupNamed(name)
		if g == nil {
			return fmt.Errorf("assignedGroups: no group %q", name)
		}
		a.assigned[g.ID] = true
	}
	return nil
}

func (l *loader) jwtBearer(a *Application, f *ApplicationFile) error {
	if len(f.JWTBearer) > 10 {
		return fmt.Errorf("jwtBearer: %d issuers, 10 at most are allowed", len(f.JWTBearer))
	}
	for _, g := range f.JWTBearer {
		t := trustedIssuerNamed(a.Instance, g.Issuer)
		if t == nil {
			return fmt.Errorf("jwtBearer: no trusted token issuer %q", g.Issuer)
		}
		if n := len(g.Audiences); n < 1 || n > 10 {
			return fmt.Errorf("jwtBearer %q: %d audiences, 1 to 10 are allowed", g.Issuer, n)
		}
		for _, aud := range g.Audiences {
			if aud == "" || utf8.RuneCountInString(aud) > 512 {
				return fmt.Errorf("jwtBearer %q: an audience has 1 to 512 characters", g.Issuer)
			}
		}
		a.JWTBearer = append(a.JWTBearer, AuthorizedIssuer{IssuerARN: t.ARN, Audiences: g.Audiences})
	}
	return nil
}

func trustedIssuerNamed(in *Instance, name string) *TrustedTokenIssuer {
	for _, t := range in.issuers {
		if t.Name == name {
			return t
		}
	}
	return nil
}

func (l *loader) scopes(a *Application, f *ApplicationFile) error {
	if len(f.Scopes) > 25 {
		return fmt.Errorf("%d scopes: 25 at most are allowed", len(f.Scopes))
	}
	for _, s := range f.Scopes {
		if !scopeForm.MatchString(s.Scope) {
			return fmt.Errorf("scope %q: up to three words of letters, digits or underscores, joined by colons", s.Scope)
		}
		if len(s.Targets) > 10 {
			return fmt.Errorf("scope %q: %d targets, 10 at most are allowed", s.Scope, len(s.Targets))
		}
		a.Scopes = append(a.Scopes, Scope{Name: s.Scope, Targets: s.Targets})
	}
	return nil
}
