package store

import (
	"errors"
	"fmt"
	"strings"
)

// What a [FileError] may wrap, for callers that branch with errors.Is.
var (
	// ErrNotFound: the file does not exist, or it holds nothing yet.
	ErrNotFound = errors.New("not there yet")
	// ErrCorrupt: the file is not what tip-cli or its predecessor writes.
	ErrCorrupt = errors.New("damaged or not a file of tip-cli")
	// ErrNotRegular: a directory, a FIFO, a device or (for files with secrets) a
	// symbolic link stands in the place of the file.
	ErrNotRegular = errors.New("not a regular file")
	// ErrTooLarge: the file exceeds [MaxFileSize].
	ErrTooLarge = errors.New("too large for a file of tip-cli")
	// ErrKeyLost: the file is sealed with a key that is gone, or that does not open it.
	// Only making the file anew helps: signing in again, say.
	ErrKeyLost = errors.New("the key that seals it is lost")
	// ErrKeyUnavailable: the file is sealed with a key in the OS keyring, and that could
	// not be asked (it is switched off, or there is none) or gave no answer (it is
	// locked, or too slow). Another time the file may open.
	ErrKeyUnavailable = errors.New("the key that seals it is in the OS keyring, which does not give it now")
	// ErrLocked: somebody else had the lock until the context ended.
	ErrLocked = errors.New("locked by another process")
)

// unavailableError is an ErrKeyUnavailable.
type unavailableError struct {
	cause string // in one line
}

func (e *unavailableError) Error() string { return fmt.Sprintf("%v (%s)", ErrKeyUnavailable, e.cause) }

func (e *unavailableError) Unwrap() error { return ErrKeyUnavailable }

// FileError says what is wrong with one file of the state directory. It never
// quotes the file's content.
type FileError struct {
	// Path is the file.
	Path string
	// Err is the cause.
	Err error
	// Fix is what the user can do: mostly a command to run.
	Fix string
}

// Error names the file and the cause.
func (e *FileError) Error() string { return fmt.Sprintf("%s: %v", e.Path, e.Err) }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// Hint returns what the user can do about it.
func (e *FileError) Hint() string { return e.Fix }

// fixes has the command that makes each file anew.
var fixes = map[string]string{
	ConfigFile:           "run: tip-cli configure idp",
	IDPTokenFile:         "run: tip-cli auth",
	RoleFile:             "run: tip-cli auth",
	S3File:               "run: tip-cli s3ag clear-credentials",
	SignInFile:           "run: tip-cli auth",
	ApplicationTokenFile: "run: tip-cli auth",
	ClientSecretFile:     "run: tip-cli configure client-secret",
	IssuerFile:           "run: tip-cli auth",
	IdentityFile:         "run: tip-cli auth",
	S3DeniedFile:         "run: tip-cli s3ag get-data-access S3_PATH",
	GrantsFile:           "run: tip-cli s3ag list-grants",
	keyRecordFile:        "run: tip-cli auth",
}

// fix returns the command that makes a file anew, in this context.
func (s *Store) fix(name string) string {
	if name == CurrentContextFile {
		return "run: tip-cli configure use-context " + DefaultContext
	}
	command := fixes[name]
	if command == "" || s.context == "" {
		return command
	}
	return strings.Replace(command, "run: tip-cli ", "run: tip-cli --context "+s.context+" ", 1)
}

func (s *Store) fileError(name string, err error) error {
	return &FileError{Path: s.Path(name), Err: err, Fix: s.fix(name)}
}

// unlock is what helps where the keyring has a key and does not give it.
func (s *Store) unlock(name string) string {
	if s.keyringOff == switchedOff {
		return "unset " + KeyringVariable + ", or " + s.fix(name)
	}
	return "unlock the OS keyring, or " + s.fix(name)
}

func (s *Store) corrupt(name, format string, args ...any) error {
	return s.fileError(name, fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...)))
}
