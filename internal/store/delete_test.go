package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/store"
)

// everyFile gives a context all that the store makes there.
func everyFile(t *testing.T, s *store.Store) {
	t.Helper()
	for _, name := range append(names, "sealing_keys.json", store.CurrentContextFile) {
		for _, form := range []string{name, name + ".damaged", name + ".damaged-2", "." + name + ".123.tmp"} {
			put(t, s, form, "{}")
		}
	}
	for _, name := range []string{"sealing_key_0123456789abcdef", ".sealing_key_0123456789abcdef.42.tmp"} {
		put(t, s, name, "x")
	}
	for _, name := range []string{"flow.lock", "config.lock", "role_creds.json.lock"} {
		put(t, s, name, "")
	}
}

func TestDelete(t *testing.T) {
	home := filepath.Join(t.TempDir(), "state")
	s := open(t, home, "work")
	put(t, reopen(home), store.ConfigFile, "{}")
	everyFile(t, s)
	if left, err := s.Delete(); err != nil || left != nil {
		t.Errorf("%v, %v", left, err)
	}
	if entries, err := os.ReadDir(filepath.Dir(s.Dir())); err != nil || len(entries) > 0 {
		t.Errorf("%v, %v", entries, err)
	}
	if got := text(t, filepath.Join(home, store.ConfigFile)); got != "{}" {
		t.Errorf("the other context has %q", got)
	}
	_, err := s.Delete() // there is none any more
	var file *store.FileError
	if !errors.As(err, &file) || !errors.Is(err, fs.ErrNotExist) || file.Path != s.Dir() {
		t.Errorf("%v", err)
	}
}

// What only looks like ours is somebody else's.
func TestDeleteLeavesWhatIsNotOurs(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state"), "work")
	everyFile(t, s)
	foreign := []string{
		".config.json.mine.tmp", ".config.json.swp", "UPPER CASE.lock", "config.json.damaged-mine", "config.json.damaged.mine", "config.json.mybackup", "config.json.orig",
		"contexts", "notes.txt", "role_creds.json", "role_creds.json.mine", "role_creds.json~", "sealing_key_notes", "yarn.lock",
	}
	for _, name := range foreign {
		_ = os.Remove(s.Path(name))
		if name == "role_creds.json" || name == "contexts" {
			if err := os.Mkdir(s.Path(name), 0o700); err != nil {
				t.Fatal(err)
			}
			continue
		}
		put(t, s, name, "mine")
	}
	left, err := s.Delete()
	if diff := cmp.Diff(foreign, left); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	entries, err := os.ReadDir(s.Dir())
	if err != nil || len(entries) != len(foreign) {
		t.Errorf("%v, %v", entries, err)
	}
	if there, err := store.Contexts(filepath.Dir(filepath.Dir(s.Dir()))); err != nil || len(there) > 0 {
		t.Errorf("%v, %v", there, err)
	}
}

// A link in the place of config.json goes, and what it leads to stays.
func TestDeleteLink(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links want a privilege there")
	}
	s := open(t, filepath.Join(t.TempDir(), "state"), "work")
	put(t, s, store.RoleFile, "{}")
	target := filepath.Join(t.TempDir(), "dotfiles.json")
	if err := errors.Join(os.WriteFile(target, []byte("{}"), 0o600), os.Symlink(target, s.Path(store.ConfigFile))); err != nil {
		t.Fatal(err)
	}
	if left, err := s.Delete(); err != nil || left != nil {
		t.Errorf("%v, %v", left, err)
	}
	if got := text(t, target); got != "{}" {
		t.Errorf("%q", got)
	}
}

func TestDeleteRefuses(t *testing.T) {
	home := filepath.Join(t.TempDir(), "state")
	for _, s := range []*store.Store{reopen(home), open(t, home, ""), open(t, home, "default")} {
		put(t, s, store.ConfigFile, "{}")
		if left, err := s.Delete(); err == nil || left != nil {
			t.Errorf("%v, %v", left, err)
		}
		if got := text(t, s.Path(store.ConfigFile)); got != "{}" {
			t.Errorf("%q", got)
		}
	}
}

// What cannot be removed is named, and the configuration is still there.
func TestDeleteCutOff(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		t.Skip("modes hold nobody back here")
	}
	home := filepath.Join(t.TempDir(), "state")
	s := open(t, home, "work")
	put(t, s, store.ConfigFile, "{}")
	put(t, s, store.RoleFile, "{}")
	if err := os.Chmod(s.Dir(), 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(s.Dir(), 0o700) })
	_, err := s.Delete()
	wantError(t, err, fs.ErrPermission, s.Path(store.RoleFile))
	if there, err := store.Contexts(home); err != nil || len(there) != 1 {
		t.Errorf("%v, %v", there, err)
	}
}
