package cli

import "fmt"

// rows is what whoami prints for people. What is not known and has no reason is left out.
func (w *identity) rows() [][]cell {
	rows := [][]cell{named("Context", plainCell(w.Context))}
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, named(name, plainCell(value)))
		}
	}
	rows = append(rows, w.userRows()...)
	add("User ID", w.UserID)
	add("Identity store", w.Center.IdentityStoreARN)
	add("Instance", w.Center.InstanceARN)
	add("Application", w.Center.ApplicationARN)
	if t := w.IDToken; t != nil {
		add("Signed in as", orElse(t.Email, t.Name))
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
		text := u.UserName
		if u.DisplayName != "" && u.DisplayName != u.UserName {
			text += " (" + u.DisplayName + ")"
		}
		rows = append(rows, named("User", plainCell(text)))
		if u.Email != "" && u.Email != u.UserName {
			rows = append(rows, named("E-mail", plainCell(u.Email)))
		}
	} else {
		rows = append(rows, named("User", cell{printable(w.UserReason), faint}))
	}
	switch {
	case w.Groups == nil:
		rows = append(rows, named("Groups", cell{printable(w.GroupReason), faint}))
	case len(w.Groups) == 0:
		rows = append(rows, named("Groups", plainCell("none")))
	}
	for i, g := range w.Groups {
		name := ""
		if i == 0 {
			name = "Groups"
		}
		rows = append(rows, named(name, plainCell(orElse(g.DisplayName, g.GroupID))))
	}
	return rows
}

func (w *identity) leftRows() [][]cell {
	var rows [][]cell
	left := &w.Left
	if left.RoleSession != nil {
		rows = append(rows, named("Credentials", lifeCell(left.RoleSession.ExpiresAt, w.now)))
	}
	rows = append(rows, named("ID token", w.tokenCell()))
	refresh := cell{"none", yellow}
	if left.RefreshToken {
		refresh = cell{"stored; the identity provider does not say how long it lasts", plain}
	}
	rows = append(rows, named("Refresh token", refresh))
	text := counted(left.S3Credentials, "set of credentials", "sets of credentials")
	if left.S3NextExpiring != nil {
		text += ", the next " + lifeCell(*left.S3NextExpiring, w.now).text
	}
	return append(rows, named("S3", plainCell(text)))
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
