package lab_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab"
)

// stored is a data directory that a lab has left behind.
func stored(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	l := inDir(t, dir)
	l.token()
	l.end()
	return dir
}

// content is every file of a directory but the lock.
func content(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "lock" {
			return err
		}
		text, err := os.ReadFile(path)
		all[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// refusedDir wants a lab to refuse a directory, in one line, and to leave it as it is.
func refusedDir(t *testing.T, dir string, want error, words string) {
	t.Helper()
	before := content(t, dir)
	l, err := lab.Start(t.Context(), lab.Options{DataDir: dir})
	if err == nil {
		_ = l.Close()
		t.Fatal("it started")
	}
	if !errors.Is(err, want) || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v, want %v with %q in one line", err, want, words)
	}
	for path, text := range content(t, dir) {
		if before[path] != text {
			t.Errorf("%s was changed", path)
		}
	}
}

// Whatever is wrong with a file, the lab says so, does not start and changes nothing.
func TestDamagedDataDirectory(t *testing.T) {
	change := func(path string, edit func([]byte) []byte) error {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, edit(text), 0o600)
	}
	for damage, edit := range map[string]func([]byte) []byte{
		"cut off": func(text []byte) []byte { return text[:len(text)/2] },
		"changed": func(text []byte) []byte { text[len(text)-10] ^= 1; return text },
		"garbage": func([]byte) []byte { return []byte("hello\n") },
		"empty":   func([]byte) []byte { return nil },
	} {
		for _, pattern := range []string{"world.state", "sessions-*.state", "objects-*.state", "authority.state", "objects/*"} {
			t.Run(damage+" "+pattern, func(t *testing.T) {
				dir := stored(t)
				paths, err := filepath.Glob(filepath.Join(dir, pattern))
				if err != nil || len(paths) == 0 {
					t.Fatalf("no %s: %v", pattern, err)
				}
				if err := change(paths[0], edit); err != nil {
					t.Fatal(err)
				}
				refusedDir(t, dir, lab.ErrDataDirDamaged, "damaged")
			})
		}
	}
	for _, pattern := range []string{"sessions-*.state", "objects-*.state", "objects/*"} {
		t.Run("missing "+pattern, func(t *testing.T) {
			dir := stored(t)
			paths, _ := filepath.Glob(filepath.Join(dir, pattern))
			if err := os.Remove(paths[0]); err != nil {
				t.Fatal(err)
			}
			refusedDir(t, dir, lab.ErrDataDirDamaged, "missing")
		})
	}
	t.Run("trail", func(t *testing.T) {
		dir := stored(t)
		paths, _ := filepath.Glob(filepath.Join(dir, "trail-*.state"))
		if err := os.WriteFile(paths[0], []byte("{}\nnonsense\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		refusedDir(t, dir, lab.ErrDataDirDamaged, "trail")
	})
}

// A crash may cut off the last line of the trail, and leave temporary files.
func TestTracesOfACrash(t *testing.T) {
	dir := stored(t)
	paths, _ := filepath.Glob(filepath.Join(dir, "trail-*.state"))
	for path, text := range map[string]string{paths[0]: `{"eventID":"one"}` + "\n" + `{"eventID":"tw`, filepath.Join(dir, "world.state.tmp"): "tip-lab st", filepath.Join(dir, "objects", "x.tmp"): "x"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := inDir(t, dir)
	if events := l.Events(); len(events) != 1 || events[0].EventID != "one" {
		t.Errorf("%d events", len(events))
	}
	l.end()
	for path := range content(t, dir) {
		if strings.HasSuffix(path, ".tmp") {
			t.Errorf("%s is left", path)
		}
	}
}

func TestDataDirectoryOfAnotherVersion(t *testing.T) {
	for first, words := range map[string]string{"tip-lab state 2 x": "newer", "tip-lab state 99": "newer"} {
		dir := stored(t)
		if err := os.WriteFile(filepath.Join(dir, "world.state"), []byte(first+"\n{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		refusedDir(t, dir, lab.ErrDataDirNewer, words)
	}
}

func TestDataDirectoryOfSomebodyElse(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	refusedDir(t, dir, lab.ErrDataDirForeign, "neither empty nor a data directory")
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("%v is in it now", names)
	}
}

func TestTwoLabsOnOneDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	l := inDir(t, dir)
	refusedDir(t, dir, lab.ErrDataDirLocked, dir)
	l.end()
	inDir(t, dir).end()
}

func TestDataDirectoryThatCannotBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := lab.Start(t.Context(), lab.Options{DataDir: filepath.Join(file, "data")}); err == nil || !strings.Contains(err.Error(), "data directory") {
		t.Errorf("%v, %v", l, err)
	}
}

// Nobody else reads what is in it.
func TestDataDirectoryIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are Unix's")
	}
	err := filepath.WalkDir(stored(t), func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A world that is refused leaves a new directory as good as new.
func TestRefusedWorldLeavesNoDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	if _, err := lab.Start(t.Context(), lab.Options{DataDir: dir, World: []byte("version: 7\nregion: eu-west-1\n")}); err == nil {
		t.Fatal("it started")
	}
	if l := inDir(t, dir); l.Restored() {
		t.Error("it found a world")
	}
}

// The world of the options is for a new directory only.
func TestWorldOfOptionsIsForANewDirectory(t *testing.T) {
	dir := stored(t)
	l := inDir(t, dir, func(o *lab.Options) {
		o.World = []byte("nonsense")
		o.Edit = func(*lab.World) { t.Error("the world was edited") }
	})
	if !l.Restored() || l.Region() != "eu-west-1" {
		t.Errorf("restored %v, region %s", l.Restored(), l.Region())
	}
}
