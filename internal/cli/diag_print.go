package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/terminal"
)

// diagReport is the JSON of diag.
type diagReport struct {
	// Version of this form: it changes if something is taken away.
	Version int `json:"version"`
	// OK says that nothing failed.
	OK       bool                   `json:"ok"`
	Counts   map[finding.Status]int `json:"counts"`
	Sections []diagSection          `json:"sections"`
}

type diagSection struct {
	Section finding.Section  `json:"section"`
	Title   string           `json:"title"`
	Status  finding.Status   `json:"status"`
	Results []finding.Result `json:"results"`
}

func newDiagReport(r *finding.Report) *diagReport {
	out := &diagReport{Version: 1, OK: r.Count(finding.Fail) == 0, Counts: map[finding.Status]int{}}
	for _, s := range []finding.Status{finding.OK, finding.Skipped, finding.Unknown, finding.Warn, finding.Fail} {
		out.Counts[s] = r.Count(s)
	}
	for _, s := range finding.Sections() {
		if of := r.Of(s); len(of) > 0 {
			out.Sections = append(out.Sections, diagSection{s, s.Title(), r.Worst(s), of})
		}
	}
	return out
}

// printDiagnosis prints the report in the form that was asked for.
func (a *app) printDiagnosis(f *diagFlags, r *finding.Report) error {
	if f.output == "json" {
		return a.printJSON(newDiagReport(r))
	}
	t := newDiagTree(terminal.Width(a.Stdout), a.colourful(a.Stdout))
	for _, s := range finding.Sections() {
		t.section(s, r)
	}
	t.sum(r)
	return printed(io.WriteString(a.Stdout, t.out.String()))
}

// diagTree writes results for people. Statuses are words: colour only adds to them.
type diagTree struct {
	out    strings.Builder
	width  int
	styled bool
}

// newDiagTree is for a terminal of that many columns, 0 for what is none.
func newDiagTree(width int, styled bool) *diagTree {
	const readable = 110
	if width <= 0 || width > readable {
		width = readable
	}
	return &diagTree{width: max(width, 40), styled: styled}
}

var (
	diagWords  = map[finding.Status]string{finding.OK: "ok", finding.Warn: "WARN", finding.Fail: "FAIL", finding.Unknown: "?", finding.Skipped: "-"}
	diagStyles = map[finding.Status]style{finding.OK: green, finding.Warn: yellow, finding.Fail: red, finding.Unknown: yellow, finding.Skipped: faint}
)

func (t *diagTree) section(s finding.Section, r *finding.Report) {
	results := r.Of(s)
	if len(results) == 0 {
		return
	}
	worst := r.Worst(s)
	fmt.Fprintf(&t.out, "%s %s\n", t.in(bold, s.Title()), t.in(diagStyles[worst], "["+diagWords[worst]+"]"))
	for _, r := range folded(results) {
		t.result(&r)
	}
	t.out.WriteByte('\n')
}

// folded makes one of neighbours that were not looked at for the same reason.
func folded(results []finding.Result) []finding.Result {
	var out []finding.Result
	for _, r := range results {
		if last := len(out) - 1; last >= 0 && alikeUnseen(&out[last], &r) {
			out[last].Title += ", " + r.Title
			continue
		}
		out = append(out, r)
	}
	return out
}

func alikeUnseen(a, b *finding.Result) bool {
	unseen := b.Status == finding.Skipped || b.Status == finding.Unknown
	return unseen && a.Status == b.Status && a.Seen == b.Seen && slices.Equal(a.Missing, b.Missing) && slices.Equal(a.Fixes, b.Fixes)
}

// columns before the text of a result, and before that of its details.
const (
	diagIndent  = "        "
	diagDetails = diagIndent + "       "
)

func (t *diagTree) result(r *finding.Result) {
	mark := fmt.Sprintf("%-4s", diagWords[r.Status])
	text := t.wrapped(visible(r.Title)+": "+visible(r.Seen), diagIndent)
	fmt.Fprintf(&t.out, "  %s  %s\n", t.in(diagStyles[r.Status], mark), text)
	switch r.Status {
	case finding.OK, finding.Skipped:
		return
	case finding.Unknown:
		t.detail("needs", strings.Join(r.Missing, ", "))
	default:
		t.detail("id", r.ID)
		t.detail("at", r.Culprit)
		t.detail("why", r.Why)
	}
	for _, fix := range r.Fixes {
		t.detail("fix", fmt.Sprintf("%s (%s)", fix.Does, fix.Who))
		t.detail("", fix.Console)
		if fix.Command != "" { // whole, to be copied
			t.out.WriteString(diagDetails + t.in(bold, visible(fix.Command)) + "\n")
		}
	}
}

// detail writes a text beside its label.
func (t *diagTree) detail(label, text string) {
	if text != "" {
		fmt.Fprintf(&t.out, "%s%s  %s\n", diagIndent, t.in(faint, fmt.Sprintf("%-5s", label)), t.wrapped(visible(text), diagDetails))
	}
}

// wrapped breaks a text that stands behind indent.
func (t *diagTree) wrapped(text, indent string) string {
	return strings.Join(wrapped(text, t.width-len(indent)), "\n"+indent)
}

// sum says how it ended, and where to begin.
func (t *diagTree) sum(r *finding.Report) {
	t.out.WriteString(t.wrapped(fmt.Sprintf("%d ok, %d failed, %s, %d unknown, %d skipped",
		r.Count(finding.OK), r.Count(finding.Fail), counted(r.Count(finding.Warn), "warning", "warnings"), r.Count(finding.Unknown), r.Count(finding.Skipped)), "") + "\n")
	first := r.First()
	if first == nil {
		return
	}
	t.out.WriteString(t.wrapped("Begin with "+first.ID+": "+visible(first.Title), "") + "\n")
	if len(first.Fixes) > 0 && first.Fixes[0].Command != "" {
		fmt.Fprintf(&t.out, "  %s\n", t.in(bold, visible(first.Fixes[0].Command)))
	}
}

func (t *diagTree) in(s style, text string) string {
	if !t.styled {
		return text
	}
	return s.apply(text)
}
