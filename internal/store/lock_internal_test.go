//go:build unix

package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Among the temporary files anybody can make a directory of that name first.
func TestCheckOwnRefuses(t *testing.T) {
	dir := t.TempDir()
	info, err := os.Lstat(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !isOwner(info) || isOwner(owned{info, uint32(os.Geteuid()) + 1}) {
		t.Error("the owner is not looked at")
	}
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{file: "is not a directory", link: "is not a directory", filepath.Join(dir, "none"): "no such file"} {
		if err := checkOwn(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	if os.Geteuid() == 0 { // only root can give a directory away
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(dir, 65534, -1); err != nil {
			t.Fatal(err)
		}
		if err := checkOwn(dir); err == nil || !strings.Contains(err.Error(), "belongs to another user") {
			t.Errorf("another user's: %v", err)
		}
	}
}

// Processes with different environments meet in one directory.
func TestNoVariableMovesLocalLocks(t *testing.T) {
	for _, name := range []string{"TMPDIR", "XDG_RUNTIME_DIR", "HOME"} {
		t.Setenv(name, t.TempDir())
	}
	s := New(t.TempDir())
	if s.localLocks != "/tmp" {
		t.Errorf("local locks are below %s", s.localLocks)
	}
	s.localLocks = t.TempDir()
	want := filepath.Join(s.localLocks, fmt.Sprintf("tip-cli-%d", os.Geteuid()))
	for range 2 { // made, and found
		if got, err := s.localLockDir(); got != want || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	s.localLocks = filepath.Join(s.localLocks, "none")
	if dir, err := s.localLockDir(); err == nil {
		t.Errorf("%s cannot be made", dir)
	}
}

func TestCannotLock(t *testing.T) {
	for _, errno := range []error{syscall.EIO, syscall.EBADF, syscall.EACCES, syscall.ENOSPC, os.ErrNotExist} {
		if cannotLock(errno) || isShortage(errno) {
			t.Errorf("%v", errno)
		}
	}
}
