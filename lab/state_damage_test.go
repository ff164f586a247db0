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
	for _, pattern := range []string{"world.state", "authority.state", "sessions-*.state", "objects-*.state", "objects/*"} {
		t.Run("missing "+pattern, func(t *testing.T) {
			dir := stored(t)
			paths, _ := filepath.Glob(filepath.Join(dir, pattern))
			if err := os.Remove(paths[0]); err != nil {
				t.Fatal(err)
			}
			refusedDir(t, dir, lab.ErrDataDirDamaged, "missing")
		})
	}
}

// A crash may cut off the last line of the trail, and leave temporary files. A
// directory with characters of patterns in its name is one like any.
func TestTracesOfACrash(t *testing.T) {
	dir := filepath.Join(filepath.Dir(stored(t)), "a[b")
	if err := os.Rename(filepath.Join(filepath.Dir(dir), "data"), dir); err != nil {
		t.Fatal(err)
	}
	blob := strings.Repeat("0f", 32)
	for path, text := range map[string]string{
		trailOf(t, dir): `{"eventID":"one"}` + "\n" + `{"eventID":"tw`, filepath.Join(dir, "world.state.tmp"): "tip-lab st", filepath.Join(dir, "objects", blob+".tmp"): "x",
	} {
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

func trailOf(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "trail-") {
			return filepath.Join(dir, e.Name())
		}
	}
	t.Fatal("there is no trail")
	return ""
}

// No world is refused for its trail: what cannot be read is left out.
func TestDamagedTrail(t *testing.T) {
	for name, damage := range map[string]func(path string) error{
		"bad lines": func(path string) error {
			return os.WriteFile(path, []byte("nonsense\n{\"eventID\":\"one\"}\n{}\n{\"eventID\":\"t{\"eventID\":\"x\"}\n{\"eventID\":\"two\"}\n"), 0o600)
		},
		"missing":     os.Remove,
		"a directory": func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := stored(t)
			if err := damage(trailOf(t, dir)); err != nil {
				t.Fatal(err)
			}
			l := inDir(t, dir)
			var ids []string
			for _, e := range l.Events() {
				ids = append(ids, e.EventID)
			}
			want := ""
			if name == "bad lines" {
				want = "one two"
			}
			if got := strings.Join(ids, " "); got != want || !l.Restored() {
				t.Errorf("%q, want %q; restored %v", got, want, l.Restored())
			}
		})
	}
}

// Where the world of the start is missing, the lab starts and a reset is refused.
func TestMissingInitialWorld(t *testing.T) {
	dir := stored(t)
	if err := os.Remove(filepath.Join(dir, "initial.state")); err != nil {
		t.Fatal(err)
	}
	l := inDir(t, dir)
	if err := l.Reset(); !errors.Is(err, lab.ErrDataDirDamaged) {
		t.Errorf("%v", err)
	}
}

// A first start that was cut off, wherever, leaves a directory as good as new, and
// one whose world was lost is none.
func TestFirstStartThatWasCutOff(t *testing.T) {
	dir := stored(t)
	if err := os.Remove(filepath.Join(dir, "world.state")); err != nil {
		t.Fatal(err)
	}
	refusedDir(t, dir, lab.ErrDataDirDamaged, "world.state")
	for path := range content(t, dir) {
		if name := filepath.Base(path); filepath.Dir(path) == dir && name != "authority.state" && name != "initial.state" {
			_ = os.Remove(path)
		}
	}
	refusedDir(t, dir, lab.ErrDataDirDamaged, "world.state") // the bodies of objects are left

	data, left := filepath.Join(t.TempDir(), "data"), ""
	l := inDir(t, data, func(o *lab.Options) {
		o.Edit = func(*lab.World) { // in the middle of the first start
			text, err := os.ReadFile(filepath.Join(data, "beginning.state"))
			if left = string(text); err != nil {
				t.Error(err)
			}
		}
	})
	l.end()
	if _, err := os.Stat(filepath.Join(data, "beginning.state")); err == nil {
		t.Error("the mark of the beginning outlasts it")
	}
	for _, world := range []bool{false, true} {
		dir := stored(t)
		if err := os.WriteFile(filepath.Join(dir, "beginning.state"), []byte(left), 0o600); err != nil {
			t.Fatal(err)
		}
		if !world {
			_ = os.Remove(filepath.Join(dir, "world.state"))
		}
		l := inDir(t, dir)
		if l.Restored() != world {
			t.Errorf("restored %v, with a world %v", l.Restored(), world)
		}
		l.end()
		if _, err := os.Stat(filepath.Join(dir, "beginning.state")); err == nil {
			t.Error("the mark is left")
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
	for _, name := range []string{"thesis.txt", "terraform.state", "x.state.tmp", "sessions-1.state", "objects/thesis.txt", "objects/x.tmp"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("x"), 0o600)); err != nil {
				t.Fatal(err)
			}
			refusedDir(t, dir, lab.ErrDataDirForeign, "neither empty nor a data directory")
			if len(content(t, dir)) != 1 {
				t.Errorf("%v is in it now", content(t, dir))
			}
		})
	}
}

// What somebody puts into a data directory stays there.
func TestOtherFilesInADataDirectory(t *testing.T) {
	dir := stored(t)
	others := []string{"terraform.state", "notes.tmp", "sessions-1.state", "objects/thesis.txt", "objects/x.tmp", "objects/folder/x"}
	for _, name := range others {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("x"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	l := inDir(t, dir)
	fillBucket(t, l)
	if err := l.Reset(); err != nil {
		t.Fatal(err)
	}
	l.end()
	for _, name := range others {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Error(err)
		}
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
