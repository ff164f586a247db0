package awsprofile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxSize is the most that a config file may hold, in bytes.
const maxSize = 4 << 20

// Error says why a config file cannot be read or edited.
type Error struct {
	// Path is the file; "" if the arguments are wrong.
	Path string
	// Err is the cause.
	Err error
	// Fix is what the user can do.
	Fix string
}

// Error names the file, if any, and the cause.
func (e *Error) Error() string {
	if e.Path == "" {
		return e.Err.Error()
	}
	return fmt.Sprintf("%s: %v", e.Path, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Hint returns what the user can do about it.
func (e *Error) Hint() string { return e.Fix }

func fileError(path string, err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	return &Error{Path: path, Err: err, Fix: "check its permissions, or set AWS_CONFIG_FILE"}
}

// resolve follows symbolic links, so that the target is replaced and not the link.
func resolve(path string) (string, error) {
	target, err := filepath.EvalSymlinks(path)
	if err == nil {
		return target, nil
	}
	if _, linkErr := os.Lstat(path); linkErr == nil {
		return "", &Error{Path: path, Err: fmt.Errorf("a symbolic link that leads nowhere: %w", err), Fix: "mend or remove the link"}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return filepath.Abs(path)
	}
	return "", fileError(path, err)
}

// writable refuses a file that is marked as read-only: to replace it would be easy,
// and against the wish of whoever marked it.
func writable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fileError(path, err)
	case info.Mode().Perm()&0o200 != 0:
		return nil
	}
	return &Error{
		Path: path, Err: errors.New("is read-only"),
		Fix: "make it writable if it is yours to edit, or set AWS_CONFIG_FILE to another file",
	}
}

// readFile returns the content, and whether the file exists. It looks before it
// opens: a FIFO would block.
func readFile(path string) (content []byte, exists bool, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fileError(path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, false, &Error{Path: path, Err: errors.New("is not a regular file"), Fix: "set AWS_CONFIG_FILE to your AWS config file"}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, false, fileError(path, err)
	}
	content, err = io.ReadAll(io.LimitReader(file, maxSize+1))
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, false, fileError(path, err)
	}
	if err := checkContent(content); err != nil {
		return nil, false, &Error{Path: path, Err: err, Fix: "mend the file, or set AWS_CONFIG_FILE to another one"}
	}
	return content, true, nil
}

func checkContent(content []byte) error {
	if len(content) > maxSize {
		return errors.New("is too large for an AWS config file")
	}
	for i, b := range content {
		if b == 0 {
			return fmt.Errorf("is not a text file, or not in UTF-8 (NUL at byte %d)", i)
		}
	}
	return nil
}
