package world

// exportDirectory fills the users and groups of an instance, as a world file has it. w.mu is held.
func (w *World) exportDirectory(in *Instance, f *InstanceFile) {
	f.DirectoryQuotas = in.quotas
	for _, u := range in.users.list() {
		f.Users = append(f.Users, exportUser(u))
	}
	for _, g := range in.groups.list() {
		f.Groups = append(f.Groups, in.exportGroup(g))
	}
}

// exportUser is the inverse of userOf.
func exportUser(u *User) UserFile {
	f := UserFile{
		ID: u.ID, UserName: u.UserName, DisplayName: u.DisplayName, ExternalIDs: u.ExternalIDs, Disabled: u.Disabled,
		ProfileFile: u.ProfileFile, StampFile: u.StampFile,
	}
	switch {
	case u.Email == "":
	case u.EmailType == emailType && u.EmailPrimary:
		f.Email = u.Email
	default:
		f.Emails = []ContactFile{{Value: u.Email, Type: u.EmailType, Primary: u.EmailPrimary}}
	}
	return f
}

// exportGroup names members shortly of whose memberships there is no more to say.
func (d *directory) exportGroup(g *Group) GroupFile {
	f := GroupFile{ID: g.ID, DisplayName: g.DisplayName, Description: g.Description, ExternalIDs: g.ExternalIDs, StampFile: g.StampFile}
	for _, m := range listed(d.members, g.ID) {
		name := d.users.byID[m.UserID].UserName
		if m.ID == MembershipID(g.ID, m.UserID) && m.StampFile == (StampFile{}) {
			f.Members = append(f.Members, name)
			continue
		}
		short := MembershipFile{User: name, ID: m.ID, StampFile: m.StampFile}
		if m.ID == MembershipID(g.ID, m.UserID) {
			short.ID = ""
		}
		f.Memberships = append(f.Memberships, short)
	}
	return f
}
