package labcli

import (
	"fmt"
	"io"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"github.com/tip-cli/tip-cli/cmd/tip-lab/chromium"
	"github.com/tip-cli/tip-cli/cmd/tip-lab/labfile"
)

func newBrowse() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use: "browse URL", Short: "Open a browser that sees the lab's host names",
		Long: `Opens Chromium, Chrome or Edge with a temporary profile, the lab's proxy and the
lab's key, so that a person can sign in on real host names. TIP_LAB_CHROMIUM
names another browser.`,
		Example: "  tip-lab browse https://dev-123456789.okta.com/oauth2/default/.well-known/openid-configuration",
		Args:    exactly("url"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := webAddress(args[0]); err != nil {
				return usage(cmd, err)
			}
			dir, err := resolveDir(dir)
			if err != nil {
				return err
			}
			running, err := labfile.Read(cmd.Context(), dir)
			if err != nil {
				return err
			}
			path, err := chromium.Find(os.Getenv)
			if err != nil {
				return err
			}
			return chromium.Browse(cmd.Context(), path, running.Endpoint, running.LeafSPKI, args[0], io.Discard)
		},
	}
	dirFlag(cmd, &dir)
	return cmd
}

// webAddress parses an http or https address.
func webAddress(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("%q is not an http or https address", text)
	}
	return u, nil
}
