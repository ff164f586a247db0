package world

import (
	"maps"
	"slices"
	"sort"
	"strconv"
	"time"
)

// exportIAM fills what an account has of IAM, as a world file has it. w.mu is held.
func (w *World) exportIAM(a *AccountFile) {
	a.IAMQuotas = w.iam.quotas[a.ID]
	for _, p := range w.providersOf(a.ID) {
		a.OIDCProviders = append(a.OIDCProviders, OIDCProviderFile{
			URL: p.Issuer, ClientIDs: slices.Clone(p.ClientIDs), Thumbprints: slices.Clone(p.Thumbprints), Created: written(p.Created), Tags: maps.Clone(p.Tags),
		})
	}
	for _, arn := range slices.Sorted(maps.Keys(w.iam.policies)) {
		if p := w.iam.policies[arn]; p.Account == a.ID {
			a.Policies = append(a.Policies, exportPolicy(p))
		}
	}
	sessions := w.fileSessions(a.ID)
	for _, arn := range slices.Sorted(maps.Keys(w.roles)) {
		if r := w.roles[arn]; r.Account == a.ID {
			f := w.exportRole(r)
			f.Sessions = sessions[arn]
			a.Roles = append(a.Roles, f)
		}
	}
	for _, arn := range slices.Sorted(maps.Keys(w.iamUsers)) {
		if u := w.iamUsers[arn]; u.Account == a.ID {
			a.Users = append(a.Users, w.exportUser(u))
		}
	}
}

func exportPolicy(p *ManagedPolicy) ManagedPolicyFile {
	last := p.Versions[len(p.Versions)-1]
	f := ManagedPolicyFile{
		Name: p.Name, Path: standard(p.Path, "/"), ID: standard(p.ID, "ANPA"+stableID(p.arn)), Description: p.Description,
		DefaultVersion: standard(p.Default, last.ID), Created: written(p.Created), Updated: written(p.Updated), Tags: maps.Clone(p.Tags),
	}
	if last.ID != "v"+strconv.Itoa(p.made) {
		f.LastVersion = p.made
	}
	if last.ID == "v1" && last.Created.Equal(p.Created) {
		f.Document = policyValue(last.Document.Text())
		return f
	}
	for _, v := range p.Versions {
		f.Versions = append(f.Versions, PolicyVersionFile{ID: v.ID, Document: policyValue(v.Document.Text()), Created: written(v.Created)})
	}
	return f
}

// standard is a value as the file has it: empty for what is there without it.
func standard(value, byDefault string) string {
	if value == byDefault {
		return ""
	}
	return value
}

func (w *World) exportRole(r *Role) RoleFile {
	f := RoleFile{
		Name: r.Name, Path: standard(r.Path, "/"), ID: standard(r.ID, "AROA"+stableID(r.arn)), Description: r.Description,
		Created: written(r.Created), Trust: policyValue(r.Trust.Text()), Policies: exportInline(r.Inline),
		ManagedPolicies: slices.Clone(r.Attached), PermissionsBoundary: r.BoundaryARN, Tags: maps.Clone(r.Tags), LastUsed: w.exportUse(r.ID),
	}
	if r.MaxSessionDuration != time.Hour {
		f.MaxSessionDuration = int32(r.MaxSessionDuration / time.Second)
	}
	return f
}

func (w *World) exportUser(u *IAMUser) IAMUserFile {
	f := IAMUserFile{
		Name: u.Name, Path: standard(u.Path, "/"), ID: standard(u.ID, "AIDA"+stableID(u.arn)), Created: written(u.Created),
		Policies: exportInline(u.Inline), ManagedPolicies: slices.Clone(u.Attached), PermissionsBoundary: u.BoundaryARN, Tags: maps.Clone(u.Tags),
	}
	for _, k := range u.Keys {
		f.AccessKeys = append(f.AccessKeys, AccessKeyFile{ID: k.ID, Secret: k.Secret, Inactive: k.Inactive, Created: written(k.Created), LastUsed: w.exportUse(k.ID)})
	}
	return f
}

func exportInline(list []InlinePolicy) map[string]any {
	var byName map[string]any
	for _, p := range list {
		if byName == nil {
			byName = map[string]any{}
		}
		byName[p.Name] = policyValue(p.Document.Text())
	}
	return byName
}

func (w *World) exportUse(id string) UseFile {
	u, _ := w.LastUse(id)
	return UseFile{At: written(u.At), Service: u.Service, Region: u.Region}
}

// fileSessions are the sessions of an account's roles that came with the world
// file, by the role's ARN, in the order of their access keys.
func (w *World) fileSessions(account string) map[string][]RoleSessionFile {
	byRole := map[string][]RoleSessionFile{}
	for _, s := range w.sessions {
		if !s.FromFile || s.Account != account {
			continue
		}
		f := RoleSessionFile{Name: s.SessionName, ID: s.AccessKeyID, Secret: s.SecretAccessKey, Token: s.SessionToken}
		if !s.Expires.IsZero() {
			f.Lifetime = int(s.Expires.Sub(w.now().UTC().Truncate(time.Second)) / time.Second)
		}
		if s.Expires.IsZero() || f.Lifetime > 0 {
			byRole[s.RoleARN] = append(byRole[s.RoleARN], f)
		}
	}
	for _, list := range byRole {
		sort.Slice(list, func(a, b int) bool { return list[a].ID < list[b].ID })
	}
	return byRole
}
