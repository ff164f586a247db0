package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tip-cli/tip-cli/internal/cli"
)

// source is said at the top of every page.
const source = "<!-- Written by go run ./cmd/tip-cli/gendocs from the commands: edit those. -->\n\n"

// markdownIndex is the page with all commands and topics.
func markdownIndex(root *cobra.Command) string {
	var out strings.Builder
	out.WriteString(source + "# tip-cli\n\n" + markdownBlocks(cli.Description(root)))
	for _, group := range cli.Groups(root) {
		var all []*cobra.Command
		for _, c := range group.Commands {
			all = append(append(all, c), commands(c)...)
		}
		out.WriteString(markdownCommands(group.Title, all))
	}
	out.WriteString(markdownExamples(root) + markdownFlags("Flags of every command", root.PersistentFlags()))
	out.WriteString("## Topics\n\n")
	for _, t := range cli.Topics() {
		fmt.Fprintf(&out, "- [%s](%s.md)\n", t.Short, t.Name)
	}
	out.WriteString("\nThe same as manual pages, for `man -l`: [docs/man](../man).\n")
	return out.String()
}

// markdownPage is the page about a command.
func markdownPage(cmd *cobra.Command) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s# %s\n\n", source, cmd.CommandPath())
	if cmd.Long != "" {
		fmt.Fprintf(&out, "%s.\n\n", escaped(cmd.Short))
	}
	out.WriteString(markdownBlocks(cli.Description(cmd)))
	usage := cmd.UseLine()
	if cmd.HasAvailableSubCommands() {
		usage += "\n" + cmd.CommandPath() + " COMMAND"
	}
	out.WriteString(fence("", usage))
	if cmd.HasAvailableSubCommands() {
		out.WriteString(markdownCommands("Commands", commands(cmd)))
	}
	out.WriteString(markdownExamples(cmd) + markdownFlags("Flags", cmd.LocalFlags()))
	fmt.Fprintf(&out, "[Flags of every command](README.md#flags-of-every-command) · [exit codes](exit-codes.md) · [all commands](README.md)")
	if cmd.Parent().HasParent() {
		fmt.Fprintf(&out, " · [%s](%s.md)", cmd.Parent().CommandPath(), pageName(cmd.Parent()))
	}
	return out.String() + "\n"
}

func markdownTopic(t cli.Topic) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s# %s\n\n%s\n\n| | |\n|---|---|\n", source, t.Short, escaped(t.Intro))
	for _, e := range t.Entries {
		names := strings.Split(e.Name, ", ")
		fmt.Fprintf(&out, "| `%s` | %s |\n", strings.Join(names, "`, `"), escaped(e.Text))
	}
	return out.String() + "\n[All commands](README.md)\n"
}

func markdownCommands(title string, all []*cobra.Command) string {
	if len(all) == 0 {
		return ""
	}
	var out strings.Builder
	fmt.Fprintf(&out, "## %s\n\n| command | |\n|---|---|\n", title)
	for _, c := range all {
		fmt.Fprintf(&out, "| [%s](%s.md) | %s |\n", c.CommandPath(), pageName(c), escaped(c.Short))
	}
	return out.String() + "\n"
}

func markdownExamples(cmd *cobra.Command) string {
	return "## Examples\n\n" + fence("sh", outdented(cmd.Example))
}

func markdownFlags(title string, set *pflag.FlagSet) string {
	flags := cli.Flags(set)
	if len(flags) == 0 {
		return ""
	}
	var out strings.Builder
	fmt.Fprintf(&out, "## %s\n\n| flag | |\n|---|---|\n", title)
	for _, f := range flags {
		short := ""
		if f.Short != "" {
			short = "`-" + f.Short + "`, "
		}
		fmt.Fprintf(&out, "| %s`%s` | %s |\n", short, strings.ReplaceAll(f.Spelling(), "|", `\|`), escaped(withDefault(f)))
	}
	return out.String() + "\n"
}

func markdownBlocks(text string) string {
	var out strings.Builder
	for _, b := range blocks(text) {
		if b.kept {
			out.WriteString(fence("", b.text))
		} else {
			out.WriteString(escaped(b.text) + "\n\n")
		}
	}
	return out.String()
}

func fence(language, text string) string { return "```" + language + "\n" + text + "\n```\n\n" }

// escaped keeps what Markdown would take for its own, tables included. Underscores
// inside of words are none of its business.
func escaped(text string) string {
	return strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "<", `\<`, ">", `\>`, "[", `\[`, "]", `\]`, "|", `\|`, " _", ` \_`, "~", `\~`).Replace(text)
}
