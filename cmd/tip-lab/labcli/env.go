package labcli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/cmd/tip-lab/labfile"
	"github.com/tip-cli/tip-cli/lab"
)

// envFlags are the flags of env, as typed.
type envFlags struct {
	door, shell, account, dir string
}

func newEnv() *cobra.Command {
	var f envFlags
	cmd := &cobra.Command{
		Use: "env", Short: "Print the variables that lead every client into the running lab",
		Long: `Prints the variables of one of the lab's doors. The proxy door answers real host
names over TLS with the lab's own CA, so that clients run unmodified. The
endpoint door is AWS_ENDPOINT_URL; S3 Control clients put the account into the
host name and cannot use it. BROWSER is set to tip-lab browse.

With --account the credentials of that account's administrator come along, with
which the account can be set up: a session of the role tip-lab-administrator, which
may do anything and works until the lab ends, and with tip-lab start --data-dir in
the next lab on that folder, too. Every account of the world has one; IAM does not
list it. Without --account the credentials of the shell stay as they are.`,
		Example: `  eval "$(tip-lab env)"
  eval "$(tip-lab env --account 444455556666)"
  tip-lab env --shell fish | source
  tip-lab env --shell powershell | Out-String | Invoke-Expression`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	cmd.Flags().StringVar(&f.door, "door", string(lab.ProxyDoor), "proxy or endpoint")
	cmd.Flags().StringVar(&f.shell, "shell", "sh", "sh, fish or powershell")
	cmd.Flags().StringVar(&f.account, "account", "", "id of the account whose administrator's credentials to print")
	dirFlag(cmd, &f.dir)
	return cmd
}

func (f *envFlags) run(cmd *cobra.Command) error {
	if f.door != string(lab.ProxyDoor) && f.door != string(lab.EndpointDoor) {
		return usage(cmd, fmt.Errorf("--door %q is neither proxy nor endpoint", f.door))
	}
	write, ok := shells[f.shell]
	if !ok {
		return usage(cmd, fmt.Errorf("--shell %q is none of sh, fish, powershell", f.shell))
	}
	vars, err := f.variables(cmd.Context(), cmd.Flags().Changed("account"))
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, v := range vars {
		text.WriteString(write(v) + "\n")
	}
	_, err = io.WriteString(cmd.OutOrStdout(), text.String())
	return err
}

// variables are those of the running lab, with credentials if they are asked for.
func (f *envFlags) variables(ctx context.Context, credentials bool) ([]lab.Variable, error) {
	dir, err := resolveDir(f.dir)
	if err != nil {
		return nil, err
	}
	running, err := labfile.Read(ctx, dir)
	if err != nil {
		return nil, err
	}
	browser, err := browserCommand(dir)
	if err != nil {
		return nil, err
	}
	vars := lab.Environ(lab.Door(f.door), running.Endpoint, running.Region, running.CAFile)
	vars = append(vars, lab.Variable{Name: "BROWSER", Value: browser})
	if !credentials {
		return vars, nil
	}
	keys, err := administrator(ctx, running.Endpoint, f.account)
	return append(vars, keys...), err
}

// administrator asks a running lab for the credentials of an account's administrator.
func administrator(ctx context.Context, endpoint, account string) ([]lab.Variable, error) {
	page := endpoint + "/_lab/credentials?account=" + url.QueryEscape(account)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, page, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set(lab.AdminHeader, "admin")
	resp, err := (&http.Client{Transport: &http.Transport{}, Timeout: administratorTimeout}).Do(req)
	if err != nil {
		return nil, fmt.Errorf("ask the lab for credentials: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return nil, fmt.Errorf("ask the lab for credentials: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New(strings.TrimSpace(string(body)))
	}
	var c lab.CredentialsPage
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, fmt.Errorf("ask the lab for credentials: %w", err)
	}
	vars := []lab.Variable{
		{Name: "AWS_ACCESS_KEY_ID", Value: c.AccessKeyID}, {Name: "AWS_SECRET_ACCESS_KEY", Value: c.SecretAccessKey},
		{Name: "AWS_SESSION_TOKEN", Value: c.SessionToken},
	}
	for _, name := range ofOtherCredentials {
		vars = append(vars, lab.Variable{Name: name, Unset: true})
	}
	return vars, nil
}

// ofOtherCredentials are variables that clients read with the keys: left over from
// other credentials, they are wrong for these.
var ofOtherCredentials = []string{"AWS_SECURITY_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "AWS_ACCOUNT_ID", "AWS_CREDENTIAL_SCOPE"}

// administratorTimeout bounds how long a lab may take for an answer.
const administratorTimeout = 10 * time.Second

// browserCommand is the value of BROWSER: this program's browse.
func browserCommand(dir string) (string, error) {
	exe, err := os.Executable()
	if err != nil {
		return "", err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	return browserWord(exe) + " browse --dir " + browserWord(dir) + " %s", nil
}

// browserWord quotes a word of BROWSER, in which %s stands for the address and
// %% for a percent sign, and quotes cannot be escaped.
func browserWord(word string) string {
	quote := `"`
	if strings.Contains(word, quote) {
		quote = "'"
	}
	return quote + strings.ReplaceAll(word, "%", "%%") + quote
}

// shells write a variable in the syntax of a shell.
var shells = map[string]func(lab.Variable) string{
	"sh": func(v lab.Variable) string {
		if v.Unset {
			return "unset " + v.Name
		}
		return "export " + v.Name + "=" + quoteSh(v.Value)
	},
	"fish": func(v lab.Variable) string {
		if v.Unset {
			return "set -e " + v.Name
		}
		return "set -gx " + v.Name + " '" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v.Value) + "'"
	},
	"powershell": func(v lab.Variable) string {
		if v.Unset {
			return "Remove-Item -ErrorAction SilentlyContinue Env:" + v.Name
		}
		return "$Env:" + v.Name + " = '" + strings.ReplaceAll(v.Value, "'", "''") + "'"
	},
}

func quoteSh(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
