package ptytest

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// Open returns both sides of a new pseudo terminal: the screen, at which a test
// plays the person, and the line, which programs have as their terminal; it is
// opened with flags besides O_RDWR and O_NOCTTY. Both are closed when the test
// ends. Where there are no pseudo terminals the test is skipped; in CI it fails.
func Open(tb testing.TB, flags int) (screen, line *os.File) {
	tb.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	switch {
	case err != nil && os.Getenv("CI") != "":
		tb.Fatal("no pseudo terminals here: ", err)
	case err != nil:
		tb.Skip("no pseudo terminals here: ", err)
	}
	screen = os.NewFile(uintptr(fd), "screen")
	tb.Cleanup(func() { _ = screen.Close() })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		tb.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		tb.Fatal(err)
	}
	line, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY|flags, 0)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = line.Close() })
	return screen, line
}
