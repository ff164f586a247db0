package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tip-cli/tip-cli/internal/cli"
)

// page is a manual page in the making, in the macros of man(7).
type page struct{ text strings.Builder }

func (p *page) add(text string) { p.text.WriteString(text) }

func (p *page) addf(format string, args ...any) { fmt.Fprintf(&p.text, format, args...) }

// manPage is the manual page about a command; that about the program has the topics.
func manPage(cmd *cobra.Command) string {
	var p page
	p.add(".\\\" Written by go run ./cmd/tip-cli/gendocs from the commands: edit those.\n")
	p.addf(".TH %s 1 \"\" \"tip\\-cli\" \"User Commands\"\n", strings.ToUpper(verbatim(pageName(cmd))))
	p.add(".nh\n.ad l\n")
	p.section("NAME")
	p.addf("%s \\- %s\n", verbatim(pageName(cmd)), prose(cmd.Short))
	p.section("SYNOPSIS")
	p.synopsis(cmd)
	p.section("DESCRIPTION")
	p.blocks(cli.Description(cmd))
	p.commands(cmd)
	p.flags("OPTIONS", cmd.LocalFlags())
	p.flags("OPTIONS OF EVERY COMMAND", cmd.InheritedFlags())
	p.section("EXAMPLES")
	p.kept(outdented(cmd.Example))
	if !cmd.HasParent() {
		for _, t := range cli.Topics() {
			p.topic(t)
		}
	} else {
		p.section("EXIT STATUS")
		p.add("See\n.BR tip\\-cli (1).\n")
	}
	p.seeAlso(cmd)
	return p.text.String()
}

// headings are the usual ones of what we call topics.
var headings = map[string]string{"environment": "ENVIRONMENT", "exit-codes": "EXIT STATUS", "files": "FILES"}

func (p *page) section(title string) { p.addf(".SH %s\n", title) }

// synopsis has the name in bold and placeholders in italics.
func (p *page) synopsis(cmd *cobra.Command) {
	if cmd.Runnable() && cmd.HasParent() {
		rest := strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath())
		p.addf(".B %s\n", verbatim(cmd.CommandPath()))
		if rest = strings.TrimSpace(rest); rest != "" {
			p.addf(".I %s\n", verbatim(rest))
		}
	}
	if cmd.HasAvailableSubCommands() {
		if cmd.Runnable() && cmd.HasParent() {
			p.add(".br\n")
		}
		p.addf(".B %s\n.I COMMAND\n", verbatim(cmd.CommandPath()))
	}
}

func (p *page) commands(cmd *cobra.Command) {
	if !cmd.HasAvailableSubCommands() {
		return
	}
	p.section("COMMANDS")
	for _, c := range commands(cmd) {
		p.addf(".TP\n.BR %s (1)\n%s\n", verbatim(pageName(c)), prose(c.Short))
	}
}

func (p *page) flags(title string, set *pflag.FlagSet) {
	flags := cli.Flags(set)
	if len(flags) == 0 {
		return
	}
	p.section(title)
	for _, f := range flags {
		p.add(".TP\n")
		if f.Short != "" {
			p.addf("\\fB\\-%s\\fR, ", f.Short)
		}
		p.addf("\\fB\\-\\-%s\\fR", verbatim(f.Name))
		if f.Value != "" {
			p.addf(" \\fI%s\\fR", verbatim(f.Value))
		}
		p.addf("\n%s\n", prose(withDefault(f)))
	}
}

func (p *page) topic(t cli.Topic) {
	p.section(headings[t.Name])
	p.blocks(t.Intro)
	for _, e := range t.Entries {
		p.addf(".TP\n.B %s\n%s\n", verbatim(e.Name), prose(e.Text))
	}
}

func (p *page) seeAlso(cmd *cobra.Command) {
	if !cmd.HasParent() {
		return
	}
	p.section("SEE ALSO")
	related := append([]*cobra.Command{cmd.Parent()}, commands(cmd.Parent())...)
	var names []string
	for _, c := range related {
		if c != cmd && (c == cmd.Parent() || c.Parent() == cmd.Parent() && c.Name() != "help") {
			names = append(names, verbatim(pageName(c)))
		}
	}
	for i, name := range names {
		comma := ","
		if i == len(names)-1 {
			comma = ""
		}
		p.addf(".BR %s (1)%s\n", name, comma)
	}
}

func (p *page) blocks(text string) {
	for i, b := range blocks(text) {
		if i > 0 {
			p.add(".PP\n")
		}
		if b.kept {
			p.kept(b.text)
		} else {
			p.add(prose(b.text) + "\n")
		}
	}
}

// kept is text whose lines stay as they are.
func (p *page) kept(text string) {
	p.add(".RS 4\n.nf\n")
	for line := range strings.Lines(text + "\n") {
		line = strings.TrimRight(line, "\n")
		p.add(guarded(verbatim(line)) + "\n")
	}
	p.add(".fi\n.RE\n")
}

// prose is running text. A minus that one may want to copy is one.
func prose(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = guarded(verbatim(lines[i]))
	}
	return strings.Join(lines, "\n")
}

// verbatim is text in which every character stands for itself.
func verbatim(text string) string {
	return strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, `"`, `\(dq`).Replace(text)
}

// guarded keeps a line from being taken for a request.
func guarded(line string) string {
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		return `\&` + line
	}
	return line
}
