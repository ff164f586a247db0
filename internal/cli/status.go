package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
)

// keyringPatience bounds how long status and whoami wait for the keyring, which may
// ask the person to unlock it.
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
the state and its key are. It makes no connection, takes no lock, runs no program
and signs nobody in.

Who is signed in stands in the ID token, which is sealed with a key in the OS
keyring. The keyring is asked for three seconds at most; a locked one may show
its prompt. --no-keyring does not ask it; tokens are then believed to be good.

The exit code is 0 if credentials can be had without a person, 3 if somebody has
to sign in, 5 if something is not configured, or wrongly, or a file cannot be used
as it is, and 1 if it may not be read. The report is printed on stdout before the
error, with what can be known. With --all it lists every context, and the exit
code is that of the one in use.

With --output json it is an object, and with --all a list of them. What is not
known, or not there, is null; unread, role_session_unread and reason are there only
if they say something. The object has context, current, state_directory, ready,
reason, configured, problems, provider, token_source, signed_in_as (issuer, subject,
email, name), id_token (stored, unread, spent, obtained_at, expires_at),
refresh_token, identity_center_refresh_token, role_session (account_id, user_id,
expires_at, seconds), role_session_unread, s3_credentials (count, next_expires_at,
unread), failed_sign_in (failed_at, reason, retry_at), aws_profiles and key (place:
keyring, file or none; path, reason). docs/output.md explains them.`,
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
	home, current, err := a.inUse()
	if err == nil {
		_, err = store.ContextDir(home, current)
	}
	l := &onlooker{app: a, home: home, noKeyring: f.noKeyring, patience: keyringPatience}
	switch {
	case f.all && home != "":
		return a.statusOfAll(ctx, l, current, f.output, err)
	case err != nil:
		return a.printStates(f, newReport("", home, err), err)
	}
	l.profiles = a.profilesBy(home)
	r, err := l.stateOf(ctx, current)
	if err != nil {
		return err
	}
	return a.printStates(f, r, r.needed)
}

// printStates prints the report on one context, and returns needed.
func (a *app) printStates(f *statusFlags, r *stateReport, needed error) error {
	var err error
	switch {
	case f.output != formatJSON:
		err = a.printTable(nil, r.rows())
	case f.all:
		err = a.printJSON([]*stateReport{r})
	default:
		err = a.printJSON(r)
	}
	if err != nil {
		return err
	}
	return needed
}

// statusOfAll lists the contexts. unchosen is why the one in use is not known.
func (a *app) statusOfAll(ctx context.Context, l *onlooker, current string, f format, unchosen error) error {
	names, unlisted := store.Contexts(l.home)
	l.profiles = a.profilesBy(l.home)
	reports := make([]*stateReport, 0, len(names))
	var needed error = &noContextError{current}
	for _, name := range names {
		r, err := l.stateOf(ctx, name)
		if err != nil {
			return err
		}
		if r.Current = name == current; r.Current {
			needed = r.needed
		}
		reports = append(reports, r)
	}
	var err error
	if f == formatJSON {
		err = a.printJSON(reports)
	} else if len(reports) > 0 {
		err = a.printTable([]string{"", "CONTEXT", "PROVIDER", "SIGNED IN AS", "CREDENTIALS", "STATE"}, rowsOfAll(reports))
	}
	for _, failed := range []error{err, unchosen, unlisted} {
		if failed != nil {
			return failed
		}
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

// onlooker looks at one context after the other.
type onlooker struct {
	*app
	home      string
	noKeyring bool
	// patience is how long the keyring may still be waited for, in all.
	patience time.Duration
	// profiles are the AWS profiles of each context.
	profiles map[string][]string
}

// stateOf looks at a context. Its error is that its time is up.
func (l *onlooker) stateOf(ctx context.Context, name string) (*stateReport, error) {
	st, err := store.Open(l.home, name, func(o *store.Options) {
		o.Getenv, o.Notice, o.KeyringTimeout = l.Getenv, l.warn, l.patience
		switch {
		case l.noKeyring:
			o.Keyring = nil
		case l.patience <= 0:
			o.Keyring, o.KeyringTimeout = silentKeyring{}, keyringPatience // it answers at once
		}
	})
	if err != nil {
		return nil, err
	}
	c, _, err := readConfig(st)
	if err == nil {
		err = c.Validate()
	}
	if err == nil {
		_, err = c.Regions(l.Getenv, l.profileRegion)
	}
	r := newReport(name, st.Dir(), err)
	r.fromConfig(c)
	if err == nil {
		began := time.Now()
		held := session.Look(ctx, st, c, l.noKeyring)
		if errors.Is(held.Token.Unread, store.ErrKeyUnavailable) {
			l.patience -= time.Since(began)
		}
		r.fromDisk(&held)
	}
	r.fromKey(st)
	r.AWSProfiles = append(r.AWSProfiles, l.profiles[name]...)
	return r, ctx.Err()
}

// silentKeyring stands for one that has not answered when another context needed it.
type silentKeyring struct{}

var errSilent = fmt.Errorf("OS keyring: no answer within %s", keyringPatience)

// Get implements store.Keyring.
func (silentKeyring) Get(string, string) (string, error) { return "", errSilent }

// Set implements store.Keyring.
func (silentKeyring) Set(string, string, string) error { return errSilent }

// Delete implements store.Keyring.
func (silentKeyring) Delete(string, string) error { return errSilent }
