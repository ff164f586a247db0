package cli

import (
	"context"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
)

// keyringPatience bounds how long status waits for the keyring, which may ask the
// person to unlock it.
const keyringPatience = 3 * time.Second

// statusFlags are the flags of status.
type statusFlags struct {
	output         format
	all, noKeyring bool
}

func newStatus(a *app) *cobra.Command {
	var f statusFlags
	cmd := &cobra.Command{
		Use: "status", Short: "Show what is configured and stored, and whether credentials can be had",
		Long: `Shows the state of the context: the configuration, who is signed in, the tokens,
the role session and the S3 credentials with the time they have left, a failed
sign-in that is being waited after, the AWS profiles that use tip-cli, and where
the state and its key are. It makes no connection, takes no lock and signs nobody in.

Who is signed in stands in the ID token, which is sealed with a key in the OS
keyring. The keyring is asked for three seconds at most; a locked one may show
its prompt. --no-keyring does not ask it; tokens are then believed to be good.

The exit code is 0 if credentials can be had without a person, 3 if somebody has
to sign in, 5 if the configuration is missing or cannot be used. The report is
printed in any case. With --all it lists every context, and the exit code is that
of the one in use.`,
		Example: `  tip-cli status
  tip-cli status --all
  tip-cli status --quiet --output json --no-keyring`,
		Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.status(cmd.Context(), &f) },
	}
	f.output.register(cmd)
	cmd.Flags().BoolVar(&f.all, "all", false, "list every context")
	cmd.Flags().BoolVar(&f.noKeyring, "no-keyring", false, "do not ask the OS keyring; who is signed in is then not known")
	return cmd
}

func (a *app) status(ctx context.Context, f *statusFlags) error {
	home, err := store.Dir(a.Getenv, os.UserHomeDir)
	if err != nil {
		return err
	}
	current, err := a.chosenContext(home)
	if err == nil {
		_, err = store.ContextDir(home, current)
	}
	if err != nil {
		return err
	}
	if f.all {
		return a.statusOfAll(ctx, home, current, f)
	}
	r, err := a.stateOf(ctx, home, current, f.noKeyring)
	if err != nil {
		return err
	}
	r.AWSProfiles = a.profilesOf(current)
	if f.output == formatJSON {
		err = a.printJSON(r)
	} else {
		err = a.printTable(nil, r.rows())
	}
	if err != nil {
		return err
	}
	return r.needed
}

func (a *app) statusOfAll(ctx context.Context, home, current string, f *statusFlags) error {
	names, err := store.Contexts(home)
	if err != nil {
		return err
	}
	reports := make([]*stateReport, 0, len(names))
	var needed error = &noContextError{current}
	for _, name := range names {
		r, err := a.stateOf(ctx, home, name, f.noKeyring)
		if err != nil {
			return err
		}
		if r.Current = name == current; r.Current {
			needed = r.needed
		}
		r.AWSProfiles = a.profilesOf(name)
		reports = append(reports, r)
	}
	if f.output == formatJSON {
		err = a.printJSON(reports)
	} else if len(reports) > 0 {
		err = a.printTable([]string{"", "CONTEXT", "PROVIDER", "SIGNED IN AS", "CREDENTIALS", "STATE"}, rowsOfAll(reports))
	}
	if err != nil {
		return err
	}
	return needed
}

// noContextError says that the context in use has no configuration.
type noContextError struct{ name string }

// Error implements error.
func (e *noContextError) Error() string {
	return "the context in use, " + e.name + ", is not configured"
}

// Hint is the command that configures it.
func (e *noContextError) Hint() string { return "run: tip-cli --context " + e.name + " configure idp" }

// stateOf looks at a context. Its error is one of the file system or of the time.
func (a *app) stateOf(ctx context.Context, home, name string, noKeyring bool) (*stateReport, error) {
	st, err := store.Open(home, name, func(o *store.Options) {
		o.Getenv, o.Notice, o.KeyringTimeout = a.Getenv, a.warn, keyringPatience
		if noKeyring {
			o.Keyring = nil
		}
	})
	if err != nil {
		return nil, err
	}
	r := &stateReport{Context: name, Current: true, Directory: st.Dir(), AWSProfiles: []string{}, Problems: []string{}, now: time.Now()}
	c, err := configOf(st)
	r.fromConfig(c)
	if err == nil {
		err = c.Validate()
	}
	if err == nil {
		_, err = c.Regions(a.Getenv, a.profileRegion)
	}
	r.judge(err)
	if err == nil {
		held := session.Look(ctx, st, c, noKeyring)
		r.fromDisk(&held)
	}
	r.fromKey(st)
	return r, ctx.Err()
}

// configOf is the configuration of a store, as far as it can be read.
func configOf(st *store.Store) (config.Config, error) {
	text, err := st.LoadConfig()
	if err != nil {
		return config.Config{}, err
	}
	c, _, err := config.Parse(text, "")
	return c, err
}
