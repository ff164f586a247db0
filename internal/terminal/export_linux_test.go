package terminal

import (
	"time"

	"golang.org/x/sys/unix"
)

// RestoreAndDrop ends a read as a cancelled one ends.
func RestoreAndDrop(t *Terminal) error {
	mode, err := unix.IoctlGetTermios(t.fd, getTermios)
	if err != nil {
		return err
	}
	return t.restore(mode, true)
}

// SetPatience sets how long a Write waits for a terminal that takes nothing.
func SetPatience(t *Terminal, d time.Duration) { t.patience = d }
