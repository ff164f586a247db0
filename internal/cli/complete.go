package cli

import (
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tip-cli/tip-cli/internal/awsprofile"
	"github.com/tip-cli/tip-cli/internal/store"
)

// completer finds what may stand at a place of the command line. It looks into
// files at most: no network, no sign-in, no word on stderr, no error.
type completer func() ([]cobra.Completion, cobra.ShellCompDirective)

// completeAll gives every flag and argument its completion, except those whose
// commands have given it one. Arguments that are not known here complete nothing,
// and certainly not file names.
func (a *app) completeAll(root *cobra.Command) {
	arguments := map[string]completer{
		"configure use-context": a.knownContexts, "configure delete-context": a.knownContexts,
		"s3ag get-data-access": a.knownPaths, "s3ag explain": a.knownPaths, "s3ag clear-credentials": a.knownTargets,
	}
	flags := a.flagCompleters()
	for _, cmd := range tree(root) {
		path := strings.TrimPrefix(cmd.CommandPath(), "tip-cli ")
		if cmd.ValidArgsFunction == nil && cmd.Runnable() && !takesCommand(cmd) {
			cmd.ValidArgsFunction = firstArgument(arguments[path])
		}
		for _, set := range []*pflag.FlagSet{cmd.LocalNonPersistentFlags(), cmd.PersistentFlags()} {
			set.VisitAll(func(f *pflag.Flag) {
				complete, known := flags[path+" --"+f.Name]
				if !known {
					complete, known = flags["--"+f.Name]
				}
				if _, has := cmd.GetFlagCompletionFunc(f.Name); has || f.NoOptDefVal != "" || !known && isFile(f.Name) {
					return
				}
				_ = cmd.RegisterFlagCompletionFunc(f.Name, anywhere(complete)) // the flag is there
			})
		}
	}
}

// takesCommand reports whether the arguments are another program's command line.
func takesCommand(cmd *cobra.Command) bool { return strings.Contains(cmd.Use, "-- ") }

// isFile reports whether a flag takes the name of a file, which shells complete themselves.
func isFile(flag string) bool { return flag == "config" || strings.HasSuffix(flag, "-file") }

// flagCompleters are by "--flag", or "command --flag" where commands differ.
func (a *app) flagCompleters() map[string]completer {
	providers := fixed(providerNames()...)
	return map[string]completer{
		"--context": a.knownContexts, "--profile": a.knownProfiles, "--s3": a.knownPaths, "--prefix": a.knownPaths,
		"--provider": providers, "--idp": providers,
		"--permission": fixed("READ", "WRITE", "READWRITE"), "--target-type": fixed("Object", "Prefix"), "--privilege": fixed("Default", "Minimal"),
		"serve --format":                fixed(servedNames()...),
		"auth set-aws-profile --output": fixed(outputFormats...),
	}
}

func fixed(values ...string) completer {
	return func() ([]cobra.Completion, cobra.ShellCompDirective) {
		return slices.Clone(values), cobra.ShellCompDirectiveNoFileComp
	}
}

func anywhere(complete completer) cobra.CompletionFunc {
	return func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if complete == nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return complete()
	}
}

func firstArgument(complete completer) cobra.CompletionFunc {
	all := anywhere(complete)
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return all(cmd, args, begun)
	}
}

// knownContexts are the contexts that are configured.
func (a *app) knownContexts() ([]cobra.Completion, cobra.ShellCompDirective) {
	home, err := a.home()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names, _ := store.Contexts(home)
	return names, cobra.ShellCompDirectiveNoFileComp
}

// knownTargets are the S3 targets of the context that there are credentials for,
// or were until they expired.
func (a *app) knownTargets() ([]cobra.Completion, cobra.ShellCompDirective) {
	var targets []string
	for _, e := range a.knownGrants() {
		if e.Target == printable(e.Target) {
			targets = append(targets, e.Target)
		}
	}
	return slices.Compact(targets), cobra.ShellCompDirectiveNoFileComp // sorted by target
}

// knownPaths are the same and the targets of the grants that were listed last, as
// paths, which can be gone on with.
func (a *app) knownPaths() ([]cobra.Completion, cobra.ShellCompDirective) {
	var paths []string
	targets, directive := a.knownTargets()
	for _, target := range append(targets, a.listedTargets()...) {
		path := strings.TrimSuffix(target, "*")
		if path == printable(path) && path != "s3://" {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths), directive | cobra.ShellCompDirectiveNoSpace
}

// knownGrants are the stored S3 credentials.
func (a *app) knownGrants() []store.S3Entry {
	st := a.silentStore()
	if st == nil {
		return nil
	}
	entries, _ := st.LoadS3()
	return entries
}

// listedTargets are those of the grants that list-grants or explain has seen.
func (a *app) listedTargets() []string {
	st := a.silentStore()
	if st == nil {
		return nil
	}
	grants, _ := st.LoadGrants()
	return grants.Targets()
}

// silentStore is the state of the chosen context without a Notice, or nil.
func (a *app) silentStore() *store.Store {
	home, name, err := a.inUse()
	if err != nil {
		return nil
	}
	st, err := store.Open(home, name, func(o *store.Options) { o.Keyring, o.Getenv = nil, a.Getenv })
	if err != nil {
		return nil
	}
	return st
}

// knownProfiles are the profiles of the AWS config file.
func (a *app) knownProfiles() ([]cobra.Completion, cobra.ShellCompDirective) {
	path, err := awsprofile.Path(a.Getenv, os.UserHomeDir)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names, _ := awsprofile.Profiles(path)
	names = slices.DeleteFunc(names, func(name string) bool { return name != printable(name) })
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeCommands completes the commands and topics behind help.
func completeCommands(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	about, rest, err := cmd.Root().Find(args)
	if err != nil || len(rest) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var choices []cobra.Completion
	for _, c := range about.Commands() {
		if c.IsAvailableCommand() || c.IsAdditionalHelpTopicCommand() {
			choices = append(choices, cobra.CompletionWithDesc(c.Name(), c.Short))
		}
	}
	return choices, cobra.ShellCompDirectiveNoFileComp
}

// beforeTab is a completion without its description.
func beforeTab(c cobra.Completion) string {
	value, _, _ := strings.Cut(c, "\t")
	return value
}
