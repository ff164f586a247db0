package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// ensureDir makes the state directory, or tightens its mode to 0700; that of a
// context together with the two above it, as far as they are tip-cli's.
func (s *Store) ensureDir() error { return s.eachDir(s.ensurePrivate) }

// eachDir visits the state directory; that of a context after the two above it. find
// names something in a directory that is not tip-cli's, or returns "".
func (s *Store) eachDir(visit func(dir string, find func(dir string) (string, error)) error) error {
	if s.home == "" {
		return visit(s.dir, alienUnless(filepath.Base(s.dir) == defaultDir))
	}
	alien := alienUnless(filepath.Base(s.home) == defaultDir)
	if err := visit(s.home, alien); err != nil {
		return err
	}
	beside, err := alien(s.home)
	if err != nil {
		return s.dirError(s.home, err)
	}
	if beside == "" {
		alien = alienUnless(true)
	}
	// What is in contexts/ does not tell whose it is: what is beside it does.
	if err := visit(filepath.Dir(s.dir), func(string) (string, error) { return beside, nil }); err != nil {
		return err
	}
	return visit(s.dir, alien)
}

// alienUnless returns alienIn or, if the directory is tip-cli's by its place, what
// finds nothing.
func alienUnless(ours bool) func(dir string) (string, error) {
	if ours {
		return func(string) (string, error) { return "", nil }
	}
	return alienIn
}

// ensurePrivate makes dir, or tightens its mode to 0700. It refuses what is not
// meant to be private: a sticky directory such as /tmp, a file system root, and
// another user's directory. The mode of a directory that holds other things as
// well, such as a home directory or /etc, is not ours to change: there the modes
// of the files must do, and nobody else may be able to swap them. find names
// something that is not tip-cli's there, or returns "".
func (s *Store) ensurePrivate(dir string, find func(dir string) (string, error)) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return s.dirError(dir, err)
	}
	mode, err := s.judgeDir(dir, find)
	switch {
	case err != nil:
		return s.dirError(dir, err)
	case mode != 0:
		return s.tightenDir(dir, mode)
	}
	return nil
}

// judgeDir returns the mode of a directory that is open to others and ours to change,
// or 0. The error says why the state cannot be there.
func (s *Store) judgeDir(dir string, find func(dir string) (string, error)) (fs.FileMode, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return 0, err
	}
	if !info.IsDir() {
		return 0, errors.New("is not a directory")
	}
	if err := checkPrivate(dir, info); err != nil {
		return 0, err
	}
	mode := info.Mode().Perm()
	if runtime.GOOS == "windows" || mode&0o077 == 0 {
		return 0, nil
	}
	alien, err := find(dir)
	switch {
	case err != nil:
		return 0, err
	case alien == "":
		return mode, nil
	case mode&0o022 != 0:
		return 0, fmt.Errorf("other users can write to it, and it is not tip-cli's alone: %q is there too", alien)
	}
	return 0, nil
}

func (s *Store) tightenDir(dir string, mode fs.FileMode) error {
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a directory needs the bits to enter it
		return s.dirError(dir, fmt.Errorf("other users can read it, and that cannot be changed: %w", bare(err)))
	}
	s.notice("mode of "+dir, "%s was open to other users (mode %04o): it has mode 0700 now", dir, mode)
	return nil
}

// alienIn returns the name of something in dir that tip-cli does not put there, or "".
func alienIn(dir string) (string, error) {
	entries, err := os.ReadDir(dir)
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
// lock files, those set aside, the temporary ones of their writers, and the
// directory of the contexts.
func ownName(name string) bool {
	if name == contextsDir {
		return true
	}
	name = strings.TrimPrefix(name, ".")
	ours := func(file string) bool { return strings.HasPrefix(name, file) }
	return slices.ContainsFunc(dataFiles, ours) || ours(keyFilePrefix) || strings.HasSuffix(name, ".lock")
}

func (s *Store) dirError(dir string, err error) error {
	fix := "set " + HomeVariable + " to a directory of your own"
	if cause := causeOf(err); cause != "" {
		fix = cause + ", or " + fix
	}
	return &FileError{Path: dir, Err: bare(err), Fix: fix}
}
