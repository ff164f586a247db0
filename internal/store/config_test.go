package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/store"
)

func TestConfigMayBeALink(t *testing.T) {
	s := newStore(t)
	target := filepath.Join(t.TempDir(), "dotfiles.json")
	if err := os.WriteFile(target, []byte(`{"idp": "okta"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := os.MkdirAll(s.Dir(), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, s.Path(name)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	if err := s.SaveConfig([]byte(`{"idp": "oidc"}`)); err != nil {
		t.Fatal(err)
	}
	if got := text(t, target); got != `{"idp": "oidc"}` {
		t.Errorf("the target has %s", got)
	}
	if info, err := os.Lstat(s.Path(store.ConfigFile)); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the link is gone: %v, %v", info, err)
	}
	for _, name := range names[1:] {
		wantError(t, load(s, name), store.ErrNotRegular, s.Path(name))
		wantError(t, save(s, name), store.ErrNotRegular, s.Path(name))
	}
	if got := text(t, target); got != `{"idp": "oidc"}` {
		t.Errorf("the target has %s", got)
	}
}

// A link to a file that is not there yet is followed as well.
func TestConfigMayBeADanglingLink(t *testing.T) {
	s := newStore(t)
	work := t.TempDir()
	target := filepath.Join(work, "real", "dotfiles.json")
	put(t, reopen(filepath.Join(work, "real")), "x", "")
	links := []struct{ at, to string }{
		{s.Path(store.ConfigFile), filepath.Join(work, "first")},
		{filepath.Join(work, "first"), filepath.Join("dir", "second")}, // relative, and by a linked directory
		{filepath.Join(work, "dir"), "real"},
		{filepath.Join(work, "real", "second"), "dotfiles.json"},
	}
	if err := os.MkdirAll(s.Dir(), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if err := os.Symlink(link.to, link.at); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	for _, want := range []string{`{"idp": "okta"}`, `{"idp": "oidc"}`} {
		if err := s.SaveConfig([]byte(want)); err != nil {
			t.Fatal(err)
		}
		if got := text(t, target); got != want {
			t.Errorf("the target has %s", got)
		}
	}
	for _, link := range links {
		if got, err := os.Readlink(link.at); got != link.to || err != nil {
			t.Errorf("%s leads to %q, %v", link.at, got, err)
		}
	}
	// Where the directory is not there, either, it is not made.
	if err := os.RemoveAll(filepath.Join(work, "real")); err != nil {
		t.Fatal(err)
	}
	wantError(t, save(s, store.ConfigFile), fs.ErrNotExist, s.Path(store.ConfigFile))
	if got, err := os.Readlink(s.Path(store.ConfigFile)); got != links[0].to || err != nil {
		t.Errorf("the link leads to %q, %v", got, err)
	}
	// In a ring there is nothing to write.
	if err := errors.Join(os.Remove(links[1].at), os.Symlink(s.Path(store.ConfigFile), links[1].at)); err != nil {
		t.Fatal(err)
	}
	if err := save(s, store.ConfigFile); err == nil || !strings.HasPrefix(err.Error(), s.Path(store.ConfigFile)+": too many") {
		t.Errorf("in a ring: %v", err)
	}
}

func TestConfigIsKeptAsItIs(t *testing.T) {
	s := newStore(t)
	content := "{\n  \"idp\" : \"okta\" , \"x\": 1 }"
	if err := s.SaveConfig([]byte(content)); err != nil {
		t.Fatal(err)
	}
	got, err := s.LoadConfig()
	if diff := cmp.Diff(content, string(got)); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, bad := range []string{"", "null", "[]", "{", "x"} {
		wantError(t, s.SaveConfig([]byte(bad)), store.ErrCorrupt, s.Path(store.ConfigFile))
	}
	put(t, s, store.ConfigFile, "\ufeff"+content)
	got, err = s.LoadConfig()
	if diff := cmp.Diff(content, string(got)); diff != "" || err != nil {
		t.Errorf("with a BOM: %v (-want +got):\n%s", err, diff)
	}
}
