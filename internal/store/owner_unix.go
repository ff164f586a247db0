//go:build !windows

package store

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// nonblock keeps an open of a FIFO from waiting for a writer.
const nonblock = syscall.O_NONBLOCK

// nofollow keeps an open from following a link.
const nofollow = syscall.O_NOFOLLOW

// checkPrivate refuses a directory that is not there to be made private: a sticky
// one such as /tmp, the root of the file system, and one that belongs to another
// user, who could swap the files in it. Root is let through to the last: containers
// run as root on volumes of others.
func checkPrivate(dir string, info fs.FileInfo) error {
	if info.Mode()&fs.ModeSticky != 0 || isRoot(dir, info) {
		return errors.New("is a shared directory, and the state must be private")
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() == 0 || int(stat.Uid) == os.Geteuid() {
		return nil
	}
	return errors.New("belongs to another user")
}

// isRoot sees the root of the file system behind a symbolic link as well.
func isRoot(dir string, info fs.FileInfo) bool {
	root, err := os.Stat("/")
	return dir == "/" || err == nil && os.SameFile(info, root)
}
