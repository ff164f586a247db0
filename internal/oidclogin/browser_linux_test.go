package oidclogin_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
	"github.com/tip-cli/tip-cli/internal/terminal/ptytest"
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
	screen, line := ptytest.Open(t, 0)
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
