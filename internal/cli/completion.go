package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// shells are those that there is a completion for.
var shells = []string{"bash", "zsh", "fish", "powershell"}

func newCompletion(a *app) *cobra.Command {
	var plain bool
	cmd := &cobra.Command{
		Use: "completion SHELL", Short: "Print the completion for bash, zsh, fish or powershell",
		Long: `Prints a script that has the shell complete the commands and flags of tip-cli, the
contexts, the profiles of the AWS config file and the S3 targets that there are
credentials for. It asks nobody and connects to nothing.

bash: for this shell, and for all that start later (the package bash-completion
loads that folder; without it, put the first line into ~/.bashrc):

  source <(tip-cli completion bash)
  mkdir -p ~/.local/share/bash-completion/completions
  tip-cli completion bash > ~/.local/share/bash-completion/completions/tip-cli

zsh: put this into ~/.zshrc, below "autoload -U compinit; compinit":

  source <(tip-cli completion zsh)

fish: for this shell, and for all that start later:

  tip-cli completion fish | source
  tip-cli completion fish > ~/.config/fish/completions/tip-cli.fish

PowerShell: put this into the file that $PROFILE names:

  tip-cli completion powershell | Out-String | Invoke-Expression`,
		Example: `  tip-cli completion bash
  tip-cli completion zsh --no-descriptions`,
		Args: exactly(1, "the shell"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return shells, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.printCompletion(cmd, args[0], !plain) },
	}
	cmd.Flags().BoolVar(&plain, "no-descriptions", false, "complete without descriptions")
	return cmd
}

func (a *app) printCompletion(cmd *cobra.Command, shell string, descriptions bool) error {
	root := cmd.Root()
	var script strings.Builder // to be printed in one piece
	var err error
	switch shell {
	case "bash":
		err = bashCompletion(root, &script, descriptions)
	case "zsh":
		err = zshCompletion(root, &script, descriptions)
	case "fish":
		err = root.GenFishCompletion(&script, descriptions)
	case "powershell":
		if descriptions {
			err = root.GenPowerShellCompletionWithDesc(&script)
		} else {
			err = root.GenPowerShellCompletion(&script)
		}
	default:
		return unknownShell(cmd, shell)
	}
	if err != nil {
		return err
	}
	_, err = io.WriteString(a.Stdout, script.String())
	return err
}

func unknownShell(cmd *cobra.Command, shell string) error {
	err := fmt.Errorf("no completion for %q, only for %s", shell, strings.Join(shells, ", "))
	if shell == "pwsh" {
		shell = "powershell"
	}
	near := nearest(shell, slices.Clone(shells))
	for _, known := range shells {
		if near == "" && shell != "" && strings.HasPrefix(known, shell) {
			near = known // begun, if only by two letters
		}
	}
	if near != "" {
		return &usageError{err: err, hint: "did you mean: " + cmd.CommandPath() + " " + near}
	}
	return usage(cmd, err)
}

// wordsOfBash is what cobra's script takes from the package bash-completion, for
// shells without it: the words of the command line, not broken at = and :.
const wordsOfBash = `
# For shells without the package bash-completion: the words of the command line,
# put together again where bash has broken them at = and :.
__tip-cli_words()
{
    local line=${COMP_LINE:0:COMP_POINT} rest word i
    words=() cword=0
    for ((i = 0; i <= COMP_CWORD; i++)); do
        rest=${line#"${line%%[![:space:]]*}"}
        word=${COMP_WORDS[i]}
        [[ $rest == "$word"* ]] || word=$rest # the cursor is inside of it
        if ((i > 0)) && [[ $rest == "$line" && ($word == [=:]* || ${words[cword]} == *[=:]) ]]; then
            words[cword]+=$word
        else
            ((i > 0)) && ((cword++))
            words[cword]=$word
        fi
        line=${rest:${#word}}
    done
    cur=${words[cword]} prev=
    ((cword > 0)) && prev=${words[cword - 1]}
    return 0
}
`

// plainChoices is what cobra's script does with candidates without descriptions. It
// puts several of them on the command line as they are, as far as they are alike,
// and a name that AWS or a file has given may be a command for the shell.
const plainChoices = `        # First, escape the completions to handle special characters
        IFS=$'\n' read -ra completions -d '' < <(printf "%q\n" "${completions[@]}")
        # Only consider the completions that match what the user typed
        IFS=$'\n' read -ra COMPREPLY -d '' < <(IFS=$'\n'; compgen -W "${completions[*]}" -- "${cur}")

        # compgen looses the escaping so, if there is only a single completion, we need to
        # escape it again because it will be inserted on the command-line.  If there are multiple
        # completions, we don't want to escape them because they will be printed in a list
        # and we don't want to show escape characters in that list.
        if (( ${#COMPREPLY[@]} == 1 )); then
            COMPREPLY[0]=$(printf "%q" "${COMPREPLY[0]}")
        fi
`

// quotedChoices is in its place: each candidate as it is to be typed, found by its
// beginning with quotes and without.
const quotedChoices = `        local choice quoted
        for choice in "${completions[@]}"; do
            printf -v quoted "%q" "${choice}"
            if [[ ${choice} == "${cur}"* || ${quoted} == "${cur}"* ]]; then
                COMPREPLY+=("${quoted}")
            fi
        done
`

// bashCompletion is cobra's script, which then works without bash-completion, too,
// and puts no name on the command line that is not quoted.
func bashCompletion(root *cobra.Command, w io.Writer, descriptions bool) error {
	var script strings.Builder
	if err := root.GenBashCompletionV2(&script, descriptions); err != nil {
		return err
	}
	text := script.String()
	for _, change := range []struct{ from, to string }{
		{`_get_comp_words_by_ref "$@" cur prev words cword`, "__tip-cli_words"},
		{plainChoices, quotedChoices},
	} {
		if strings.Count(text, change.from) != 1 {
			return fmt.Errorf("cobra's completion for bash is another one: it has no %q", change.from)
		}
		text = strings.Replace(text, change.from, change.to, 1)
	}
	_, err := io.WriteString(w, text+wordsOfBash)
	return err
}

func zshCompletion(root *cobra.Command, w io.Writer, descriptions bool) error {
	if descriptions {
		return root.GenZshCompletion(w)
	}
	return root.GenZshCompletionNoDesc(w)
}
