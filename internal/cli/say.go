package cli

import (
	"fmt"
	"strings"
	"unicode"
)

// maxLine is the length of a line, in bytes, beyond which nobody reads it.
const maxLine = 2000

// printf writes a line to stderr, whatever the flags say.
func (a *app) printf(format string, args ...any) {
	a.progress.clear()
	_, _ = fmt.Fprintf(a.Stderr, format+"\n", args...) // nowhere left to complain
}

// say writes a line to stderr about what was done, and is silent with --quiet.
func (a *app) say(format string, args ...any) {
	if !a.quiet {
		a.printf(format, args...)
	}
}

// warn writes a line to stderr about what is not as it should be.
func (a *app) warn(text string) { a.label("warning", yellow, text) }

// warnOnce is warn for what several parts of a command may find.
func (a *app) warnOnce(text string) {
	if _, told := a.told.LoadOrStore(text, true); !told {
		a.warn(text)
	}
}

// label writes a line to stderr with the program's name and what the line is.
func (a *app) label(what string, s style, text string) {
	what += ":"
	if a.colourful(a.Stderr) {
		what = s.apply(what)
	}
	a.printf("tip-cli: %s %s", what, oneLine(text))
}

// oneLine keeps an error to one line, without what could steer a terminal: part
// of its text may come from a server or a file.
func oneLine(s string) string {
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	line := printable(strings.Join(lines, "; "))
	if len(line) <= maxLine {
		return line
	}
	return strings.ToValidUTF8(line[:maxLine], "") + " ..."
}

// printable removes what could steer a terminal from text that came from elsewhere.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, s)
}

// legible returns the first of some texts from elsewhere that has something printable,
// and of it that.
func legible(texts ...string) string {
	for _, text := range texts {
		if text = printable(text); strings.TrimSpace(text) != "" {
			return text
		}
	}
	return ""
}
