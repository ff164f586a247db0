package labcli

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/assumptions"
)

func newWorld() *cobra.Command {
	return &cobra.Command{
		Use: "world", Short: "Print the default world file", Example: "  tip-lab world > my-world.yaml", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(lab.DefaultWorld())
			return err
		},
	}
}

func newAssumptions() *cobra.Command {
	return &cobra.Command{
		Use: "assumptions", Short: "Print what the lab believes about AWS without proof",
		Example: "  tip-lab assumptions", Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
			for _, a := range assumptions.All() {
				value := fmt.Sprint(a.Default)
				if list, ok := a.Default.([]string); ok {
					value = fmt.Sprintf("%d actions", len(list))
				}
				if _, err := fmt.Fprintf(w, "%d\t%s\t%s\t%s\n", a.Number, a.Switch, value, a.Belief); err != nil {
					return err
				}
			}
			return w.Flush()
		},
	}
}
