package cli

import (
	"errors"
	"os"
	"path/filepath"
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
			home, err := a.home()
			if err != nil {
				return err
			}
			if args[0] != store.DefaultContext {
				if err := a.knownContext(home, args[0]); err != nil {
					return err
				}
			}
			if err := store.SetCurrentContext(home, args[0]); err != nil {
				return err
			}
			a.say("Commands now use the context %s, and so do AWS profiles whose credential_process names no --context.", args[0])
			if names, err := store.Contexts(home); err == nil && !slices.Contains(names, args[0]) {
				a.warn("the context " + args[0] + " is not configured; run: tip-cli --context " + args[0] + " configure idp")
			}
			if a.Getenv(store.ContextVariable) != "" {
				a.warn(store.ContextVariable + " is set and overrides that")
			}
			return nil
		},
	}
}

func newListContexts(a *app) *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use: "list-contexts", Short: "List the configurations; a star marks the one in use",
		Example: `  tip-cli configure list-contexts
  tip-cli configure list-contexts --output json`,
		Args: exactly(0, ""),
		RunE: func(*cobra.Command, []string) error {
			home, err := a.home()
			if err != nil {
				return err
			}
			names, err := store.Contexts(home)
			if err != nil {
				return err
			}
			return a.printContexts(home, names, f)
		},
	}
	f.register(cmd)
	return cmd
}

func (a *app) printContexts(home string, names []string, f format) error {
	current, err := a.chosenContext(home)
	switch {
	case err != nil:
		a.warn(err.Error())
	case len(names) > 0 && !slices.Contains(names, current):
		a.warn("the context in use, " + current + ", is not configured")
	}
	for _, name := range strays(home, names) {
		a.warn("the context " + name + " has a directory and no configuration; to be rid of it, run: tip-cli configure delete-context " + name)
	}
	if f == formatJSON {
		list := make([]listedContext, len(names)) // [] and not null
		for i, name := range names {
			list[i] = listedContext{Name: name, Current: name == current}
		}
		return a.printJSON(list)
	}
	if len(names) == 0 {
		a.say("Nothing is configured yet. Begin with: tip-cli configure idp")
		return nil
	}
	var rows [][]cell
	for _, name := range names {
		row := cells(" ", name)
		if name == current {
			row = []cell{{"*", green}, {name, bold}}
		}
		rows = append(rows, row)
	}
	return a.printTable(nil, rows)
}

// strays are the contexts that have a directory and are not configured.
func strays(home string, configured []string) []string {
	dir, err := store.ContextDir(home, "x")
	if err != nil {
		return nil
	}
	entries, _ := os.ReadDir(filepath.Dir(dir)) // what cannot be read is said elsewhere
	var found []string
	for _, entry := range entries {
		if name := entry.Name(); entry.IsDir() && store.ValidContext(name) == nil && name != store.DefaultContext && !slices.Contains(configured, name) {
			found = append(found, name)
		}
	}
	return found
}

// meantContext is a hint to the configured context that may have been meant, where err
// says that a named one is not configured; "" if none is near.
func (a *app) meantContext(err error) string {
	home, homeErr := a.home()
	file, ok := errors.AsType[*store.FileError](err)
	name := ""
	if unset, isContext := errors.AsType[*noContextError](err); isContext {
		name = unset.name
	} else if ok && errors.Is(file, store.ErrNotFound) && filepath.Base(file.Path) == store.ConfigFile {
		name = filepath.Base(filepath.Dir(file.Path))
		if dir, err := store.ContextDir(home, name); err != nil || dir != filepath.Dir(file.Path) {
			return ""
		}
	}
	there, listErr := store.Contexts(home)
	if name == "" || homeErr != nil || listErr != nil {
		return ""
	}
	return nearContext(name, there)
}

// nearContext is a hint to the context that name comes nearest to, "" if none is near.
func nearContext(name string, there []string) string {
	if near := nearest(name, there); near != "" {
		return "did you mean: " + near + "? See: tip-cli configure list-contexts"
	}
	return ""
}

type listedContext struct {
	Name    string `json:"name"`
	Current bool   `json:"current"`
}
