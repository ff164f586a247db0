package oidclogin_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
)

// TestSystemBrowserIsDetached: it leads a session of its own, which Ctrl-C in our
// terminal does not reach (proc_pid_stat(5): field 6 is the session).
func TestSystemBrowserIsDetached(t *testing.T) {
	systemBrowser(t, script(t, "set -- $(cat /proc/$$/stat); echo \"$(($1 - $6))\"\n"))
	written, err := openWith(t, t.Context(), "", address)
	if err != nil || written != "0\n" {
		t.Errorf("%v, pid and session differ by %q", err, written)
	}
}

func TestNoSystemBrowser(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := openWith(t, t.Context(), "", address)
	if err == nil || !strings.Contains(err.Error(), "none of xdg-open, x-www-browser, www-browser, wslview was found") {
		t.Error(err)
	}
}

// TestBrowserWritesToTerminal: what a browser says there helps a person.
func TestBrowserWritesToTerminal(t *testing.T) {
	screen, line := pseudoTerminal(t)
	says := script(t, "echo out; echo diagnostic >&2\n")
	if err := oidclogin.DefaultOpenURL(browserIs(says), line)(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	if err := screen.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var seen strings.Builder
	buf := make([]byte, 256)
	for !strings.HasSuffix(seen.String(), "diagnostic\r\n") {
		n, err := screen.Read(buf)
		if err != nil {
			t.Fatalf("the screen shows %q: %v", seen.String(), err)
		}
		seen.Write(buf[:n])
	}
}

// pseudoTerminal returns both sides of a new one (pty(7)).
func pseudoTerminal(t *testing.T) (screen, line *os.File) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	screen = os.NewFile(uintptr(fd), "screen")
	t.Cleanup(func() { _ = screen.Close() })
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	line, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = line.Close() })
	return screen, line
}
