package store

import (
	"errors"
	"time"
)

// Errors of a Store.
var (
	ErrNoBucket  = errors.New("no such bucket")
	ErrNotEmpty  = errors.New("the bucket is not empty")
	ErrNoKey     = errors.New("no such key")
	ErrNoVersion = errors.New("no such version")
)

// Check decides whether a write may happen. current is the newest version that
// is no delete marker, nil if there is none. It runs under the store's lock and
// must not call the Store.
type Check func(current *Object) error

// Store holds objects. Make one with [New].
type Store struct {
	now   func() time.Time
	quota quota

	mu        guard
	buckets   map[string]*bucket
	sequence  uint64
	completed completions
}

// New makes an empty store whose bodies may have limit bytes together. now is
// its clock.
func New(now func() time.Time, limit int64) *Store {
	return &Store{now: now, quota: quota{limit: limit}, buckets: map[string]*bucket{}}
}

// Used is the number of bytes that count against the limit.
func (s *Store) Used() int64 { return s.quota.used.Load() }

// CreateBucket makes a bucket with these objects in it, unless there is one of
// that name. The error is ErrFull, and then nothing is made.
func (s *Store) CreateBucket(name string, v Versioning, seed ...*Object) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[name] != nil {
		return nil
	}
	size := int64(0)
	for _, o := range seed {
		size += o.Size()
	}
	if err := s.quota.take(size); err != nil {
		return err
	}
	b := newBucket(s.clock())
	b.versioning = v
	for _, o := range seed {
		o.LastModified = b.created
		if old := b.add(o); old != nil {
			s.quota.give(old.Size())
		}
	}
	s.buckets[name] = b
	return nil
}

// DeleteBucket removes a bucket that holds no version, and the uploads in it.
// The error is ErrNoBucket or ErrNotEmpty.
func (s *Store) DeleteBucket(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[name]
	switch {
	case b == nil:
		return ErrNoBucket
	case len(b.keys) > 0:
		return ErrNotEmpty
	}
	s.drop(name)
	return nil
}

// DropBucket removes a bucket with everything in it.
func (s *Store) DropBucket(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[name] != nil {
		s.drop(name)
	}
}

func (s *Store) drop(name string) {
	b := s.buckets[name]
	for _, versions := range b.versions {
		for _, o := range versions {
			s.quota.give(o.Size())
		}
	}
	for _, u := range b.uploads {
		s.discard(u, nil)
	}
	delete(s.buckets, name)
}

// BucketInfo is what a Store knows of a bucket.
type BucketInfo struct {
	Created    time.Time
	Versioning Versioning
}

// Bucket describes a bucket; false if there is none of that name.
func (s *Store) Bucket(name string) (BucketInfo, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.buckets[name]
	if b == nil {
		return BucketInfo{}, false
	}
	return BucketInfo{Created: b.created, Versioning: b.versioning}, true
}

// SetVersioning sets the versioning of a bucket. The error is ErrNoBucket.
func (s *Store) SetVersioning(name string, v Versioning) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[name]
	if b == nil {
		return ErrNoBucket
	}
	b.versioning = v
	return nil
}

// Get returns a version of an object, the newest if versionID is empty. A delete
// marker is returned as it is. The error is ErrNoBucket, ErrNoKey or ErrNoVersion.
func (s *Store) Get(name, key, versionID string) (*Object, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.buckets[name]
	if b == nil {
		return nil, ErrNoBucket
	}
	return b.get(key, versionID)
}

func (b *bucket) get(key, versionID string) (*Object, error) {
	if versionID == "" {
		if o := b.latest(key); o != nil {
			return o, nil
		}
		return nil, ErrNoKey
	}
	if i := b.find(key, versionID); i >= 0 {
		return b.versions[key][i], nil
	}
	return nil, ErrNoVersion
}

// Put stores o as the newest version of its key, if check (which may be nil)
// agrees, and sets its version id and time. The bytes of its body must have been
// counted; Put gives them back when it fails. The error is ErrNoBucket or that of
// check.
func (s *Store) Put(name string, o *Object, check Check) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.put(name, o, check)
	if err != nil {
		s.quota.give(o.Size())
	}
	return err
}

func (s *Store) put(name string, o *Object, check Check) error {
	b := s.buckets[name]
	if b == nil {
		return ErrNoBucket
	}
	if check != nil {
		if err := check(b.visible(o.Key)); err != nil {
			return err
		}
	}
	o.LastModified = s.clock()
	if old := b.add(o); old != nil {
		s.quota.give(old.Size())
	}
	return nil
}

// Deleted is what a Delete did.
type Deleted struct {
	// VersionID of the version that is gone, or of the delete marker that was made; may be empty.
	VersionID string
	// Marker: a delete marker was made, or the version that is gone was one.
	Marker bool
}

// Delete removes an object as DeleteObject does: without versionID it removes
// the null version of an unversioned bucket or makes a delete marker, with one it
// removes that version for good. A missing object is no error. check may be nil.
// The error is ErrNoBucket or that of check.
func (s *Store) Delete(name, key, versionID string, check Check) (Deleted, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[name]
	if b == nil {
		return Deleted{}, ErrNoBucket
	}
	if check != nil {
		if err := check(b.visible(key)); err != nil {
			return Deleted{}, err
		}
	}
	switch {
	case versionID != "":
		return s.forget(b, key, versionID), nil
	case b.versioning == Unversioned:
		s.forget(b, key, NullVersion)
		return Deleted{}, nil
	}
	marker := &Object{Key: key, DeleteMarker: true, LastModified: s.clock()}
	if old := b.add(marker); old != nil {
		s.quota.give(old.Size())
	}
	return Deleted{VersionID: marker.VersionID, Marker: true}, nil
}

func (s *Store) forget(b *bucket, key, versionID string) Deleted {
	old := b.remove(key, versionID)
	if old == nil {
		return Deleted{VersionID: versionID}
	}
	s.quota.give(old.Size())
	return Deleted{VersionID: versionID, Marker: old.DeleteMarker}
}

// SetTags replaces the tags of a version, the newest if versionID is empty. The
// error is ErrNoBucket, ErrNoKey (also for a delete marker) or ErrNoVersion.
func (s *Store) SetTags(name, key, versionID string, tags []Tag) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.buckets[name]
	if b == nil {
		return ErrNoBucket
	}
	o, err := b.get(key, versionID)
	if err != nil {
		return err
	}
	if o.DeleteMarker {
		return ErrNoKey
	}
	changed := *o
	changed.Tags = tags
	b.versions[key][b.find(key, o.VersionID)] = &changed
	return nil
}

// clock is the time in the resolution of S3.
func (s *Store) clock() time.Time { return s.now().UTC().Truncate(time.Second) }
