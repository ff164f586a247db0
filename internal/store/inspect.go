package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/gofrs/flock"

	"github.com/tip-cli/tip-cli/internal/answer"
)

// FlawKind says what kind of thing a [Flaw] is.
type FlawKind string

// The kinds of flaws.
const (
	// FlawUnusable: the state cannot be in this directory.
	FlawUnusable FlawKind = "unusable"
	// FlawOpen: other users can read a secret, or change what is believed.
	FlawOpen FlawKind = "open"
	// FlawForeign: the file belongs to another user.
	FlawForeign FlawKind = "foreign"
	// FlawUnreadable: the file cannot be read, or is none.
	FlawUnreadable FlawKind = "unreadable"
	// FlawDamaged: the content is not what belongs there.
	FlawDamaged FlawKind = "damaged"
)

// Flaw is something about a directory or a file of the state that is not as it should be.
type Flaw struct {
	Kind FlawKind
	Path string
	// Mode is what it has and Want what it should have, for FlawOpen.
	Mode, Want fs.FileMode
	// Err says what is wrong, without a secret; nil for FlawOpen and FlawForeign.
	Err error
}

// Inspect looks at the directories and the files of the state and returns what is not
// as it should be. It needs no key, and what is sealed stays so. It changes nothing if s
// was opened with [Options].LookOnly.
func (s *Store) Inspect() []Flaw {
	flaws := s.inspectDirs()
	for _, name := range s.present() {
		flaws = append(flaws, s.inspectFile(name)...)
	}
	return flaws
}

func (s *Store) inspectDirs() []Flaw {
	var flaws []Flaw
	note := func(dir string, find func(string) (string, error)) error {
		mode, err := s.judgeDir(dir, find)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err == nil && mode == 0:
			err = writable(dir)
		case err == nil:
			flaws = append(flaws, Flaw{Kind: FlawOpen, Path: dir, Mode: mode, Want: 0o700})
			return nil
		}
		if err != nil {
			flaws = append(flaws, Flaw{Kind: FlawUnusable, Path: dir, Err: s.dirError(dir, err)})
		}
		return err
	}
	if err := s.eachDir(note); err != nil && len(flaws) == 0 && !errors.Is(err, fs.ErrNotExist) {
		flaws = append(flaws, Flaw{Kind: FlawUnusable, Path: s.dir, Err: err})
	}
	return flaws
}

// present returns the names of the store's files that are there, but for locks.
func (s *Store) present() []string {
	var names []string
	for _, name := range dataFiles {
		if _, err := os.Lstat(s.Path(name)); err == nil {
			names = append(names, name)
		}
	}
	keys, _ := filepath.Glob(s.Path(keyFilePrefix + "*")) // the pattern is one
	for _, path := range keys {
		if name := filepath.Base(path); keyFileForm().MatchString(name) && !strings.HasPrefix(name, ".") {
			names = append(names, name)
		}
	}
	return names
}

func (s *Store) inspectFile(name string) []Flaw {
	path := s.Path(name)
	info, err := s.stat(name)
	if err != nil {
		return []Flaw{{Kind: FlawUnreadable, Path: path, Err: err}}
	}
	var flaws []Flaw
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&tooWide(name) != 0 {
		flaws = append(flaws, Flaw{Kind: FlawOpen, Path: path, Mode: mode, Want: 0o600})
	} else if foreign(name, info) {
		flaws = append(flaws, Flaw{Kind: FlawForeign, Path: path})
	}
	switch err := s.check(name); {
	case errors.Is(err, ErrCorrupt), errors.Is(err, ErrTooLarge):
		flaws = append(flaws, Flaw{Kind: FlawDamaged, Path: path, Err: err})
	case err != nil && !errors.Is(err, ErrNotFound):
		flaws = append(flaws, Flaw{Kind: FlawUnreadable, Path: path, Err: err})
	}
	return flaws
}

// tooWide are the permissions that others must not have for a file.
func tooWide(name string) fs.FileMode {
	switch {
	case hasSecrets(name):
		return 0o077
	case name == ConfigFile, name == CurrentContextFile:
		return 0o022
	}
	return 0
}

// foreign reports whether another user owns what is believed or secret, as [Store.protect]
// and sayOwner see it.
func foreign(name string, info fs.FileInfo) bool {
	switch {
	case hasSecrets(name):
		return !answer.Private(info)
	case name == ConfigFile, name == CurrentContextFile:
		return os.Geteuid() != 0 && !answer.Trusted(info)
	}
	return false
}

// Tighten gives a directory or a file of the state that [Store.Inspect] found open the
// mode that it should have. The caller holds the lock under which the file is written.
func (s *Store) Tighten(path string) error {
	wide := tooWide(filepath.Base(path))
	var err error
	if info, statErr := os.Stat(path); statErr == nil && info.IsDir() {
		wide, err = 0o077, s.ensureDir()
	} else {
		err = s.tightenFile(filepath.Base(path))
	}
	if err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&wide != 0 {
		return &FileError{Path: path, Err: fmt.Errorf("mode %04o stays", info.Mode().Perm()), Fix: "move the state with " + HomeVariable}
	}
	return nil
}

// tightenFile does it for one file, through no link.
func (s *Store) tightenFile(name string) error {
	file, err := os.OpenFile(s.Path(name), os.O_RDONLY|nonblock|nofollow, 0)
	if err != nil {
		return s.readError(name, err)
	}
	info, err := file.Stat()
	if err == nil && info.Mode().IsRegular() && tooWide(name) != 0 {
		err = file.Chmod(0o600)
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return &FileError{Path: s.Path(name), Err: bare(err), Fix: "change its mode as its owner"}
	}
	return nil
}

// Locked reports whether another process, or somebody else in this one, has the lock
// called name. It makes no file. What holds the lock of a file system that cannot lock is
// not seen. The error is a *[FileError].
func (s *Store) Locked(name string) (bool, error) {
	path := s.Path(name + ".lock")
	if err := checkLockFile(path); err != nil {
		return false, err
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	lock := flock.New(path, flock.SetFlag(os.O_RDWR))
	defer func() { _ = lock.Close() }()
	had, err := s.flock(lock)
	switch {
	case errors.Is(err, fs.ErrNotExist), cannotLock(err):
		return false, nil
	case err != nil:
		return false, s.noLock(path, bare(err))
	}
	return !had, nil
}
