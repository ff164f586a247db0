// Package page writes the report of a diagnosis as one HTML page: the chain drawn, with
// the link that is broken, and below it every result with its fix.
//
// The page needs nothing but itself: no script, no font, no image from elsewhere, and its
// Content-Security-Policy allows none. What comes from the report is escaped, and what is
// not printable is spelt out. The package reads no state and writes no file.
package page

import (
	"crypto/sha256"
	_ "embed" // for the style
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf16"

	"github.com/tip-cli/tip-cli/internal/diag/finding"
)

//go:embed page.css
var pageCSS string

// About is what a report is about.
type About struct {
	// Version of the program, Context that was in use, and the time.
	Version, Context string
	Made             time.Time
	// Asked are the settings and flags that the report depends on, in order.
	Asked []Asked
}

// Asked is one of them.
type Asked struct{ Name, Value string }

// Write writes the page.
func Write(w io.Writer, r *finding.Report, about About) error {
	p := &page{report: r, about: about, first: firstOf(r)}
	p.head()
	p.header()
	p.raw("<main>\n")
	p.chain()
	p.begin()
	for _, s := range finding.Sections() {
		p.section(s)
	}
	p.raw("</main>\n")
	p.footer()
	p.raw("</body>\n</html>\n")
	_, err := io.WriteString(w, p.out.String())
	return err
}

// page is one that is being written.
type page struct {
	out    strings.Builder
	report *finding.Report
	about  About
	first  int // index of the result to begin with, -1 if there is none
}

func (p *page) raw(text string) { p.out.WriteString(text) }

// rawf formats markup. Values in args are escaped.
func (p *page) rawf(format string, args ...any) {
	for i, arg := range args {
		if s, ok := arg.(string); ok {
			args[i] = escape(s)
		}
	}
	fmt.Fprintf(&p.out, format, args...)
}

// markup is text that is markup already.
type markup struct{ text string }

// String implements fmt.Stringer.
func (m markup) String() string { return m.text }

// escape makes text fit for an element or a quoted attribute. What is not printable,
// such as marks that turn the direction of text, is spelt out.
func escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case unicode.IsPrint(r), r == '\n':
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return html.EscapeString(b.String())
}

// shapes are the icons: each status has a shape and a sign of its own, so that colour
// only adds to them.
const shapes = `<svg width="0" height="0" aria-hidden="true" focusable="false">
<symbol id="i-ok" viewBox="0 0 44 44"><circle class="shape" cx="22" cy="22" r="20"/><path class="glyph" d="M13 23l6 6 12-13"/></symbol>
<symbol id="i-warn" viewBox="0 0 44 44"><path class="shape" d="M22 3L42 40H2z"/><path class="glyph" d="M22 16v11M22 33.5v.5"/></symbol>
<symbol id="i-fail" viewBox="0 0 44 44"><path class="shape" d="M14 2h16l12 12v16L30 42H14L2 30V14z"/><path class="glyph" d="M15 15l14 14M29 15L15 29"/></symbol>
<symbol id="i-unknown" viewBox="0 0 44 44"><path class="shape" d="M22 1l21 21-21 21L1 22z"/><path class="glyph" d="M17.500 17.500c0-6 9-6 9 0 0 4-4.500 3.500-4.500 8M22 31.500v.5"/></symbol>
<symbol id="i-skipped" viewBox="0 0 44 44"><circle class="shape" cx="22" cy="22" r="19"/><path class="glyph" d="M15 22h14"/></symbol>
</svg>
`

// icon is the sign of a status; the word beside it says the same.
func icon(s finding.Status) markup {
	return markup{`<svg class="icon ` + string(known(s)) + `" aria-hidden="true" focusable="false"><use href="#i-` + string(known(s)) + `"/></svg>`}
}

// known is a status that has a shape and a style.
func known(s finding.Status) finding.Status {
	switch s {
	case finding.OK, finding.Warn, finding.Fail, finding.Unknown, finding.Skipped:
		return s
	}
	return finding.Unknown
}

var words = map[finding.Status]string{
	finding.OK: "in order", finding.Warn: "warning", finding.Fail: "broken", finding.Unknown: "unknown", finding.Skipped: "skipped",
}

func word(s finding.Status) string { return words[known(s)] }

// head has the policy that allows the page its own style and nothing else.
func (p *page) head() {
	sum := sha256.Sum256([]byte(pageCSS))
	p.rawf(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>%s · tip-cli diag</title>
<style>%s</style>
</head>
<body>
%s`, markup{base64.StdEncoding.EncodeToString(sum[:])}, p.headline(), markup{pageCSS}, markup{shapes})
}

// headline is the whole in a few words.
func (p *page) headline() string {
	failed, warned, unknown := p.report.Count(finding.Fail), p.report.Count(finding.Warn), p.report.Count(finding.Unknown)
	switch {
	case failed > 0:
		broken := 0
		for _, s := range finding.Sections() {
			if p.report.Worst(s) == finding.Fail {
				broken++
			}
		}
		return plural(broken, "link of the chain is broken", "links of the chain are broken")
	case len(p.report.Results) == 0:
		return "Nothing was looked at"
	case warned > 0:
		return "The chain holds, with " + plural(warned, "warning", "warnings")
	case unknown > 0:
		return "Nothing is broken as far as could be seen; " + plural(unknown, "check is unknown", "checks are unknown")
	}
	return "The chain holds"
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func (p *page) header() {
	p.rawf("<header>\n<p class=\"eyebrow\">tip-cli diag · trusted identity propagation</p>\n<h1>%s</h1>\n<dl class=\"about\">\n", p.headline())
	made := p.about.Made.UTC()
	p.rawf("<div><dt>Time</dt><dd><time datetime=\"%s\">%s</time></dd></div>\n", made.Format(time.RFC3339), made.Format("2006-01-02 15:04:05 UTC"))
	for _, a := range append([]Asked{{"Context", p.about.Context}}, p.about.Asked...) {
		if a.Value != "" {
			p.rawf("<div><dt>%s</dt><dd>%s</dd></div>\n", a.Name, a.Value)
		}
	}
	p.raw("</dl>\n</header>\n")
}

func (p *page) footer() {
	p.raw("<footer>\n<ul class=\"legend\" aria-label=\"Signs\">\n")
	for _, s := range []finding.Status{finding.OK, finding.Warn, finding.Fail, finding.Unknown, finding.Skipped} {
		p.rawf("<li>%s %s</li>\n", icon(s), word(s))
	}
	p.rawf("</ul>\n<p>Made by tip-cli %s. The page holds names and ARNs of your accounts, and no secrets.</p>\n</footer>\n", p.about.Version)
}
