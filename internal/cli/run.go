package cli

import (
	"cmp"
	"context"
	"io"
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
	root.PersistentPreRun = func(cmd *cobra.Command, _ []string) { a.start(cmd) }
	err := root.ExecuteContext(ctx)
	a.progress.end()
	if err == nil {
		err = a.refused
	}
	if err == nil {
		return ExitOK
	}
	if code, ok := childCode(err); ok {
		return code
	}
	code := exitCode(err)
	if ctx.Err() != nil { // whatever it has led to
		code = ExitInterrupted
	}
	if code == ExitInterrupted {
		a.printf("tip-cli: interrupted")
		return code
	}
	a.label("error", red, err.Error())
	hint := cmp.Or(a.meantContext(err), hintOf(err))
	if hint == "" {
		hint = usualHints[code]
	}
	if hint != "" {
		a.label("hint", bold, a.inContext(hint))
	}
	return code
}

// start prepares for a command once its flags are known.
func (a *app) start(cmd *cobra.Command) {
	if a.colourful(a.Stderr) && !a.quiet && a.verbosity == 0 {
		a.progress.out = a.Stderr
	}
	cmd.SetContext(a.traced(cmd.Context()))
	if cmd.Name() == cobra.ShellCompRequestCmd {
		cmd.Root().SetErr(io.Discard) // for cobra, which talks to whoever writes completions
	}
}

// inContext has the commands of a hint name the context of this command line.
func (a *app) inContext(hint string) string {
	if a.contextFlag == "" || strings.Contains(hint, "--context") {
		return hint
	}
	return strings.ReplaceAll(hint, "run: tip-cli ", "run: tip-cli --context "+a.contextFlag+" ")
}
