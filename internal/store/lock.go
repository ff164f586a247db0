package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

// The pause between two tries for a lock that another process holds is an eighth of the
// time waited so far, within these bounds, and chance takes up to half of it away: so the
// lock is had soon after it is free, and a hundred who wait neither keep the machine busy
// nor come all at once.
const (
	shortestPause = 4 * time.Millisecond
	longestPause  = 200 * time.Millisecond
)

// How long ENOLCK is taken for a shortage that passes: whoever fell back to a local lock
// sooner would not hold off the one who got the real lock before it.
const (
	shortageLasts    = 3 * time.Second        // for Lock
	shortageLastsTry = 200 * time.Millisecond // for TryLock
)

// errShortage: the kernel, or the lock service of a network file system, has no lock to
// give just now.
var errShortage = errors.New("no lock to be had for now")

var lockName = lazyregexp.New(`^[a-z0-9][a-z0-9_.-]{0,63}$`)

// Lock takes the lock called name across processes and goroutines: the file
// NAME.lock in the state directory, never a data file itself. It waits until the
// lock is free or ctx ends; then the error is a [*FileError] that wraps the context's
// error, and [ErrLocked] if somebody holds the lock. A lock that is free is had even
// if ctx has ended. The kernel frees the lock of a killed process. release may be
// called more than once; the file stays.
//
// Where the file system cannot lock, the lock is a file in /tmp/tip-cli-UID instead
// ([Options].Notice says so): it holds off this user's processes on this machine, not
// those on others that share the state directory. That the kernel has no lock to give
// (ENOLCK) counts for that once it has lasted 3 s.
//
// The lock does not nest: whoever holds it and asks again waits for itself.
func (s *Store) Lock(ctx context.Context, name string) (release func(), err error) {
	path, err := s.lockFile(name)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	var short time.Time // when the shortage began that has not ended yet
	for {
		release, err := s.tryLock(name, path, !short.IsZero() && time.Since(short) >= shortageLasts)
		switch shortage := errors.Is(err, errShortage); {
		case release != nil || err != nil && !shortage:
			return release, err
		case !shortage:
			short = time.Time{}
		case short.IsZero():
			short = time.Now()
		}
		if ctx.Err() != nil {
			return nil, s.notHad(path, err, ctx.Err())
		}
		rest(ctx, time.Since(start))
	}
}

// notHad is the error of a wait that ended: for a lock that somebody holds or, if
// shortage is not nil, that the kernel did not give.
func (s *Store) notHad(path string, shortage, ended error) error {
	if shortage != nil {
		return s.noLock(path, fmt.Errorf("%w: %w", shortage, ended))
	}
	return &FileError{
		Path: path, Err: fmt.Errorf("%w: %w", ErrLocked, ended),
		Fix: "another tip-cli is at work (perhaps waiting for a sign-in in the browser): wait for it, or end it and try again",
	}
}

// TryLock is [Store.Lock] without the wait: ok is false if somebody holds the lock. It
// is false as well, after 0.2 s, if the kernel has no lock to give and no Lock of this
// Store found that to last: whether somebody holds it is not known then.
func (s *Store) TryLock(name string) (release func(), ok bool, err error) {
	path, err := s.lockFile(name)
	if err != nil {
		return nil, false, err
	}
	for start := time.Now(); ; {
		release, err = s.tryLock(name, path, false)
		switch {
		case !errors.Is(err, errShortage):
			return release, release != nil, err
		case time.Since(start) >= shortageLastsTry:
			return nil, false, nil
		}
		rest(context.Background(), time.Since(start))
	}
}

// rest pauses between two tries, or until ctx ends.
func rest(ctx context.Context, waited time.Duration) {
	pause := min(max(waited/8, shortestPause), longestPause)
	pause -= rand.N(pause / 2) //nolint:gosec // nobody gains from guessing it
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// lockFile returns the path of a lock, in a directory that is there.
func (s *Store) lockFile(name string) (string, error) {
	if !lockName().MatchString(name) {
		return "", fmt.Errorf("lock: %q is not a name for a lock", name)
	}
	if err := s.ensureDir(); err != nil {
		return "", err
	}
	return s.Path(name + ".lock"), nil
}

// tryLock tries once; release is nil if somebody holds the lock. The error wraps
// errShortage in a shortage that has not lasted long enough.
func (s *Store) tryLock(name, path string, lasts bool) (release func(), err error) {
	release, err = s.take(path)
	if !isShortage(err) {
		s.shortage.Store(false)
	} else if lasts {
		s.shortage.Store(true)
	}
	var opening *fs.PathError
	var file *FileError
	switch {
	case err == nil:
		return release, nil
	case errors.As(err, &file):
		return nil, err
	case errors.As(err, &opening):
		return nil, s.writeError(name+".lock", err)
	case isShortage(err) && !s.shortage.Load():
		return nil, fmt.Errorf("%w: %w", errShortage, err)
	case !cannotLock(err):
		return nil, s.noLock(path, err)
	}
	release, err2 := s.tryLocalLock(name, path, err)
	if err2 != nil {
		return nil, s.noLock(path, fmt.Errorf("%w, and no local lock either: %w", err, err2))
	}
	return release, nil
}

func (s *Store) noLock(path string, err error) error {
	return &FileError{
		Path: path, Err: fmt.Errorf("lock: %w", err),
		Fix: "if the file system cannot lock (some network file systems), set " + HomeVariable + " to a local directory",
	}
}

// take tries once for the lock that is the file at path. One that was deleted or
// replaced in between counts as held: others look at the new one.
func (s *Store) take(path string) (release func(), err error) {
	if err := checkLockFile(path); err != nil {
		return nil, err
	}
	lock := flock.New(path, flock.SetPermissions(0o600))
	if ok, err := s.flock(lock); !ok || err != nil {
		return nil, err
	}
	held, err := lock.Stat()
	if err == nil {
		var there fs.FileInfo
		if there, err = os.Lstat(path); err == nil && os.SameFile(held, there) {
			var once sync.Once
			return func() { once.Do(func() { _ = lock.Close() }) }, nil
		}
	}
	_ = lock.Close()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return nil, nil
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
	return &FileError{Path: path, Err: bare(err), Fix: "move it away: " + path}
}
