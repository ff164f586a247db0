// Package store keeps the state of tip-cli on disk, in the files of the original
// Python tip-cli and readable as they are: config.json, idp_token.json,
// role_creds.json and s3_creds.json.
//
// The files have mode 0600, and the directory 0700 unless it holds other things
// besides. Every write is atomic: a reader sees the old content or the new, never
// half of one. ID and refresh tokens are sealed (AES-256-GCM) with a key in the OS
// keyring or, where there is none, in a key file; short-lived AWS credentials are
// plain, as the AWS CLI keeps its own.
//
// A [Store] is safe for concurrent use. Loading and saving take no lock: whoever
// reads, decides and writes holds [Store.Lock] around all three. The package
// judges neither the configuration's content (internal/config does) nor whether
// credentials still hold; and it deletes nothing that it cannot read.
package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// The files of the state directory.
const (
	ConfigFile   = "config.json"
	IDPTokenFile = "idp_token.json"
	RoleFile     = "role_creds.json"
	S3File       = "s3_creds.json"
	SignInFile   = "sign_in.json"
)

// defaultDir is the name of the state directory, in the home directory.
const defaultDir = ".aws_tip_cli"

// HomeVariable names the environment variable that moves the state directory.
const HomeVariable = "AWS_TIP_CLI"

// KeyringVariable names the environment variable that, set to "off", keeps the
// sealing key out of the OS keyring.
const KeyringVariable = "TIP_CLI_KEYRING"

// Dir returns the absolute path of the state directory: AWS_TIP_CLI if it is set
// and not empty, else .aws_tip_cli in the home directory. getenv is os.Getenv
// and home os.UserHomeDir outside of tests.
func Dir(getenv func(string) string, home func() (string, error)) (string, error) {
	if dir := getenv(HomeVariable); dir != "" {
		if dir == "~" || strings.HasPrefix(dir, "~/") || strings.HasPrefix(dir, `~\`) {
			return "", &FileError{
				Path: dir, Err: fmt.Errorf("%s begins with ~, which only a shell expands", HomeVariable),
				Fix: "set " + HomeVariable + " to an absolute path",
			}
		}
		return filepath.Abs(dir)
	}
	dir, err := home()
	if err != nil {
		return "", &FileError{
			Path: "~/.aws_tip_cli", Err: fmt.Errorf("no home directory: %w", err),
			Fix: "set " + HomeVariable + " to an absolute path",
		}
	}
	return filepath.Join(dir, defaultDir), nil
}

// Options are the settings of a [Store].
type Options struct {
	// Keyring holds the sealing key. Nil means that there is none, and the key
	// goes to a file. The default is [OSKeyring], or nil if Getenv says
	// TIP_CLI_KEYRING=off.
	Keyring Keyring

	// KeyringTimeout bounds one call of Keyring, which may hang (D-Bus) or wait
	// for a person to unlock it. The default is 15 s.
	KeyringTimeout time.Duration

	// Getenv reads the environment. The default is os.Getenv.
	Getenv func(string) string
}

// Store is one state directory.
type Store struct {
	dir            string
	keyringTimeout time.Duration
	keyringOff     string // why there is no keyring, or ""
	keyring        Keyring
	keys           keyCache
}

// New returns the store in dir. It touches nothing: the directory is made, and
// its mode tightened, by the first write or lock.
func New(dir string, optFns ...func(*Options)) *Store {
	options := Options{Keyring: OSKeyring(), KeyringTimeout: 15 * time.Second, Getenv: os.Getenv}
	for _, fn := range optFns {
		fn(&options)
	}
	s := &Store{dir: dir, keyring: options.Keyring, keyringTimeout: options.KeyringTimeout}
	switch {
	case strings.EqualFold(options.Getenv(KeyringVariable), "off"):
		s.keyring, s.keyringOff = nil, KeyringVariable+"=off"
	case options.Keyring == nil:
		s.keyringOff = "no keyring here"
	}
	return s
}

// Dir returns the state directory.
func (s *Store) Dir() string { return s.dir }

// Path returns the path of one of the store's files.
func (s *Store) Path(name string) string { return filepath.Join(s.dir, name) }

// ensureDir makes the state directory, or tightens its mode to 0700. It refuses
// what is not meant to be private: a sticky directory such as /tmp, a file system
// root, and another user's directory. The mode of a directory that holds other
// things as well, such as a home directory or /etc, is not ours to change: there
// the modes of the files must do, and nobody else may be able to swap them.
func (s *Store) ensureDir() error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return s.dirError(err)
	}
	info, err := os.Stat(s.dir)
	if err != nil {
		return s.dirError(err)
	}
	if err := checkPrivate(s.dir, info); err != nil {
		return s.dirError(err)
	}
	if runtime.GOOS == "windows" || info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	alien, err := s.alien()
	switch {
	case err != nil:
		return s.dirError(err)
	case alien != "" && info.Mode().Perm()&0o022 != 0:
		return s.dirError(fmt.Errorf("other users can write to it, and it is not tip-cli's alone: %q is there too", alien))
	case alien != "":
		return nil
	}
	if err := os.Chmod(s.dir, 0o700); err != nil {
		return s.dirError(fmt.Errorf("other users can read it, and that cannot be changed: %w", err))
	}
	return nil
}

// alien returns the name of something in the state directory that tip-cli does not
// put there, or "". The directory's usual name says that it is tip-cli's alone.
func (s *Store) alien() (string, error) {
	if filepath.Base(s.dir) == defaultDir {
		return "", nil
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return "", err
	}
	for _, entry := range entries {
		if !ownName(entry.Name()) {
			return entry.Name(), nil
		}
	}
	return "", nil
}

// ownName reports whether the store makes files of that name: its data, key and
// lock files, and the temporary ones of their writers.
func ownName(name string) bool {
	name = strings.TrimPrefix(name, ".")
	for _, file := range []string{ConfigFile, IDPTokenFile, RoleFile, S3File, SignInFile, keyFilePrefix} {
		if strings.HasPrefix(name, file) {
			return true
		}
	}
	return strings.HasSuffix(name, ".lock")
}

func (s *Store) dirError(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &FileError{Path: s.dir, Err: err, Fix: "set " + HomeVariable + " to a directory of your own"}
}
