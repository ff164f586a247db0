package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// The cast of the default world.
const (
	application = "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"
	oidcRole    = "arn:aws:iam::444455556666:role/tip-oidc-role"
	accessRole  = "arn:aws:iam::444455556666:role/tip-id-enhanced-role"
	issuer      = "https://dev-123456789.okta.com/oauth2/default"
	clientID    = "0oaTipCliEXAMPLE"
	analystID   = "1234567890-aaaaaaaa-1111-4aaa-8aaa-aaaaaaaaaaaa"
)

// machine is somebody's machine beside a lab, with a proxy in between.
type machine struct {
	*lab.Lab
	*proxytest.Proxy
	dir  string
	port int
	// awaited is a program in the background of a script, letGo releases the lock
	// that the script holds.
	awaited *exec.Cmd
	letGo   func()
}

// newMachine starts a lab whose identity providers know a free port of this
// machine as the redirect, and writes config.json for it into dir.
func newMachine(tb testing.TB, dir string, door lab.Door, edits ...func(*lab.World)) *machine {
	tb.Helper()
	var options []func(*lab.Options)
	for _, edit := range edits {
		options = append(options, labtest.Edit(edit))
	}
	return machineWith(tb, dir, door, options...)
}

// machineWith is [newMachine] beside a lab with options.
func machineWith(tb testing.TB, dir string, door lab.Door, options ...func(*lab.Options)) *machine {
	tb.Helper()
	port, err := lab.FreePort(context.Background())
	if err != nil {
		tb.Fatal(err)
	}
	m := &machine{dir: dir, port: port}
	m.Lab = labtest.Start(tb, slices.Insert(slices.Clone(options), 0, labtest.Edit(m.register))...)
	m.Proxy = proxytest.Start(tb, m.Lab.HTTPClient().Transport)
	url := issuer
	if door == lab.EndpointDoor {
		url = m.Endpoint() + "/idp"
	}
	m.write(tb, "config.json", m.configuration(url))
	m.write(tb, "token-file.json", fmt.Sprintf(`{"token_exchange_application_arn": %q, "oidc_role_arn": %q, "id_enhanced_role_arn": %q, "token_file": %q}`,
		application, oidcRole, accessRole, filepath.Join(m.dir, "token.jwt")))
	m.write(tb, "ca.pem", string(m.Proxy.CA()))
	return m
}

// register lets every client of the world come back to this machine.
func (m *machine) register(w *lab.World) {
	for i := range w.Issuers {
		for j := range w.Issuers[i].Clients {
			c := &w.Issuers[i].Clients[j]
			c.RedirectURIs = append(c.RedirectURIs, fmt.Sprintf("http://localhost:%d/callback", m.port))
		}
	}
}

func (m *machine) write(tb testing.TB, name, text string) {
	tb.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
}

func (m *machine) configuration(issuer string) string {
	return fmt.Sprintf(`{
  "token_exchange_application_arn": %q,
  "oidc_role_arn": %q,
  "id_enhanced_role_arn": %q,
  "okta_url": %q,
  "okta_client_id": %q,
  "redirect_port": %d
}
`, application, oidcRole, accessRole, issuer, clientID, m.port)
}

func (m *machine) state() string { return filepath.Join(m.dir, "state") }

// variables lead a client of this machine into the lab through a door. The proxy
// door is the test's proxy, which knows everything that goes by.
func (m *machine) variables(door lab.Door) []lab.Variable {
	endpoint := m.Endpoint()
	if door == lab.ProxyDoor {
		endpoint = m.Proxy.URL()
	}
	return append(lab.Environ(door, endpoint, m.Region(), filepath.Join(m.dir, "ca.pem")),
		lab.Variable{Name: "AWS_TIP_CLI", Value: m.state()},
		lab.Variable{Name: "TIP_CLI_KEYRING", Value: "off"},
		lab.Variable{Name: "TIP_CLI_SIGN_IN", Value: "never"},
		lab.Variable{Name: "BROWSER", Value: "tip-lab sign-in --as analyst %s"},
		lab.Variable{Name: "AWS_CONFIG_FILE", Value: filepath.Join(m.dir, "aws-config")},
		lab.Variable{Name: "AWS_SHARED_CREDENTIALS_FILE", Value: filepath.Join(m.dir, "aws-credentials")},
	)
}

// leaks looks for secrets where they must not be: on stderr, on stdout unless
// the command prints credentials, and in files that others may read.
func (m *machine) leaks(command []string, stdout, stderr string) []string {
	var found []string
	printsCredentials := slices.Contains(command, "get-iam-credentials") || slices.Contains(command, "get-data-access") || slices.Contains(command, "env")
	for value, name := range m.Secrets() {
		if strings.Contains(stderr, value) {
			found = append(found, name+" on stderr")
		}
		own := printsCredentials && (name == "SecretAccessKey" || name == "SessionToken")
		if strings.Contains(stdout, value) && !own {
			found = append(found, name+" on stdout")
		}
	}
	return append(found, m.looseModes()...)
}

func (m *machine) looseModes() []string {
	var found []string
	if runtime.GOOS == "windows" {
		return nil
	}
	_ = filepath.WalkDir(m.state(), func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // there is no state yet, or a script has made it unreadable
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			found = append(found, fmt.Sprintf("mode %v of %s", info.Mode(), d.Name()))
		}
		return nil
	})
	return found
}

// need skips the test where a program is missing, and fails it in CI.
func need(t *testing.T, missing error, what string) {
	t.Helper()
	switch {
	case missing == nil:
	case os.Getenv("CI") != "":
		t.Fatalf("%s is missing: %v", what, missing)
	default:
		t.Skipf("%s is missing on this machine: %v", what, missing)
	}
}
