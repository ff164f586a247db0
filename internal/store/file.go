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
	"runtime"
	"strings"

	"github.com/tip-cli/tip-cli/internal/store/atomicfile"
)

// MaxFileSize is the most that any file of the store may hold, in bytes.
const MaxFileSize = 1 << 20

// maxLinks is how many symbolic links are followed to a file that is not there.
const maxLinks = 40

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
	if !s.lookOnly {
		if s.tighten(name, file) {
			s.tightenOthers(name)
		}
		s.protect(name, file)
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
	return &FileError{Path: s.Path(name), Err: bare(err), Fix: "check that you may read it"}
}

// tighten gives an open file with secrets mode 0600, if others can read or write it.
// If that cannot be done it is said, and the file is used all the same. open says that
// they could.
func (s *Store) tighten(name string, file *os.File) (open bool) {
	info, err := file.Stat()
	if err != nil || runtime.GOOS == "windows" || !hasSecrets(name) || info.Mode().Perm()&0o077 == 0 {
		return false
	}
	mode := info.Mode().Perm()
	if err = file.Chmod(0o600); err == nil {
		info, err = file.Stat()
	}
	switch {
	case err != nil:
		err = bare(err)
	case info.Mode().Perm()&0o077 != 0:
		err = errors.New("the file system keeps no modes")
	default:
		s.notice("mode of "+name, "%s was open to other users (mode %04o): it has mode 0600 now", s.Path(name), mode)
		return true
	}
	s.notice("mode of "+name, "%s is open to other users (mode %04o), and that cannot be changed (%v): move it with %s",
		s.Path(name), mode, err, HomeVariable)
	return true
}

// tightenOthers does the same to the other files with secrets in this directory: where
// one is open, they mostly are, and the next use of some of them may be far. Their
// content is not read; what is no file is left to its own reader to refuse.
func (s *Store) tightenOthers(name string) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return // nobody waits for it
	}
	for _, entry := range entries {
		other := entry.Name()
		if other == name || !hasSecrets(other) || !entry.Type().IsRegular() {
			continue
		}
		file, err := os.OpenFile(s.Path(other), os.O_RDONLY|nonblock|nofollow, 0)
		if err != nil {
			continue
		}
		if info, err := file.Stat(); err == nil && info.Mode().IsRegular() {
			s.tighten(other, file)
		}
		_ = file.Close()
	}
}

// hasSecrets reports whether others must not read a file.
func hasSecrets(name string) bool {
	switch name {
	case IDPTokenFile, RoleFile, S3File, ApplicationTokenFile, ClientSecretFile:
		return true
	}
	return strings.HasPrefix(name, keyFilePrefix)
}

// write replaces a file atomically with mode 0600, after a damaged one in its place
// was set aside. It refuses to replace what is not a regular file, and to write what
// read would refuse; a link in the place of config.json is followed.
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
	if _, err := s.SetAside(name); err != nil {
		return err
	}
	path, err := s.target(name)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(path, data, 0o600); err != nil {
		return s.writeError(name, err)
	}
	return nil
}

// target returns where a write of a file goes: to where a link in its place leads, even
// if nothing is there yet. It refuses a link into a directory that is not there. (stat
// has refused a ring.)
func (s *Store) target(name string) (string, error) {
	path := s.Path(name)
	if !isLink(path) {
		return path, nil
	}
	target, err := filepath.EvalSymlinks(path)
	switch {
	case err == nil:
		return target, nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", s.readError(name, err)
	}
	for n := 0; n < maxLinks && isLink(path); n++ {
		link, err := os.Readlink(path)
		if err != nil {
			return "", s.readError(name, err)
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		dir, err := filepath.EvalSymlinks(filepath.Dir(link))
		if err != nil {
			return "", &FileError{
				Path: s.Path(name), Err: fmt.Errorf("a symbolic link to %s: %w", link, bare(err)),
				Fix: "make the directory " + filepath.Dir(link) + ", or remove the link " + s.Path(name),
			}
		}
		path = filepath.Join(dir, filepath.Base(link))
	}
	return path, nil
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// remove deletes a file, and what killed writers of it left; that it is not there is
// no error.
func (s *Store) remove(name string) error {
	atomicfile.RemoveStale(s.Path(name))
	_, err := os.Lstat(s.Path(name))
	if err == nil { // else a read-only file system refuses what is not there
		err = os.Remove(s.Path(name))
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return s.writeError(name, err)
}

// writeError says in one line what a write met, and what to do about it.
func (s *Store) writeError(name string, err error) error {
	fix := "check the free space and the permissions of " + s.dir + ", or set " + HomeVariable
	if cause := causeOf(err); cause != "" {
		fix = cause + ", or set " + HomeVariable + " to another directory"
	}
	return &FileError{Path: s.Path(name), Err: operation(err), Fix: fix}
}

// object reads a file that holds a JSON object. It reports ErrNotFound for null and
// {}, which the original leaves for "nothing". A byte order mark is dropped.
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
	case string(bytes.TrimSpace(trimmed[1:])) == "}":
		return nil, s.fileError(name, ErrNotFound)
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
