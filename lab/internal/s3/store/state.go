package store

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// guard is the lock of a Store, which counts what is done under it.
type guard struct {
	sync.RWMutex
	changes atomic.Uint64
}

// Unlock ends a change.
func (g *guard) Unlock() {
	g.changes.Add(1)
	g.RWMutex.Unlock()
}

// BucketState is a bucket with everything in it but uploads in progress.
type BucketState struct {
	Name       string
	Created    time.Time
	Versioning Versioning
	// Versions in the order of their keys, of each key the oldest first. They are shared.
	Versions []*Object
}

// Changes numbers the states of what [Store.State] tells: while the number stays,
// so does the answer, though not the other way round.
func (s *Store) Changes() uint64 { return s.mu.changes.Load() }

// State is everything in the Store, in the order of the buckets' names, except
// uploads in progress and the memory of those that were completed.
func (s *Store) State() []BucketState {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var all []BucketState
	for name, b := range s.buckets {
		state := BucketState{Name: name, Created: b.created, Versioning: b.versioning}
		for _, key := range b.keys {
			state.Versions = append(state.Versions, b.versions[key]...)
		}
		all = append(all, state)
	}
	slices.SortFunc(all, func(a, b BucketState) int { return compare(a.Name, b.Name) })
	return all
}

func compare(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

// Restore puts buckets into a Store that has none of their names. The error is
// ErrFull, or says what [Store.State] cannot have told; then the Store is of no use.
func (s *Store) Restore(states []BucketState) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, state := range states {
		if s.buckets[state.Name] != nil {
			return fmt.Errorf("bucket %s stands twice", state.Name)
		}
		b := newBucket(state.Created)
		b.versioning = state.Versioning
		for _, o := range state.Versions {
			if err := s.restore(b, o); err != nil {
				return fmt.Errorf("bucket %s: %w", state.Name, err)
			}
		}
		s.buckets[state.Name] = b
	}
	return nil
}

// restore adds a version as it is.
func (s *Store) restore(b *bucket, o *Object) error {
	if o.Key == "" || o.VersionID == "" || b.find(o.Key, o.VersionID) >= 0 {
		return fmt.Errorf("object %q: the key or the version is missing or stands twice", o.Key)
	}
	if err := s.quota.take(o.Size()); err != nil {
		return err
	}
	if _, known := b.versions[o.Key]; !known {
		b.keys = slices.Insert(b.keys, b.from(o.Key), o.Key)
	}
	b.versions[o.Key] = append(b.versions[o.Key], o)
	return nil
}
