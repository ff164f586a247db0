package world

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// applicationURLForm is that of an application's URL at the access portal.
var applicationURLForm = regexp.MustCompile(`^https?://[-a-zA-Z0-9+&@#/%?=~_|!:,.;]*[-a-zA-Z0-9+&bb@#/%?=~_|]$`)

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
	a := l.newApplication(in, in.Account, f.ARN, f.Name)
	a.Disabled, a.AssignmentRequired = f.Disabled, f.AssignmentRequired == nil || *f.AssignmentRequired
	a.BackgroundSessions = f.BackgroundSessions == nil || *f.BackgroundSessions
	for _, step := range []func(*Application, *ApplicationFile) error{
		l.description, l.portal, l.assignments, l.jwtBearer, l.otherGrants, l.actorPolicy, l.scopes,
	} {
		if err := step(a, f); err != nil {
			return err
		}
	}
	l.applications[a.ARN] = a
	return nil
}

// description loads what tells an application from others.
func (l *loader) description(a *Application, f *ApplicationFile) error {
	if utf8.RuneCountInString(f.Name) > 100 || utf8.RuneCountInString(f.Description) > 128 {
		return errors.New("a name has 100 characters at most, a description 128")
	}
	if err := CheckTags(f.Tags); err != nil {
		return at(err, "tags")
	}
	a.Description, a.Tags = f.Description, f.Tags
	a.Created = timeOr(f.Created, a.Created)
	if f.Account == "" {
		return nil
	}
	a.Creator = f.Account
	return l.account(f.Account)
}

func (l *loader) portal(a *Application, f *ApplicationFile) error {
	a.Portal = PortalOptions(f.Portal)
	switch p := f.Portal; {
	case p.Origin != "" && p.Origin != "IDENTITY_CENTER" && p.Origin != "APPLICATION":
		return fmt.Errorf("portal: origin %q is neither IDENTITY_CENTER nor APPLICATION", p.Origin)
	case p.URL != "" && (len(p.URL) > 512 || !applicationURLForm.MatchString(p.URL)):
		return fmt.Errorf("portal: url %q is not an http or https URL of 512 characters at most", p.URL)
	case p.URL != "" && p.Origin == "", p.URL == "" && p.Origin == "APPLICATION":
		return errors.New("portal: a url goes with an origin, and the origin APPLICATION with a url")
	}
	return nil
}

func (l *loader) actorPolicy(a *Application, f *ApplicationFile) (err error) {
	if a.ActorPolicy, err = l.policy(f.ActorPolicy, policy.Actor); err != nil {
		return at(err, "actorPolicy")
	}
	if !l.file.Exported { // an export may name who is there no more
		if err := l.existing(a.ActorPolicy); err != nil {
			return at(err, "actorPolicy")
		}
	}
	a.ActorPolicyText, err = policyText(f.ActorPolicy)
	return at(err, "actorPolicy")
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
		a.assigned.add(u.ID, false)
	}
	for _, name := range f.AssignedGroups {
		g := a.Instance.groupNamed(name)
		if g == nil {
			return fmt.Errorf("assignedGroups: no group %q", name)
		}
		a.assigned.add(g.ID, true)
	}
	return nil
}

func (l *loader) jwtBearer(a *Application, f *ApplicationFile) error {
	if len(f.JWTBearer) > 10 {
		return fmt.Errorf("jwtBearer: %d issuers, 10 at most are allowed", len(f.JWTBearer))
	}
	if f.JWTBearer != nil {
		a.JWTBearer = []AuthorizedIssuer{}
	}
	for _, g := range f.JWTBearer {
		arn, err := l.authorizedIssuer(a.Instance, g.Issuer)
		if err != nil {
			return err
		}
		if n := len(g.Audiences); n < 1 || n > 10 {
			return fmt.Errorf("jwtBearer %q: %d audiences, 1 to 10 are allowed", g.Issuer, n)
		}
		for _, aud := range g.Audiences {
			if aud == "" || utf8.RuneCountInString(aud) > 512 {
				return fmt.Errorf("jwtBearer %q: an audience has 1 to 512 characters", g.Issuer)
			}
		}
		a.JWTBearer = append(a.JWTBearer, AuthorizedIssuer{IssuerARN: arn, Audiences: g.Audiences})
	}
	return nil
}

// authorizedIssuer is the ARN of an issuer named so, or an ARN.
func (l *loader) authorizedIssuer(in *Instance, name string) (string, error) {
	if t := trustedIssuerNamed(in, name); t != nil {
		return t.ARN, nil
	}
	m := tokenIssuerForm.FindStringSubmatch(name)
	if m == nil || m[1] != l.Partition || m[2] != in.Account || m[3] != instanceID(in) {
		return "", fmt.Errorf("jwtBearer: no trusted token issuer %q", name)
	}
	return name, nil
}

func trustedIssuerNamed(in *Instance, name string) *TrustedTokenIssuer {
	for _, t := range in.issuers {
		if t.Name == name {
			return t
		}
	}
	return nil
}

func (l *loader) otherGrants(a *Application, f *ApplicationFile) error {
	if err := checkSeconds(f.RefreshTokenLifetime); err != nil {
		return at(err, "refreshTokenLifetime")
	}
	if f.RefreshTokenLifetime > 0 && !f.RefreshToken {
		return errors.New("refreshTokenLifetime is for an application with refreshToken: true")
	}
	if n := len(f.AuthorizationCode); n > 10 || n > 0 && !*l.Switches.AuthorizationCodeGrant {
		return errors.New("authorizationCode: up to 10 redirect URIs, and only with the switch authorizationCodeGrant")
	}
	a.RefreshToken, a.RefreshTokenLifetime = f.RefreshToken, seconds(f.RefreshTokenLifetime, defaultRefreshTokenLifetime)
	a.TokenExchange, a.AuthorizationCode = f.TokenExchange, f.AuthorizationCode
	return nil
}

func (l *loader) scopes(a *Application, f *ApplicationFile) error {
	if n := len(f.Scopes); n > MaxAccessScopes {
		return fmt.Errorf("%d scopes: %d at most are allowed", n, MaxAccessScopes)
	}
	for _, s := range f.Scopes {
		if !scopeForm.MatchString(s.Scope) {
			return fmt.Errorf("scope %q: up to three words of letters, digits or underscores, joined by colons", s.Scope)
		}
		if len(s.Targets) > 10 {
			return fmt.Errorf("scope %q: %d targets, 10 at most are allowed", s.Scope, len(s.Targets))
		}
		if _, twice := a.Scope(s.Scope); twice {
			return fmt.Errorf("scope %q stands twice", s.Scope)
		}
		a.Scopes = append(a.Scopes, Scope{Name: s.Scope, Targets: s.Targets})
	}
	return nil
}
