package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// tryLocalLock tries once for a lock on local storage in the place of the one at path,
// which cannot be had for the reason why.
func (s *Store) tryLocalLock(name, path string, why error) (release func(), err error) {
	dir, err := s.localLockDir()
	if err != nil {
		return nil, err
	}
	local, err := s.localLockName(name)
	if err != nil {
		return nil, err
	}
	release, err = s.take(filepath.Join(dir, local))
	if err != nil {
		return nil, err
	}
	s.notice("local lock", "%s cannot be locked (%v): locks are in %s, and do not hold off processes on other machines", path, why, dir)
	return release, nil
}

// localLockName is the same for all who use one state directory, however they spell it.
func (s *Store) localLockName(name string) (string, error) {
	dir, err := filepath.EvalSymlinks(s.dir)
	if err == nil {
		dir, err = filepath.Abs(dir)
	}
	if err != nil {
		return "", bare(err)
	}
	sum := sha256.Sum256([]byte(dir + "\x00" + name))
	return hex.EncodeToString(sum[:]) + ".lock", nil
}

// localLockDir returns a directory of this user alone that is not on a network. No
// variable moves it: processes with different environments, a cron job and a desktop
// session say, have to meet there.
func (s *Store) localLockDir() (string, error) {
	return ownDir(filepath.Join(s.localLocks, "tip-cli-"+strconv.Itoa(os.Geteuid())))
}

// ownDir makes a directory, or checks that the one that is there is ours alone.
func ownDir(dir string) (string, error) {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return dir, checkOwn(dir)
}

// checkOwn refuses what is not a directory (a symbolic link, say), belongs to somebody
// else, or is open to others.
func checkOwn(dir string) error {
	info, err := os.Lstat(dir)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%s is not a directory", dir)
	case !isOwner(info):
		return fmt.Errorf("%s belongs to another user", dir)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("%s is open to other users (mode %04o)", dir, info.Mode().Perm())
	}
	return nil
}
