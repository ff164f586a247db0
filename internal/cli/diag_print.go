package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/tip-cli/tip-cli/internal/diag/finding"
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

func (a *app) printDiagnosis(f *diagFlags, r *finding.Report) error {
	if f.output == "json" {
		return a.printJSON(newDiagReport(r))
	}
	var out strings.Builder
	t := &diagTree{out: &out, styled: a.colourful(a.Stdout)}
	for _, s := range finding.Sections() {
		t.section(s, r.Of(s))
	}
	t.sum(r)
	return printed(io.WriteString(a.Stdout, out.String()))
}

// diagTree writes results for people. Statuses are words: colour only adds to them.
type diagTree struct {
	out    *strings.Builder
	styled bool
}

var (
	diagWords  = map[finding.Status]string{finding.OK: "ok", finding.Warn: "WARN", finding.Fail: "FAIL", finding.Unknown: "?", finding.Skipped: "-"}
	diagStyles = map[finding.Status]style{finding.OK: green, finding.Warn: yellow, finding.Fail: red, finding.Unknown: yellow}
)

func (t *diagTree) section(s finding.Section, results []finding.Result) {
	if len(results) == 0 {
		return
	}
	t.out.WriteString(t.in(bold, s.Title()) + "\n")
	for i := range results {
		t.result(&results[i])
	}
	t.out.WriteByte('\n')
}

func (t *diagTree) result(r *finding.Result) {
	mark := fmt.Sprintf("%-4s", diagWords[r.Status])
	fmt.Fprintf(t.out, "  %s  %s: %s\n", t.in(diagStyles[r.Status], mark), visible(r.Title), visible(r.Seen))
	if r.Status != finding.Fail && r.Status != finding.Warn && r.Status != finding.Unknown {
		return
	}
	t.line("id", r.ID)
	t.line("at", r.Culprit)
	t.line("why", r.Why)
	t.line("needs", strings.Join(r.Missing, ", "))
	for _, fix := range r.Fixes {
		t.line("fix", fmt.Sprintf("%s (%s)", fix.Does, fix.Who))
		t.line("", fix.Command)
		t.line("", fix.Console)
	}
}

func (t *diagTree) line(label, text string) {
	if text != "" {
		fmt.Fprintf(t.out, "        %-5s  %s\n", label, visible(text))
	}
}

func (t *diagTree) sum(r *finding.Report) {
	fmt.Fprintf(t.out, "%d ok, %d failed, %d warnings, %d unknown, %d skipped\n",
		r.Count(finding.OK), r.Count(finding.Fail), r.Count(finding.Warn), r.Count(finding.Unknown), r.Count(finding.Skipped))
}

func (t *diagTree) in(s style, text string) string {
	if !t.styled {
		return text
	}
	return s.apply(text)
}
