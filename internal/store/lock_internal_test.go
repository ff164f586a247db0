//go:build unix

package store

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestFirstOwn(t *testing.T) {
	own, loose, fallback := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "tip-cli-1")
	if err := os.Chmod(own, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(loose, 0o770); err != nil {
		t.Fatal(err)
	}
	t.Chdir(own) // "." is ours, and means another directory to every process
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(own, link); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		parents []string
		want    string
	}{
		"the first that is ours":     {[]string{loose, own}, filepath.Join(own, "tip-cli")},
		"none is there":              {[]string{"", filepath.Join(own, "none")}, fallback},
		"relative, open or a link":   {[]string{".", loose, link}, fallback},
		"the first, though not last": {[]string{own, loose}, filepath.Join(own, "tip-cli")},
	}
	for name, tt := range tests {
		for range 2 { // made, and found
			if got, err := firstOwn(tt.parents, fallback); got != tt.want || err != nil {
				t.Errorf("%s: %q, %v; want %q", name, got, err, tt.want)
			}
		}
		if info, err := os.Stat(tt.want); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if _, err := firstOwn(nil, filepath.Join(own, "none", "x")); err == nil {
		t.Error("a fallback that cannot be made")
	}
}

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

func TestLocalLockDirIsKnownWithoutVariables(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	got, err := New(t.TempDir(), func(o *Options) { o.Getenv = func(string) string { return "" } }).localLockDir()
	if err != nil || !strings.HasSuffix(got, "/tip-cli") && filepath.Dir(got) != os.TempDir() {
		t.Errorf("%q, %v", got, err)
	}
}

func TestCannotLock(t *testing.T) {
	for _, errno := range []error{syscall.EIO, syscall.EBADF, syscall.EACCES, syscall.ENOSPC, os.ErrNotExist} {
		if cannotLock(errno) || isShortage(errno) {
			t.Errorf("%v", errno)
		}
	}
}
