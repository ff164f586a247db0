package credserver

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/store/atomicfile"
)

// TokenFile is the file that clients take the token of a server from, as
// AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE has them do at each request: so they find a
// server that was started again. It is one server's from [OpenTokenFile] to
// [TokenFile.Close]. A nil TokenFile is none.
type TokenFile struct {
	path    string
	release func()
	// empty says that the file was there, and empty: somebody has made it for us.
	empty bool
	// written is what was written; zero for nothing.
	written secret.Value
}

// What keeps a file from being a [TokenFile].
var (
	ErrTokenFileTaken = errors.New("another tip-cli serve has its token there")
	errNoToken        = errors.New("it is there already and holds no token")
	errLink           = errors.New("it is a symbolic link")
	errFolder         = errors.New("it is a folder")
	errNotRegular     = errors.New("it is no regular file")
	errNoFolder       = errors.New("its folder is not there")
)

// TokenFileError says why a file is not to be had for a token.
type TokenFileError struct {
	// Path is the file.
	Path string
	// Err is the cause, such as [ErrTokenFileTaken].
	Err error
}

// Error implements error.
func (e *TokenFileError) Error() string { return fmt.Sprintf("token file %s: %v", e.Path, e.Err) }

// Unwrap returns the cause.
func (e *TokenFileError) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *TokenFileError) Hint() string {
	switch {
	case errors.Is(e.Err, ErrTokenFileTaken):
		return "give --token-file another file, or end the other one"
	case errors.Is(e.Err, errLink):
		return "give --token-file the name of the file itself"
	case errors.Is(e.Err, errFolder):
		return "give --token-file the name of a file in it, such as " + filepath.Join(e.Path, "token")
	case errors.Is(e.Err, errNoFolder):
		return "make the folder first: mkdir " + filepath.Dir(e.Path)
	case errors.Is(e.Err, fs.ErrPermission):
		return "give --token-file a file in a folder that you may write to"
	}
	return "give --token-file the name of a new file"
}

// OpenTokenFile wants a file that is not there, is empty, or holds a token that an
// earlier server has left. lock holds off other servers until what it returns is
// called; its error, [ErrTokenFileTaken] for example, is the one of OpenTokenFile, a
// [*TokenFileError]. Nothing is written.
func OpenTokenFile(path string, lock func(path string) (release func(), err error)) (*TokenFile, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, &TokenFileError{Path: path, Err: err}
	}
	f := &TokenFile{path: path}
	if err := f.check(); err != nil {
		return nil, err
	}
	if f.release, err = lock(path); err != nil {
		return nil, &TokenFileError{Path: path, Err: err}
	}
	return f, nil
}

// Path is the absolute path of the file; empty for none.
func (f *TokenFile) Path() string {
	if f == nil {
		return ""
	}
	return f.path
}

// Write writes a token, without a newline, which botocore would not trim. Nobody else
// can read the file then. The error is a [*TokenFileError].
func (f *TokenFile) Write(token secret.Value) error {
	if f == nil {
		return nil
	}
	if err := f.check(); err != nil { // some time has passed
		return err
	}
	if err := atomicfile.Write(f.path, []byte(token.Reveal()), 0o600); err != nil {
		return &TokenFileError{Path: f.path, Err: bare(err)}
	}
	f.written = token
	return nil
}

// Close removes the file if it holds what was written; one that was there before is
// emptied instead. The error is a [*TokenFileError].
func (f *TokenFile) Close() error {
	if f == nil {
		return nil
	}
	defer f.release()
	if f.written.IsZero() {
		return nil
	}
	held, err := f.read()
	if err == nil && held == f.written.Reveal() {
		if f.empty {
			err = os.Truncate(f.path, 0)
		} else {
			err = os.Remove(f.path)
		}
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return &TokenFileError{Path: f.path, Err: bare(err)}
}

// tokenFileForm is what may be overwritten: a token that an earlier server has left.
var tokenFileForm = lazyregexp.New(`^[A-Za-z0-9_-]{43}$`)

// check refuses a file that is not for us.
func (f *TokenFile) check() error {
	held, err := f.read()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(filepath.Dir(f.path)); errors.Is(err, fs.ErrNotExist) {
			return &TokenFileError{Path: f.path, Err: errNoFolder}
		}
		f.empty = false
		return nil
	case err != nil:
		return &TokenFileError{Path: f.path, Err: bare(err)}
	case held != "" && !tokenFileForm().MatchString(held):
		return &TokenFileError{Path: f.path, Err: errNoToken}
	}
	f.empty = held == ""
	return nil
}

// read reads the file as far as a token may reach, and a byte more. It opens nothing
// that it would wait at, such as a pipe.
func (f *TokenFile) read() (string, error) {
	info, err := os.Lstat(f.path)
	switch {
	case err != nil:
		return "", err
	case info.Mode().Type() == fs.ModeSymlink:
		return "", errLink
	case info.IsDir():
		return "", errFolder
	case !info.Mode().IsRegular():
		return "", errNotRegular
	}
	file, err := os.Open(f.path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	held, err := io.ReadAll(io.LimitReader(file, longestToken+1))
	return string(held), err
}

// bare is an error without the path, which the caller names.
func bare(err error) error {
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		return of.Err
	}
	return err
}
