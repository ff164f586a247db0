package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Group is a heading in the list of commands.
type Group struct {
	// Title is the heading, such as "Credentials".
	Title string
	// Commands are those below it, in the order in which they are listed.
	Commands []*cobra.Command
}

// order is that in which the commands of the program are listed.
var order = []struct {
	title string
	names []string
}{
	{"Getting started", []string{"configure", "auth", "status", "whoami"}},
	{"Credentials", []string{"exec", "env", "serve", "s3ag"}},
	{"The program", []string{"completion", "help", "version"}},
}

// Groups returns the visible commands below cmd. Only those of the root have more
// than one heading; a command without a heading of its own is under "More".
func Groups(cmd *cobra.Command) []Group {
	var visible []*cobra.Command
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() || c.Name() == "help" {
			visible = append(visible, c)
		}
	}
	if cmd.HasParent() {
		return []Group{{"Commands", visible}}
	}
	var groups []Group
	for _, g := range order {
		group := Group{Title: g.title}
		for _, name := range g.names {
			if i := slices.IndexFunc(visible, func(c *cobra.Command) bool { return c.Name() == name }); i >= 0 {
				group.Commands = append(group.Commands, visible[i])
				visible = slices.Delete(visible, i, i+1)
			}
		}
		groups = append(groups, group)
	}
	return append(groups, Group{"More", visible})
}

// newHelp is cobra's help command with an error for what is no command.
func newHelp(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND | TOPIC]", Short: "Show help about a command or a topic",
		Example: `  tip-cli help auth get-iam-credentials
  tip-cli help environment`,
		ValidArgsFunction: completeCommands,
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || about == nil {
				about, rest = cmd.Root(), args
			}
			if len(rest) > 0 {
				return unknownTopic(about, rest[0])
			}
			a.help(about, nil)
			return nil
		},
	}
}

// unknownTopic says what help may have been asked for by name behind cmd.
func unknownTopic(cmd *cobra.Command, name string) error {
	err := unknownCommand(cmd, name)
	if wrong, ok := errors.AsType[*usageError](err); ok {
		wrong.hint = strings.Replace(wrong.hint, "did you mean: tip-cli", "did you mean: tip-cli help", 1)
	}
	return err
}

// helpWidth is the width of a help text, in characters.
const helpWidth = 80

// help prints what there is to know about a command, or a topic.
func (a *app) help(cmd *cobra.Command, _ []string) {
	var out strings.Builder
	section := func(title string, lines ...string) {
		text := strings.TrimRight(strings.Join(lines, "\n"), "\n ")
		if text == "" {
			return
		}
		title += ":"
		if a.colourful(a.Stdout) {
			title = bold.apply(title)
		}
		fmt.Fprintf(&out, "\n%s\n%s\n", title, text)
	}
	out.WriteString(strings.TrimRight(Description(cmd), "\n") + "\n")
	if !cmd.IsAdditionalHelpTopicCommand() {
		section("Usage", usageLines(cmd)...)
		width := columnOf(cmd)
		for _, g := range Groups(cmd) {
			section(g.Title, listed(g.Commands, width)...)
		}
		section("Examples", cmd.Example)
		section("Flags", flagLines(cmd.LocalFlags())...)
		section("Global flags", flagLines(cmd.InheritedFlags())...)
		section("Help topics", listed(topicsOf(cmd), width)...)
		if cmd.HasAvailableSubCommands() {
			fmt.Fprintf(&out, "\nMore about a command: %s COMMAND --help\n", cmd.CommandPath())
		}
	}
	_, _ = fmt.Fprint(a.Stdout, out.String()) // cobra's help functions return no error
}

// Description is the long text about a command, or the short one as a sentence.
func Description(cmd *cobra.Command) string {
	if cmd.Long != "" {
		return cmd.Long
	}
	return cmd.Short + "."
}

func usageLines(cmd *cobra.Command) []string {
	var lines []string
	if cmd.Runnable() && cmd.HasParent() {
		lines = append(lines, "  "+cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		lines = append(lines, "  "+cmd.CommandPath()+" COMMAND")
	}
	return lines
}

func topicsOf(cmd *cobra.Command) []*cobra.Command {
	return slices.DeleteFunc(slices.Clone(cmd.Commands()), func(c *cobra.Command) bool { return !c.IsAdditionalHelpTopicCommand() })
}

// columnOf is the width of the longest name in the lists of cmd.
func columnOf(cmd *cobra.Command) int {
	width := 0
	for _, c := range cmd.Commands() {
		width = max(width, len(c.Name()))
	}
	return width
}

func listed(commands []*cobra.Command, width int) []string {
	var lines []string
	for _, c := range commands {
		lines = append(lines, hanging(fmt.Sprintf("  %-*s  ", width, c.Name()), c.Short)...)
	}
	return lines
}

// Flag is a flag as it is described.
type Flag struct {
	// Short is its letter, or empty; Name is without dashes.
	Short, Name string
	// Value names its value, such as FILE. It is empty for a switch.
	Value string
	// Default is empty where it says nothing.
	Default string
	// Text says what it is for, in lower case and without a full stop.
	Text string
}

// Flags describes the visible flags of a set.
func Flags(set *pflag.FlagSet) []Flag {
	var flags []Flag
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden || f.Deprecated != "" {
			return
		}
		value, text := pflag.UnquoteUsage(f)
		switch {
		case f.NoOptDefVal != "":
			value = ""
		case !strings.Contains(f.Usage, "`") && value != strings.ToUpper(value): // a type of Go
			value = placeholder(f.Name)
		}
		flag := Flag{Short: f.Shorthand, Name: f.Name, Value: value, Text: text}
		if !slices.Contains([]string{"", "0", "0s", "false", "[]"}, f.DefValue) {
			flag.Default = f.DefValue
		}
		flags = append(flags, flag)
	})
	return flags
}

// placeholder is what stands for the value of a flag.
func placeholder(name string) string {
	last := name[strings.LastIndex(name, "-")+1:]
	if known := map[string]string{"s3": "S3_PATH", "ttl": "DURATION", "config": "JSON|FILE"}[last]; known != "" {
		return known
	}
	return strings.ToUpper(last)
}

// Spelling is the flag as it is typed, such as --output FORMAT.
func (f Flag) Spelling() string { return strings.TrimRight("--"+f.Name+" "+f.Value, " ") }

func flagLines(set *pflag.FlagSet) []string {
	flags := Flags(set)
	width := 0
	for _, f := range flags {
		width = max(width, len(f.Spelling()))
	}
	var lines []string
	for _, f := range flags {
		short := "    "
		if f.Short != "" {
			short = "-" + f.Short + ", "
		}
		text := f.Text
		if f.Default != "" {
			text += " (default " + f.Default + ")"
		}
		lines = append(lines, hanging(fmt.Sprintf("  %s%-*s  ", short, width, f.Spelling()), text)...)
	}
	return lines
}
