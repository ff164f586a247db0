package labfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/cmd/tip-lab/labfile"
)

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	if err := os.WriteFile(path, []byte("a longer text"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, filepath.Join(dir, "new")} {
		if err := labfile.Replace(name, []byte("text")); err != nil {
			t.Fatal(err)
		}
		private(t, name, "text")
	}
	if err := os.Symlink("file", link); err != nil {
		t.Skip("no symbolic links here")
	}
	if err := labfile.Replace(link, []byte("by link")); err != nil {
		t.Fatal(err)
	}
	private(t, path, "by link")
	if target, err := os.Readlink(link); err != nil || target != "file" {
		t.Errorf("the link: %q, %v", target, err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 3 {
		t.Errorf("%d entries, want 3", len(entries))
	}
}

// private wants a text in a file that only its owner reads.
func private(t *testing.T, path, want string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || string(text) != want {
		t.Errorf("%s: %q, %v", path, text, err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%s: %v, %v", path, info, err)
	}
}

// A name beside the file that is taken, as that of a temporary one may be, is left alone.
func TestReplaceTakesNoKnownName(t *testing.T) {
	dir := t.TempDir()
	path, victim := filepath.Join(dir, "file"), filepath.Join(dir, "victim")
	if err := os.WriteFile(victim, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(victim, path+"."+strconv.Itoa(os.Getpid())); err != nil {
		t.Skip("no symbolic links here")
	}
	if err := labfile.Replace(path, []byte("text")); err != nil {
		t.Fatal(err)
	}
	private(t, victim, "x")
	private(t, path, "text")
}

// What is no regular file is written to, and stays what it is.
func TestReplaceOfADevice(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("devices are Unix's")
	}
	link := filepath.Join(t.TempDir(), "out")
	if err := os.Symlink(os.DevNull, link); err != nil {
		t.Fatal(err)
	}
	if err := labfile.Replace(link, []byte("text")); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(link); err != nil || info.Mode()&fs.ModeDevice == 0 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestReplaceIsRefused(t *testing.T) {
	dir := t.TempDir()
	dangling := filepath.Join(dir, "dangling")
	_ = os.Symlink("nowhere", dangling)
	for name, path := range map[string]string{"a directory": dir, "no such folder": filepath.Join(dir, "no", "file"), "a link to nothing": dangling} {
		err := labfile.Replace(path, []byte("text"))
		if name == "a link to nothing" && runtime.GOOS == "windows" {
			continue
		}
		if written, ok := errors.AsType[*fs.PathError](err); !ok || written.Path != path || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) > 1 {
		t.Errorf("%v is left", entries)
	}
}
