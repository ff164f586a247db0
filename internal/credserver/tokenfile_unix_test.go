//go:build !windows

package credserver_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tip-cli/tip-cli/internal/credserver"
)

// A pipe is not opened, where nobody may ever write to it.
func TestTokenFileIsAPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := credserver.OpenTokenFile(path, unlocked)
	refused(t, err, "it is no regular file", "the name of a new file")
}
