package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// lockPoll is the pause between two tries for a lock that another process holds.
const lockPoll = 20 * time.Millisecond

var lockName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,63}$`)

// Lock takes the lock called name across processes and goroutines: the file
// NAME.lock in the state directory, never a data file itself. It waits until the
// lock is free or ctx ends; then the error is a [*FileError] that wraps
// [ErrLocked] and the context's error. The kernel frees the lock of a killed
// process. release may be called more than once; the file stays.
//
// The lock does not nest: whoever holds it and asks again waits for itself.
func (s *Store) Lock(ctx context.Context, name string) (release func(), err error) {
	if !lockName.MatchString(name) {
		return nil, fmt.Errorf("lock: %q is not a name for a lock", name)
	}
	if err := s.ensureDir(); err != nil {
		return nil, err
	}
	path := s.Path(name + ".lock")
	if err := checkLockFile(path); err != nil {
		return nil, err
	}
	lock := flock.New(path, flock.SetPermissions(0o600))
	if _, err := lock.TryLockContext(ctx, lockPoll); err != nil {
		return nil, s.lockError(ctx, name, err)
	}
	var once sync.Once
	return func() { once.Do(func() { _ = lock.Close() }) }, nil
}

// checkLockFile refuses what opening would block on or follow elsewhere.
func checkLockFile(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().IsRegular() {
		return nil
	}
	if err == nil {
		err = ErrNotRegular
	}
	return &FileError{Path: path, Err: err, Fix: "move it away: " + path}
}

func (s *Store) lockError(ctx context.Context, name string, err error) error {
	path := s.Path(name + ".lock")
	var opening *fs.PathError
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return &FileError{
			Path: path, Err: fmt.Errorf("%w: %w", ErrLocked, err),
			Fix: "another tip-cli is at work (perhaps waiting for a sign-in in the browser): wait for it, or end it and try again",
		}
	}
	if errors.As(err, &opening) {
		return s.writeError(name+".lock", err)
	}
	return &FileError{
		Path: path, Err: fmt.Errorf("lock: %w", err),
		Fix: "if the file system cannot lock (some network file systems), set " + HomeVariable + " to a local directory",
	}
}
