package credserver_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/credserver"
	"github.com/tip-cli/tip-cli/internal/secret"
)

// unlocked is a lock that nobody else has.
func unlocked(string) (func(), error) { return func() {}, nil }

var (
	ours   = secret.New(strings.Repeat("A", 43))
	others = strings.Repeat("B", 43)
)

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Nothing is overwritten but an empty file and a token.
func TestTokenFileTakes(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, others: true, others[1:]: false, others + "\n": false, others[1:] + ".": false, "[default]": false,
		strings.Repeat("B", 1<<20): false,
	} {
		path := filepath.Join(t.TempDir(), "token")
		put(t, path, text)
		f, err := credserver.OpenTokenFile(path, unlocked)
		if (err == nil) != want {
			t.Fatalf("%.50q: %v", text, err)
		}
		if held, _ := os.ReadFile(path); string(held) != text {
			t.Errorf("%.50q was written to", text)
		}
		if err != nil {
			refused(t, err, "it is there already and holds no token", "the name of a new file")
			continue
		}
		if err := f.Write(ours); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if held, _ := os.ReadFile(path); err != nil || string(held) != ours.Reveal() || os.PathSeparator == '/' && info.Mode().Perm() != 0o600 {
			t.Errorf("%.50q: %d bytes, %v, %v", text, len(held), info, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		held, err := os.ReadFile(path)
		if text == "" && (err != nil || len(held) > 0) || text != "" && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%.50q: afterwards %q, %v", text, held, err)
		}
	}
}

func refused(t *testing.T, err error, text, hint string) {
	t.Helper()
	failed, ok := errors.AsType[*credserver.TokenFileError](err)
	if !ok || !strings.Contains(err.Error(), text) || !strings.Contains(failed.Hint(), hint) || strings.Count(err.Error(), failed.Path) != 1 {
		t.Errorf("%v", err)
	}
}

func TestTokenFileRefuses(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	put(t, in("target"), "")
	if err := os.Symlink(in("target"), in("link")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	for path, want := range map[string][2]string{
		dir:                 {"it is a folder", "the name of a file in it"},
		in("link"):          {"it is a symbolic link", "the file itself"},
		in("missing/token"): {"its folder is not there", "mkdir " + in("missing")},
		in("target/token"):  {"not a directory", "the name of a new file"},
		os.DevNull:          {"it is no regular file", "the name of a new file"},
	} {
		f, err := credserver.OpenTokenFile(path, unlocked)
		refused(t, err, want[0], want[1])
		if f != nil {
			t.Errorf("%s is taken", path)
		}
	}
	_, err := credserver.OpenTokenFile(in("new"), func(string) (func(), error) { return nil, credserver.ErrTokenFileTaken })
	refused(t, err, "another tip-cli serve", "another file")
}

// Between the first look and the writing a person may have signed in.
func TestTokenFileLooksAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	released := 0
	f, err := credserver.OpenTokenFile(path, func(string) (func(), error) { return func() { released++ }, nil })
	if err != nil {
		t.Fatal(err)
	}
	put(t, path, "precious")
	refused(t, f.Write(ours), "holds no token", "")
	if err := f.Close(); err != nil || released != 1 {
		t.Errorf("%v, released %d times", err, released)
	}
	if held, _ := os.ReadFile(path); string(held) != "precious" {
		t.Errorf("%q", held)
	}
}

// What somebody else has put there stays.
func TestTokenFileLeaves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	for _, change := range []func(){
		func() { put(t, path, others) },
		func() { _ = os.Remove(path) },
	} {
		f, err := credserver.OpenTokenFile(path, unlocked)
		if err == nil {
			err = f.Write(ours)
		}
		if err != nil {
			t.Fatal(err)
		}
		change()
		before, _ := os.ReadFile(path)
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if after, _ := os.ReadFile(path); string(after) != string(before) {
			t.Errorf("%q has become %q", before, after)
		}
	}
}

func TestNoTokenFile(t *testing.T) {
	var f *credserver.TokenFile
	if f.Path() != "" || f.Write(ours) != nil || f.Close() != nil {
		t.Error("there is one")
	}
}
