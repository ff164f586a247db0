package store_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store"
)

const canary = "canary-81c2"

var reveal = cmp.Comparer(func(a, b secret.Value) bool { return a.Reveal() == b.Reveal() })

// newStore returns a store without a keyring in a new directory.
func newStore(t *testing.T, optFns ...func(*store.Options)) *store.Store {
	t.Helper()
	return reopen(filepath.Join(t.TempDir(), "state"), optFns...)
}

func reopen(dir string, optFns ...func(*store.Options)) *store.Store {
	off := func(o *store.Options) {
		o.Keyring, o.Getenv = nil, func(string) string { return "" }
	}
	return store.New(dir, append([]func(*store.Options){off}, optFns...)...)
}

func put(t *testing.T, s *store.Store, name, content string) {
	t.Helper()
	if err := os.MkdirAll(s.Dir(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.Path(name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func text(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// wantError checks the sentinel, the path, that there is a hint, and that no
// content shows.
func wantError(t *testing.T, err, sentinel error, path string) {
	t.Helper()
	var file *store.FileError
	if !errors.Is(err, sentinel) || !errors.As(err, &file) || !strings.HasPrefix(err.Error(), path) || file.Hint() == "" {
		t.Errorf("error %v, want a FileError with %q, %s and a hint", err, sentinel, path)
	}
	if err != nil && strings.Contains(err.Error(), canary) {
		t.Errorf("the error shows the content: %v", err)
	}
}

// load calls the loader of a file.
func load(s *store.Store, name string) (err error) {
	switch name {
	case store.ConfigFile:
		_, err = s.LoadConfig()
	case store.IDPTokenFile:
		_, err = s.LoadIDPToken(context.Background())
	case store.RoleFile:
		_, err = s.LoadRole()
	case store.S3File:
		_, err = s.LoadS3()
	case store.SignInFile:
		_, err = s.LoadSignIn()
	case store.ApplicationTokenFile:
		_, err = s.LoadApplicationToken(context.Background())
	case store.ClientSecretFile:
		_, err = s.LoadClientSecret(context.Background())
	case store.IssuerFile:
		_, err = s.LoadIssuer()
	case store.IdentityFile:
		_, err = s.LoadIdentity()
	case store.GrantsFile:
		_, err = s.LoadGrants()
	}
	return err
}

// save calls the saver of a file.
func save(s *store.Store, name string) error {
	later := time.Now().Add(time.Hour)
	switch name {
	case store.ConfigFile:
		return s.SaveConfig([]byte(`{"idp": "okta"}`))
	case store.IDPTokenFile:
		return s.SaveIDPToken(context.Background(), store.IDPToken{Token: secret.New("a.b.c")})
	case store.RoleFile:
		return s.SaveRole(store.RoleCredentials{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: secret.New("s"), SessionToken: secret.New("t"), Expiration: later})
	case store.S3File:
		return s.SaveS3([]store.S3Entry{{Target: "s3://example-bucket/*", Permission: "READ", AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: secret.New("s"), SessionToken: secret.New("t"), Expiration: later}})
	case store.ApplicationTokenFile:
		return s.SaveApplicationToken(context.Background(), applicationToken())
	case store.ClientSecretFile:
		return s.SaveClientSecret(context.Background(), secret.New(canary))
	case store.IssuerFile:
		return s.SaveIssuer(store.Issuer{Issuer: "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE"})
	case store.IdentityFile:
		return s.SaveIdentity(store.Identity{AccessKeyID: "ASIAEXAMPLE"})
	case store.GrantsFile:
		return s.SaveGrants(store.Grants{Identity: "analyst"})
	default:
		return s.SaveSignIn(store.SignIn{FailedAt: time.Now()})
	}
}

var (
	names = []string{
		store.ConfigFile, store.IDPTokenFile, store.RoleFile, store.S3File, store.SignInFile,
		store.ApplicationTokenFile, store.ClientSecretFile, store.IssuerFile, store.IdentityFile, store.GrantsFile,
	}
	sealed = []string{store.IDPTokenFile, store.ApplicationTokenFile, store.ClientSecretFile}
)

func applicationToken() store.ApplicationToken {
	return store.ApplicationToken{
		RefreshToken: secret.New(canary + "application"), Fingerprint: "f", ObtainedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
	}
}

func TestWhatStandsInThePlaceOfAFile(t *testing.T) {
	for _, name := range names {
		missing := newStore(t)
		if name != store.S3File { // no credentials are an empty list
			wantError(t, load(missing, name), store.ErrNotFound, missing.Path(name))
		}
		if _, err := os.Stat(missing.Dir()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("loading %s made the directory", name)
		}
		contents := map[string]error{
			"": store.ErrCorrupt, " \n": store.ErrCorrupt, "[]": store.ErrCorrupt, `"` + canary + `"`: store.ErrCorrupt,
			`{"` + canary: store.ErrCorrupt, `{"a": ` + canary + `}`: store.ErrCorrupt, canary: store.ErrCorrupt, "{}{}": store.ErrCorrupt,
			"\x00\x01": store.ErrCorrupt, strings.Repeat(" ", store.MaxFileSize) + "{}": store.ErrTooLarge,
		}
		for content, want := range contents {
			s := newStore(t)
			put(t, s, name, content)
			wantError(t, load(s, name), want, s.Path(name))
			if got := text(t, s.Path(name)); got != content {
				t.Errorf("%s: loading changed the file", name)
			}
			if err := save(s, name); err != nil {
				t.Errorf("%s: saving does not mend it: %v", name, err)
			}
			if err := load(s, name); err != nil {
				t.Errorf("%s: after mending: %v", name, err)
			}
			if got := text(t, s.Path(name+".damaged")); got != content {
				t.Errorf("%s: saving did not set the damaged file aside", name)
			}
		}
		s := newStore(t)
		if err := os.MkdirAll(filepath.Join(s.Path(name), "x"), 0o700); err != nil {
			t.Fatal(err)
		}
		wantError(t, load(s, name), store.ErrNotRegular, s.Path(name))
		wantError(t, save(s, name), store.ErrNotRegular, s.Path(name))
	}
}

func TestNothingIsNothing(t *testing.T) {
	for _, content := range []string{"null", "{}", "{ \n}", `{"token": "", "refresh_token": "", "requires_refresh": true}`} {
		for _, name := range []string{store.IDPTokenFile, store.RoleFile} {
			s := newStore(t)
			put(t, s, name, content)
			wantError(t, load(s, name), store.ErrNotFound, s.Path(name))
		}
		if strings.Contains(content, "token") {
			continue
		}
		s := newStore(t)
		for _, name := range names {
			put(t, s, name, content)
			if name != store.S3File {
				wantError(t, load(s, name), store.ErrNotFound, s.Path(name))
			}
		}
		if entries, err := s.LoadS3(); entries != nil || err != nil {
			t.Errorf("LoadS3 of %s = %v, %v", content, entries, err)
		}
	}
}

func TestHints(t *testing.T) {
	want := map[string]string{
		store.ConfigFile: "run: tip-cli configure idp", store.IDPTokenFile: "run: tip-cli auth", store.RoleFile: "run: tip-cli auth",
		store.S3File: "run: tip-cli s3ag clear-credentials", store.SignInFile: "run: tip-cli auth",
		store.ApplicationTokenFile: "run: tip-cli auth", store.IssuerFile: "run: tip-cli auth", store.IdentityFile: "run: tip-cli auth",
		store.ClientSecretFile: "run: tip-cli configure client-secret", store.GrantsFile: "run: tip-cli s3ag list-grants",
	}
	for _, name := range names {
		s := newStore(t)
		work, err := store.Open(s.Dir(), "work")
		if err != nil {
			t.Fatal(err)
		}
		for s, hint := range map[*store.Store]string{s: want[name], work: strings.Replace(want[name], "tip-cli ", "tip-cli --context work ", 1)} {
			put(t, s, name, "[]")
			var file *store.FileError
			if err := load(s, name); !errors.As(err, &file) || file.Hint() != hint {
				t.Errorf("%s: %v, hint %q, want %q", name, err, file.Hint(), hint)
			}
		}
	}
}

func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are of Unix")
	}
	s := newStore(t)
	for _, name := range names {
		put(t, s, name, "{}") // 0644, as the original writes
	}
	if err := os.Chmod(s.Dir(), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := save(s, name); err != nil {
			t.Fatal(err)
		}
	}
	release, err := s.Lock(context.Background(), "flow")
	if err != nil {
		t.Fatal(err)
	}
	release()
	entries, err := os.ReadDir(s.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(names)+2 { // the sealing key and the lock
		t.Errorf("the directory has %v", entries)
	}
	for _, entry := range entries {
		checkMode(t, s.Path(entry.Name()), 0o600)
	}
	checkMode(t, s.Dir(), 0o700)
}

func checkMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has mode %o, want %o", path, got, want)
	}
}

func TestDirectoriesThatAreRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are of Unix")
	}
	shared := t.TempDir()
	if err := os.Chmod(shared, 0o777|fs.ModeSticky); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{shared: "is a shared directory", file: "not a directory"} {
		for _, name := range names {
			err := save(reopen(dir), name)
			var refusal *store.FileError
			if !errors.As(err, &refusal) || !strings.Contains(err.Error(), want) || !strings.Contains(refusal.Hint(), "AWS_TIP_CLI") {
				t.Errorf("%s in %s: %v, want %q", name, dir, err, want)
			}
		}
		if _, err := reopen(dir).Lock(context.Background(), "x"); err == nil {
			t.Errorf("a lock in %s", dir)
		}
	}
	if info, err := os.Stat(shared); err != nil || info.Mode().Perm() != 0o777 {
		t.Errorf("the shared directory was changed: %v, %v", info.Mode(), err)
	}
}

// The mode of a directory that is not tip-cli's alone is not tip-cli's to change.
func TestDirectoryWithOtherThings(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are of Unix")
	}
	tests := map[string]struct {
		path, beside string
		mode, want   fs.FileMode
		refused      bool
	}{
		"readable, with others": {"site", "index.html", 0o755, 0o755, false},
		"writable, with others": {"site", "index.html", 0o775, 0o775, true},
		"private, with others":  {"site", "index.html", 0o700, 0o700, false},
		"own files alone":       {"state", store.ConfigFile, 0o755, 0o700, false},
		"a lock":                {"state", "session.lock", 0o777, 0o700, false},
		"a temporary file":      {"state", ".role_creds.json.1.tmp", 0o755, 0o700, false},
		"the usual name":        {".aws_tip_cli", "index.html", 0o777, 0o700, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := reopen(filepath.Join(t.TempDir(), tt.path))
			put(t, s, tt.beside, "{}")
			if err := os.Chmod(s.Dir(), tt.mode); err != nil {
				t.Fatal(err)
			}
			err := save(s, store.RoleFile)
			release, lockErr := s.Lock(t.Context(), "flow")
			if lockErr == nil {
				release()
			}
			const reason = `it is not tip-cli's alone: "index.html" is there too`
			for _, err := range []error{err, lockErr} {
				if refused := err != nil && strings.Contains(err.Error(), reason); refused != tt.refused || !refused && err != nil {
					t.Errorf("%v, want a refusal: %v", err, tt.refused)
				}
			}
			checkMode(t, s.Dir(), tt.want)
		})
	}
}

func TestDir(t *testing.T) {
	home := func() (string, error) { return filepath.FromSlash("/home/alice"), nil }
	env := ""
	getenv := func(name string) string {
		if name != store.HomeVariable {
			t.Errorf("asked for %s", name)
		}
		return env
	}
	if got, err := store.Dir(getenv, home); got != filepath.FromSlash("/home/alice/.aws_tip_cli") || err != nil {
		t.Errorf("Dir() = %q, %v", got, err)
	}
	env = "relative"
	if got, err := store.Dir(getenv, home); !filepath.IsAbs(got) || filepath.Base(got) != "relative" || err != nil {
		t.Errorf("Dir() = %q, %v", got, err)
	}
	for _, env = range []string{"~", "~/x", `~\x`} {
		_, err := store.Dir(getenv, home)
		var refusal *store.FileError
		if !errors.As(err, &refusal) || !strings.Contains(err.Error(), "only a shell expands") || refusal.Hint() == "" {
			t.Errorf("%s: %v", env, err)
		}
	}
	env = ""
	none := errors.New("no home")
	if _, err := store.Dir(getenv, func() (string, error) { return "", none }); !errors.Is(err, none) {
		t.Errorf("without a home: %v", err)
	}
}

func TestSignIn(t *testing.T) {
	s := newStore(t)
	want := store.SignIn{FailedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Reason: "closed"}
	if err := s.SaveSignIn(want); err != nil {
		t.Fatal(err)
	}
	got, err := s.LoadSignIn()
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for range 2 {
		if err := s.ClearSignIn(); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, load(s, store.SignInFile), store.ErrNotFound, s.Path(store.SignInFile))
	put(t, s, store.SignInFile, `{"failed_at": "yesterday"}`)
	wantError(t, load(s, store.SignInFile), store.ErrCorrupt, s.Path(store.SignInFile))
}

// Each cause that a person can do something about is named with it, in one line.
func TestCausesOfFailedWrites(t *testing.T) {
	s := newStore(t)
	path := s.Path(store.RoleFile)
	for cause, err := range diskErrors {
		for _, err := range []error{
			&fs.PathError{Op: "open", Path: path + ".1.tmp", Err: err},
			&os.LinkError{Op: "rename", Old: path + ".1.tmp", New: path, Err: err},
		} {
			var file *store.FileError
			if got := s.WriteError(store.RoleFile, err); !errors.As(got, &file) || !errors.Is(got, errors.Unwrap(err)) ||
				!strings.HasPrefix(file.Hint(), cause) || strings.Contains(got.Error(), ".tmp") || strings.Count(got.Error(), path) != 1 {
				t.Errorf("%v, want %s", got, cause)
			}
		}
	}
	var file *store.FileError
	if err := s.WriteError(store.RoleFile, errors.New("odd")); !errors.As(err, &file) || !strings.HasPrefix(file.Hint(), "check the free space and the permissions of "+s.Dir()) {
		t.Errorf("%v", err)
	}
}
