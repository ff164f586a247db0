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

// localLockDir returns a directory of this user alone that is not on a network: in
// XDG_RUNTIME_DIR, or where that is for a process that was not told (cron), or else
// among the temporary files.
func (s *Store) localLockDir() (string, error) {
	uid := strconv.Itoa(os.Geteuid())
	return firstOwn([]string{s.getenv("XDG_RUNTIME_DIR"), filepath.Join("/run/user", uid)}, filepath.Join(os.TempDir(), "tip-cli-"+uid))
}

// firstOwn makes a directory in the first of parents that is this user's alone, or else
// fallback.
func firstOwn(parents []string, fallback string) (string, error) {
	for _, dir := range parents {
		if filepath.IsAbs(dir) && checkOwn(dir) == nil {
			return ownDir(filepath.Join(dir, "tip-cli"))
		}
	}
	return ownDir(fallback)
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
