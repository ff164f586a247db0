//go:build unix

package tokensource_test

import (
	"fmt"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tip-cli/tip-cli/internal/tokensource"
)

func init() { programs["session"] = session }

// session says whether the program leads a session of its own, which has no
// controlling terminal.
func session() int {
	leader, err := unix.Getsid(0)
	fmt.Print(leader == os.Getpid(), err)
	return 0
}

// A program that asks at a terminal fails at once instead of being stopped.
func TestCommandHasNoTerminal(t *testing.T) {
	t.Parallel()
	got, err := command(t.Context(), t, "session", tokensource.Options{})
	if err != nil || got.Reveal() != "true <nil>" {
		t.Errorf("Command() = %q, %v", got.Reveal(), err)
	}
}

func makePipe(t *testing.T, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}
