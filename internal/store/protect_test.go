//go:build unix

package store_test

import (
	"errors"
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

// Where one file with secrets is open to others, those beside it are looked at as well:
// after the original, all of them are.
func TestOpenBesideAnother(t *testing.T) {
	secrets := []string{
		store.IDPTokenFile, store.RoleFile, store.S3File, store.ApplicationTokenFile, store.ClientSecretFile, "sealing_key_0123456789abcdef",
	}
	for name, tt := range map[string]struct {
		first, then fs.FileMode
		said        int
	}{
		"open":    {0o644, 0o600, len(secrets)},
		"private": {0o600, 0o644, 0}, // each of the others when it is used
	} {
		t.Run(name, func(t *testing.T) {
			var said []string
			s := newStore(t, func(o *store.Options) { o.Notice = func(line string) { said = append(said, line) } })
			for _, file := range append(secrets, store.ConfigFile) {
				put(t, s, file, originalRole)
			}
			if err := os.Chmod(s.Path(store.RoleFile), tt.first); err != nil {
				t.Fatal(err)
			}
			target := filepath.Join(t.TempDir(), "elsewhere")
			if err := os.WriteFile(target, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			link := s.Path("sealing_key_fedcba9876543210")
			if err := errors.Join(os.Chmod(target, 0o644), os.Symlink(target, link)); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if _, err := s.LoadRole(); err != nil {
					t.Fatal(err)
				}
			}
			for _, file := range secrets {
				want := tt.then
				if file == store.RoleFile {
					want = 0o600
				}
				if info, err := os.Stat(s.Path(file)); err != nil || info.Mode().Perm() != want {
					t.Errorf("%s: %v, %v", file, info.Mode(), err)
				}
			}
			for _, path := range []string{s.Path(store.ConfigFile), target} {
				if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
					t.Errorf("%s: %v, %v", path, info.Mode(), err)
				}
			}
			if len(said) != tt.said {
				t.Errorf("said %q", said)
			}
		})
	}
}

// current_context is believed as well, and so looked at.
func TestWritableChoice(t *testing.T) {
	var said []string
	home := filepath.Join(t.TempDir(), "state")
	s := reopen(home)
	put(t, s, store.ConfigFile, `{"idp": "okta"}`)
	put(t, s, store.CurrentContextFile, "default\n")
	path := s.Path(store.CurrentContextFile)
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := store.CurrentContext(home, func(o *store.Options) { o.Notice = func(line string) { said = append(said, line) } }); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if got := strings.Join(said, "\n"); !strings.Contains(got, "other users could change "+path+" (mode 0666)") {
		t.Errorf("said %q", got)
	}
}

// The administrator uses the secrets of another user, but not without a word.
func TestSecretsOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can read the files of another user")
	}
	for _, uid := range []int{0, 65534} {
		var said []string
		s := newStore(t, func(o *store.Options) { o.Notice = func(line string) { said = append(said, line) } })
		put(t, s, store.RoleFile, originalRole)
		if err := errors.Join(os.Chmod(s.Path(store.RoleFile), 0o600), os.Chown(s.Path(store.RoleFile), uid, uid)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := s.LoadRole(); err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Join(said, "\n"); strings.Contains(got, "belongs to another user") != (uid != 0) || len(said) > 1 {
			t.Errorf("of %d: said %q", uid, said)
		}
	}
}
