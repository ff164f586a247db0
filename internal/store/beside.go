package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// LockBeside takes the lock over a file that is not the store's: .NAME.tip-cli.lock in
// its directory, which must be there. So processes with different state directories
// meet. It waits until the lock is free or ctx ends; then the error wraps the context's
// error and [ErrLocked]. release may be called more than once; it removes the file of the
// lock. The error is a [*FileError], also where the file system cannot lock.
func LockBeside(ctx context.Context, path string) (release func(), err error) {
	dir, name := filepath.Split(path)
	s := New(dir)
	lock := filepath.Join(dir, "."+name+".tip-cli.lock")
	for start := time.Now(); ; {
		release, err := s.take(lock)
		switch {
		case err != nil:
			return nil, besideError(lock, err)
		case release != nil:
			return sync.OnceFunc(func() {
				_ = os.Remove(lock) // while it is held; whoever opened it before looks again
				release()
			}), nil
		case ctx.Err() != nil:
			return nil, &FileError{
				Path: lock, Err: fmt.Errorf("%w: %w", ErrLocked, ctx.Err()), Fix: "wait for the other tip-cli that edits " + path + ", or end it, and try again",
			}
		}
		rest(ctx, time.Since(start))
	}
}

func besideError(lock string, err error) error {
	if _, ok := errors.AsType[*FileError](err); ok {
		return err
	}
	return &FileError{Path: lock, Err: fmt.Errorf("lock: %w", bare(err)), Fix: "check that you may write to " + filepath.Dir(lock)}
}
