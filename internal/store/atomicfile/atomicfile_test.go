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

// Only what a write of this very file left, long ago, goes.
func TestStaleTemporaryFilesGo(t *testing.T) {
	old := map[string]bool{ // and whether they stay
		".file.1.tmp": false, ".file.4294967295.tmp": false, ".elif.3.tmp": true, ".file.other.4.tmp": true, ".file..tmp": true,
		".file.5.tmp~": true, ".file.x6.tmp": true, "file.7.tmp": true, ".file.tmp": true, ".file.-8.tmp": true,
	}
	for name, clean := range map[string]func(string) error{
		"write":   func(path string) error { return atomicfile.Write(path, []byte("a"), 0o600) },
		"replace": func(path string) error { return atomicfile.Replace(path, []byte("a"), 0o600) },
		"remove":  func(path string) error { atomicfile.RemoveStale(path); return nil },
	} {
		dir := t.TempDir()
		past := time.Now().Add(-2 * time.Hour)
		stay := map[string]bool{".file.2.tmp": true, ".file.9.tmp": true}
		for name, stays := range old {
			stay[name] = stays
		}
		for name := range stay {
			path := filepath.Join(dir, name)
			if name == ".file.9.tmp" { // a directory
				if err := os.Mkdir(path, 0o700); err != nil {
					t.Fatal(err)
				}
			} else if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if name != ".file.2.tmp" { // which is young
				if err := os.Chtimes(path, past, past); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := clean(filepath.Join(dir, "file")); err != nil {
			t.Fatal(err)
		}
		for file, want := range stay {
			if _, err := os.Stat(filepath.Join(dir, file)); (err == nil) != want {
				t.Errorf("%s: %s: %v", name, file, err)
			}
		}
	}
	atomicfile.RemoveStale(filepath.Join(t.TempDir(), "none", "file"))
	t.Chdir(t.TempDir())
	if err := atomicfile.Write("file", []byte("a"), 0o600); err != nil { // without a directory in its name
		t.Error(err)
	}
}
