package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
)

// patience is how long any command may take whatever the network does: the Go
// SDK kills a credential_process after 60 s, and then nobody learns why.
const patience = 55 * time.Second

// The commands that the tables run.
var (
	signInCommand     = []string{"auth"}
	deviceCommand     = []string{"auth", "--device"}
	signOutCommand    = []string{"auth", "logout"}
	credentials       = []string{"auth", "get-iam-credentials"}
	dataAccess        = []string{"s3ag", "get-data-access", "s3://tip-demo-data/reports/"}
	refreshTokenByCLI = []string{"auth", "refresh-token"}
)

// finished is a process that came to its end.
type finished struct {
	args           []string
	code           int
	stdout, stderr string
	took           time.Duration
}

// run runs tip-cli as a process. Settings are NAME=value.
func (m *machine) run(t *testing.T, args []string, settings ...string) finished {
	t.Helper()
	cmd := m.command(t, args...)
	cmd.Env = append(cmd.Env, settings...)
	var stdout bytes.Buffer
	stderr := approving{browser: m.HTTPClient()}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err := errors.Join(cmd.Run(), stderr.err)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("tip-cli %v: %v", args, err)
	}
	return finished{args, cmd.ProcessState.ExitCode(), stdout.String(), stderr.text.String(), time.Since(start)}
}

// must wants exit code 0.
func (m *machine) must(t *testing.T, args []string, settings ...string) finished {
	t.Helper()
	o := m.run(t, args, settings...)
	m.check(t, o, 0)
	if o.code != 0 {
		t.FailNow()
	}
	return o
}

// check wants of a finished run what holds for all: one of the exit codes, an answer
// or one line with the cause and one with what to do, no secret, no hang.
func (m *machine) check(t *testing.T, o finished, codes ...int) {
	t.Helper()
	bad := func(format string, args ...any) {
		t.Helper()
		t.Errorf("tip-cli %v: "+format+"\n%s", append(append([]any{o.args}, args...), o.stderr)...)
	}
	if !slices.Contains(codes, o.code) {
		bad("exit code %d, want %v", o.code, codes)
	}
	if found := m.leaks(o.args, o.stdout, o.stderr); len(found) > 0 {
		bad("leaks: %s", strings.Join(found, ", "))
	}
	if o.took > patience {
		bad("it took %v", o.took.Round(time.Second))
	}
	errorLines, hintLines := strings.Count("\n"+o.stderr, "\ntip-cli: error: "), strings.Count("\n"+o.stderr, "\ntip-cli: hint: ")
	switch {
	case o.code == 0 && errorLines+hintLines > 0:
		bad("exit code 0 and %d lines with an error, %d with a hint", errorLines, hintLines)
	case o.code == 0 && printsCredentials(o.args) && !json.Valid([]byte(o.stdout)):
		bad("stdout is no JSON but %q", o.stdout)
	case o.code != 0 && (errorLines != 1 || hintLines != 1 || o.stdout != ""):
		bad("%d lines with an error, %d with a hint, stdout %q", errorLines, hintLines, o.stdout)
	}
}

func printsCredentials(args []string) bool {
	return slices.Contains(args, "get-iam-credentials") || slices.Contains(args, "get-data-access") || slices.Contains(args, "env")
}

// placed is a machine of somebody who has not signed in. Without edits it shares
// its lab with others.
func placed(t *testing.T, edits ...func(*lab.World)) *machine {
	t.Helper()
	if len(edits) == 0 {
		return newSharedMachine(t)
	}
	m := newMachine(t, t.TempDir(), lab.ProxyDoor, edits...)
	m.configure(t)
	return m
}

// ready is a machine on which the analyst has signed in; the ID token is unspent.
func ready(t *testing.T, edits ...func(*lab.World)) *machine {
	t.Helper()
	m := placed(t, edits...)
	m.signIn(t)
	return m
}

// spent is a machine whose next exchange begins with a refresh.
func spent(t *testing.T, edits ...func(*lab.World)) *machine {
	t.Helper()
	m := ready(t, edits...)
	m.spend(t)
	return m
}

// spend exchanges the ID token and drops what it gave.
func (m *machine) spend(t *testing.T) {
	t.Helper()
	m.must(t, credentials)
	m.dropCredentials(t)
	m.Forget()
}

// dropCredentials makes the next run of any command go to the network.
func (m *machine) dropCredentials(t *testing.T) {
	t.Helper()
	for _, name := range []string{store.RoleFile, store.S3File} {
		if err := os.Remove(filepath.Join(m.state(), name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// leave lets the stored role credentials end in d.
func (m *machine) leave(t *testing.T, d time.Duration) {
	t.Helper()
	err := m.edit(store.RoleFile, func(f map[string]any) { f["expiration"] = time.Now().Add(d).UTC().Format(time.RFC3339) })
	if err != nil {
		t.Fatal(err)
	}
}

// times counts an operation among what went by.
func (m *machine) times(o proxytest.Operation) int {
	n := 0
	for _, seen := range m.Seen() {
		if seen == o {
			n++
		}
	}
	return n
}

// assertions are the JWTs that were sent to CreateTokenWithIAM, in order.
func (m *machine) assertions(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, r := range m.Requests() {
		if r.Operation != "CreateTokenWithIAM" {
			continue
		}
		var body struct{ Assertion string }
		if err := json.Unmarshal(r.Body, &body); err != nil {
			t.Error(err)
		}
		all = append(all, body.Assertion)
	}
	return all
}

// row is a case of a table that mostly waits.
type row struct {
	name string
	run  func(t *testing.T)
}

// together runs rows side by side, atOnce of them, however few cores there are.
// (t.Parallel runs as many as there are cores.)
func together(t *testing.T, atOnce int, rows []row) {
	t.Helper()
	free := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for _, r := range rows {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			t.Run(r.name, r.run)
		})
	}
	all.Wait()
}
