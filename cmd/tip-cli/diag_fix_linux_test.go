package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/store"
)

// openFile is a file of the state that others can read, as its mode says.
func (p *person) openFile(name string) (mode func() os.FileMode) {
	p.t.Helper()
	path := filepath.Join(p.state(), name)
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		p.t.Fatal(err)
	}
	return func() os.FileMode {
		info, err := os.Stat(path)
		if err != nil {
			p.t.Fatal(err)
		}
		return info.Mode().Perm()
	}
}

// At a terminal diag --fix asks about each repair, and no is the answer of who says nothing.
func TestDiagFixAsks(t *testing.T) {
	t.Parallel()
	p := sit(t)
	role, s3 := p.openFile(store.RoleFile), p.openFile(store.S3File)
	var stdout strings.Builder
	cmd := p.begins(&stdout, "diag", "--fix")
	p.answers(`close \S*role_creds.json to other users\? \(y/N\)`, "\n")
	p.answers(`close \S*s3_creds.json to other users\? \(y/N\)`, "y\n")
	if err := cmd.Wait(); err == nil {
		t.Error("nobody has signed in, and nothing failed")
	}
	if role() != 0o644 || s3() != 0o600 {
		t.Errorf("modes %04o and %04o", role(), s3())
	}
	if n := strings.Count(stdout.String(), "This machine"); n != 2 {
		t.Errorf("%d reports:\n%s", n, stdout.String())
	}
}

// Ctrl-C at a question changes nothing more.
func TestDiagFixLeft(t *testing.T) {
	t.Parallel()
	p := sit(t)
	role := p.openFile(store.RoleFile)
	var stdout strings.Builder
	cmd := p.begins(&stdout, "diag", "--fix")
	p.answers(`close \S*role_creds.json to other users\? \(y/N\)`, "\x03")
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 130 {
		t.Errorf("%v\n%s", err, p.shown())
	}
	if role() != 0o644 {
		t.Errorf("mode %04o", role())
	}
}
