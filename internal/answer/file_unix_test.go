//go:build !windows

package answer_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tip-cli/tip-cli/internal/answer"
)

// owned is a file of somebody.
type owned struct {
	fs.FileInfo
	uid uint32
}

func (o owned) Sys() any { return &syscall.Stat_t{Uid: o.uid} }

func TestFile(t *testing.T) {
	self := uint32(os.Geteuid())
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		mode             fs.FileMode
		uid              uint32
		private, trusted bool
	}{
		{0o600, self, true, true},
		{0o400, self, true, true},
		{0o604, self, false, true},
		{0o640, self, false, true},
		{0o644, self, false, true},
		{0o620, self, false, false},
		{0o602, self, false, false},
		{0o664, self, false, false},
		{0o600, self + 1, false, false},
		{0o644, 0, false, true},
	} {
		if err := os.Chmod(path, tt.mode); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		file := owned{info, tt.uid}
		if private, trusted := answer.Private(file), answer.Trusted(file); private != tt.private || trusted != tt.trusted {
			t.Errorf("%04o of %d: private %v, trusted %v; want %v, %v", tt.mode, tt.uid, private, trusted, tt.private, tt.trusted)
		}
	}
}
