package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/store"
)

func TestValidContext(t *testing.T) {
	for _, name := range []string{"default", "a", "9", "prod-eu", "a.b_c", "console", "com", "com10", "nulls", strings.Repeat("a", 64)} {
		if err := store.ValidContext(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{
		"", ".", "..", "../x", "a/b", `a\b`, "A", "é", "a b", "-a", "_a", ".a", "a\x00", "a\n", "a:b", strings.Repeat("a", 65),
		"con", "nul", "prn", "aux", "com1", "com0", "lpt9", "con.txt", "nul.a.b", "a.",
	} {
		err := store.ValidContext(name)
		var refusal *store.ContextError
		if !errors.As(err, &refusal) || refusal.Name != name || refusal.Reason == "" || refusal.Hint() == "" || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", name, err)
		}
		if dir, err := store.ContextDir("/home/alice", name); name != "" && (err == nil || dir != "") {
			t.Errorf("ContextDir(%q) = %q", name, dir)
		}
		if _, err := store.Open("/home/alice", name); name != "" && err == nil {
			t.Errorf("Open(%q) worked", name)
		}
	}
}

func TestContextDir(t *testing.T) {
	home := filepath.FromSlash("/home/alice/.aws_tip_cli")
	want := map[string]string{"": home, "default": home, "work": filepath.Join(home, "contexts", "work")}
	for name, dir := range want {
		if got, err := store.ContextDir(home, name); got != dir || err != nil {
			t.Errorf("ContextDir(%q) = %q, %v", name, got, err)
		}
		if s, err := store.Open(home, name); err != nil || s.Dir() != dir {
			t.Errorf("Open(%q): %v", name, err)
		}
	}
}

func open(t *testing.T, home, name string, optFns ...func(*store.Options)) *store.Store {
	t.Helper()
	s, err := store.Open(home, name, append([]func(*store.Options){func(o *store.Options) {
		o.Keyring, o.Getenv = nil, func(string) string { return "" }
	}}, optFns...)...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every file, the lock and the key of a context are its own.
func TestContextsAreApart(t *testing.T) {
	home := filepath.Join(t.TempDir(), ".aws_tip_cli")
	base, work := open(t, home, ""), open(t, home, "work")
	for _, name := range names {
		if err := save(work, name); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(base.Path(name)); err == nil {
			t.Errorf("%s is in the default context", name)
		}
	}
	release, err := work.Lock(t.Context(), "flow")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if release, ok, err := base.TryLock("flow"); !ok || err != nil {
		t.Errorf("the lock of another context: %v, %v", ok, err)
	} else {
		release()
	}
	for _, name := range sealed {
		put(t, base, name, text(t, work.Path(name)))
		wantError(t, load(base, name), store.ErrKeyLost, base.Path(name))
	}
}

func TestContextDirectoriesArePrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are of Unix")
	}
	for _, before := range []fs.FileMode{0, 0o777} {
		home := filepath.Join(t.TempDir(), "state")
		s := open(t, home, "work")
		dirs := []string{home, filepath.Join(home, "contexts"), s.Dir()}
		for _, dir := range dirs {
			if before != 0 && (os.Mkdir(dir, 0o700) != nil || os.Chmod(dir, before) != nil) {
				t.Fatal("cannot make", dir)
			}
		}
		if err := save(s, store.RoleFile); err != nil {
			t.Fatal(err)
		}
		for _, dir := range dirs {
			checkMode(t, dir, 0o700)
		}
	}
	home := t.TempDir()
	if err := os.WriteFile(filepath.Join(home, "index.html"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(home, 0o777); err != nil {
		t.Fatal(err)
	}
	err := save(open(t, home, "work"), store.RoleFile)
	if err == nil || !strings.HasPrefix(err.Error(), home+": ") || !strings.Contains(err.Error(), "other users can write to it") {
		t.Errorf("in a directory that others can write to: %v", err)
	}
}

// In a directory that is not tip-cli's alone, contexts/ may be somebody else's.
func TestForeignContextsDirectory(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are of Unix")
	}
	for name, tt := range map[string]struct {
		home, beside, inside   string
		mode, contexts, within fs.FileMode // before, and after
		refused                string
	}{
		"foreign":           {"site", "index.html", "index.html", 0o755, 0o755, 0o755, ""},
		"ours in a foreign": {"site", "index.html", store.RoleFile, 0o755, 0o755, 0o700, ""},
		"ours":              {"state", store.ConfigFile, store.RoleFile, 0o755, 0o700, 0o700, ""},
		"by its name":       {".aws_tip_cli", "index.html", "index.html", 0o755, 0o700, 0o700, ""},
		"writable":          {"site", "index.html", store.RoleFile, 0o775, 0o775, 0o775, `contexts: other users can write to it, and it is not tip-cli's alone: "index.html"`},
	} {
		t.Run(name, func(t *testing.T) {
			home := filepath.Join(t.TempDir(), tt.home)
			s := open(t, home, "web")
			put(t, reopen(home), tt.beside, "{}")
			put(t, s, tt.inside, "{}")
			contexts := filepath.Dir(s.Dir())
			if err := errors.Join(os.Chmod(home, 0o755), os.Chmod(contexts, tt.mode), os.Chmod(s.Dir(), tt.mode)); err != nil {
				t.Fatal(err)
			}
			err := save(s, store.SignInFile)
			if refused := err != nil && strings.Contains(err.Error(), tt.refused); refused != (tt.refused != "") || !refused && err != nil {
				t.Errorf("%v, want %q", err, tt.refused)
			}
			checkMode(t, contexts, tt.contexts)
			checkMode(t, s.Dir(), tt.within)
		})
	}
}

func TestContexts(t *testing.T) {
	home := filepath.Join(t.TempDir(), "state")
	check := func(want ...string) {
		t.Helper()
		got, err := store.Contexts(home)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	check()
	for _, name := range []string{"work", "a"} {
		if err := save(open(t, home, name), store.ConfigFile); err != nil {
			t.Fatal(err)
		}
	}
	check("a", "work")
	if err := save(open(t, home, "default"), store.ConfigFile); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"default", "Bad", "con"} { // none of ours
		put(t, reopen(filepath.Join(home, "contexts", name)), store.ConfigFile, "{}")
	}
	put(t, open(t, home, "damaged"), store.ConfigFile, "x")
	if err := save(open(t, home, "tokens-only"), store.IDPTokenFile); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(open(t, home, "dir").Path(store.ConfigFile), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "contexts", "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	check("default", "a", "damaged", "work")
	plain := filepath.Join(t.TempDir(), "x")
	put(t, reopen(plain), "contexts", "a file")
	if _, err := store.Contexts(plain); err == nil || !strings.HasPrefix(err.Error(), filepath.Join(plain, "contexts")) {
		t.Errorf("contexts is a file: %v", err)
	}
}

func checkCurrent(t *testing.T, home, want string) {
	t.Helper()
	if got, err := store.CurrentContext(home); got != want || err != nil {
		t.Errorf("CurrentContext() = %q, %v; want %q", got, err, want)
	}
}

func TestCurrentContext(t *testing.T) {
	home := filepath.Join(t.TempDir(), "state")
	checkCurrent(t, home, "default")
	if err := save(open(t, home, "work"), store.ConfigFile); err != nil {
		t.Fatal(err)
	}
	if err := store.SetCurrentContext(home, "work"); err != nil {
		t.Fatal(err)
	}
	checkCurrent(t, home, "work")
	path := filepath.Join(home, store.CurrentContextFile)
	if got := text(t, path); got != "work\n" {
		t.Errorf("the file has %q", got)
	}
	if runtime.GOOS != "windows" {
		checkMode(t, path, 0o600)
	}
	for _, name := range []string{"none", "../x", "Work"} {
		if err := store.SetCurrentContext(home, name); err == nil {
			t.Errorf("%s was chosen", name)
		}
		checkCurrent(t, home, "work")
	}
	err := store.SetCurrentContext(home, "none")
	wantError(t, err, store.ErrNotFound, open(t, home, "none").Path(store.ConfigFile))
	for _, name := range []string{"", "default"} {
		if err := store.SetCurrentContext(home, name); err != nil {
			t.Fatal(err)
		}
		checkCurrent(t, home, "default")
	}
	put(t, reopen(home), store.CurrentContextFile, "default\r\n") // by hand
	checkCurrent(t, home, "default")
}

// A context that cannot be known is never taken for the default one.
func TestDamagedCurrentContext(t *testing.T) {
	for content, want := range map[string]error{
		"": store.ErrCorrupt, "../x": store.ErrCorrupt, "a\nb": store.ErrCorrupt, "con": store.ErrCorrupt,
		strings.Repeat("a", store.MaxFileSize+1): store.ErrTooLarge, "gone": store.ErrNotFound,
	} {
		s := newStore(t)
		put(t, s, store.CurrentContextFile, content)
		_, err := store.CurrentContext(s.Dir())
		wantError(t, err, want, s.Path(store.CurrentContextFile))
		var file *store.FileError
		if errors.As(err, &file) && file.Hint() != "run: tip-cli configure use-context default" {
			t.Errorf("hint %q", file.Hint())
		}
		if err := store.SetCurrentContext(s.Dir(), "default"); err != nil {
			t.Errorf("the hint does not help: %v", err)
		}
		checkCurrent(t, s.Dir(), "default")
		if aside := s.Path(store.CurrentContextFile + ".damaged"); !errors.Is(want, store.ErrNotFound) && text(t, aside) != content {
			t.Errorf("%.20q was not set aside", content)
		}
	}
	s := newStore(t)
	if err := os.MkdirAll(s.Path(store.CurrentContextFile), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := store.CurrentContext(s.Dir())
	wantError(t, err, store.ErrNotRegular, s.Path(store.CurrentContextFile))
}
