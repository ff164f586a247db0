package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// Run runs one command line (without the program's name) and returns its exit
// code. Stdout carries the answer or nothing; errors are a line on stderr and,
// where there is something to do about it, a second line with the hint.
func Run(ctx context.Context, args []string, env *Env) int {
	a := newApp(env)
	root := newRoot(a)
	root.SetArgs(args)
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.PersistentPreRun = func(cmd *cobra.Command, _ []string) { cmd.SetContext(a.traced(cmd.Context())) }
	err := root.ExecuteContext(ctx)
	if err == nil {
		return ExitOK
	}
	code := exitCode(err)
	if ctx.Err() != nil { // whatever it has led to
		code = ExitInterrupted
	}
	if code == ExitInterrupted {
		a.printf("tip-cli: interrupted")
		return code
	}
	a.printf("tip-cli: error: %s", oneLine(err.Error()))
	hint := hintOf(err)
	if hint == "" {
		hint = usualHints[code]
	}
	if hint != "" {
		a.printf("tip-cli: hint: %s", oneLine(a.inContext(hint)))
	}
	return code
}

// inContext has the commands of a hint name the context of this command line.
func (a *app) inContext(hint string) string {
	if a.contextFlag == "" || strings.Contains(hint, "--context") {
		return hint
	}
	return strings.ReplaceAll(hint, "run: tip-cli ", "run: tip-cli --context "+a.contextFlag+" ")
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

// maxLine is the length of a line, in bytes, beyond which nobody reads it.
const maxLine = 2000

// printf writes a line to stderr.
func (a *app) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(a.Stderr, format+"\n", args...) // nowhere left to complain
}

func (a *app) warn(text string) { a.printf("tip-cli: warning: %s", oneLine(text)) }
