package store_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/store"
)

// listener collects notices.
type listener struct {
	mu   sync.Mutex
	said []string
}

func (l *listener) option(o *store.Options) {
	o.Notice = func(line string) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.said = append(l.said, line)
	}
}

// check wants these texts in as many notices, and that each is one line without content.
func (l *listener) check(t *testing.T, want ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.said) != len(want) {
		t.Errorf("said %q, want %q", l.said, want)
		return
	}
	for i, line := range l.said {
		if !strings.Contains(line, want[i]) || strings.ContainsAny(line, "\r\n") || strings.Contains(line, canary) {
			t.Errorf("said %q, want %q", line, want[i])
		}
	}
	l.said = nil
}

func hasSecrets(name string) bool {
	return !slices.Contains([]string{store.ConfigFile, store.SignInFile, store.IssuerFile, store.IdentityFile, store.GrantsFile, store.CurrentContextFile}, name)
}

func TestSetAside(t *testing.T) {
	for _, name := range append(names, store.CurrentContextFile) {
		var l listener
		s := newStore(t, l.option, with(&keyring{}))
		setAside := func(want string) {
			t.Helper()
			got, err := s.SetAside(name)
			if got != want || err != nil {
				t.Errorf("SetAside(%s) = %q, %v; want %q", name, got, err, want)
			}
		}
		setAside("") // nothing there
		for n, suffix := range []string{".damaged", ".damaged-2", ".damaged-3"} {
			content := fmt.Sprint("[", canary, n)
			put(t, s, name, content)
			if hasSecrets(name) { // else their modes are noticed as well
				_ = os.Chmod(s.Path(name), 0o600)
			}
			setAside(s.Path(name + suffix))
			l.check(t, "it is set aside as "+name+suffix)
			if got := text(t, s.Path(name+suffix)); got != content {
				t.Errorf("%s has %q", name+suffix, got)
			}
			if runtime.GOOS != "windows" {
				checkMode(t, s.Path(name+suffix), 0o600)
			}
			if _, err := os.Lstat(s.Path(name)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s is still there: %v", name, err)
			}
		}
		if err := save(s, name); err != nil { // current_context: sign_in.json is saved
			t.Fatal(err)
		}
		setAside("")
		l.check(t)
	}
}

// What cannot be opened without its key is not damaged, and neither is what is no file.
func TestSetAsideLeaves(t *testing.T) {
	s := newStore(t)
	for _, name := range sealed {
		if err := save(s, name); err != nil {
			t.Fatal(err)
		}
	}
	location, err := s.KeyLocation()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(location.Path); err != nil {
		t.Fatal(err)
	}
	checkSealed(t, reopen(s.Dir()), sealed...)
	if err := os.MkdirAll(s.Path(store.RoleFile), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range append(sealed, store.RoleFile, "unknown") {
		if path, err := reopen(s.Dir()).SetAside(name); path != "" || err != nil {
			t.Errorf("%s: %q, %v", name, path, err)
		}
	}
}

func TestSetAsideByJudge(t *testing.T) {
	s := newStore(t)
	put(t, s, store.ConfigFile, `{"idp": 1}`)
	seen := ""
	path, err := s.SetAside(store.ConfigFile, func(data []byte) error { seen = string(data); return nil })
	if path != "" || err != nil || seen != `{"idp": 1}` {
		t.Errorf("%q, %v, saw %q", path, err, seen)
	}
	var l listener
	s = reopen(s.Dir(), l.option)
	path, err = s.SetAside(store.ConfigFile, func([]byte) error { return errors.New(canary + "\n") })
	if path != s.Path(store.ConfigFile+".damaged") || err != nil {
		t.Errorf("%q, %v", path, err)
	}
	l.check(t, "config.json: damaged; it is set aside as config.json.damaged")
}

// What was set aside is never replaced; when there are too many, somebody has to look.
func TestTooManyAside(t *testing.T) {
	s := newStore(t)
	for n := range 100 {
		put(t, s, store.RoleFile, fmt.Sprint("[", n))
		if err := save(s, store.RoleFile); err != nil {
			t.Fatal(err)
		}
	}
	put(t, s, store.RoleFile, canary)
	for _, err := range []error{save(s, store.RoleFile), s.ClearRole()} {
		var file *store.FileError
		if !errors.As(err, &file) || !strings.Contains(err.Error(), "100 others are set aside already") || !strings.Contains(file.Hint(), ".damaged*") {
			t.Errorf("%v", err)
		}
	}
	if got := text(t, s.Path(store.RoleFile)); got != canary {
		t.Errorf("the file has %q", got)
	}
	paths, err := s.DamagedFiles()
	if len(paths) != 100 || err != nil {
		t.Fatalf("DamagedFiles() = %q, %v", paths, err)
	}
	seen := make(map[string]bool)
	for _, path := range paths {
		seen[text(t, path)] = true
	}
	if len(seen) != 100 {
		t.Errorf("only %d are left", len(seen))
	}
}

func TestDamagedFiles(t *testing.T) {
	s := newStore(t)
	if paths, err := s.DamagedFiles(); paths != nil || err != nil {
		t.Errorf("%q, %v", paths, err)
	}
	for _, name := range []string{"config.json.damaged-2", "role_creds.json.damaged", "notes.damaged", "role_creds.json"} {
		put(t, s, name, "")
	}
	paths, err := s.DamagedFiles()
	if diff := cmp.Diff([]string{s.Path("config.json.damaged-2"), s.Path("role_creds.json.damaged")}, paths); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestClearSetsDamagedFilesAside(t *testing.T) {
	clears := map[string]func(*store.Store) error{
		store.IDPTokenFile:         func(s *store.Store) error { return s.ClearIDPToken(t.Context()) },
		store.RoleFile:             (*store.Store).ClearRole,
		store.SignInFile:           (*store.Store).ClearSignIn,
		store.ApplicationTokenFile: (*store.Store).ClearApplicationToken,
		store.ClientSecretFile:     (*store.Store).ClearClientSecret,
		store.IssuerFile:           (*store.Store).ClearIssuer,
	}
	for name, clear := range clears {
		s := newStore(t)
		put(t, s, name, canary)
		if err := clear(s); err != nil || text(t, s.Path(name+".damaged")) != canary {
			t.Errorf("%s: %v", name, err)
		}
		if err := save(s, name); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := clear(s); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			wantError(t, load(s, name), store.ErrNotFound, s.Path(name))
		}
	}
}

// A damaged configuration that is a link is moved as the link that it is.
func TestDamagedLink(t *testing.T) {
	s := newStore(t)
	target := filepath.Join(t.TempDir(), "dotfiles.json")
	if err := os.WriteFile(target, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(s.Dir(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, s.Path(store.ConfigFile)); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if err := save(s, store.ConfigFile); err != nil {
		t.Fatal(err)
	}
	if text(t, target) != "x" || text(t, s.Path(store.ConfigFile+".damaged")) != "x" || load(s, store.ConfigFile) != nil {
		t.Error("the damaged file is lost, or the new one is not there")
	}
}

func TestModesAreTightenedOnReading(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are of Unix")
	}
	for _, name := range names {
		var l listener
		s := newStore(t, l.option, with(&keyring{}))
		if err := save(s, name); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(s.Path(name), 0o644); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := load(s, name); err != nil {
				t.Error(err)
			}
		}
		if !hasSecrets(name) {
			l.check(t)
			checkMode(t, s.Path(name), 0o644)
			continue
		}
		l.check(t, s.Path(name)+" was open to other users (mode 0644): it has mode 0600 now")
		checkMode(t, s.Path(name), 0o600)
		// The same thing is said once.
		if err := os.Chmod(s.Path(name), 0o640); err != nil {
			t.Fatal(err)
		}
		_ = load(s, name)
		l.check(t)
		checkMode(t, s.Path(name), 0o600)
	}
}

func TestKeyFileAndDirectoryAreTightened(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are of Unix")
	}
	var l listener
	s := newStore(t)
	saveToken(t, s, token())
	location, err := s.KeyLocation()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Chmod(location.Path, 0o604), os.Chmod(s.Dir(), 0o755)); err != nil {
		t.Fatal(err)
	}
	s = reopen(s.Dir(), l.option)
	checkToken(t, s, token())
	l.check(t, location.Path+" was open to other users (mode 0604)")
	checkMode(t, location.Path, 0o600)
	saveToken(t, s, token())
	l.check(t, s.Dir()+" was open to other users (mode 0755): it has mode 0700 now")
}
