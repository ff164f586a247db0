//go:build !windows

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

func chmod(file *os.File, perm fs.FileMode) error { return file.Chmod(perm) }

// keepOwner gives file the owner and group of like. Without the right to do so
// the file stays the caller's, as with any editor that renames.
func keepOwner(file *os.File, like fs.FileInfo) error {
	if like == nil {
		return nil
	}
	stat, ok := like.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	err := file.Chown(int(stat.Uid), int(stat.Gid))
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	return err
}

func rename(from, to string) error { return os.Rename(from, to) }

// syncDir makes the rename durable. Some file systems cannot sync a directory
// and say so with EINVAL or ENOTSUP; the rename has happened all the same.
func syncDir(dir string) error {
	file, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = file.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, file.Close())
}
