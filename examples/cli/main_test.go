package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// What makes this test binary the program itself, and a program that prints a file.
const (
	asProgram = "CLI_TEST_AS_PROGRAM"
	printFile = "print-file"
)

func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 3 && os.Args[1] == printFile:
		token, err := os.ReadFile(os.Args[2])
		if err != nil {
			os.Exit(7)
		}
		_, _ = os.Stdout.Write(token)
		os.Exit(0)
	case os.Getenv(asProgram) != "":
		main()
	}
	os.Exit(m.Run())
}

const (
	analystID  = "1234567890-aaaaaaaa-1111-4aaa-8aaa-aaaaaaaaaaaa"
	engineerID = "1234567890-bbbbbbbb-2222-4bbb-8bbb-bbbbbbbbbbbb"
)

// need skips the test where a program is missing, and fails it in CI.
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

// machine is where the program runs, with a lab for AWS and identity provider.
type machine struct {
	*lab.Lab
	environ []string
	started func(*os.Process) // hears of a run; may be nil
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	port, err := lab.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	redirect := fmt.Sprintf("http://localhost:%d/callback", port)
	l := labtest.Start(t, labtest.Edit(func(w *lab.World) {
		client := &w.Issuers[0].Clients[0]
		client.RedirectURIs = append([]string{redirect}, client.RedirectURIs...)
		for _, g := range w.AccessGrants[0].Grants {
			if g.User == "engineer@example.com" {
				g.SubPrefix, g.Permission = "tip-demo-data/inbox/*", "WRITE"
				w.AccessGrants[0].Grants = append(w.AccessGrants[0].Grants, g)
				break
			}
		}
	}))
	home := t.TempDir()
	base := []string{
		"PATH=" + os.Getenv("PATH"), "SYSTEMROOT=" + os.Getenv("SYSTEMROOT"), "HOME=" + home, "USERPROFILE=" + home,
		"AWS_CONFIG_FILE=" + filepath.Join(home, "none"), "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(home, "none"),
		// Credentials of the machine sign nothing.
		"AWS_ACCESS_KEY_ID=" + labtest.AdminAccessKeyID, "AWS_SECRET_ACCESS_KEY=" + labtest.AdminSecretAccessKey,
		asProgram + "=1", "TIP_REDIRECT_URL=" + redirect,
	}
	return &machine{Lab: l, environ: lab.Apply(base, l.Environ(lab.ProxyDoor, labtest.CAFile(t, l)))}
}

// result of a run.
type result struct {
	stdout, stderr string
	code           int
}

// run runs the program. Whoever it asks to sign in is handed the address.
func (m *machine) run(t *testing.T, person func(address string), environ []string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(m.environ, environ...)
	var out, complaints bytes.Buffer
	cmd.Stdout = &out
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if m.started != nil {
		m.started(cmd.Process)
	}
	lines := bufio.NewReader(io.TeeReader(stderr, &complaints))
	for line := ""; err == nil; line, err = lines.ReadString('\n') {
		if address, ok := strings.CutPrefix(strings.TrimSpace(line), "Sign in at "); ok {
			if person == nil {
				t.Error("the program wants a sign-in")
				cancel()
				continue
			}
			person(address)
		}
	}
	err = cmd.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	r := result{out.String(), complaints.String(), cmd.ProcessState.ExitCode()}
	if strings.Contains(r.stdout+r.stderr, "eyJ") {
		t.Errorf("a token is shown: %+v", r)
	}
	return r
}

// as signs somebody in at the address, like a browser in which they have typed their
// password. changes are pairs of parameters of the request.
func (m *machine) as(t *testing.T, login string, changes ...string) func(string) {
	return func(address string) {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		for i := 0; i < len(changes); i += 2 {
			q.Set(changes[i], changes[i+1])
		}
		q.Set("lab_login", login)
		q.Set("lab_password", login)
		u.RawQuery = q.Encode()
		m.get(t, u.String())
	}
}

func (m *machine) get(t *testing.T, address string) (status int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := m.HTTPClient().Do(r)
	if err != nil {
		t.Error(err)
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func TestEachPersonSeesTheirOwn(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for login, want := range map[string]string{
		"analyst": `You are arn:aws:sts::444455556666:assumed-role/tip-id-enhanced-role/tip-` + analystID + `
READ      "s3://tip-demo-data/reports/*"
                 32 "s3://tip-demo-data/reports/2026/revenue.csv"
                 36 "s3://tip-demo-data/reports/summary.txt"
READWRITE "s3://tip-demo-data/home/analyst/*"
                 29 "s3://tip-demo-data/home/analyst/notes.txt"
READWRITE "s3://tip-team-data/*"
                 10 "s3://tip-team-data/datasets/sample.json"
                 42 "s3://tip-team-data/readme.txt"
READ      "s3://tip-demo-data/shared/*"
                 40 "s3://tip-demo-data/shared/welcome.txt"
`,
		"engineer": `You are arn:aws:sts::444455556666:assumed-role/tip-id-enhanced-role/tip-` + engineerID + `
READWRITE "s3://tip-demo-data/pipelines/*"
                 37 "s3://tip-demo-data/pipelines/nightly.sql"
READWRITE "s3://tip-demo-data/home/engineer/*"
                 26 "s3://tip-demo-data/home/engineer/notes.txt"
READ      "s3://tip-demo-data/reports/summary.txt"
READ      "s3://tip-demo-data/shared/*"
                 40 "s3://tip-demo-data/shared/welcome.txt"
WRITE     "s3://tip-demo-data/inbox/*"
`,
	} {
		got := m.run(t, m.as(t, login), nil)
		if got.code != 0 {
			t.Errorf("%s: exit code %d: %s", login, got.code, got.stderr)
		}
		if diff := cmp.Diff(want, got.stdout); diff != "" {
			t.Errorf("%s (-want +got):\n%s", login, diff)
		}
	}
	if counts := m.Counts(); counts.Codes.Granted != 2 || counts.Exchanges.Granted != 2 {
		t.Errorf("%+v", counts)
	}
}

func TestPrintsAFile(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	got := m.run(t, m.as(t, "engineer"), nil, "s3://tip-demo-data/reports/summary.txt")
	if got.code != 0 || got.stdout != "Revenue grew in the second quarter.\n" {
		t.Errorf("%+v", got)
	}
	for _, file := range []string{"s3://tip-demo-data/reports/2026/revenue.csv", "s3://tip-demo-data/private/payroll.csv", "s3://tip-demo-data/pipelines/none"} {
		got := m.run(t, m.as(t, "engineer"), nil, file)
		if got.code != 4 || got.stdout != "" || !strings.Contains(got.stderr, "cli: error:") {
			t.Errorf("%s: %+v", file, got)
		}
	}
}

// token is a file with an ID token of the analyst.
func (m *machine) token(t *testing.T, edits ...func(*lab.IDToken)) string {
	t.Helper()
	who, err := labtest.SignIn(m.Lab, "okta", "analyst", edits...)
	if err != nil {
		t.Fatal(err)
	}
	return write(t, who.Token+"\n")
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// In CI there is no person, and a program has the token.
func TestTokenOfAProgram(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	const file = "s3://tip-demo-data/home/analyst/notes.txt"
	path := m.token(t)
	got := m.run(t, nil, nil, "-token-command", os.Args[0]+" "+printFile+" "+path, file)
	if got.code != 0 || got.stdout != "Ask about the third quarter.\n" {
		t.Errorf("%+v", got)
	}
	for name, tt := range map[string]struct{ path, says string }{
		"spent":              {path, "InvalidGrantException"},
		"of another client":  {m.token(t, func(o *lab.IDToken) { o.Audience = []string{"another"} }), "InvalidIdentityToken"},
		"expired":            {m.token(t, func(o *lab.IDToken) { o.Expires = time.Now().Add(-time.Minute) }), "ExpiredToken"},
		"signed by somebody": {m.token(t, func(o *lab.IDToken) { o.ForeignKey = true }), "InvalidIdentityToken"},
		"of nobody":          {m.token(t, func(o *lab.IDToken) { o.Claims = map[string]any{"email": "nobody@example.com"} }), "InvalidGrantException"},
		"no JWT":             {write(t, "hello"), "cli: error:"},
		"nothing":            {write(t, ""), "the web token is empty"},
		"not from a program": {filepath.Join(t.TempDir(), "none"), "exit status 7"},
	} {
		got := m.run(t, nil, []string{"TIP_TOKEN_COMMAND=" + os.Args[0] + " " + printFile + " " + tt.path}, file)
		if got.code != 3 || got.stdout != "" || !strings.Contains(got.stderr, tt.says) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestSignInRefuses(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	redirect := func(address, query string) string {
		u, _ := url.Parse(address)
		return u.Query().Get("redirect_uri") + "?" + strings.ReplaceAll(query, "STATE", u.Query().Get("state"))
	}
	for name, tt := range map[string]struct {
		person func(address string)
		says   string
	}{
		"the nonce of another": {m.as(t, "analyst", "nonce", "of-another"), "of another sign-in"},
		"PKCE of another":      {m.as(t, "analyst", "code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), "invalid_grant"},
		"cancelled":            {func(a string) { m.get(t, redirect(a, "state=STATE&error=access_denied")) }, `"access_denied"`},
		"a code that is none":  {func(a string) { m.get(t, redirect(a, "state=STATE&code=x")) }, "invalid_grant"},
		"without a code": {func(a string) {
			if status := m.get(t, redirect(a, "state=of-another&code=x")); status != http.StatusBadRequest {
				t.Errorf("another state: HTTP status %d", status)
			}
			if status := m.get(t, strings.Replace(redirect(a, "state=STATE&code=x"), "/callback", "/", 1)); status != http.StatusNotFound {
				t.Errorf("another path: HTTP status %d", status)
			}
			m.get(t, redirect(a, "state=STATE"))
		}, "refused"},
	} {
		got := m.run(t, tt.person, nil)
		if got.code != 3 || got.stdout != "" || !strings.Contains(got.stderr, tt.says) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// A sign-in that nobody comes back to ends with its context.
func TestAwaitEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	if code, err := await(ctx, listener, "/callback", "state"); code != "" || !errors.Is(err, context.Canceled) {
		t.Errorf("%q, %v", code, err)
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	for name, tt := range map[string]struct {
		args []string
		code int
		says string
	}{
		"help":              {[]string{"-h"}, 0, "TIP_APPLICATION_ARN"},
		"an unknown flag":   {[]string{"-colour"}, 2, "colour"},
		"no file of S3":     {[]string{"notes.txt"}, 2, "want one file at most"},
		"two files":         {[]string{"s3://a/b", "s3://a/c"}, 2, "want one file at most"},
		"no ARN":            {[]string{"-access-role", "admin"}, 1, "malformed ARN"},
		"the same role":     {[]string{"-access-role", "arn:aws:iam::444455556666:role/tip-oidc-role"}, 1, "must not be the access role"},
		"an unknown issuer": {[]string{"-issuer", "https://idp.example.com"}, 3, "idp.example.com"},
		"a redirect away":   {[]string{"-redirect", "http://203.0.113.1:8090/callback"}, 3, "203.0.113.1"},
	} {
		got := m.run(t, nil, nil, tt.args...)
		if got.code != tt.code || got.stdout != "" || !strings.Contains(got.stderr, tt.says) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
