package labcli

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/lab"
)

func newExpire() *cobra.Command {
	var x lab.Expiry
	var dir string
	cmd := &cobra.Command{
		Use: "expire WHAT", Short: "End credentials or tokens of the running lab before their time",
		Long: `Ends something now and prints how many ended. WHAT is one of
  credentials: temporary credentials; by --person, --role or --access-key
  identity-contexts: what CreateTokenWithIAM gave out until now; by --person. They
    are not counted
  refresh-tokens: those of Identity Center, by --person; or with --issuer those of an
    OIDC provider, by --login
  id-tokens: those of the OIDC providers, by --issuer or --login, for the lab's STS
    and Identity Center
Without a flag it is everybody's.`,
		Example: `  tip-lab expire credentials --role tip-id-enhanced-role
  tip-lab expire refresh-tokens --issuer okta --login analyst`,
		Args: exactly("what"),
		RunE: func(cmd *cobra.Command, args []string) error {
			x.What = lab.Expiring(args[0])
			var answer struct {
				Ended int `json:"ended"`
			}
			if err := control(cmd.Context(), dir, http.MethodPost, "expire", x, &answer); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), answer.Ended)
			return err
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&x.AccessKey, "access-key", "", "id of the access key")
	fl.StringVar(&x.Role, "role", "", "name or ARN of the role")
	fl.StringVar(&x.Person, "person", "", "Identity Center user id")
	fl.StringVar(&x.Issuer, "issuer", "", "name of the OIDC provider")
	fl.StringVar(&x.Login, "login", "", "login of a person of the OIDC provider")
	dirFlag(cmd, &dir)
	return cmd
}

func newKeys() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use: "keys", Short: "Rotate the signing keys of an OIDC provider of the running lab",
		Example: "  tip-lab keys rotate okta",
		Args:    knownCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	dirFlag(cmd, &dir)
	cmd.AddCommand(newKeysRotate(&dir))
	return cmd
}

func newKeysRotate(dir *string) *cobra.Command {
	var keepOld bool
	cmd := &cobra.Command{
		Use: "rotate ISSUER", Short: "Give an OIDC provider new signing keys",
		Long: `Gives an OIDC provider, by its name in the world, new signing keys. The old ones
leave its key set at once, so that tokens signed with them verify no more, unless
--keep-old leaves them published for as long as such tokens last.`,
		Example: `  tip-lab keys rotate okta
  tip-lab keys rotate okta --keep-old`,
		Args: exactly("issuer"),
		RunE: func(cmd *cobra.Command, args []string) error {
			change := map[string]any{"issuer": args[0], "keepOld": keepOld}
			return control(cmd.Context(), *dir, http.MethodPost, "keys", change, nil)
		},
	}
	cmd.Flags().BoolVar(&keepOld, "keep-old", false, "leave the old keys published")
	return cmd
}
