package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// programs is the folder with the built tip-cli and tip-lab.
var programs string

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == goErrand {
		os.Exit(runGoErrand(os.Args[2:]))
	}
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tip-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "../cmd/...")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the programs:", err)
		return 1
	}
	programs = dir
	flag.Parse()
	if atOnce := flag.Lookup("test.parallel"); atOnce.Value.String() == atOnce.DefValue {
		_ = atOnce.Value.Set(strconv.Itoa(2 * runtime.GOMAXPROCS(0))) // clients wait for programs, and for each other
	}
	return m.Run()
}

// clientTimeout bounds one run of a client.
const clientTimeout = 90 * time.Second

// world is a lab with somebody's machine beside it.
type world struct {
	*lab.Lab
	home   string
	caFile string
	port   int
}

func newWorld(t *testing.T, edits ...func(*lab.World)) *world {
	t.Helper()
	port, err := lab.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l := labtest.Start(t, labtest.Edit(func(w *lab.World) {
		for i := range w.Issuers {
			for j := range w.Issuers[i].Clients {
				c := &w.Issuers[i].Clients[j]
				c.RedirectURIs = append(c.RedirectURIs, fmt.Sprintf("http://localhost:%d/callback", port))
			}
		}
		for _, edit := range edits {
			edit(w)
		}
	}))
	return &world{Lab: l, home: t.TempDir(), caFile: labtest.CAFile(t, l), port: port}
}

// environ is a clean environment of that machine with a door's variables.
func (w *world) environ(door lab.Door, extra ...string) []string {
	base := []string{
		"PATH=" + programs + string(os.PathListSeparator) + os.Getenv("PATH"),
		"HOME=" + w.home, "USERPROFILE=" + w.home, "TMPDIR=" + os.TempDir(),
		"AWS_TIP_CLI=" + filepath.Join(w.home, "state"), "TIP_CLI_KEYRING=off", "TIP_CLI_SIGN_IN=never",
		"AWS_CONFIG_FILE=" + filepath.Join(w.home, "aws-config"),
		"AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(w.home, "aws-credentials"),
	}
	return append(lab.Apply(base, w.Environ(door, w.caFile)), extra...)
}

// result of a client.
type result struct {
	stdout, stderr string
	code           int
}

func (w *world) run(t *testing.T, environ []string, name string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), clientTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	if !strings.ContainsRune(name, filepath.Separator) {
		if own := filepath.Join(programs, executable(name)); fileExists(own) {
			cmd = exec.CommandContext(ctx, own, args...)
		}
	}
	cmd.Env, cmd.Dir = environ, w.home
	together(cmd)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run %s: %v", name, err)
	}
	return result{out.String(), complaints.String(), cmd.ProcessState.ExitCode()}
}

func executable(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// must runs a client and wants exit code 0.
func (w *world) must(t *testing.T, environ []string, name string, args ...string) string {
	t.Helper()
	r := w.run(t, environ, name, args...)
	if r.code != 0 {
		t.Fatalf("%s %s: exit code %d\n%s%s", name, strings.Join(args, " "), r.code, r.stdout, r.stderr)
	}
	return r.stdout
}

// refused runs a client and wants a failure whose text has want.
func (w *world) refused(t *testing.T, environ []string, want, name string, args ...string) {
	t.Helper()
	r := w.run(t, environ, name, args...)
	if r.code == 0 || !strings.Contains(r.stdout+r.stderr, want) {
		t.Errorf("%s %s: exit code %d, want a failure with %q\n%s%s", name, strings.Join(args, " "), r.code, want, r.stdout, r.stderr)
	}
}

// need skips the test where a client is missing, and fails it in CI.
func need(t *testing.T, found bool, what string) {
	t.Helper()
	switch {
	case found:
	case os.Getenv("CI") != "":
		t.Fatalf("%s is missing", what)
	default:
		t.Skipf("%s is missing on this machine", what)
	}
}

func needAWSCLI(t *testing.T) {
	t.Helper()
	_, err := exec.LookPath("aws")
	need(t, err == nil, "the AWS CLI")
}

func needBoto3(t *testing.T) {
	t.Helper()
	err := exec.Command("python3", "-c", "import boto3").Run()
	need(t, err == nil, "python3 with boto3")
}

// configure sets tip-cli up for the issuer of a door.
func (w *world) configure(t *testing.T, environ []string, issuer string) {
	t.Helper()
	w.must(t, environ, "tip-cli", "configure", "idp", "--provider", "okta", "--config", w.configuration(issuer))
}

func (w *world) configuration(issuer string) string {
	return fmt.Sprintf(`{"token_exchange_application_arn": "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
 "oidc_role_arn": "arn:aws:iam::444455556666:role/tip-oidc-role", "id_enhanced_role_arn": "arn:aws:iam::444455556666:role/tip-id-enhanced-role",
 "okta_url": %q, "okta_client_id": "0oaTipCliEXAMPLE", "redirect_port": %d}`, issuer, w.port)
}

// signIn signs somebody in without a browser.
func (w *world) signIn(t *testing.T, environ []string, login string) {
	t.Helper()
	browser := fmt.Sprintf(`BROWSER="%s" sign-in --as %s %%s`, filepath.Join(programs, executable("tip-lab")), login)
	w.must(t, append(environ, browser), "tip-cli", "auth")
}

// profiles writes the AWS config file.
func (w *world) profiles(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.home, "aws-config"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

const (
	oktaIssuer = "https://dev-123456789.okta.com/oauth2/default"
	analystID  = "1234567890-aaaaaaaa-1111-4aaa-8aaa-aaaaaaaaaaaa"
)
