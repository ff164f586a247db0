package world

import (
	"maps"
	"slices"
)

// exportCenter fills what an instance has beside its directory, as a world file has it. w.mu is held.
func (w *World) exportCenter(in *Instance, f *InstanceFile) {
	f.AccountInstance, f.Created = in.OfAccount, written(in.Created)
	f.MaxApplications = in.maxApplications
	f.Name, f.KMSKeyARN, f.Tags = in.settings.Name, in.settings.KMSKeyARN, maps.Clone(in.settings.Tags)
	for _, t := range issuersOf(in) {
		f.TrustedTokenIssuers = append(f.TrustedTokenIssuers, TrustedTokenIssuerFile{
			Name: t.Name, ARN: t.ARN, IssuerURL: t.IssuerURL, ClaimAttributePath: t.ClaimAttributePath,
			IdentityStoreAttributePath: t.IdentityStoreAttributePath, Tags: maps.Clone(t.Tags),
		})
	}
	for _, a := range w.applicationsOf(in) {
		f.Applications = append(f.Applications, exportApplication(a))
	}
}

func exportApplication(a *Application) ApplicationFile {
	f := ApplicationFile{
		Name: a.Name, Description: a.Description, ARN: a.ARN, Created: written(a.Created), Disabled: a.Disabled,
		Portal: PortalFile(a.Portal), Tags: maps.Clone(a.Tags), AssignmentRequired: unlessTrue(a.AssignmentRequired),
		RefreshToken: a.RefreshToken, RefreshTokenLifetime: unless(a.RefreshTokenLifetime, defaultRefreshTokenLifetime), TokenExchange: a.TokenExchange,
		ActorPolicy:       policyValue(a.ActorPolicyText),
		AuthorizationCode: slices.Clone(a.AuthorizationCode), BackgroundSessions: unlessTrue(a.BackgroundSessions),
	}
	if a.Creator != a.Account {
		f.Account = a.Creator
	}
	for _, to := range a.Assignments() {
		if to.Group {
			f.AssignedGroups = append(f.AssignedGroups, a.Instance.groups.byID[to.ID].DisplayName)
		} else {
			f.AssignedUsers = append(f.AssignedUsers, a.Instance.users.byID[to.ID].UserName)
		}
	}
	for _, s := range a.Scopes {
		f.Scopes = append(f.Scopes, ScopeFile{Scope: s.Name, Targets: slices.Clone(s.Targets)})
	}
	exportJWTBearer(a, &f)
	return f
}

// exportJWTBearer names the issuers of the grant, one that is there no more by its ARN.
func exportJWTBearer(a *Application, f *ApplicationFile) {
	if a.JWTBearer != nil {
		f.JWTBearer = AuthorizedIssuersFile{}
	}
	for _, g := range a.JWTBearer {
		name := g.IssuerARN
		if t := a.Instance.issuers[name]; t != nil {
			name = t.Name
		}
		f.JWTBearer = append(f.JWTBearer, AuthorizedIssuerFile{Issuer: name, Audiences: slices.Clone(g.Audiences)})
	}
}

// unlessTrue is a flag as the file has it, nil if it is set as it is by default.
func unlessTrue(b bool) *bool {
	if b {
		return nil
	}
	return &b
}
