package terminal

import "golang.org/x/sys/unix"

const (
	getTermios      = unix.TCGETS
	setTermios      = unix.TCSETS
	setTermiosFlush = unix.TCSETSF
	// disabled is _POSIX_VDISABLE.
	disabled = 0
)
