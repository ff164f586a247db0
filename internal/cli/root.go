package cli

import (
	"fmt"
	"io"
	"strings"

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
		Version:       readBuild().Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          subcommandOnly,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(wrongFlag)
	root.SetHelpFunc(a.help)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(newHelp(a))
	root.PersistentFlags().StringVar(&a.contextFlag, "context", "", "configuration to use, see: tip-cli configure list-contexts")
	root.PersistentFlags().CountVarP(&a.verbosity, "verbose", "v", "say on stderr what is done; twice: every connection as well")
	root.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "say nothing on stderr but errors and warnings")
	root.PersistentFlags().BoolP("help", "h", false, "show what a command does and what it takes")
	root.Flags().Bool("version", false, "print the version in one line")
	root.AddCommand(newConfigure(a), newAuth(a), newS3AG(a))
	root.AddCommand(newExec(a), newEnv(a), newServe(a))
	root.AddCommand(newWhoami(a), newStatus(a), newDiag(a))
	root.AddCommand(newCompletion(a), newVersion(a))
	root.AddCommand(newTopics(a)...)
	a.completeAll(root)
	return root
}

// Commands returns the commands as a tree, for programs that describe them, such
// as the generator of the reference. The commands of the tree are not to be run:
// [Run] is for that.
func Commands() *cobra.Command {
	root := newRoot(newApp(&Env{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, Getenv: func(string) string { return "" }}))
	root.InitDefaultHelpCmd()
	return root
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
