package cli

import (
	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
)

func newAuth(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: "auth", Short: "Sign in, and get credentials that carry your identity",
		Long: `Without a subcommand, auth signs you in at the configured identity provider with
your browser. The address is printed as well, for a browser elsewhere; BROWSER
names another browser than the system's.`,
		Example: "  tip-cli auth", Args: subcommandOnly,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.session()
			if err != nil {
				return err
			}
			claims, err := s.SignIn(cmd.Context())
			if err != nil {
				return err
			}
			a.printf("Signed in as %s.", who(claims))
			a.sayKeyInFile()
			return nil
		},
	}
	cmd.AddCommand(newRefreshToken(a), newGetIAMCredentials(a), newSetAWSProfile(a))
	return cmd
}

func newRefreshToken(a *app) *cobra.Command {
	return &cobra.Command{
		Use: "refresh-token", Short: "Get a new ID token with the refresh token",
		Example: "  tip-cli auth refresh-token", Args: exactly(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.session()
			if err != nil {
				return err
			}
			claims, err := s.RefreshToken(cmd.Context())
			if err != nil {
				return err
			}
			a.printf("The ID token of %s was refreshed; it expires at %s.", who(claims), claims.Expiry.Local().Format("15:04:05"))
			return nil
		},
	}
}

// sayKeyInFile says so when the key that seals the tokens is not in the keyring.
func (a *app) sayKeyInFile() {
	st, err := a.store()
	if err != nil {
		return // nobody signs in without a store
	}
	switch location, err := st.KeyLocation(); {
	case err != nil:
		a.warn(err.Error())
	case !location.Keyring:
		a.warn("the tokens are sealed, but " + location.String())
	}
}

// who names a person as well as the token does.
func who(c oidclogin.Claims) string {
	for _, name := range []string{c.Email, c.PreferredUsername, c.Name} {
		if name != "" {
			return printable(name)
		}
	}
	return printable(c.Subject)
}
