package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tip-cli/tip-cli/internal/store/atomicfile"
)

// MaxFileSize is the most that any file of the store may hold, in bytes.
const MaxFileSize = 1 << 20

// read returns the content of a file. It looks before it opens, so that a FIFO
// does not block and a device is not touched. Only config.json may be a symbolic
// link (to a dotfiles repository, or on a mounted volume).
func (s *Store) read(name string) ([]byte, error) {
	path := s.Path(name)
	info, err := s.stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > MaxFileSize {
		return nil, s.fileError(name, ErrTooLarge)
	}
	file, err := os.OpenFile(path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, s.readError(name, err)
	}
	data, err := io.ReadAll(io.LimitReader(file, MaxFileSize+1))
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, s.readError(name, err)
	}
	if len(data) > MaxFileSize {
		return nil, s.fileError(name, ErrTooLarge)
	}
	return data, nil
}

// stat returns a regular file's info, or the error that says what stands there.
func (s *Store) stat(name string) (fs.FileInfo, error) {
	info, err := os.Lstat(s.Path(name))
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if name != ConfigFile {
			return nil, &FileError{
				Path: s.Path(name), Err: fmt.Errorf("%w: a symbolic link, and secrets are not kept behind links", ErrNotRegular),
				Fix: "remove the link: " + s.Path(name),
			}
		}
		info, err = os.Stat(s.Path(name))
	}
	if err != nil {
		return nil, s.readError(name, err)
	}
	if !info.Mode().IsRegular() {
		return nil, &FileError{
			Path: s.Path(name), Err: fmt.Errorf("%w: %s", ErrNotRegular, kind(info.Mode())),
			Fix: "move it away: " + s.Path(name),
		}
	}
	return info, nil
}

func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeNamedPipe != 0:
		return "a FIFO"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	default:
		return "a device"
	}
}

func (s *Store) readError(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return s.fileError(name, ErrNotFound)
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return &FileError{Path: s.Path(name), Err: err, Fix: "check that you may read it"}
}

// write replaces a file atomically with mode 0600. It refuses to replace what is
// not a regular file, and to write what read would refuse; a link in the place of
// config.json is followed.
func (s *Store) write(name string, data []byte) error {
	if len(data) > MaxFileSize {
		return s.fileError(name, ErrTooLarge)
	}
	if err := s.ensureDir(); err != nil {
		return err
	}
	if _, err := s.stat(name); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	path := s.Path(name)
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	if err := atomicfile.Write(path, data, 0o600); err != nil {
		return s.writeError(name, err)
	}
	return nil
}

// remove deletes a file; that it is not there is no error.
func (s *Store) remove(name string) error {
	err := os.Remove(s.Path(name))
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return s.writeError(name, err)
}

func (s *Store) writeError(name string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) { // whose path is that of a temporary file, or said already
		err = fmt.Errorf("%s: %w", path.Op, path.Err)
	}
	return &FileError{
		Path: s.Path(name), Err: err,
		Fix: "check the free space and the permissions of " + s.dir + ", or set " + HomeVariable,
	}
}

// object reads a file that holds a JSON object. It reports ErrNotFound for null,
// which the original leaves for "nothing". A byte order mark is dropped.
func (s *Store) object(name string) ([]byte, error) {
	data, err := s.read(name)
	if err != nil {
		return nil, err
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	trimmed := bytes.TrimSpace(data)
	switch {
	case bytes.Equal(trimmed, []byte("null")):
		return nil, s.fileError(name, ErrNotFound)
	case len(trimmed) == 0:
		return nil, s.corrupt(name, "it is empty")
	case trimmed[0] != '{':
		return nil, s.corrupt(name, "not a JSON object")
	}
	return data, nil
}

// decode reads a file into v.
func (s *Store) decode(name string, v any) error {
	data, err := s.object(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return s.corrupt(name, "%s", describe(data, err))
	}
	return nil
}

// describe words a JSON error without a byte of the content.
func describe(data []byte, err error) string {
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &mismatch) && mismatch.Field != "":
		return fmt.Sprintf("the value of %q has the wrong type", mismatch.Field)
	case errors.As(err, &syntax):
		before := data[:min(int(syntax.Offset), len(data))]
		line := 1 + bytes.Count(before, []byte("\n"))
		return fmt.Sprintf("JSON syntax error at line %d, column %d", line, len(before)-bytes.LastIndexByte(before, '\n')-1)
	default:
		return "not the JSON that belongs there"
	}
}

// encode writes v as the original does: an object, indented by four spaces.
func (s *Store) encode(name string, v any) error {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "    ")
	if err := encoder.Encode(v); err != nil {
		return s.fileError(name, errors.New("cannot be encoded"))
	}
	return s.write(name, buffer.Bytes())
}
