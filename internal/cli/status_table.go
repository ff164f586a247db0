package cli

import (
	"fmt"
	"strings"
	"time"
)

// rows is what status prints for people.
func (r *stateReport) rows() [][]cell {
	rows := [][]cell{
		named("Context", orFaint(string(r.Context), "not known")),
		named("State", r.stateCell()),
		named("Configuration", r.configCell()),
	}
	for _, problem := range r.Problems {
		rows = append(rows, named("", cell{printable(problem), red}))
	}
	if r.Provider != "" {
		rows = append(rows, named("Provider", plainCell(string(r.Provider))))
	}
	if r.TokenSource != "" {
		rows = append(rows, named("Tokens from", plainCell(string(r.TokenSource))))
	}
	if r.Configured && len(r.Problems) == 0 {
		rows = append(rows, r.heldRows()...)
	}
	profiles := cell{"none; make one: tip-cli auth set-aws-profile --profile NAME", faint}
	if len(r.AWSProfiles) > 0 {
		profiles = plainCell(strings.Join(r.AWSProfiles, ", "))
	}
	return append(rows,
		named("AWS profiles", profiles),
		named("Directory", orFaint(string(r.Directory), "not known")),
		named("Key", r.keyCell()),
	)
}

// heldRows are about tokens and credentials.
func (r *stateReport) heldRows() [][]cell {
	rows := [][]cell{
		named("Signed in as", r.personCell()),
		named("ID token", r.tokenCell()),
		named("Refresh token", r.refreshCell()),
	}
	if r.Application {
		rows = append(rows, named("Center's token", presence(true)))
	}
	rows = append(rows, named("Role session", r.roleCell()), named("S3", r.S3.cell(r.now)))
	if f := r.Failed; f != nil {
		text := fmt.Sprintf("%s ago: %s", span(max(0, r.now.Sub(f.FailedAt))), f.Reason)
		if wait := f.RetryAt.Sub(r.now); wait > 0 {
			text += "; none is begun by itself for another " + span(wait)
		}
		rows = append(rows, named("Failed sign-in", cell{printable(text), yellow}))
	}
	return rows
}

func (r *stateReport) refreshCell() cell {
	if !r.IDToken.Stored && r.IDToken.Unread != "" {
		return cell{"not known", faint}
	}
	return presence(r.Refresh)
}

func (r *stateReport) roleCell() cell {
	switch {
	case r.Role != nil:
		return lifeCell(r.Role.ExpiresAt, r.now)
	case r.RoleUnread != "":
		return unreadCell(r.RoleUnread)
	}
	return cell{"none", faint}
}

func (s stateS3) cell(now time.Time) cell {
	if s.Unread != "" {
		return unreadCell(s.Unread)
	}
	text := counted(s.Count, "set of credentials", "sets of credentials")
	if s.Next != nil {
		text += ", the next " + lifeCell(*s.Next, now).text
	}
	return plainCell(text)
}

func unreadCell(why string) cell { return cell{printable("cannot be read: " + why), yellow} }

// orFaint is a text from elsewhere, or what stands for it where there is none.
func orFaint(text, usual string) cell {
	if c := plainCell(text); c.text != "" {
		return c
	}
	return cell{usual, faint}
}

func (r *stateReport) stateCell() cell {
	if r.Ready {
		return cell{"ready: credentials can be had", green}
	}
	return cell{printable(r.Reason), red}
}

func (r *stateReport) configCell() cell {
	switch {
	case r.Context == "":
		return cell{"not known", faint}
	case !r.Configured:
		return cell{"none", red}
	case len(r.Problems) > 0:
		return cell{"cannot be used", red}
	}
	return cell{"valid", green}
}

func (r *stateReport) personCell() cell {
	switch who := r.SignedInAs; {
	case who != nil:
		return orFaint(legible(string(who.Email), string(who.Name), string(who.Subject)), "not known")
	case r.IDToken.Stored, r.IDToken.Unread != "":
		return cell{"not known: " + printable(orElse(r.IDToken.Unread, "the ID token cannot be read")), faint}
	}
	return cell{"nobody", faint}
}

func (r *stateReport) tokenCell() cell {
	switch {
	case !r.IDToken.Stored && r.IDToken.Unread != "":
		return unreadCell(r.IDToken.Unread)
	case !r.IDToken.Stored:
		return cell{"none", faint}
	case r.IDToken.Spent:
		return cell{"exchanged already", faint}
	case r.IDToken.ExpiresAt == nil:
		return cell{"not exchanged yet", plain}
	}
	c := lifeCell(*r.IDToken.ExpiresAt, r.now)
	c.text = "not exchanged yet; " + c.text
	return c
}

func (r *stateReport) keyCell() cell {
	switch r.Key.Place {
	case "keyring":
		return plainCell("in the OS keyring")
	case "file":
		return plainCell("in the file " + string(r.Key.Path) + " (" + string(r.Key.Reason) + ")")
	}
	return cell{"none: nothing is sealed", faint}
}

func presence(is bool) cell {
	if is {
		return cell{"stored", green}
	}
	return cell{"none", yellow}
}

func rowsOfAll(reports []*stateReport) [][]cell {
	var rows [][]cell
	for _, r := range reports {
		mark, state := cell{" ", plain}, cell{"ready", green}
		if r.Current {
			mark = cell{"*", green}
		}
		if !r.Ready {
			state = cell{printable(r.Reason), red}
		}
		rows = append(rows, []cell{mark, plainCell(string(r.Context)), plainCell(orElse(string(r.Provider), string(r.TokenSource))), r.personCell(), r.roleCell(), state})
	}
	return rows
}
