package cli

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/terminal"
)

// printExplanation prints the report for a person.
func (a *app) printExplanation(e *explanation) error {
	if err := a.printTable(nil, slices.Concat(e.rows(), a.fitted([]string{"Permission", ""}, e.noteRows()), e.commandRows())); err != nil || len(e.Grants) == 0 {
		return err
	}
	header := []string{"TARGET", "PERMISSION", "WHAT IT IS TO THE PATH"}
	var rows [][]cell
	for _, g := range e.Grants {
		row := cells(g.Target, g.Permission, g.Reason)
		row[2].style = verdictStyle(g.Verdict)
		rows = append(rows, row)
	}
	if e.Omitted > 0 {
		rows = append(rows, []cell{{fmt.Sprintf("and %d more", e.Omitted), faint}})
	}
	if _, err := fmt.Fprintln(a.Stdout); err != nil {
		return printed(0, err)
	}
	return a.printTable(header, a.fitted(header, rows))
}

func verdictStyle(verdict string) style {
	switch session.Verdict(verdict) {
	case session.VerdictServes:
		return green
	case session.VerdictLessSpecific:
		return plain
	case session.VerdictElsewhere:
		return faint
	}
	return yellow
}

func (e *explanation) rows() [][]cell {
	request := fmt.Sprintf("%s, privilege %s", e.Permission, e.Privilege)
	if e.TargetType == "Object" {
		request += ", one object"
	}
	instance := fmt.Sprintf("of account %s in %s", e.AccountID, e.Region)
	if e.OwnerFound {
		instance += ", which AWS names for the path"
	}
	rows := [][]cell{
		named("Path", plainCell(e.Target)),
		named("Permission", plainCell(request)),
		named("Instance", plainCell(instance)),
		named("You", orFaint(string(e.UserID), "not known")),
		named("Served by", e.servedCell()),
		named("Stored", e.storedCell()),
	}
	if e.Live != nil {
		rows = append(rows, named("AWS says", e.Live.cell()))
	}
	return rows
}

func (e *explanation) noteRows() [][]cell {
	var rows [][]cell
	for _, text := range e.Notes {
		rows = append(rows, named("Note", plainCell(text)))
	}
	return rows
}

// commandRows are what can be copied, and so is not broken into lines.
func (e *explanation) commandRows() [][]cell {
	var rows [][]cell
	for _, s := range e.Try {
		rows = append(rows, named("Try", plainCell(s.Command+"  ("+s.Why+")")))
	}
	if e.GrantCommand != "" && len(e.Try) > 0 { // else it is the hint of the error
		rows = append(rows, named("Grant it", plainCell(string(e.GrantCommand))))
	}
	return rows
}

func (e *explanation) servedCell() cell {
	switch {
	case e.Unlisted != "":
		return cell{visible("not known: " + e.Unlisted), yellow}
	case e.ServedBy == nil:
		return cell{"nothing", red}
	}
	return cell{visible(e.ServedBy.Target + " (" + e.ServedBy.Permission + ")"), green}
}

func (e *explanation) storedCell() cell {
	if e.Stored == nil {
		return cell{"no credentials that would do", faint}
	}
	return plainCell(fmt.Sprintf("credentials for %s (%s), %s: get-data-access prints these",
		e.Stored.Target, e.Stored.Permission, lifeCell(e.Stored.Expiration, time.Now()).text))
}

func (l *explainedLive) cell() cell {
	text, s := "yes, for "+string(l.Target), green
	if !l.Granted {
		text, s = "no: "+l.Error, red
	}
	switch {
	case l.surprising() && l.Granted:
		s = yellow
	case l.surprising() || l.Expected == nil:
	case l.Granted:
		text += ", as expected"
	default:
		text = "no, as expected: " + l.Error
	}
	return cell{visible(text), s}
}

// leastFit is the width, in characters, below which a column is not broken into lines.
const leastFit = 24

// fitted breaks the last column of a table for people into lines that the terminal has
// room for. Elsewhere, and where there is too little room, it stays as it is.
func (a *app) fitted(header []string, rows [][]cell) [][]cell {
	return fitTo(terminal.Width(a.Stdout), header, rows)
}

func fitTo(width int, header []string, rows [][]cell) [][]cell {
	all := rows
	if header != nil {
		all = append([][]cell{cells(header...)}, rows...)
	}
	widths := columnWidths(all)
	last := len(widths) - 1
	room := width
	for i := range max(0, last) {
		room -= widths[i] + columnGap
	}
	if width == 0 || room < leastFit {
		return rows
	}
	var broken [][]cell
	for _, row := range rows {
		if len(row) != last+1 || utf8.RuneCountInString(row[last].text) <= room {
			broken = append(broken, row)
			continue
		}
		for i, line := range wrapped(row[last].text, room) {
			part := make([]cell, last+1)
			if i == 0 {
				copy(part, row)
			}
			part[last] = cell{line, row[last].style}
			broken = append(broken, part)
		}
	}
	return broken
}
