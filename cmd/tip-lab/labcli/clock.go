package labcli

import (
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/lab"
)

func newClock() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use: "clock", Short: "Show or move the running lab's clock",
		Long: `Prints the lab's time and how far it is ahead of the machine's. Everything in the
lab that ends, ends by this clock, and AWS clients learn of it from the Date of the
answers: a client whose own clock is too far off is refused as by AWS.`,
		Example: `  tip-lab clock
  tip-lab clock advance 90m
  tip-lab clock back 10m
  tip-lab clock set 2026-01-02T15:04:05Z
  tip-lab clock reset`,
		Args: knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return askClock(cmd, dir, http.MethodGet, nil) },
	}
	dirFlag(cmd, &dir)
	cmd.AddCommand(
		newClockMove(&dir, "advance", "Put the clock forward", false), newClockMove(&dir, "back", "Put the clock back", true),
		&cobra.Command{
			Use: "set TIME", Short: "Set the clock to a time, from which it goes on", Example: "  tip-lab clock set 2026-01-02T15:04:05Z",
			Args: exactly("time"),
			RunE: func(cmd *cobra.Command, args []string) error {
				at, err := time.Parse(time.RFC3339, args[0])
				if err != nil {
					return usage(cmd, fmt.Errorf("%q is not a time such as 2026-01-02T15:04:05Z", args[0]))
				}
				return askClock(cmd, dir, http.MethodPost, map[string]any{"set": at})
			},
		},
		&cobra.Command{
			Use: "reset", Short: "Put the clock right with the machine's", Example: "  tip-lab clock reset", Args: exactly(),
			RunE: func(cmd *cobra.Command, _ []string) error { return askClock(cmd, dir, http.MethodDelete, nil) },
		},
	)
	return cmd
}

func newClockMove(dir *string, verb, short string, back bool) *cobra.Command {
	return &cobra.Command{
		Use: verb + " DURATION", Short: short, Example: "  tip-lab clock " + verb + " 90m", Args: exactly("duration"),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := time.ParseDuration(args[0])
			if err != nil || d < 0 {
				return usage(cmd, fmt.Errorf("%q is not a duration such as 90m", args[0]))
			}
			if back {
				d = -d
			}
			return askClock(cmd, *dir, http.MethodPost, map[string]any{"advance": lab.FaultDuration(d)})
		},
	}
}

// askClock sends a request to the clock's page and prints what time it is then, and
// how far that is ahead, to the second.
func askClock(cmd *cobra.Command, dir, method string, change any) error {
	var c lab.Clock
	if err := control(cmd.Context(), dir, method, "clock", change, &c); err != nil {
		return err
	}
	_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\t%s\n", c.Now.UTC().Format(time.RFC3339), time.Duration(c.Offset).Round(time.Second))
	return err
}
