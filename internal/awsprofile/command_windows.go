package awsprofile

import (
	"strings"
	"syscall"
)

// shortPath returns the 8.3 name of exe if exe has spaces, exists and has such a
// name, else exe itself.
func shortPath(exe string) string {
	if !strings.Contains(exe, " ") {
		return exe
	}
	long, err := syscall.UTF16PtrFromString(exe)
	if err != nil {
		return exe
	}
	buffer := make([]uint16, syscall.MAX_LONG_PATH)
	n, err := syscall.GetShortPathName(long, &buffer[0], uint32(len(buffer)))
	if err != nil || n == 0 || int(n) > len(buffer) {
		return exe
	}
	return syscall.UTF16ToString(buffer[:n])
}
