package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// damagedSuffix ends the name of a file that was set aside; a number may follow.
	damagedSuffix = ".damaged"
	// maxDamaged is how many files of one name are kept aside.
	maxDamaged = 100
)

// dataFiles are the files that can be damaged in a way that is not ours to undo.
var dataFiles = []string{
	ConfigFile, IDPTokenFile, RoleFile, S3File, S3DeniedFile, SignInFile, ApplicationTokenFile, ClientSecretFile, IssuerFile, IdentityFile, GrantsFile, CurrentContextFile, keyRecordFile,
}

// SetAside renames a damaged file to NAME.damaged (or NAME.damaged-2, up to -100) and
// returns its new path. It never replaces a file, and it looks first whether the file
// is still damaged: one that is readable by now, or gone, stays where it is, and path
// is "". Damaged is what makes a loader report [ErrCorrupt] or [ErrTooLarge], and what
// judge, if given, returns an error for (internal/config's view of config.json, say).
//
// The caller holds the lock under which the file is written. Every write and Clear
// of this package does the same to a damaged file in its place.
func (s *Store) SetAside(name string, judge ...func(data []byte) error) (path string, err error) {
	damage := s.damage(name)
	for _, reject := range judge {
		if damage != nil {
			break
		}
		if data, err := s.read(name); err == nil {
			damage = reject(data)
		}
	}
	if damage == nil {
		return "", nil
	}
	path, err = s.reserve(name)
	if err != nil {
		return "", err
	}
	if err := os.Rename(s.Path(name), path); err != nil {
		_ = os.Remove(path) // the empty one
		return "", s.writeError(name, err)
	}
	s.keepPrivate(path)
	reason := s.Path(name) + ": damaged"
	var file *FileError
	if errors.As(damage, &file) { // ours, and so without a secret
		reason = file.Error()
	}
	s.notice("set aside "+path, "%s; it is set aside as %s", reason, filepath.Base(path))
	return path, nil
}

// damage returns what is wrong with the content of a file, or nil. It asks for no key:
// what a key does not open is not damaged.
func (s *Store) damage(name string) error {
	err := s.check(name)
	if errors.Is(err, ErrCorrupt) || errors.Is(err, ErrTooLarge) {
		return err
	}
	return nil
}

func (s *Store) check(name string) (err error) {
	switch name {
	case ConfigFile:
		_, err = s.LoadConfig()
	case IDPTokenFile:
		_, err = s.readIDPToken()
	case RoleFile:
		_, err = s.LoadRole()
	case S3File:
		_, err = s.LoadS3()
	case S3DeniedFile:
		err = s.decode(S3DeniedFile, &s3Denials{})
	case SignInFile:
		_, err = s.LoadSignIn()
	case ApplicationTokenFile:
		_, err = s.readApplicationToken()
	case ClientSecretFile:
		_, err = s.readClientSecret()
	case IssuerFile:
		_, err = s.LoadIssuer()
	case IdentityFile:
		_, err = s.LoadIdentity()
	case GrantsFile:
		_, err = s.LoadGrants()
	case CurrentContextFile:
		_, err = s.chosenContext()
	case keyRecordFile:
		err = s.decode(keyRecordFile, &keyRecord{})
	}
	return err
}

// reserve makes an empty file under a free name, which the rename replaces: so nobody
// else can take the name in between.
func (s *Store) reserve(name string) (string, error) {
	for n := 1; n <= maxDamaged; n++ {
		path := s.Path(name) + damagedSuffix
		if n > 1 {
			path = fmt.Sprintf("%s-%d", path, n)
		}
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			err = file.Close()
		}
		if err != nil {
			return "", s.writeError(name, err)
		}
		return path, nil
	}
	return "", &FileError{
		Path: s.Path(name), Err: fmt.Errorf("damaged, and %d others are set aside already", maxDamaged),
		Fix: fmt.Sprintf("look at %s%s* and delete what is not needed", s.Path(name), damagedSuffix),
	}
}

// keepPrivate tightens the mode of what was set aside: it may hold secrets. A symbolic
// link is left alone.
func (s *Store) keepPrivate(path string) {
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() {
		_ = os.Chmod(path, 0o600)
	}
}

// clear deletes a file, or sets it aside if it is damaged. That there is none is no error.
func (s *Store) clear(name string) error {
	if _, err := s.SetAside(name); err != nil {
		return err
	}
	return s.remove(name)
}

// DamagedFiles returns the paths of the files of this context that were set aside
// (see [Store.SetAside]), sorted. They may hold secrets.
func (s *Store) DamagedFiles() ([]string, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, s.dirError(s.dir, err)
	}
	var paths []string
	for _, entry := range entries {
		if name, _, ok := strings.Cut(entry.Name(), damagedSuffix); ok && slices.Contains(dataFiles, name) {
			paths = append(paths, s.Path(entry.Name()))
		}
	}
	return paths, nil
}
