// Command tip-lab runs the AWS and identity-provider endpoints of trusted
// identity propagation on this machine, with real checks, and shows them at work.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// exitError ends the program with a code and nothing further to say.
type exitError int

// Error implements error.
func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func run(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var code exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintln(os.Stderr, "tip-lab: error:", err)
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		fmt.Fprintln(os.Stderr, "tip-lab: hint:", h.Hint())
	}
	return 1
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "tip-lab",
		Short: "AWS trusted identity propagation on a laptop, with real checks",
		Long: `tip-lab runs an OIDC provider, STS, IAM Identity Center's CreateTokenWithIAM, S3
Access Grants and S3 in one process on loopback. It verifies signatures, tokens,
policies and grants, and refuses what AWS refuses. It is not a security boundary.`,
		Example: `  tip-lab demo
  tip-lab start
  eval "$(tip-lab env)"`,
		SilenceErrors: true, SilenceUsage: true,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(newStart(), newEnv(), newBrowse(), newSignIn(), newDemo(), newWorld(), newAssumptions(), newTipCLI())
	return root
}

// newTipCLI is tip-cli itself, so that the demo runs the real program and not a copy.
func newTipCLI() *cobra.Command {
	return &cobra.Command{
		Use: "tip-cli", Short: "Run tip-cli", Hidden: true, DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if code := cli.Run(cmd.Context(), args, cli.OSEnv()); code != cli.ExitOK {
				return exitError(code)
			}
			return nil
		},
	}
}
