//go:build unix

package store_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/store"
)

// A configuration that others can write is used, but not without a word.
func TestWritableConfig(t *testing.T) {
	for _, tt := range []struct {
		name       string
		mode, then fs.FileMode
		link       bool
		said       string
	}{
		{"as written", 0o600, 0o600, false, ""},
		{"readable", 0o644, 0o644, false, ""},
		{"writable by a group", 0o664, 0o600, false, "(mode 0664): it has mode 0600 now"},
		{"writable by all", 0o606, 0o600, false, "(mode 0606): it has mode 0600 now"},
		{"behind a link", 0o644, 0o644, true, ""},
		{"behind a link, writable", 0o666, 0o666, true, "(mode 0666): run: chmod go-w "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var said []string
			s := newStore(t, func(o *store.Options) { o.Notice = func(line string) { said = append(said, line) } })
			put(t, s, store.ConfigFile, `{"idp": "okta"}`)
			path := s.Path(store.ConfigFile)
			if tt.link {
				target := filepath.Join(t.TempDir(), "elsewhere.json")
				if err := os.Rename(path, target); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(target, path); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Chmod(path, tt.mode); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if _, err := s.LoadConfig(); err != nil {
					t.Fatal(err)
				}
			}
			if got := strings.Join(said, "\n"); (tt.said == "") != (got == "") || !strings.Contains(got, tt.said) || len(said) > 1 {
				t.Errorf("said %q", said)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != tt.then {
				t.Errorf("%v, %v", info.Mode(), err)
			}
		})
	}
}

// What has become of a role file whose mode was wrong is known to whoever judges it.
func TestExposedRole(t *testing.T) {
	s := newStore(t)
	put(t, s, store.RoleFile, originalRole)
	if err := os.Chmod(s.Path(store.RoleFile), 0o644); err != nil {
		t.Fatal(err)
	}
	if held, err := s.LoadRole(); err != nil || held.Exposed {
		t.Errorf("exposed after it was tightened: %v, %v", held.Exposed, err)
	}
}
