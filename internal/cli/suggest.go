package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usage makes err the error of a wrong command line.
func usage(cmd *cobra.Command, err error) error {
	if own, ok := errors.AsType[*usageError](err); ok {
		return own // with its own hint
	}
	if hint := meantValue(cmd, err); hint != "" {
		return &usageError{err: err, hint: hint}
	}
	return &usageError{err: err, hint: "run: " + cmd.CommandPath() + " --help"}
}

// subcommandOnly refuses arguments of a command that has only subcommands.
func subcommandOnly(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return unknownCommand(cmd, args[0])
}

// unknownCommand says what may have been meant by name behind cmd.
func unknownCommand(cmd *cobra.Command, name string) error {
	err := fmt.Errorf("unknown command %q for %q", name, cmd.CommandPath())
	if path := meantCommand(cmd, name); path != "" {
		return &usageError{err: err, hint: "did you mean: " + path}
	}
	return &usageError{err: err, hint: "run: " + cmd.CommandPath() + " --help"}
}

// otherNames are what other programs call our commands.
var otherNames = map[string]string{
	"login": "auth", "signin": "auth", "sign-in": "auth", "sso": "auth",
	"signout": "auth logout", "sign-out": "auth logout",
	"init": "configure idp", "setup": "configure idp",
	"credentials": "auth get-iam-credentials", "creds": "auth get-iam-credentials",
	"profile": "auth set-aws-profile", "contexts": "configure list-contexts",
	"run": "exec", "server": "serve",
}

// meantCommand is the path of the command that name comes nearest to: one of cmd's
// own, else one by the name that it has in other programs, else one from anywhere.
func meantCommand(cmd *cobra.Command, name string) string {
	own := map[string]string{}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() || c.IsAdditionalHelpTopicCommand() {
			own[c.Name()] = c.CommandPath()
		}
	}
	if near := nearest(name, names(own)); near != "" {
		return own[near]
	}
	if other := otherNames[strings.ToLower(name)]; other != "" {
		if c, rest, err := cmd.Root().Find(strings.Fields(other)); err == nil && len(rest) == 0 {
			return c.CommandPath()
		}
	}
	anywhere := map[string]string{}
	for _, c := range tree(cmd.Root()) {
		if _, there := anywhere[c.Name()]; !there && c.HasParent() {
			anywhere[c.Name()] = c.CommandPath()
		}
	}
	return anywhere[nearest(name, names(anywhere))]
}

func names(paths map[string]string) []string { return slices.Collect(maps.Keys(paths)) }

// tree is cmd and the visible commands below it, parents first.
func tree(cmd *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{cmd}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			all = append(all, tree(c)...)
		}
	}
	return all
}

// wrongFlag is the error of a flag that is not there, or of its value.
func wrongFlag(cmd *cobra.Command, err error) error {
	if args := cmd.Flags().Args(); cmd.HasAvailableSubCommands() && len(args) > 0 {
		return unknownCommand(cmd, args[0]) // whose flag it may be
	}
	if wrong, ok := errors.AsType[*pflag.NotExistError](err); ok {
		name := wrong.GetSpecifiedName()
		if short := wrong.GetSpecifiedShortnames(); len(short) > 1 {
			name = short // such as -profile
		}
		if hint := meantFlag(cmd, name); hint != "" {
			return &usageError{err: err, hint: hint}
		}
	}
	return usage(cmd, plainly(err))
}

// plainly says what a flag takes, where the error says how that was read.
func plainly(err error) error {
	wrong, isValue := errors.AsType[*pflag.InvalidValueError](err)
	number, isNumber := errors.AsType[*strconv.NumError](err)
	if !isValue || !isNumber {
		return err
	}
	takes := "give a whole number"
	if number.Func == "ParseBool" {
		takes = "give true or false"
	}
	return fmt.Errorf("invalid argument %q for \"--%s\" flag: %s", wrong.GetValue(), wrong.GetFlag().Name, takes)
}

// meantFlag is a hint to the flag of cmd that name comes nearest to, or to the one
// command that has such a flag, below cmd or anywhere.
func meantFlag(cmd *cobra.Command, name string) string {
	var own []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			own = append(own, f.Name)
		}
	})
	if near := nearest(name, own); near != "" {
		return "did you mean: --" + near
	}
	for _, among := range [][]*cobra.Command{tree(cmd)[1:], tree(cmd.Root())[1:]} {
		var others []string
		for _, c := range among {
			if c.LocalNonPersistentFlags().Lookup(name) != nil {
				others = append(others, c.CommandPath())
			}
		}
		if len(others) == 1 {
			return fmt.Sprintf("--%s belongs to: %s", name, others[0])
		}
	}
	return ""
}

// meantValue is a hint to the value that a flag with known values was to have,
// if err quotes another value of it.
func meantValue(cmd *cobra.Command, err error) string {
	hint := ""
	try := func(f *pflag.Flag, value string) {
		complete, ok := cmd.GetFlagCompletionFunc(f.Name)
		if !ok || hint != "" || value == "" {
			return
		}
		var known []string
		choices, _ := complete(cmd, nil, "")
		for _, c := range choices {
			known = append(known, beforeTab(c))
		}
		if near := nearest(value, known); near != "" && !slices.Contains(known, value) {
			hint = "did you mean: --" + f.Name + " " + near
		}
	}
	if wrong, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		try(wrong.GetFlag(), wrong.GetValue())
		return hint
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if strings.Contains(err.Error(), strconv.Quote(f.Value.String())) {
			try(f, f.Value.String())
		}
	})
	return hint
}

// nearest is the candidate that word may have been meant to be, "" if none is near:
// spelled alike, or begun alike.
func nearest(word string, candidates []string) string {
	word = strings.ToLower(word)
	limit := 2
	if len(word) < 5 {
		limit = 1
	}
	best, least := "", limit+1
	slices.Sort(candidates)
	for _, c := range candidates {
		lower := strings.ToLower(c)
		d := distance(word, lower)
		if d > limit && len(word) > 2 && strings.HasPrefix(lower, word) {
			d = limit
		}
		if d < least && d < len(lower) {
			best, least = c, d
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap with the next one
// to make b out of a.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	rows := make([][]int, len(from)+1)
	for i := range rows {
		rows[i] = make([]int, len(to)+1)
		rows[i][0] = i
	}
	for j := range to {
		rows[0][j+1] = j + 1
	}
	for i := range from {
		for j := range to {
			differ := 1
			if from[i] == to[j] {
				differ = 0
			}
			d := min(rows[i][j+1]+1, rows[i+1][j]+1, rows[i][j]+differ)
			if i > 0 && j > 0 && from[i] == to[j-1] && from[i-1] == to[j] {
				d = min(d, rows[i-1][j-1]+1)
			}
			rows[i+1][j+1] = d
		}
	}
	return rows[len(from)][len(to)]
}
