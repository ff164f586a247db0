package main

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tip-cli/tip-cli/internal/store"
)

// lending runs a command with an endpoint, until letGo.
func (m *machine) lending(t *testing.T, environ ...string) (s served, letGo func()) {
	t.Helper()
	cmd := m.command(t, "exec", "--server", "--", "sh", "-c", sayEndpoint+"read go")
	cmd.Env = append(cmd.Env, environ...)
	hold, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	s, _ = lentTo(t, cmd)
	return s, func() { _ = hold.Close(); _ = cmd.Wait() }
}

// sayEndpoint is the beginning of a command for lentTo.
const sayEndpoint = `echo $AWS_CONTAINER_CREDENTIALS_FULL_URI; echo $AWS_CONTAINER_AUTHORIZATION_TOKEN; `

// lentTo starts a command that says what exec --server has handed to it.
func lentTo(t *testing.T, cmd *exec.Cmd) (served, *bufio.Scanner) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	launch(t, cmd)
	lines := bufio.NewScanner(out)
	var heard []string
	for len(heard) < 2 && lines.Scan() {
		heard = append(heard, lines.Text())
	}
	if len(heard) < 2 {
		t.Fatal("the command has ended early")
	}
	return served{URL: heard[0], Token: heard[1]}, lines
}

// The endpoint answers the command, and nobody else, and nobody after it.
func TestExecServerEndsWithTheCommand(t *testing.T) {
	t.Parallel()
	s, letGo := signedIn(t).lending(t)
	if s.key(t) == "" {
		t.Error("no access key")
	}
	for _, wrong := range []string{"wrong", ""} {
		served{URL: s.URL, Token: wrong}.refuses(t, "Unauthorized", "")
	}
	letGo()
	if resp, err := http.Get(s.URL); err == nil {
		_ = resp.Body.Close()
		t.Error("the endpoint has outlived the command")
	}
}

// The command has the terminal: where a sign-in is needed it is told so, and no
// browser opens, even where the configuration would have one.
func TestExecServerAsksNobody(t *testing.T) {
	t.Parallel()
	m := signedIn(t)
	s, letGo := m.lending(t, "TIP_CLI_SIGN_IN=always")
	defer letGo()
	m.Forget()
	for _, name := range []string{store.IDPTokenFile, store.RoleFile} {
		if err := os.Remove(filepath.Join(m.state(), name)); err != nil {
			t.Fatal(err)
		}
	}
	s.refuses(t, "SignInRequired", "")
	if seen := m.exchanged(); len(seen) > 0 {
		t.Errorf("seen %v", seen)
	}
}

// The endpoint is there for as long as the command is, whoever has pressed Ctrl-C.
func TestExecServerOutlivesCtrlC(t *testing.T) {
	t.Parallel()
	cmd := signedIn(t).command(t, "exec", "--server", "--", "sh", "-c", "trap 'echo int' INT; "+sayEndpoint+turning)
	s, lines := lentTo(t, cmd)
	_ = cmd.Process.Signal(syscall.SIGINT)
	if !lines.Scan() || lines.Text() != "int" {
		t.Fatalf("the command says %q", lines.Text())
	}
	_ = s.key(t)
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 128+15 {
		t.Errorf("exit code %d", code)
	}
}
