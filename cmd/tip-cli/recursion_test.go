package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/store"
)

// refusedWithin is far less than any lock or program is waited for.
const refusedWithin = 15 * time.Second

// A process that holds the lock and waits for a program is not waited for by what
// that program starts: the loop is refused at once, not when the lock's time is up.
func TestLoopsAreRefusedAtOnce(t *testing.T) {
	long(t)
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the programs are for sh")
	}
	for _, setting := range []string{"token_command", "client_secret_command"} {
		m := signedIn(t)
		script := filepath.Join(m.dir, "program")
		if err := os.WriteFile(script, []byte("exec tip-cli auth get-iam-credentials\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		configuration := `{"` + setting + `": ["sh", "` + script + `"]}`
		if out, err := m.command(t, "configure", "idp", "--config", configuration).CombinedOutput(); err != nil {
			t.Fatalf("configure: %v\n%s", err, out)
		}
		start := time.Now()
		cmd := m.command(t, "auth", "get-iam-credentials")
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		err := cmd.Run()
		took := time.Since(start)
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 5 || stdout.Len() > 0 || !strings.Contains(stderr.String(), setting+" leads back") {
			t.Errorf("%s: %v, %q\n%s", setting, err, stdout.String(), stderr.String())
		}
		if took > refusedWithin {
			t.Errorf("%s: refused after %v", setting, took)
		}
		t.Logf("%s: refused after %v", setting, took)
	}
}

// Nobody reads the answer any more: no panic, and no success.
func TestAnswerThatNobodyReads(t *testing.T) {
	t.Parallel()
	m := signedIn(t)
	for _, when := range []string{"after an exchange", "from disk"} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		cmd := m.command(t, "auth", "get-iam-credentials")
		var stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = w, &stderr
		err = cmd.Run()
		_ = w.Close()
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			t.Errorf("%s: ended with %v", when, err)
		}
		if said := stderr.String(); strings.Contains(said, "panic") || strings.Contains(said, "goroutine") || strings.Count(said, "\n") > 2 {
			t.Errorf("%s: said %s", when, said)
		}
		if _, err := os.Stat(filepath.Join(m.state(), store.RoleFile)); err != nil {
			t.Errorf("%s: what was exchanged is not kept: %v", when, err)
		}
	}
}
