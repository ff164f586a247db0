package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
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
	err := root.ExecuteContext(ctx)
	if err == nil {
		return ExitOK
	}
	if ctx.Err() != nil {
		err = errors.Join(context.Canceled, err)
	}
	code := exitCode(err)
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
		a.printf("tip-cli: hint: %s", oneLine(hint))
	}
	return code
}

// oneLine keeps an error to one line, without what could steer a terminal: part
// of its text may come from a server or a file.
func oneLine(s string) string {
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	return printable(strings.Join(lines, "; "))
}

// printf writes a line to stderr.
func (a *app) printf(format string, args ...any) {
	_, _ = fmt.Fprintf(a.Stderr, format+"\n", args...) // nowhere left to complain
}

func (a *app) warn(text string) { a.printf("tip-cli: warning: %s", oneLine(text)) }
