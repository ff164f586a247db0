package cli

import (
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/store"
)

func newUseContext(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "use-context NAME", Short: "Choose the configuration that commands use from now on",
		Long: `Chooses among several configurations, each with its own sign-in. --context and
TIP_CLI_CONTEXT override the choice. A context is made by configuring it:
tip-cli --context NAME configure idp. The first one is called default.`,
		Example: "  tip-cli configure use-context default", Args: exactly(1, "the name of the context"),
		RunE: func(_ *cobra.Command, args []string) error {
			home, err := store.Dir(a.Getenv, os.UserHomeDir)
			if err != nil {
				return err
			}
			if err := store.SetCurrentContext(home, args[0]); err != nil {
				return err
			}
			a.printf("Commands now use the context %s, and so do AWS profiles whose credential_process names no --context.", args[0])
			if a.Getenv(store.ContextVariable) != "" {
				a.warn(store.ContextVariable + " is set and overrides that")
			}
			return nil
		},
	}
}

func newListContexts(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "list-contexts", Short: "List the configurations; a star marks the one in use",
		Example: "  tip-cli configure list-contexts", Args: exactly(0, ""),
		RunE: func(*cobra.Command, []string) error {
			home, err := store.Dir(a.Getenv, os.UserHomeDir)
			if err != nil {
				return err
			}
			names, err := store.Contexts(home)
			if err != nil {
				return err
			}
			if len(names) == 0 {
				a.printf("Nothing is configured yet. Begin with: tip-cli configure idp")
				return nil
			}
			return a.printContexts(home, names)
		},
	}
}

func (a *app) printContexts(home string, names []string) error {
	current, err := a.chosenContext(home)
	if err != nil {
		a.warn(err.Error())
	}
	if current != "" && !slices.Contains(names, current) {
		a.warn("the context in use, " + printable(current) + ", is not configured")
	}
	for _, name := range names {
		mark := " "
		if name == current {
			mark = "*"
		}
		if _, err := fmt.Fprintln(a.Stdout, mark, name); err != nil {
			return err
		}
	}
	return nil
}
