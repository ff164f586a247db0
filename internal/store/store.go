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
// Several configurations live side by side: the state directory itself is the
// context "default", and another one has the same files in contexts/NAME, with
// locks and a key of its own ([Open], [Contexts], [CurrentContext]).
//
// A [Store] is safe for concurrent use. Loading and saving take no lock: whoever
// reads, decides and writes holds [Store.Lock] around all three. The package
// judges neither the configuration's content (internal/config does) nor whether
// credentials still hold; and it deletes nothing that it cannot read: a damaged
// file is set aside ([Store.SetAside]).
package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
)

// The files of the state directory. The first four are the original's.
const (
	ConfigFile           = "config.json"
	IDPTokenFile         = "idp_token.json"
	RoleFile             = "role_creds.json"
	S3File               = "s3_creds.json"
	S3DeniedFile         = "s3_denied.json"
	SignInFile           = "sign_in.json"
	ApplicationTokenFile = "application_token.json"
	ClientSecretFile     = "client_secret.json"
	IssuerFile           = "issuer.json"
	IdentityFile         = "identity.json"
	GrantsFile           = "grants.json"
	// CurrentContextFile is in the directory of the context "default" only.
	CurrentContextFile = "current_context"
)

// defaultDir is the name of the state directory, in the home directory.
const defaultDir = ".aws_tip_cli"

// HomeVariable names the environment variable that moves the state directory.
const HomeVariable = "AWS_TIP_CLI"

// KeyringVariable names the environment variable that, set to "off", keeps the
// sealing key out of the OS keyring.
const KeyringVariable = "TIP_CLI_KEYRING"

// switchedOff is why there is no keyring where the environment says so.
const switchedOff = KeyringVariable + "=off"

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
	// for a person to unlock it. The default is 30 s.
	KeyringTimeout time.Duration

	// Getenv reads the environment. The default is os.Getenv.
	Getenv func(string) string

	// LookOnly has reads leave the modes of files as they are, and say nothing of them:
	// for whoever only looks ([Store.Inspect]). Writes are as ever.
	LookOnly bool

	// Notice is told, in one line without secrets, what was repaired or is not as
	// it should be: permissions that were too wide, a damaged file set aside, locks
	// that hold on this machine only, a key that goes to a file or is replaced because
	// the keyring does not answer. Each thing is said once in the life of the Store. It may be called by several goroutines at once. Nil: nobody is told.
	Notice func(string)
}

// Store is one state directory.
type Store struct {
	dir            string
	home           string // the directory of the context "default", or "" if dir is it
	context        string // the name of the context, or "" for "default"
	keyringTimeout time.Duration
	keyringOff     string // why there is no keyring, or ""
	keyring        Keyring
	keys           keyCache
	notices        notices
	flock          func(*flock.Flock) (bool, error)
	shortage       atomic.Bool // the kernel has had no lock to give for long
	lookOnly       bool
	localLocks     string // holds the directory of the local locks
}

// New returns the store in dir. It touches nothing: the directory is made, and
// its mode tightened, by the first write or lock.
func New(dir string, optFns ...func(*Options)) *Store {
	options := Options{Keyring: OSKeyring(), KeyringTimeout: 30 * time.Second, Getenv: os.Getenv}
	for _, fn := range optFns {
		fn(&options)
	}
	s := &Store{
		dir: dir, keyring: options.Keyring, keyringTimeout: options.KeyringTimeout,
		lookOnly: options.LookOnly,
		notices:  notices{tell: options.Notice}, flock: (*flock.Flock).TryLock, localLocks: "/tmp",
	}
	switch {
	case strings.EqualFold(options.Getenv(KeyringVariable), "off"):
		s.keyring, s.keyringOff = nil, switchedOff
	case options.Keyring == nil:
		s.keyringOff = "no keyring here"
	}
	return s
}

// Dir returns the state directory.
func (s *Store) Dir() string { return s.dir }

// Path returns the path of one of the store's files.
func (s *Store) Path(name string) string { return filepath.Join(s.dir, name) }
