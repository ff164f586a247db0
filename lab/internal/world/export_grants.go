package world

import (
	"slices"
	"strings"
	"time"
)

func (w *World) exportAccessGrants() []AccessGrantsFile {
	var all []AccessGrantsFile
	for _, key := range slices.Sorted(mapKeys(w.accessGrants)) {
		all = append(all, w.exportGrantsInstance(w.accessGrants[key]))
	}
	return all
}

func (w *World) exportGrantsInstance(g *AccessGrants) AccessGrantsFile {
	f := AccessGrantsFile{
		Account: g.Account, Region: w.elsewhere(g.Region), Created: written(g.Created), Tags: g.Tags,
		ResourcePolicy: policyValue(g.PolicyText), Organization: g.Organization,
	}
	if g.PolicyText != "" {
		f.PolicyCreated = since(g, g.PolicyCreated)
	}
	if g.MaxLocations != MaxGrantsLocations {
		f.MaxLocations = g.MaxLocations
	}
	if g.MaxGrants != MaxGrants {
		f.MaxGrants = g.MaxGrants
	}
	if g.IdentityCenter != nil {
		f.IdentityCenter, f.Application = g.IdentityCenter.ARN, g.ApplicationARN
		usual := *g
		if usual.associate(g.IdentityCenter, stableUUID(g.ARN)); usual.ApplicationARN == g.ApplicationARN {
			f.Application = ""
		}
	}
	scopes := map[string]string{} // of locations by id
	for _, l := range g.Locations {
		scopes[l.ID] = l.Scope
		f.Locations = append(f.Locations, w.exportLocation(g, l))
	}
	f.Grants = slices.Grow(f.Grants, len(g.Grants))
	for _, n := range g.Grants {
		f.Grants = append(f.Grants, w.exportGrant(g, n, scopes[n.LocationID]))
	}
	return f
}

// since is a time that is left out if it is that of the instance.
func since(g *AccessGrants, t time.Time) *time.Time {
	if t.Equal(g.Created) {
		return nil
	}
	return written(t)
}

func (w *World) exportLocation(g *AccessGrants, l *Location) LocationFile {
	f := LocationFile{ID: l.ID, Scope: l.Scope, Role: l.RoleARN, Tags: l.Tags, Created: since(g, l.Created)}
	if l.Scope == DefaultLocation || l.ID == stableUUID(g.ARN+" "+l.Scope) {
		f.ID = ""
	}
	if r, ok := w.roles[l.RoleARN]; ok && r.Account == g.Account {
		f.Role = r.Name
	}
	return f
}

func (w *World) exportGrant(g *AccessGrants, n *Grant, location string) GrantFile {
	f := GrantFile{
		ID: n.ID, Location: location, SubPrefix: n.SubPrefix, Object: n.Object, Permission: n.Permission, Tags: n.Tags,
		Created: since(g, n.Created),
	}
	if n.ApplicationARN != "ALL" {
		f.Application = n.ApplicationARN
	}
	if n.ID == stableUUID(strings.Join([]string{g.ARN, n.Scope, n.Permission, n.GranteeID, n.ApplicationARN}, " ")) {
		f.ID = ""
	}
	w.exportGrantee(g, n, &f)
	return f
}

// exportGrantee names a user or group that is there, and has the id of one that is not.
func (w *World) exportGrantee(g *AccessGrants, n *Grant, f *GrantFile) {
	var user *User
	var group *Group
	if in := g.IdentityCenter; in != nil {
		user, group = in.users.byID[n.GranteeID], in.groups.byID[n.GranteeID]
	}
	switch {
	case n.Grantee == IAMGrantee && strings.Contains(n.GranteeID, ":user/"):
		f.IAMUser = n.GranteeID
	case n.Grantee == IAMGrantee:
		f.Role = n.GranteeID
	case n.Grantee == DirectoryUser && user != nil && user.UserName != "":
		f.User = user.UserName
	case n.Grantee == DirectoryUser:
		f.UserID = n.GranteeID
	case group != nil && group.DisplayName != "":
		f.Group = group.DisplayName
	default:
		f.GroupID = n.GranteeID
	}
}
