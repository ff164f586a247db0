//go:build !windows

package answer

import (
	"io/fs"
	"os"
	"syscall"
)

// shared returns those of the permissions that others have.
func shared(info fs.FileInfo, permissions fs.FileMode) fs.FileMode {
	return info.Mode().Perm() & permissions
}

// ownedBy reports whether a file is this user's, or, if root will do, root's.
func ownedBy(info fs.FileInfo, root bool) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && (int(stat.Uid) == os.Geteuid() || root && stat.Uid == 0)
}
