package cli

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/shellenv"
	"github.com/tip-cli/tip-cli/internal/terminal"
)

// environFlags are the flags of env.
type environFlags struct {
	lending
	format, profile string
	unset           bool
}

func newEnv(a *app) *cobra.Command {
	var f environFlags
	cmd := &cobra.Command{
		Use: "env", Short: "Print your credentials as variables for a shell or a file",
		Long: `Prints the credentials of the identity-enhanced role session, or of S3 Access
Grants with --s3, for a shell to evaluate, or for a file. They end, at the latest
after an hour: tip-cli exec --server has credentials that do not.

  sh, fish, powershell, cmd   set the variables, and remove what an AWS SDK would
                              take before them, such as AWS_PROFILE
  dotenv                      lines of NAME=value
  json                        one object, from the name of a variable to its value
  ini                         a section of the AWS credentials file, see --profile

The format is that of your shell, as far as SHELL and PSModulePath show it, else
sh. The document of credential_process is printed by other commands: auth
get-iam-credentials and s3ag get-data-access.`,
		Example: `  eval "$(tip-cli env)"
  eval "$(tip-cli env --unset)"
  tip-cli env --format fish | source
  tip-cli env --format powershell | Out-String | Invoke-Expression
  for /f "delims=" %i in ('tip-cli env --format cmd') do @%i
  tip-cli env --format ini --profile my-tti-profile`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(cmd); err != nil {
				return err
			}
			return a.printEnviron(cmd, &f)
		},
	}
	f.register(cmd)
	return cmd
}

func (f *environFlags) register(cmd *cobra.Command) {
	f.lending.register(cmd)
	fl := cmd.Flags()
	fl.StringVar(&f.format, "format", "", formatNames()+" (default: by your shell)")
	fl.StringVar(&f.profile, "profile", "", "name of the section, with --format ini")
	fl.BoolVar(&f.unset, "unset", false, "remove from the shell what env has set there")
	completions := make([]cobra.Completion, 0, len(shellenv.Formats()))
	for _, format := range shellenv.Formats() {
		completions = append(completions, string(format))
	}
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(completions, cobra.ShellCompDirectiveNoFileComp)) // the flag is there
}

// formatNames are all formats, for a sentence.
func formatNames() string {
	var names []string
	for _, format := range shellenv.Formats() {
		names = append(names, string(format))
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

func (f *environFlags) check(cmd *cobra.Command) error {
	format := shellenv.Format(f.format)
	var err error
	switch {
	case cmd.Flags().Changed("format") && !slices.Contains(shellenv.Formats(), format):
		err = fmt.Errorf("--format %q is none of %s", f.format, formatNames())
	case format == shellenv.INI && f.profile == "":
		err = errors.New("--profile is missing: it names the section")
	case format != shellenv.INI && cmd.Flags().Changed("profile"):
		err = errors.New("--profile is for --format ini")
	case f.unset && f.format != "" && !format.Shell():
		err = fmt.Errorf("--unset is for shells; %s cannot remove anything", f.format)
	case f.unset && (f.s3 != "" || f.permission != "" || f.minTTL != 0):
		err = errors.New("--unset takes none of --s3, --permission and --min-ttl: it asks for no credentials")
	}
	if err != nil {
		return usage(cmd, err)
	}
	return f.lending.check(cmd)
}

// printEnviron prints the variables, in one piece.
func (a *app) printEnviron(cmd *cobra.Command, f *environFlags) error {
	format := shellenv.Format(f.format)
	if format == "" {
		format = shellenv.Detect(a.Getenv, runtime.GOOS)
	}
	if f.unset {
		return a.printVariables(f, format, shellenv.Removal(a.setsRegion(f)))
	}
	region, err := a.lentRegion(cmd, &f.lending)
	if err != nil {
		return err
	}
	c, err := a.lend(cmd.Context(), &f.lending)
	if err != nil {
		return err
	}
	a.progress.end()
	if format == shellenv.INI {
		return asUsage(shellenv.WriteINI(a.Stdout, f.profile, c))
	}
	return a.printVariables(f, format, append(shellenv.Keys(c, region), shellenv.Bearers(os.Environ())...))
}

// asUsage makes the name of a profile that cannot be a matter of the command line.
func asUsage(err error) error {
	if name, ok := errors.AsType[*shellenv.ProfileError](err); ok {
		return &usageError{err: name, hint: name.Hint()}
	}
	return err
}

// setsRegion reports whether the region in the environment is ours for certain.
func (a *app) setsRegion(f *environFlags) bool {
	return f.region != "" || a.configUnjudged().Region != ""
}

// printVariables prints variables, and for a person at a terminal how they get
// into the shell.
func (a *app) printVariables(f *environFlags, format shellenv.Format, vars []shellenv.Variable) error {
	var out strings.Builder
	if how := format.Comment("Run: " + a.evaluation(f, format)); how != "" && terminal.IsTerminal(a.Stdout) {
		out.WriteString(how + "\n")
	}
	if err := shellenv.Write(&out, format, vars); err != nil {
		return err
	}
	_, err := a.Stdout.Write([]byte(out.String()))
	return err
}

// evaluation is the command that has a shell evaluate the output of this one.
func (a *app) evaluation(f *environFlags, format shellenv.Format) string {
	words := []string{"env"}
	if a.contextFlag != "" {
		words = []string{"--context", a.contextFlag, "env"}
	}
	if f.format != "" {
		words = append(words, "--format", f.format)
	}
	if f.unset {
		words = append(words, "--unset")
	}
	command := printable(awsprofile.Command("tip-cli", append(words, f.words()...)...))
	switch format {
	case shellenv.Fish:
		return command + " | source"
	case shellenv.PowerShell:
		return command + " | Out-String | Invoke-Expression"
	case shellenv.Cmd:
		return `for /f "delims=" %i in ('` + command + `') do @%i`
	default:
		return `eval "$(` + command + `)"`
	}
}
