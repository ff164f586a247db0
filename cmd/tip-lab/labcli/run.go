// Package labcli is the command line of tip-lab: one file a command.
//
// [Run] is the whole interface. It uses the process's standard streams and
// environment, and is to be called by one goroutine.
package labcli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/cli"
)

// Exit codes, the same as those of tip-cli.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// exitCodeError ends the program with a code and nothing further to say.
type exitCodeError int

// Error implements error.
func (e exitCodeError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// usageError is a wrong command line.
type usageError struct {
	err  error
	hint string
}

// Error implements error.
func (e *usageError) Error() string { return e.err.Error() }

// Hint is the help to look at, or what may have been meant.
func (e *usageError) Hint() string { return e.hint }

func usage(cmd *cobra.Command, err error) error {
	return &usageError{err: err, hint: "run: " + cmd.CommandPath() + " --help"}
}

// hintedError is an error with the command that helps.
type hintedError struct {
	error
	hint string
}

// Unwrap returns the cause.
func (e *hintedError) Unwrap() error { return e.error }

// Hint is what to do about it.
func (e *hintedError) Hint() string { return e.hint }

// Run runs one command line (without the program's name) and returns its exit
// code: 0, 1 for an error, 2 for a wrong command line.
func Run(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var code exitCodeError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintln(os.Stderr, "tip-lab: error:", oneLine(err))
	var h interface{ Hint() string }
	if errors.As(err, &h) && h.Hint() != "" {
		fmt.Fprintln(os.Stderr, "tip-lab: hint:", h.Hint())
	}
	var wrong *usageError
	if errors.As(err, &wrong) {
		return exitUsage
	}
	return exitError
}

// oneLine is an error's text on one line.
func oneLine(err error) string {
	lines := strings.Split(err.Error(), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "; ")
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "tip-lab",
		Short: "AWS trusted identity propagation on a laptop, with real checks",
		Long: `tip-lab runs an OIDC provider, and AWS as far as trusted identity propagation needs
it, in one process on loopback: STS, IAM Identity Center with its administration and
its identity store, IAM, CloudFormation, S3, S3 Access Grants, Secrets Manager and
InitiateAuth of Cognito user pools. It verifies signatures, tokens, policies and
grants, and refuses what AWS refuses. It is not a security boundary.

The world ends with the lab, unless tip-lab start --data-dir FOLDER keeps it. An
organisation can be set up in it with the AWS CLI, as on AWS: tip-lab env --account ID
gives an administrator's credentials. tip-lab fault makes requests fail on purpose,
and tip-lab clock moves the time.`,
		Example: `  tip-lab demo
  tip-lab start
  tip-lab start --data-dir my-lab
  eval "$(tip-lab env)"
  eval "$(tip-lab env --account 444455556666)"
  tip-lab fault add throttle --service sts --first 2`,
		SilenceErrors: true, SilenceUsage: true,
		Args: knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(usage)
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(newStart(), newEnv(), newBrowse(), newSignIn(), newDemo(), newFault(), newClock(), newKeys(), newExpire(), newWorld(), newAssumptions(), newTipCLI())
	return root
}

// knownCommand refuses what is no command, and suggests what may have been meant.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command %q", args[0])
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return &usageError{err: err, hint: "did you mean: " + cmd.CommandPath() + " " + near[0]}
	}
	return usage(cmd, err)
}

// exactly wants the arguments that are named.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usage(cmd, fmt.Errorf("the argument %s is missing", strings.ToUpper(names[len(args)])))
		case len(args) > len(names):
			return usage(cmd, fmt.Errorf("unexpected argument %q", args[len(names)]))
		}
		return nil
	}
}

// newTipCLI is tip-cli itself, so that the demo runs the real program and not a copy.
func newTipCLI() *cobra.Command {
	return &cobra.Command{
		Use: "tip-cli", Short: "Run tip-cli", Hidden: true, DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if code := cli.Run(cmd.Context(), args, cli.OSEnv()); code != cli.ExitOK {
				return exitCodeError(code)
			}
			return nil
		},
	}
}
