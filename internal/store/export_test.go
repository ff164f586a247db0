package store

import "github.com/gofrs/flock"

// WriteError is the error for what a write of name met.
func (s *Store) WriteError(name string, err error) error { return s.writeError(name, err) }

// LocalLocksIn moves the directory of the local locks into parent, from /tmp.
func (s *Store) LocalLocksIn(parent string) { s.localLocks = parent }

// OnFlock puts around in the place of every try for a lock on the file at path; try is
// the real one.
func (s *Store) OnFlock(around func(path string, try func() (bool, error)) (bool, error)) {
	s.flock = func(lock *flock.Flock) (bool, error) { return around(lock.Path(), lock.TryLock) }
}
