package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/zalando/go-keyring"

	"github.com/tip-cli/tip-cli/internal/cli"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// desk is a person's machine with a lab for the world outside.
type desk struct {
	lab       *lab.Lab
	variables map[string]string
	mu        sync.Mutex
	stderr    bytes.Buffer
}

// Write collects stderr.
func (d *desk) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stderr.Write(p)
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := ln.Addr().(*net.TCPAddr).Port
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	d := &desk{variables: map[string]string{"AWS_TIP_CLI": t.TempDir() + "/state"}}
	if err := os.Mkdir(d.variables["AWS_TIP_CLI"], 0o700); err != nil {
		t.Fatal(err)
	}
	d.lab = labtest.Start(t, labtest.Edit(func(w *lab.World) {
		w.Issuers[0].Clients[0].RedirectURIs = []string{fmt.Sprintf("http://127.0.0.1:%d/callback", port)}
	}))
	text, err := json.Marshal(map[string]any{
		"idp": "okta", "okta_url": "https://dev-123456789.okta.com/oauth2/default", "okta_client_id": "0oaTipCliEXAMPLE",
		"token_exchange_application_arn": "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		"oidc_role_arn":                  "arn:aws:iam::444455556666:role/tip-oidc-role",
		"id_enhanced_role_arn":           "arn:aws:iam::444455556666:role/tip-id-enhanced-role",
		"region":                         "eu-west-1", "redirect_host": "127.0.0.1", "redirect_port": port,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.variables["AWS_TIP_CLI"], store.ConfigFile), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return d
}

// run runs a command that succeeds, and returns what it said.
func (d *desk) run(t *testing.T, args ...string) string {
	t.Helper()
	through, _ := d.lab.HTTPClient().Transport.(*http.Transport)
	d.stderr.Reset()
	var stdout bytes.Buffer
	code := cli.Run(t.Context(), args, &cli.Env{
		Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: d, OpenURL: d.browse,
		Getenv: func(name string) string { return d.variables[name] },
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(tr *http.Transport) {
			tr.Proxy, tr.TLSClientConfig = through.Proxy, through.TLSClientConfig.Clone()
		}),
	})
	if code != cli.ExitOK || stdout.Len() != 0 {
		t.Fatalf("exit code %d\n%s%s", code, stdout.String(), d.stderr.String())
	}
	return d.stderr.String()
}

// browse signs the analyst in without a person.
func (d *desk) browse(ctx context.Context, address string) error {
	login := url.Values{"lab_login": {"analyst"}, "lab_password": {"analyst"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"&"+login.Encode(), nil)
	if err != nil {
		return err
	}
	resp, err := d.lab.HTTPClient().Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// A key in a file is said once, after the sign-in, with the file and the reason.
func TestKeyInFileIsSaid(t *testing.T) {
	d := newDesk(t)
	d.variables[store.KeyringVariable] = "off"
	said := d.run(t, "auth")
	want := "tip-cli: warning: the tokens are sealed, but the key is in the file " + d.variables["AWS_TIP_CLI"]
	if strings.Count(said, want) != 1 || !strings.Contains(said, "("+store.KeyringVariable) {
		t.Errorf("at the sign-in: %q", said)
	}
	if said := d.run(t, "auth", "refresh-token"); strings.Contains(said, "key") {
		t.Errorf("said again: %q", said)
	}
}

// A key in the keyring is not worth a word.
func TestKeyInKeyringIsNotSaid(t *testing.T) {
	keyring.MockInit()
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "none")) // the mock takes its place
	d := newDesk(t)
	if said := d.run(t, "auth"); !strings.HasSuffix(said, "Signed in as analyst@example.com.\n") || strings.Contains(said, "warning") {
		t.Errorf("said %q", said)
	}
}
