package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/store"
)

var (
	// temporary are the names of files that a writer has not renamed yet.
	temporary = regexp.MustCompile(`^\..+\.tmp$`)
	// keyName varies from sign-in to sign-in.
	keyName = regexp.MustCompile(`^sealing_key_[0-9a-f]+$`)
)

// shape is the name of a state file without what varies.
func shape(name string) string {
	if keyName.MatchString(name) {
		return "sealing_key_#"
	}
	return name
}

// shapes adds what a state directory holds now, but for temporary files, to names.
func shapes(dir string, names map[string]bool) error {
	entries, err := os.ReadDir(dir)
	for _, entry := range entries {
		if !temporary.MatchString(entry.Name()) {
			names[shape(entry.Name())] = true
		}
	}
	return err
}

// unreadable lists what is wrong with the files of a state directory. familiar are
// the shapes of what runs leave that nobody interrupts: a file with another name
// may be one that was set aside as damaged.
func unreadable(dir string, familiar map[string]bool) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	for _, entry := range entries {
		name := entry.Name()
		if temporary.MatchString(name) {
			continue
		}
		if !familiar[shape(name)] {
			found = append(found, name+" is no file that other runs leave")
		}
		if wrong := contentProblem(filepath.Join(dir, name)); wrong != "" {
			found = append(found, name+" is "+wrong)
		}
	}
	return found
}

// contentProblem says what is wrong with a file, or "".
func contentProblem(path string) string {
	name := filepath.Base(path)
	text, err := os.ReadFile(path)
	switch {
	case err != nil:
		return err.Error()
	case strings.HasSuffix(name, ".json") && !json.Valid(text):
		return fmt.Sprintf("no whole JSON: %d bytes", len(text))
	case keyName.MatchString(name):
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
		if err != nil || len(key) != 32 {
			return "no key"
		}
	}
	return ""
}

// remains counts the temporary files that killed writers have left.
func remains(dir string) (int, error) {
	entries, err := os.ReadDir(dir)
	n := 0
	for _, entry := range entries {
		if temporary.MatchString(entry.Name()) {
			n++
		}
	}
	return n, err
}

// unloadable lists which parts of the state the store refuses to load, and
// returns the tokens.
func unloadable(dir string) (store.IDPToken, []string) {
	s := store.New(dir, func(o *store.Options) { o.Keyring = nil })
	tokens, err := s.LoadIDPToken(context.Background())
	_, errConfig := s.LoadConfig()
	_, errRole := s.LoadRole()
	_, errS3 := s.LoadS3()
	_, errSignIn := s.LoadSignIn()
	var found []string
	for _, err := range []error{errConfig, err, errRole, errS3, errSignIn} {
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			found = append(found, err.Error())
		}
	}
	return tokens, found
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	key := base64.StdEncoding.EncodeToString(make([]byte, 32))
	familiar := map[string]bool{"config.json": true, "idp_token.json": true, "session.lock": true, "sealing_key_#": true}
	for name, tt := range map[string]struct {
		file, text string
		want       []string
	}{
		"whole":                 {"idp_token.json", `{"token": ""}`, nil},
		"a lock":                {"session.lock", "", nil},
		"a key":                 {"sealing_key_0123456789abcdef", key + "\n", nil},
		"half a temporary file": {".idp_token.json.123.tmp", `{"tok`, nil},
		"half a file":           {"idp_token.json", `{"tok`, []string{"idp_token.json is no whole JSON: 5 bytes"}},
		"an empty file":         {"config.json", "", []string{"config.json is no whole JSON: 0 bytes"}},
		"half a key":            {"sealing_key_0123456789abcdef", key[:20], []string{"sealing_key_0123456789abcdef is no key"}},
		"set aside":             {"idp_token.json.damaged", "{", []string{"idp_token.json.damaged is no file that other runs leave"}},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, tt.file), []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, unreadable(dir, familiar)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if found := unreadable(filepath.Join(t.TempDir(), "nowhere"), familiar); len(found) != 1 {
		t.Errorf("no directory: %q", found)
	}
}

func TestUnloadable(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{store.ConfigFile: 1, store.IDPTokenFile: 1, store.RoleFile: 1, store.S3File: 1, store.SignInFile: 1, "other.json": 0} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(`{"tok`), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, found := unloadable(dir); len(found) != want {
			t.Errorf("a damaged %s: %q", name, found)
		}
	}
}
