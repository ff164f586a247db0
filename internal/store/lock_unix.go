//go:build !windows

package store

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// isShortage reports whether the kernel, or the lock service of a network file system,
// has no lock to give; that may pass.
func isShortage(err error) bool { return errors.Is(err, syscall.ENOLCK) }

// cannotLock reports whether an error of flock(2) says that the file system has no
// locks: on Linux NFS without a lock service says ENOLCK, others say the rest.
func cannotLock(err error) bool {
	for _, errno := range []error{syscall.ENOLCK, syscall.ENOTSUP, syscall.EOPNOTSUPP, syscall.ENOSYS, syscall.EINVAL} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// isOwner reports whether a file is this user's own. Root is nobody else here.
func isOwner(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
