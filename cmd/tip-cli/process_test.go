package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
)

// aWholeExchange is what goes by when the ID token is spent.
var aWholeExchange = []proxytest.Operation{"Token", "AssumeRoleWithWebIdentity", "CreateTokenWithIAM", "AssumeRole"}

// signedIn is a machine on which the analyst has signed in and has had
// credentials, which are gone: the next run refreshes and exchanges.
func signedIn(t *testing.T) *machine {
	t.Helper()
	m := newMachine(t, t.TempDir(), lab.ProxyDoor)
	for _, args := range [][]string{
		{"configure", "idp", "--provider", "okta", "--config", filepath.Join(m.dir, "config.json")},
		{"auth"}, {"auth", "get-iam-credentials"},
	} {
		if out, err := m.command(t, args...).CombinedOutput(); err != nil {
			t.Fatalf("tip-cli %v: %v\n%s", args, err, out)
		}
	}
	if err := os.Remove(filepath.Join(m.state(), store.RoleFile)); err != nil {
		t.Fatal(err)
	}
	m.Forget()
	return m
}

// command runs tip-cli as a process of its own.
func (m *machine) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "tip-cli", args...)
	cmd.Cancel = func() error { return killAll(cmd) }
	cmd.Env = lab.Apply(os.Environ(), m.variables(lab.ProxyDoor))
	return cmd
}

// exchanged are the operations that went by, without discovery and keys.
func (m *machine) exchanged() []proxytest.Operation {
	var seen []proxytest.Operation
	for _, o := range m.Seen() {
		if o != proxytest.Discovery && o != proxytest.Keys {
			seen = append(seen, o)
		}
	}
	return seen
}

// What must be on disk is on disk when the request arrives.
func TestDiskBeforeWire(t *testing.T) {
	t.Parallel()
	m := signedIn(t)
	before, err := m.tokens()
	if err != nil {
		t.Fatal(err)
	}
	var rotated, marked atomic.Bool
	m.Meddle(func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		switch proxytest.Of(r) {
		case "AssumeRoleWithWebIdentity":
			rotated.Store(m.holdsRotated(t, before.RefreshToken))
		case "CreateTokenWithIAM":
			marked.Store(m.marksSpent(t, formValue(r, "assertion")))
		}
		forward(w, r)
	})
	if _, err := m.command(t, "auth", "get-iam-credentials").Output(); err != nil {
		t.Fatal(err)
	}
	if !rotated.Load() {
		t.Error("the rotated refresh token was not on disk when the exchange began")
	}
	if !marked.Load() {
		t.Error("the ID token was not marked as spent on disk when CreateTokenWithIAM arrived")
	}
}

// formValue reads a member of a JSON or form body that is otherwise left alone.
func formValue(r *http.Request, name string) string {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	if _, after, ok := strings.Cut(string(body), `"`+name+`":"`); ok {
		value, _, _ := strings.Cut(after, `"`)
		return value
	}
	form, _ := url.ParseQuery(string(body))
	return form.Get(name)
}

func (m *machine) holdsRotated(t *testing.T, before secret.Value) bool {
	t.Helper()
	now, err := m.tokens()
	if err != nil {
		t.Error(err)
		return false
	}
	return now.RefreshToken.Reveal() != before.Reveal() && m.Secrets()[now.RefreshToken.Reveal()] == "refresh_token"
}

func (m *machine) marksSpent(t *testing.T, assertion string) bool {
	t.Helper()
	now, err := m.tokens()
	if err != nil {
		t.Error(err)
		return false
	}
	sum := sha256.Sum256([]byte(assertion))
	return assertion != "" && now.RequiresRefresh && now.SpentSHA256 == hex.EncodeToString(sum[:]) && !now.Unspent()
}

// A process that is killed at any point leaves a state from which the next one goes on.
func TestKilledAnywhere(t *testing.T) {
	long(t)
	t.Parallel()
	for _, at := range aWholeExchange {
		for _, answered := range []bool{false, true} {
			name := string(at) + map[bool]string{false: " before", true: " after"}[answered] + " the service has seen it"
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				m := signedIn(t)
				m.killAt(t, at, answered)
				m.Meddle(nil)
				out, err := m.command(t, "auth", "get-iam-credentials").Output()
				if err != nil || !bytes.Contains(out, []byte(`"Version":1`)) {
					t.Errorf("the next run: %v\n%s%s", err, out, complaint(err))
				}
			})
		}
	}
}

func complaint(err error) []byte {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.Stderr
	}
	return nil
}

// run is a process that a hook can send signals to.
type run struct {
	cmd     *exec.Cmd
	started chan struct{}
}

func newRun(cmd *exec.Cmd) *run { return &run{cmd, make(chan struct{})} }

// output runs the process to its end and returns its stdout.
func (r *run) output() ([]byte, error) {
	var out bytes.Buffer
	r.cmd.Stdout = &out
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	close(r.started)
	err := r.cmd.Wait()
	return out.Bytes(), err
}

func (r *run) signal(t *testing.T, s os.Signal) {
	t.Helper()
	<-r.started
	if err := r.cmd.Process.Signal(s); err != nil {
		t.Error(err)
	}
}

// killAt kills tip-cli while an operation is under way, before the service has
// seen the request or before the client has the answer.
func (m *machine) killAt(t *testing.T, at proxytest.Operation, answered bool) {
	t.Helper()
	run := newRun(m.command(t, "auth", "get-iam-credentials"))
	m.Meddle(func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		if proxytest.Of(r) != at {
			forward(w, r)
			return
		}
		if answered {
			forward(httptest.NewRecorder(), r)
		}
		run.signal(t, os.Kill)
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	})
	out, err := run.output()
	if err == nil || len(out) > 0 {
		t.Fatalf("it was not killed: %v, %q", err, out)
	}
}

// Ctrl-C while the identity provider answers with a rotated refresh token: it is kept.
func TestInterruptedRefreshKeepsTheToken(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no signals on Windows")
	}
	m := signedIn(t)
	before, err := m.tokens()
	if err != nil {
		t.Fatal(err)
	}
	cmd := m.command(t, "auth", "get-iam-credentials")
	run := newRun(cmd)
	m.Meddle(func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		if proxytest.Of(r) == "Token" {
			run.signal(t, os.Interrupt)
		}
		forward(w, r)
	})
	out, err := run.output()
	if cmd.ProcessState.ExitCode() != 130 || len(out) > 0 {
		t.Errorf("exit code %d, stdout %q, %v", cmd.ProcessState.ExitCode(), out, err)
	}
	if !m.holdsRotated(t, before.RefreshToken) {
		t.Error("the rotated refresh token is lost")
	}
}

// Somebody who takes no lock of ours has rotated the refresh token and stored the next one.
func TestRotatedBySomebodyElse(t *testing.T) {
	t.Parallel()
	m := signedIn(t)
	held, err := m.tokens()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.writePlain(held.Token, secret.New("refresh-token-of-before"), true); err != nil {
		t.Fatal(err)
	}
	var done atomic.Bool
	m.Meddle(func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		if proxytest.Of(r) == "Token" && done.CompareAndSwap(false, true) {
			if err := m.writePlain(held.Token, held.RefreshToken, true); err != nil {
				t.Error(err)
			}
		}
		forward(w, r)
	})
	out, err := m.command(t, "auth", "get-iam-credentials").Output()
	if err != nil || len(out) == 0 {
		t.Errorf("%v\n%s", err, complaint(err))
	}
	want := append([]proxytest.Operation{"Token"}, aWholeExchange...)
	if diff := cmp.Diff(want, m.exchanged()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Ctrl-C ends the questions of configure, too, and nothing is stored.
func TestInterruptedPrompt(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no signals on Windows")
	}
	m := newMachine(t, t.TempDir(), lab.ProxyDoor)
	cmd := m.command(t, "configure", "idp")
	typing, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = typing.Close() }()
	complaints, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	launch(t, cmd)
	question := make([]byte, 1)
	if _, err := complaints.Read(question); err != nil { // it asks: the handler of signals is in place
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(complaints)
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 130 || !strings.HasSuffix(string(rest), "\ntip-cli: interrupted\n") {
		t.Errorf("exit code %d: %q", cmd.ProcessState.ExitCode(), rest)
	}
	if _, err := os.Stat(m.state()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a state: %v", err)
	}
}
