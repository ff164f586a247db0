//go:build !windows

package fastpath

import "syscall"

// userHome names the variable that os.UserHomeDir reads.
const userHome = "HOME"

func absolute(path string) bool { return path[0] == '/' }

// openFlags keep an open from waiting, and from following a link where none may be.
func openFlags(k kind) int {
	if k == believedFile {
		return syscall.O_NONBLOCK
	}
	return syscall.O_NONBLOCK | syscall.O_NOFOLLOW
}
