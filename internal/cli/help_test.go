package cli_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/cli"
)

// everyCommand calls fn for the root and each command below it, help included.
func everyCommand(t *testing.T, fn func(t *testing.T, cmd *cobra.Command)) {
	t.Helper()
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		t.Run(strings.ReplaceAll(cmd.CommandPath(), " ", "_"), func(t *testing.T) { fn(t, cmd) })
		for _, g := range cli.Groups(cmd) {
			for _, c := range g.Commands {
				visit(c)
			}
		}
	}
	visit(cli.Commands())
}

// TestCommandsAreDescribed: a short text, examples, and flags that say what they do.
func TestCommandsAreDescribed(t *testing.T) {
	everyCommand(t, func(t *testing.T, cmd *cobra.Command) {
		if s := cmd.Short; s == "" || !unicode.IsUpper([]rune(s)[0]) || strings.HasSuffix(s, ".") || len(s) > 90 {
			t.Errorf("its short text is %q", s)
		}
		for line := range strings.SplitSeq(cmd.Long, "\n") {
			if len(line) > 90 {
				t.Errorf("a line of %d characters: %s", len(line), line)
			}
		}
		for _, f := range append(cli.Flags(cmd.LocalFlags()), cli.Flags(cmd.PersistentFlags())...) {
			if f.Text == "" || strings.HasSuffix(f.Text, ".") || strings.Contains(f.Text, "help for") {
				t.Errorf("--%s is described as %q", f.Name, f.Text)
			}
			if first := strings.Fields(f.Text + " ")[0]; unicode.IsUpper([]rune(first)[0]) && strings.ToUpper(first) != first && first != "Default" && first != "Object" {
				t.Errorf("--%s is not described in lower case: %q", f.Name, f.Text)
			}
		}
		if !strings.HasPrefix(cmd.Example, "  ") || !strings.Contains(cmd.Example, "  tip-cli") && !strings.Contains(cmd.Example, "| tip-cli") {
			t.Errorf("its examples are %q", cmd.Example)
		}
	})
}

// invocation is one of tip-cli in a line of an example, in a pipe or as a setting.
var invocation = regexp.MustCompile(`(?:^ +|\| |=|\$\(|-- )tip-cli( [^|)]*)?`)

// TestExamplesParse: the commands of the examples are there, with those flags and
// that many arguments.
func TestExamplesParse(t *testing.T) {
	everyCommand(t, func(t *testing.T, cmd *cobra.Command) {
		own := false
		for line := range strings.Lines(cmd.Example) {
			for _, found := range invocation.FindAllStringSubmatch(strings.TrimRight(line, "\n"), -1) {
				meant, err := parse(words(found[1]))
				if err != nil {
					t.Errorf("%s: %v", strings.TrimSpace(line), err)
				}
				own = own || strings.HasPrefix(meant, cmd.CommandPath())
			}
		}
		if !own {
			t.Errorf("none of its examples is about it:\n%s", cmd.Example)
		}
	})
}

// parse returns the command that is meant.
func parse(args []string) (path string, err error) {
	cmd, rest, err := cli.Commands().Find(args)
	if err != nil {
		return "", err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return "", err
	}
	if cmd.Args != nil {
		err = cmd.Args(cmd, cmd.Flags().Args())
	}
	return cmd.CommandPath(), err
}

func TestExampleParserRefuses(t *testing.T) {
	for line, want := range map[string]string{
		" auth get-iam-credential": "unknown command", " auth --nonsense": "unknown flag", " s3ag get-data-access": "is missing",
		" auth refresh-token x": "unexpected argument", " s3ag list-credentials --output yaml": "must be table or json",
	} {
		if _, err := parse(words(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", line, err, want)
		}
	}
}

// words splits a line as a shell does, up to a redirection or a comment.
func words(line string) []string {
	var all []string
	for _, found := range regexp.MustCompile(`'([^']*)'|"([^"]*)"|([^\s'"]+)`).FindAllStringSubmatch(line, -1) {
		if strings.HasPrefix(found[3], ">") || strings.HasPrefix(found[3], "#") || found[3] == "&" {
			break
		}
		all = append(all, found[1]+found[2]+found[3])
	}
	return all
}
