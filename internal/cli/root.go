package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "tip-cli",
		Short: "Work on AWS as yourself: trusted identity propagation for the command line",
		Long: `tip-cli signs you in at your company's identity provider once and gives every
AWS tool credentials that carry your identity (trusted identity propagation), so
that S3 Access Grants, Lake Formation, Athena and others authorize you.`,
		Example: `  tip-cli configure idp
  tip-cli auth
  tip-cli auth set-aws-profile --profile my-tti-profile
  aws sts get-caller-identity --profile my-tti-profile`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          subcommandOnly,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(usage)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(newHelp())
	root.PersistentFlags().StringVar(&a.contextFlag, "context", "", "configuration to use, see: tip-cli configure list-contexts")
	root.PersistentFlags().CountVarP(&a.verbosity, "verbose", "v", "say on stderr what is done; twice: every connection as well")
	root.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "say nothing on stderr but errors and warnings")
	root.AddCommand(newConfigure(a), newAuth(a), newS3AG(a), newVersion(a))
	return root
}

// subcommandOnly refuses arguments of a command that has only subcommands, and
// suggests what may have been meant.
func subcommandOnly(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	err := fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return &usageError{err: err, hint: "did you mean: " + cmd.CommandPath() + " " + near[0]}
	}
	return usage(cmd, err)
}

// newHelp is cobra's help command with an error for what is no command.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Help about a command", Example: "  tip-cli help auth",
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || about == nil {
				about, rest = cmd.Root(), args
			}
			if len(rest) > 0 {
				return subcommandOnly(about, rest)
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// exactly wants n arguments.
func exactly(n int, what string) cobra.PositionalArgs { return between(n, n, what) }

// between wants least to most arguments; what names the missing one.
func between(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usage(cmd, fmt.Errorf("%s is missing", what))
		case len(args) > most:
			return usage(cmd, fmt.Errorf("unexpected argument %q", args[most]))
		}
		return nil
	}
}
