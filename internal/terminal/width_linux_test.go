package terminal_test

import (
	"bytes"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tip-cli/tip-cli/internal/terminal"
	"github.com/tip-cli/tip-cli/internal/terminal/ptytest"
)

func TestWidth(t *testing.T) {
	_, line := ptytest.Open(t, 0)
	for _, columns := range []uint16{0, 40, 132} {
		if err := unix.IoctlSetWinsize(int(line.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}); err != nil {
			t.Fatal(err)
		}
		if got := terminal.Width(line); got != int(columns) {
			t.Errorf("%d columns, want %d", got, columns)
		}
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	for _, none := range []any{nil, &bytes.Buffer{}, null} {
		if got := terminal.Width(none); got != 0 {
			t.Errorf("%T has %d columns", none, got)
		}
	}
}
