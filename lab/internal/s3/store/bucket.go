package store

import (
	"slices"
	"sort"
	"strings"
	"time"
)

// Versioning is the versioning state of a bucket.
type Versioning string

// States of versioning as GetBucketVersioning words them. A bucket never
// becomes Unversioned again.
const (
	Unversioned Versioning = ""
	Enabled     Versioning = "Enabled"
	Suspended   Versioning = "Suspended"
)

// bucket is guarded by its Store's lock.
type bucket struct {
	created    time.Time
	versioning Versioning
	keys       []string             // of versions, in byte order
	versions   map[string][]*Object // oldest first, never empty
	uploads    map[string]*Upload
}

func newBucket(created time.Time) *bucket {
	return &bucket{created: created, versions: map[string][]*Object{}, uploads: map[string]*Upload{}}
}

// latest returns the newest version of a key, nil if there is none.
func (b *bucket) latest(key string) *Object {
	if all := b.versions[key]; len(all) > 0 {
		return all[len(all)-1]
	}
	return nil
}

// visible is latest without delete markers.
func (b *bucket) visible(key string) *Object {
	if o := b.latest(key); o != nil && !o.DeleteMarker {
		return o
	}
	return nil
}

func (b *bucket) find(key, versionID string) int {
	return slices.IndexFunc(b.versions[key], func(o *Object) bool { return o.VersionID == versionID })
}

// add makes o the newest version and returns the null version it replaces, if any.
func (b *bucket) add(o *Object) (replaced *Object) {
	if b.versioning == Enabled {
		o.VersionID = NewVersionID()
	} else {
		o.VersionID = NullVersion
		replaced = b.remove(o.Key, NullVersion)
	}
	if _, known := b.versions[o.Key]; !known {
		i := sort.SearchStrings(b.keys, o.Key)
		b.keys = slices.Insert(b.keys, i, o.Key)
	}
	b.versions[o.Key] = append(b.versions[o.Key], o)
	return replaced
}

// remove takes a version out and returns it, nil if there is none.
func (b *bucket) remove(key, versionID string) *Object {
	i := b.find(key, versionID)
	if i < 0 {
		return nil
	}
	all := b.versions[key]
	removed := all[i]
	if len(all) > 1 {
		b.versions[key] = slices.Delete(slices.Clone(all), i, i+1)
		return removed
	}
	delete(b.versions, key)
	at := sort.SearchStrings(b.keys, key)
	b.keys = slices.Delete(b.keys, at, at+1)
	return removed
}

// from returns the index of the first key that is at least key.
func (b *bucket) from(key string) int { return sort.SearchStrings(b.keys, key) }

// rollUp returns the common prefix that key belongs to, "" if it stands for itself.
func rollUp(key, prefix, delimiter string) string {
	if delimiter == "" {
		return ""
	}
	i := strings.Index(key[len(prefix):], delimiter)
	if i < 0 {
		return ""
	}
	return key[:len(prefix)+i+len(delimiter)]
}
