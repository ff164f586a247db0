package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/cli"
)

// commands are the visible commands below cmd, in the order in which help lists them.
func commands(cmd *cobra.Command) []*cobra.Command {
	var all []*cobra.Command
	for _, group := range cli.Groups(cmd) {
		for _, c := range group.Commands {
			all = append(all, c)
			all = append(all, commands(c)...)
		}
	}
	return all
}

// pageName is that of the page about a command, such as tip-cli-auth-logout.
func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// block is a part of a long text: a paragraph, or lines to be kept as they are.
type block struct {
	kept bool
	text string
}

// blocks takes a long text apart. Lines that begin with two spaces are kept.
func blocks(text string) []block {
	var all []block
	for part := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		kept := strings.HasPrefix(part, "  ")
		if last := len(all) - 1; kept && last >= 0 && all[last].kept {
			all[last].text += "\n\n" + outdented(part)
			continue
		}
		if kept {
			part = outdented(part)
		}
		all = append(all, block{kept, part})
	}
	return all
}

// outdented takes two spaces from the beginning of every line.
func outdented(text string) string {
	lines := strings.Split(strings.Trim(text, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimPrefix(lines[i], "  ")
	}
	return strings.Join(lines, "\n")
}

// withDefault is the text about a flag.
func withDefault(f cli.Flag) string {
	if f.Default == "" {
		return f.Text
	}
	return f.Text + " (default " + f.Default + ")"
}
