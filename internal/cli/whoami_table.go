package cli

import "fmt"

// rows is what whoami prints for people. What is not known and has no reason is left out.
func (w *identity) rows() [][]cell {
	rows := [][]cell{named("Context", plainCell(w.Context))}
	add := func(name string, value known) {
		if text := legible(string(value)); text != "" {
			rows = append(rows, named(name, plainCell(text)))
		}
	}
	rows = append(rows, w.userRows()...)
	add("User ID", w.UserID)
	add("Identity store", w.Center.IdentityStoreARN)
	add("Instance", w.Center.InstanceARN)
	add("Application", w.Center.ApplicationARN)
	if t := w.IDToken; t != nil {
		add("Signed in as", known(legible(string(t.Email), string(t.Name))))
		add("Issuer", t.Issuer)
		add("Subject", t.Subject)
	}
	if c := w.Caller; c != nil {
		add("Role session", c.ARN)
		add("Account", c.Account)
	}
	return append(rows, w.leftRows()...)
}

func (w *identity) userRows() [][]cell {
	var rows [][]cell
	if u := w.User; u != nil {
		name, display, email := printable(string(u.UserName)), printable(string(u.DisplayName)), printable(string(u.Email))
		text := legible(name, display, email)
		if text == name && display != "" && display != name {
			text += " (" + display + ")"
		}
		rows = append(rows, named("User", orFaint(text, "has no name")))
		if email != "" && email != name {
			rows = append(rows, named("E-mail", plainCell(email)))
		}
	} else {
		rows = append(rows, named("User", cell{printable(w.UserReason), faint}))
	}
	return append(rows, w.groupRows()...)
}

func (w *identity) groupRows() [][]cell {
	switch {
	case w.Groups == nil:
		return [][]cell{named("Groups", cell{printable(w.GroupReason), faint})}
	case len(w.Groups) == 0:
		return [][]cell{named("Groups", plainCell("none"))}
	}
	var rows [][]cell
	for _, g := range w.Groups {
		rows = append(rows, named("", orFaint(legible(string(g.DisplayName), g.GroupID), "has no name")))
	}
	rows[0][0].text = "Groups"
	if w.MoreGroups {
		rows = append(rows, named("", cell{"and more", faint}))
	}
	return rows
}

func (w *identity) leftRows() [][]cell {
	var rows [][]cell
	left := &w.Left
	if left.RoleSession != nil {
		rows = append(rows, named("Credentials", lifeCell(left.RoleSession.ExpiresAt, w.now)))
	} else if left.RoleUnread != "" {
		rows = append(rows, named("Credentials", unreadCell(left.RoleUnread)))
	}
	rows = append(rows, named("ID token", w.tokenCell()))
	refresh := cell{"none", yellow}
	switch {
	case w.unread:
		refresh = cell{"not known", faint}
	case left.RefreshToken:
		refresh = cell{"stored; the identity provider does not say how long it lasts", plain}
	}
	rows = append(rows, named("Refresh token", refresh))
	return append(rows, named("S3", left.S3.cell(w.now)))
}

func (w *identity) tokenCell() cell {
	if w.Left.IDToken == nil {
		return cell{printable(w.TokenReason), faint}
	}
	c := lifeCell(w.Left.IDToken.ExpiresAt, w.now)
	if w.Left.IDTokenSpent {
		return cell{fmt.Sprintf("exchanged already; %s", c.text), faint}
	}
	return c
}

func orElse(value, usual string) string {
	if value == "" {
		return usual
	}
	return value
}
