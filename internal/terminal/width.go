package terminal

import (
	"syscall"

	"golang.org/x/term"
)

// Width returns how many columns a terminal has, such as [os.Stdout]; 0 for what is none,
// and for one that does not tell.
func Width(f any) int {
	c, ok := f.(syscall.Conn)
	if !ok {
		return 0
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return 0
	}
	columns := 0
	err = raw.Control(func(fd uintptr) {
		if width, _, err := term.GetSize(int(fd)); err == nil {
			columns = width
		}
	})
	if err != nil {
		return 0
	}
	return max(0, columns)
}
