package labcli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/internal/transport"
)

func newSignIn() *cobra.Command {
	var login, password string
	cmd := &cobra.Command{
		Use: "sign-in URL", Short: "Sign in at the lab without a browser",
		Long: `Opens an authorization URL of the lab's OIDC provider as one of its people and
follows the redirects, like a browser in which the person has typed the password.
For scripts: BROWSER="tip-lab sign-in --as analyst %s" tip-cli auth`,
		Example: `  tip-lab sign-in --as analyst "$URL"`,
		Args:    exactly("url"),
		RunE: func(cmd *cobra.Command, args []string) error {
			u, err := webAddress(args[0])
			if err != nil {
				return usage(cmd, err)
			}
			if password == "" {
				password = login
			}
			return signIn(cmd.Context(), u, login, password)
		},
	}
	cmd.Flags().StringVar(&login, "as", "analyst", "login of the person")
	cmd.Flags().StringVar(&password, "password", "", "password (default: the login, as in the default world)")
	return cmd
}

func signIn(ctx context.Context, u *url.URL, login, password string) error {
	q := u.Query()
	q.Set("lab_login", login)
	q.Set("lab_password", password)
	u.RawQuery = q.Encode()
	client, err := transport.New(os.Getenv)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Transport: client.GetTransport()}).Do(req)
	if err != nil {
		return fmt.Errorf("sign in as %s: %w", login, withoutPassword(err))
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)); err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("sign in as %s: %s answers with HTTP status %d", login, resp.Request.URL.Host, resp.StatusCode)
	}
	return nil
}

// withoutPassword drops the address from an error of the client: it holds the password.
func withoutPassword(err error) error {
	if e, ok := err.(*url.Error); ok { //nolint:errorlint // the client returns this type itself
		return e.Err
	}
	return err
}
