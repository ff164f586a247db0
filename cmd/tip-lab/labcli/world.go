package labcli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/cmd/tip-lab/labfile"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/assumptions"
)

func newWorld() *cobra.Command {
	show := func(cmd *cobra.Command, _ []string) error {
		_, err := cmd.OutOrStdout().Write(lab.DefaultWorld())
		return err
	}
	var dir string
	cmd := &cobra.Command{
		Use: "world", Short: "Print the default world file; export, import or reset a running lab's",
		Long: `Without a command it prints the world file that a lab starts with. The commands
export, import and reset are about the world of the running lab.`,
		Example: `  tip-lab world > my-world.yaml
  tip-lab world export backup.yaml
  tip-lab world import backup.yaml
  tip-lab world reset`,
		Args: knownCommand, RunE: show,
	}
	dirFlag(cmd, &dir)
	cmd.AddCommand(
		&cobra.Command{Use: "show", Short: "Print the default world file", Example: "  tip-lab world show > my-world.yaml", Args: exactly(), RunE: show},
		newWorldExport(&dir), newWorldImport(&dir),
		&cobra.Command{
			Use: "reset", Short: "Put the running lab back to the world that it was started with",
			Long: `Puts the running lab back to the world that it was started with. Sessions, sign-ins
and the audit trail begin anew.`,
			Example: "  tip-lab world reset", Args: exactly(),
			RunE: func(cmd *cobra.Command, _ []string) error {
				_, err := askWorld(cmd.Context(), dir, http.MethodDelete, "", nil)
				return err
			},
		},
	)
	return cmd
}

func newWorldExport(dir *string) *cobra.Command {
	var without bool
	cmd := &cobra.Command{
		Use: "export [FILE]", Short: "Write the running lab's world as a world file",
		Long: `Writes the world of the running lab as a world file, to FILE, which gets mode 0600,
or to the standard output. Importing it makes the same world, with ids, ARNs, times
and objects. All secrets of the world are in it. Sessions, tokens and the audit
trail are not.`,
		Example: "  tip-lab world export backup.yaml", Args: optional("file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			query := ""
			if without {
				query = "?objects=false"
			}
			text, err := askWorld(cmd.Context(), *dir, http.MethodGet, query, nil)
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return labfile.Replace(args[0], text)
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
	cmd.Flags().BoolVar(&without, "without-objects", false, "leave the objects of buckets out")
	return cmd
}

func newWorldImport(dir *string) *cobra.Command {
	return &cobra.Command{
		Use: "import FILE", Short: "Put a world file in the place of the running lab's world",
		Long: `Puts the world of FILE (- for the standard input) in the place of the running
lab's. The file is checked whole and refused whole. Sessions, sign-ins and the audit
trail begin anew.`,
		Example: "  tip-lab world import backup.yaml", Args: exactly("file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := worldText(cmd, args[0])
			if err != nil {
				return err
			}
			_, err = askWorld(cmd.Context(), *dir, http.MethodPost, "", text)
			return err
		},
	}
}

func worldText(cmd *cobra.Command, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(cmd.InOrStdin())
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, &hintedError{err, "write the running lab's world into a file: tip-lab world export " + quoteSh(name)}
	}
	return text, nil
}

// optional wants one argument at most.
func optional(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 {
			return exactly(name)(cmd, args)
		}
		return nil
	}
}

// worldTimeout bounds how long a lab may take for a world.
const worldTimeout = 2 * time.Minute

// askWorld sends a request to the page of the running lab's world and returns the
// answer. The lab's refusals are the error.
func askWorld(ctx context.Context, dir, method, query string, text []byte) ([]byte, error) {
	dir, err := resolveDir(dir)
	if err != nil {
		return nil, err
	}
	running, err := labfile.Read(ctx, dir)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, running.Endpoint+"/_lab/world"+query, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	req.Header.Set(lab.AdminHeader, "admin")
	resp, err := (&http.Client{Transport: &http.Transport{}, Timeout: worldTimeout}).Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the lab: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("ask the lab: %w", err)
	}
	switch resp.StatusCode {
	case http.StatusOK, http.StatusNoContent:
		return answer, nil
	case http.StatusRequestEntityTooLarge:
		return nil, &hintedError{errors.New(strings.TrimSpace(string(answer))), "run: tip-lab world export --without-objects"}
	}
	return nil, errors.New(strings.TrimSpace(string(answer)))
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
