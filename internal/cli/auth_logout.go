package cli

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/session"
)

func newLogout(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "logout", Short: "Revoke the refresh token, and remove tokens and credentials from this machine",
		Long: `Removes the tokens and the credentials of the context from this machine and has
the identity provider revoke the refresh token, where it can. Credentials that
AWS has given out stay valid until they expire. The configuration stays.`,
		Example: "  tip-cli auth logout", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.signedOut()
			if err != nil {
				return a.forget(cmd, err)
			}
			defer a.progress.begin("revoking the refresh token")()
			revoked, err := s.Logout(cmd.Context())
			a.sayDamaged()
			switch {
			case err != nil:
				return err
			case revoked:
				a.say("Signed out, and the refresh token is revoked.")
			default:
				a.say("Signed out. There was no refresh token that the identity provider could revoke.")
			}
			return nil
		},
	}
}

// signedOut is a session that is good for signing out: what an exchange needs
// besides, such as a region, may be missing.
func (a *app) signedOut() (*session.Session, error) {
	c, err := a.loadConfig()
	if err != nil {
		return nil, err
	}
	return a.newSession(session.Options{Config: c})
}

// sayDamaged names files that were set aside: they may hold tokens, and are not
// ours to delete.
func (a *app) sayDamaged() {
	st, err := a.store()
	if err != nil {
		return
	}
	if paths, err := st.DamagedFiles(); err == nil && len(paths) > 0 {
		a.warn("files that were set aside as damaged may still hold tokens; remove them if you need them no more: " + strings.Join(paths, ", "))
	}
}

// forget removes the state of a configuration that cannot be used any more.
func (a *app) forget(cmd *cobra.Command, why error) error {
	st, err := a.store()
	if err != nil {
		return err
	}
	if _, err := os.Stat(st.Dir()); errors.Is(err, fs.ErrNotExist) {
		return why // nobody has ever signed in there
	}
	defer a.progress.begin(waitingForOthers)()
	if err := session.Forget(cmd.Context(), st); err != nil {
		return err
	}
	return &session.RevocationError{Err: why}
}
