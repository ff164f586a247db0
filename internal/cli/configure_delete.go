package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/session"
	"github.com/tip-cli/tip-cli/internal/store"
)

func newDeleteContext(a *app) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "delete-context NAME", Short: "Sign out of a configuration and delete it",
		Long: `Revokes the refresh token where the identity provider can, and deletes the
configuration with everything that was obtained under it. The one in use, and the
one called default, cannot be deleted. AWS profiles that name the context stop
working. A directory in contexts/ without a configuration can be deleted as well.`,
		Example: `  tip-cli configure delete-context test
  tip-cli configure delete-context test --yes`,
		Args: exactly(1, "the name of the context"),
		RunE: func(cmd *cobra.Command, args []string) error {
			home, err := a.home()
			if err != nil {
				return err
			}
			if err := a.deletable(home, args[0]); err != nil {
				return err
			}
			if !yes {
				if err := a.confirm(cmd, "Delete the context "+args[0]+" and sign out of it?"); err != nil {
					return err
				}
			}
			return a.deleteContext(cmd.Context(), args[0])
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

// deletable refuses a context that is not there, that is in use, or that is home itself.
func (a *app) deletable(home, name string) error {
	if err := store.ValidContext(name); err != nil {
		return err
	}
	if name == store.DefaultContext {
		return &usageError{errors.New("the context default cannot be deleted: its files are the state directory's own"), "run: tip-cli --context default auth logout"}
	}
	dir, err := store.ContextDir(home, name)
	if err != nil {
		return err
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() { // else it may hold secrets, configured or not
		if err := a.knownContext(home, name); err != nil {
			return err
		}
	}
	current, err := a.chosenContext(home)
	if err != nil {
		return err
	}
	if chosen, err := store.CurrentContext(home); current == name || err == nil && chosen == name {
		return &usageError{fmt.Errorf("the context %s is in use", name), a.leave(name)}
	}
	return nil
}

// leave says how to have another context than name in use.
func (a *app) leave(name string) string {
	switch name {
	case a.contextFlag:
		return "leave out --context " + name
	case a.Getenv(store.ContextVariable):
		return "unset " + store.ContextVariable
	}
	return "run: tip-cli configure use-context default"
}

// knownContext returns an error for a context without a configuration, with what
// may have been meant.
func (a *app) knownContext(home, name string) error {
	if err := store.ValidContext(name); err != nil {
		return err
	}
	there, err := store.Contexts(home)
	if err != nil || slices.Contains(there, name) {
		return err
	}
	hint := "see: tip-cli configure list-contexts, or make it; run: tip-cli --context " + name + " configure idp"
	if near := nearContext(name, there); near != "" {
		hint = near
	}
	dir, err := store.ContextDir(home, name)
	if err != nil {
		return err
	}
	return &store.FileError{Path: filepath.Join(dir, store.ConfigFile), Err: fmt.Errorf("%w: the context %q is not configured", store.ErrNotFound, name), Fix: hint}
}

// confirm asks a person at a terminal. Where nobody is, only --yes will do.
func (a *app) confirm(cmd *cobra.Command, question string) error {
	if !a.atTerminal() {
		return &usageError{errors.New("nobody is at a terminal to be asked"), "add --yes to: " + cmd.CommandPath()}
	}
	reply, err := a.prompt(cmd.Context(), readLines(a.Stdin), question+" (yes or no)", "no")
	if err != nil {
		return err
	}
	if word := strings.ToLower(reply); word != "y" && word != "yes" {
		return errors.New("nothing was deleted")
	}
	return nil
}

// deleteContext signs out of a context and removes its files. What is interrupted can
// be done again.
func (a *app) deleteContext(ctx context.Context, name string) error {
	other := newApp(a.Env)
	other.contextFlag, other.quiet, other.progress.out = name, a.quiet, a.progress.out
	st, err := other.store()
	if err != nil {
		return err
	}
	if err := other.signOutOf(ctx); err != nil {
		return err
	}
	defer a.progress.begin(waitingForOthers)()
	if err := session.StoreClientSecret(ctx, st, secret.Value{}); err != nil { // which the revocation needed
		return err
	}
	if err := session.Forget(ctx, st); err != nil { // and with it the key that sealed the secret
		return err
	}
	left, err := st.Delete()
	if err != nil {
		return err
	}
	if len(left) > 0 {
		a.warn(fmt.Sprintf("%s stays, because not all in it is tip-cli's: %s", st.Dir(), joined(left)))
	}
	a.say("Deleted the context %s.", name)
	return nil
}

// signOutOf removes tokens and credentials, and revokes where that can be done.
func (a *app) signOutOf(ctx context.Context) error {
	s, err := a.signedOut()
	if err != nil {
		a.warn("nothing was revoked, because the configuration cannot be used: " + err.Error())
		return nil //nolint:nilerr // it is to be deleted all the same
	}
	end := a.progress.begin("revoking the refresh token")
	_, err = s.Logout(ctx)
	end()
	revocation, ok := errors.AsType[*session.RevocationError](err)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case ok:
		a.warn(revocation.Error() + "; " + revocation.Hint())
		return nil // whatever else went wrong shows again
	}
	return err
}
