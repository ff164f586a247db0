package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"
)

// errSharingViolation is ERROR_SHARING_VIOLATION: another process (a reader, a
// virus scanner) has the file open.
const errSharingViolation = syscall.Errno(32)

// chmod does nothing: a file in the user's profile inherits an access list that
// names the user.
func chmod(*os.File, fs.FileMode) error { return nil }

func keepOwner(*os.File, fs.FileInfo) error { return nil }

// rename tries again for about two seconds while another process has the target open.
func rename(from, to string) error {
	var err error
	for delay := time.Millisecond; delay < 2*time.Second; delay *= 2 {
		err = os.Rename(from, to)
		if !errors.Is(err, syscall.ERROR_ACCESS_DENIED) && !errors.Is(err, errSharingViolation) {
			return err
		}
		time.Sleep(delay)
	}
	return err
}

// syncDir does nothing: Windows has no sync of a directory.
func syncDir(string) error { return nil }
