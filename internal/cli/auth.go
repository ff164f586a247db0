package cli

import (
	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
)

func newAuth(a *app) *cobra.Command {
	var f signInFlags
	cmd := &cobra.Command{
		Use: "auth", Short: "Sign in, and get credentials that carry your identity",
		Long: `Without a subcommand, auth signs you in at the configured identity provider: with
the browser of this machine; over SSH and in containers by an address to open
elsewhere, whose answer is pasted back; or with a code for another device
(--device). The setting sign_in_method chooses for good. BROWSER names another
browser than the system's.`,
		Example: `  tip-cli auth
  tip-cli auth --device
  get-my-jwt | tip-cli auth --token-file -`,
		Args: subcommandOnly,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.auth(cmd, &f) },
	}
	f.register(cmd)
	cmd.AddCommand(newRefreshToken(a), newGetIAMCredentials(a), newSetAWSProfile(a), newLogout(a))
	return cmd
}

// auth signs in the way that the flags, the configuration and the place suggest.
func (a *app) auth(cmd *cobra.Command, f *signInFlags) error {
	c, err := a.validConfig()
	if err != nil {
		return err
	}
	if err := f.check(c); err != nil {
		return usage(cmd, err)
	}
	s, err := a.sessionFor(c)
	if err != nil {
		return err
	}
	claims, err := a.signIn(cmd.Context(), s, c, f)
	if err != nil {
		return err
	}
	a.say("Signed in as %s.", who(claims))
	return nil
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
			defer a.progress.begin("refreshing the ID token")()
			claims, err := s.RefreshToken(cmd.Context())
			if err != nil {
				return err
			}
			a.say("The ID token of %s was refreshed; it expires at %s.", who(claims), claims.Expiry.Local().Format("15:04:05"))
			return nil
		},
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
