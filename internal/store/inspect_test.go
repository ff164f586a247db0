package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

// flaw is a Flaw without its error, and with its path below the state directory.
type flaw struct {
	Kind store.FlawKind
	Path string
	Mode fs.FileMode
}

func flawsOf(t *testing.T, st *store.Store, home string) []flaw {
	t.Helper()
	var all []flaw
	for _, f := range st.Inspect() {
		path, err := filepath.Rel(home, f.Path)
		if err != nil {
			t.Fatal(err)
		}
		if f.Kind != store.FlawOpen && f.Kind != store.FlawForeign && f.Err == nil {
			t.Errorf("%s %s without a reason", f.Kind, path)
		}
		all = append(all, flaw{f.Kind, path, f.Mode})
	}
	return all
}

func TestInspect(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes")
	}
	chmod := func(mode os.FileMode, names ...string) func(string) error {
		return func(home string) error { return os.Chmod(filepath.Join(append([]string{home}, names...)...), mode) }
	}
	write := func(name, text string) func(string) error {
		return func(home string) error { return os.WriteFile(filepath.Join(home, name), []byte(text), 0o600) }
	}
	for name, tt := range map[string]struct {
		edit func(home string) error
		want []flaw
	}{
		"healthy":                {func(string) error { return nil }, nil},
		"open directory":         {chmod(0o755), []flaw{{store.FlawOpen, ".", 0o755}}},
		"open tokens":            {chmod(0o640, "idp_token.json"), []flaw{{store.FlawOpen, "idp_token.json", 0o640}}},
		"readable configuration": {chmod(0o644, "config.json"), nil},
		"writable configuration": {chmod(0o664, "config.json"), []flaw{{store.FlawOpen, "config.json", 0o664}}},
		"damaged":                {write("role_creds.json", "{"), []flaw{{store.FlawDamaged, "role_creds.json", 0}}},
		"nothing yet":            {write("role_creds.json", "null"), nil},
		"a directory":            {func(home string) error { return os.Mkdir(filepath.Join(home, "s3_creds.json"), 0o700) }, []flaw{{store.FlawUnreadable, "s3_creds.json", 0}}},
		"a link": {
			func(home string) error { return os.Symlink("/dev/null", filepath.Join(home, "role_creds.json")) },
			[]flaw{{store.FlawUnreadable, "role_creds.json", 0}},
		},
		"among other things": {
			func(home string) error { return errors.Join(write("notes.txt", "")(home), chmod(0o755)(home)) }, nil,
		},
		"among other things, for everybody": {
			func(home string) error { return errors.Join(write("notes.txt", "")(home), chmod(0o777)(home)) }, []flaw{{store.FlawUnusable, ".", 0}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := filepath.Join(t.TempDir(), "state")
			before := store.New(home, func(o *store.Options) { o.Keyring = nil })
			if err := errors.Join(before.SaveConfig([]byte("{}")), before.SaveIDPToken(t.Context(), store.IDPToken{Token: secret.New("t")})); err != nil {
				t.Fatal(err)
			}
			if err := tt.edit(home); err != nil {
				t.Fatal(err)
			}
			st := store.New(home, func(o *store.Options) { o.Keyring, o.LookOnly = nil, true })
			for range 2 { // a look changes nothing
				if diff := cmp.Diff(tt.want, flawsOf(t, st, home)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			}
			for _, f := range tt.want {
				if err := before.Tighten(filepath.Join(home, f.Path)); f.Kind == store.FlawOpen && err != nil {
					t.Error(err)
				}
			}
			if left := flawsOf(t, st, home); len(tt.want) > 0 && tt.want[0].Kind == store.FlawOpen && left != nil {
				t.Errorf("after Tighten: %v", left)
			}
		})
	}
}

// Tighten touches nothing behind a link, and nothing that is not the store's.
func TestTightenRefuses(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("modes")
	}
	home := t.TempDir()
	other := filepath.Join(t.TempDir(), "other")
	if err := errors.Join(os.WriteFile(other, nil, 0o600), os.Chmod(other, 0o644), os.Symlink(other, filepath.Join(home, "role_creds.json"))); err != nil {
		t.Fatal(err)
	}
	if err := store.New(home).Tighten(filepath.Join(home, "role_creds.json")); err == nil {
		t.Error("no error")
	}
	if info, err := os.Stat(other); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info, err)
	}
}

// Locked sees a lock and makes no file.
func TestLocked(t *testing.T) {
	t.Parallel()
	st := store.New(t.TempDir())
	if held, err := st.Locked("session"); held || err != nil {
		t.Errorf("without a file: %v, %v", held, err)
	}
	if _, err := os.Lstat(st.Path("session.lock")); err == nil {
		t.Error("the look has made a file")
	}
	release, err := st.Lock(t.Context(), "session")
	if err != nil {
		t.Fatal(err)
	}
	if held, err := st.Locked("session"); !held || err != nil {
		t.Errorf("held: %v, %v", held, err)
	}
	release()
	if held, err := st.Locked("session"); held || err != nil {
		t.Errorf("released: %v, %v", held, err)
	}
	if err := errors.Join(os.Remove(st.Path("session.lock")), os.Mkdir(st.Path("session.lock"), 0o700)); err != nil {
		t.Fatal(err)
	}
	if _, err := st.Locked("session"); !errors.Is(err, store.ErrNotRegular) {
		t.Errorf("a directory: %v", err)
	}
}
