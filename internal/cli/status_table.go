package cli

import (
	"fmt"
	"strings"
)

// rows is what status prints for people.
func (r *stateReport) rows() [][]cell {
	rows := [][]cell{
		named("Context", plainCell(r.Context)),
		named("State", r.stateCell()),
		named("Configuration", r.configCell()),
	}
	for _, problem := range r.Problems {
		rows = append(rows, named("", cell{printable(problem), red}))
	}
	if r.Provider != "" {
		rows = append(rows, named("Provider", plainCell(r.Provider)))
	}
	if r.TokenSource != "" {
		rows = append(rows, named("Tokens from", plainCell(r.TokenSource)))
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
		named("Directory", plainCell(r.Directory)),
		named("Key", r.keyCell()),
	)
}

// heldRows are about tokens and credentials.
func (r *stateReport) heldRows() [][]cell {
	rows := [][]cell{
		named("Signed in as", r.personCell()),
		named("ID token", r.tokenCell()),
		named("Refresh token", presence(r.Refresh)),
	}
	if r.Application {
		rows = append(rows, named("Center's token", presence(true)))
	}
	role := cell{"none", faint}
	if r.Role != nil {
		role = lifeCell(r.Role.ExpiresAt, r.now)
	}
	s3 := counted(r.S3.Count, "set of credentials", "sets of credentials")
	if r.S3.Next != nil {
		s3 += ", the next " + lifeCell(*r.S3.Next, r.now).text
	}
	rows = append(rows, named("Role session", role), named("S3", plainCell(s3)))
	if f := r.Failed; f != nil {
		text := fmt.Sprintf("%s ago: %s", span(max(0, r.now.Sub(f.FailedAt))), f.Reason)
		if wait := f.RetryAt.Sub(r.now); wait > 0 {
			text += "; none is begun by itself for another " + span(wait)
		}
		rows = append(rows, named("Failed sign-in", cell{printable(text), yellow}))
	}
	return rows
}

func (r *stateReport) stateCell() cell {
	if r.Ready {
		return cell{"ready: credentials can be had", green}
	}
	return cell{printable(r.Reason), red}
}

func (r *stateReport) configCell() cell {
	switch {
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
		return plainCell(orElse(orElse(who.Email, who.Name), who.Subject))
	case r.IDToken.Stored:
		return cell{"not known: " + printable(orElse(r.IDToken.Unread, "the ID token cannot be read")), faint}
	}
	return cell{"nobody", faint}
}

func (r *stateReport) tokenCell() cell {
	switch {
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
		return plainCell("in the file " + r.Key.Path + " (" + r.Key.Reason + ")")
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
		role := cell{"none", faint}
		if r.Role != nil {
			role = lifeCell(r.Role.ExpiresAt, r.now)
		}
		rows = append(rows, []cell{mark, plainCell(r.Context), plainCell(orElse(r.Provider, r.TokenSource)), r.personCell(), role, state})
	}
	return rows
}
