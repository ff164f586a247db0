package labcli

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/cmd/tip-lab/demo"
)

func newDemo() *cobra.Command {
	var browser bool
	cmd := &cobra.Command{
		Use: "demo", Short: "See a person's identity travel, from sign-in to an object in S3",
		Long: `Starts a lab of its own, signs two people in, and runs tip-cli against it: every
hop with what was sent and what came back, what is allowed and what is denied, and
the audit trail. It ends with exit code 0 only if every step gave what it should.`,
		Example: `  tip-lab demo
  tip-lab demo --browser`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			exe, err := os.Executable()
			if err != nil {
				return err
			}
			return demo.Run(cmd.Context(), demo.Options{Program: exe, Browser: browser, Out: cmd.OutOrStdout(), Environ: os.Environ()})
		},
	}
	cmd.Flags().BoolVar(&browser, "browser", false, "sign in yourself in a browser window, as analyst and then as engineer")
	return cmd
}
