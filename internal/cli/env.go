package cli

import (
	"errors"
	"fmt"
	"os"
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
  ini                         a section of the AWS credentials file, see --profile;
                              one that is there already must be removed before

The format is that of the shell that runs tip-cli, as far as the system, SHELL and
PSModulePath show it, else sh. In a script, name it: --format sh.

--unset removes the credentials, and the region if env has set it, from the shell;
what was there before does not come back. In fish, a universal variable is left
alone. The document of credential_process is printed by other commands: auth
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
			if f.unset {
				return a.printRemoval(&f)
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
	fl.StringVar(&f.format, "format", "", oneOf(formatNames(shellenv.Formats()))+" (default: by your shell)")
	fl.StringVar(&f.profile, "profile", "", "name of the section, with --format ini")
	fl.BoolVar(&f.unset, "unset", false, "remove from the shell what env has set there")
	_ = cmd.RegisterFlagCompletionFunc("format", // the flag is there
		cobra.FixedCompletions(formatNames(shellenv.Formats()), cobra.ShellCompDirectiveNoFileComp))
}

func formatNames(formats []shellenv.Format) []string {
	names := make([]string, len(formats))
	for i, format := range formats {
		names[i] = string(format)
	}
	return names
}

// oneOf are names, for a sentence.
func oneOf(names []string) string {
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

func (f *environFlags) check(cmd *cobra.Command) error {
	format := shellenv.Format(f.format)
	var err error
	switch {
	case cmd.Flags().Changed("format") && !slices.Contains(shellenv.Formats(), format):
		err = fmt.Errorf("--format %q is none of %s", f.format, oneOf(formatNames(shellenv.Formats())))
	case format == shellenv.INI && f.profile == "":
		err = errors.New("--profile is missing: it names the section")
	case format != shellenv.INI && cmd.Flags().Changed("profile"):
		err = errors.New("--profile is for --format ini")
	case f.unset && f.format != "" && !format.Shell():
		err = fmt.Errorf("--unset is for shells; %s cannot remove anything", f.format)
	case format == shellenv.INI && cmd.Flags().Changed("region"):
		err = errors.New("--region is not for --format ini: the region of a profile stands in the AWS config file")
	case f.unset && (f.s3 != "" || f.permission != "" || f.region != "" || f.minTTL != 0):
		err = errors.New("--unset takes none of --s3, --permission, --region and --min-ttl: it asks for no credentials")
	}
	if err != nil {
		return usage(cmd, err)
	}
	if format == shellenv.INI {
		if err := shellenv.CheckProfile(f.profile); err != nil {
			return asUsage(err)
		}
	}
	return f.lending.check(cmd)
}

// shellFormat is the format that was asked for, else that of the shell.
func (a *app) shellFormat(f *environFlags) shellenv.Format {
	if f.format != "" {
		return shellenv.Format(f.format)
	}
	return a.shell()
}

// printRemoval prints what takes back what env has set. It needs no configuration,
// but a context that is asked for must be possible.
func (a *app) printRemoval(f *environFlags) error {
	if a.contextFlag != "" {
		if _, err := a.store(); err != nil {
			return err
		}
	}
	return a.printVariables(f, a.shellFormat(f), shellenv.Removal(a.Getenv))
}

// printEnviron prints the variables, in one piece.
func (a *app) printEnviron(cmd *cobra.Command, f *environFlags) error {
	region, err := a.lentRegion(cmd, &f.lending)
	if err != nil {
		return err
	}
	c, err := a.lend(cmd.Context(), &f.lending)
	if err != nil {
		return err
	}
	a.progress.end()
	format := a.shellFormat(f)
	if format == shellenv.INI {
		return shellenv.WriteINI(a.Stdout, f.profile, c)
	}
	vars := append(shellenv.Keys(c, region), shellenv.Bearers(os.Environ())...)
	if format.Shell() {
		vars = shellenv.Marked(vars, a.Getenv)
	}
	return a.printVariables(f, format, vars)
}

// asUsage makes the name of a profile that cannot be a matter of the command line.
func asUsage(err error) error {
	if name, ok := errors.AsType[*shellenv.ProfileError](err); ok {
		return &usageError{err: name, hint: name.Hint()}
	}
	return err
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
	return printed(a.Stdout.Write([]byte(out.String())))
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
