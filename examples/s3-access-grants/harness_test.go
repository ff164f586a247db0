package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// programs is the folder with the built programs.
var programs string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tip-notebook-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	programs = dir
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), ".", "./loginserver", "./local")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the programs:", err)
		return 1
	}
	return m.Run()
}

func built(name string) string {
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	return filepath.Join(programs, name)
}

// password of the analyst in these tests: unlike the default world's it is no part of
// anything that may be shown.
const password = "Canary-Password-7431"

// machine is where the program runs, with a lab for AWS and the application's server.
type machine struct {
	*lab.Lab
	environ []string
	server  *server

	mu      sync.Mutex
	secrets []string
}

// newMachine starts everything in a world like the default one.
func newMachine(t *testing.T, edits ...func(*lab.World)) *machine {
	t.Helper()
	m := &machine{secrets: []string{password, labtest.NotebookSecretAccessKey, labtest.NotebookSessionToken, "eyJ", "ASIA"}}
	m.Lab = labtest.Start(t, labtest.Edit(withPassword), func(o *lab.Options) { o.OnExchange = m.remember }, labtest.Edit(func(w *lab.World) {
		for _, edit := range edits {
			edit(w)
		}
	}))
	home := t.TempDir()
	base := []string{
		"HOME=" + home, "USERPROFILE=" + home, "SYSTEMROOT=" + os.Getenv("SYSTEMROOT"), "PATH=" + os.Getenv("PATH"), "TMPDIR=" + home, "TEMP=" + home,
		"AWS_CONFIG_FILE=" + filepath.Join(home, "none"), "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(home, "none"),
	}
	base = lab.Apply(base, m.Lab.Environ(lab.ProxyDoor, labtest.CAFile(t, m.Lab)))
	m.server = startServer(t, base)
	m.environ = append(base, "AWS_ACCESS_KEY_ID="+labtest.NotebookAccessKeyID, "AWS_SECRET_ACCESS_KEY="+labtest.NotebookSecretAccessKey,
		"AWS_SESSION_TOKEN="+labtest.NotebookSessionToken, "API_ENDPOINT=http://"+m.server.addr)
	return m
}

// withPassword gives the analyst the canary.
func withPassword(w *lab.World) {
	w.Accounts[1].Secrets[0].Value = map[string]any{"username": "analyst@example.com", "password": password}
	for i := range w.Issuers {
		if w.Issuers[i].Name == "notebook-app" {
			w.Issuers[i].People[0].Password = password
		}
	}
}

// remember keeps what AWS gave out and nobody may print.
func (m *machine) remember(x *lab.Exchange) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch out := x.Output.(type) {
	case *sts.AssumeRoleOutput:
		if out != nil && out.Credentials != nil {
			m.secrets = append(m.secrets, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
		}
	case *s3control.GetDataAccessOutput:
		if out != nil && out.Credentials != nil {
			m.secrets = append(m.secrets, *out.Credentials.SecretAccessKey, *out.Credentials.SessionToken)
		}
	case *ssooidc.CreateTokenWithIAMOutput:
		if out != nil && out.AwsAdditionalDetails != nil {
			m.secrets = append(m.secrets, (*out.AwsAdditionalDetails.IdentityContext)[:40])
		}
	}
}

// keepsSecrets fails the test if a text holds one of them.
func (m *machine) keepsSecrets(t *testing.T, where, text string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.secrets {
		if strings.Contains(text, s) {
			t.Errorf("%s shows the secret %.12s...:\n%s", where, s, text)
		}
	}
}

// result of a run.
type result struct {
	stdout, stderr string
	code           int
}

// run runs the program, with further variables of the environment.
func (m *machine) run(t *testing.T, environ []string, args ...string) result {
	t.Helper()
	got := execute(t, append(m.environ[:len(m.environ):len(m.environ)], environ...), built("s3-access-grants"), args...)
	m.keepsSecrets(t, "the program", got.stdout+got.stderr)
	m.keepsSecrets(t, "the login server", m.server.log())
	return got
}

func execute(t *testing.T, environ []string, program string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = environ
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// server is a running loginserver.
type server struct {
	addr string
	cmd  *exec.Cmd

	mu   sync.Mutex
	text strings.Builder
}

// startServer waits until it listens.
func startServer(t *testing.T, environ []string, args ...string) *server {
	t.Helper()
	s := &server{cmd: exec.Command(built("loginserver"), append([]string{"-addr", "127.0.0.1:0"}, args...)...)}
	s.cmd.Env = environ
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	addr, read := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			s.write(lines.Text())
			if _, a, ok := strings.Cut(lines.Text(), "msg=listening address="); ok {
				addr <- a
			}
		}
	}()
	t.Cleanup(func() { s.stop(t, read) })
	select {
	case s.addr = <-addr:
	case <-read:
		t.Fatalf("the login server ended: %s", s.log())
	case <-time.After(30 * time.Second):
		t.Fatal("the login server does not listen")
	}
	return s
}

func (s *server) write(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.WriteString(line + "\n")
}

func (s *server) log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// stop ends the server as Ctrl-C does, where there is one.
func (s *server) stop(t *testing.T, read <-chan struct{}) {
	if runtime.GOOS == "windows" {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		return
	}
	_ = s.cmd.Process.Signal(os.Interrupt)
	select {
	case <-read:
	case <-time.After(10 * time.Second):
		_ = s.cmd.Process.Kill()
		<-read
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("the login server did not end well: %v\n%s", err, s.log())
	}
}
