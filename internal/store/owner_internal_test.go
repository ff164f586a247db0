//go:build unix

package store

import (
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
)

// The root of the file system is asked about, never written to.
func TestRootIsRefused(t *testing.T) {
	info, err := os.Stat("/")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"/", "/home/alice/link-to-root"} {
		if err := checkPrivate(dir, info); err == nil || !strings.Contains(err.Error(), "is a shared directory") {
			t.Errorf("checkPrivate(%s) = %v", dir, err)
		}
	}
}

// owned is a directory of somebody.
type owned struct {
	fs.FileInfo
	uid uint32
}

func (o owned) Sys() any { return &syscall.Stat_t{Uid: o.uid} }

func TestOwner(t *testing.T) {
	info, err := os.Stat(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	self := uint32(os.Geteuid())
	if err := checkPrivate("/x", owned{info, self}); err != nil {
		t.Errorf("one's own: %v", err)
	}
	err = checkPrivate("/x", owned{info, self + 1})
	if root := self == 0; (err == nil) != root {
		t.Errorf("another user's: %v", err)
	}
}
