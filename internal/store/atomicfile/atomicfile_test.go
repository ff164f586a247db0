package atomicfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/store/atomicfile"
)

func check(t *testing.T, path, want string, mode fs.FileMode) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil || string(data) != want {
		t.Errorf("%s has %q, %v; want %q", path, data, err, want)
	}
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != mode {
		t.Errorf("%s has mode %v, %v; want %v", path, info.Mode(), err, mode)
	}
}

func TestWriteAndReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := atomicfile.Write(path, []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	check(t, path, "a", 0o600)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Replace(path, []byte("b"), 0o600); err != nil {
		t.Fatal(err)
	}
	check(t, path, "b", 0o644)
	if err := atomicfile.Write(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	check(t, path, "", 0o600)
	created := path + "2"
	if err := atomicfile.Replace(created, []byte("c"), 0o640); err != nil {
		t.Fatal(err)
	}
	check(t, created, "c", 0o640)
}

func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "none", "file")
	for _, write := range []func(string, []byte, fs.FileMode) error{atomicfile.Write, atomicfile.Replace} {
		if err := write(path, []byte("a"), 0o600); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
			t.Errorf("no directory: %v", err)
		}
	}
	busy := filepath.Join(dir, "busy")
	if err := os.MkdirAll(filepath.Join(busy, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Write(busy, []byte("a"), 0o600); err == nil {
		t.Error("a directory was replaced")
	}
	entries, err := os.ReadDir(dir)
	if len(entries) != 1 || err != nil {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestStaleTemporaryFilesGo(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	old, young, other := ".file.1.tmp", ".file.2.tmp", ".elif.3.tmp"
	for _, name := range []string{old, young, other} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	past := time.Now().Add(-2 * time.Hour)
	for _, name := range []string{old, other} {
		if err := os.Chtimes(filepath.Join(dir, name), past, past); err != nil {
			t.Fatal(err)
		}
	}
	if err := atomicfile.Write(path, []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{old: false, young: true, other: true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
