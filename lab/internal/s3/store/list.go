package store

import "strings"

// Query says what to list. Keys come in the order of their bytes.
type Query struct {
	Prefix, Delimiter string
	// After excludes keys up to and including it, and the common prefix equal to it.
	After string
	// Max is the number of objects and common prefixes to return at most.
	Max int
}

// Page is a page of a list of objects.
type Page struct {
	Objects        []*Object
	CommonPrefixes []string
	// Truncated says that there is more; Next is then the After to go on with.
	Truncated bool
	Next      string
}

// List returns the newest versions that are no delete markers. The error is ErrNoBucket.
func (s *Store) List(name string, q Query) (*Page, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.buckets[name]
	if b == nil {
		return nil, ErrNoBucket
	}
	page := &Page{}
	for w := b.walk(q); w.next(); {
		o := b.visible(w.key)
		if o == nil {
			continue
		}
		if len(page.Objects)+len(page.CommonPrefixes) >= q.Max {
			page.Truncated = q.Max > 0
			break
		}
		if group := rollUp(w.key, q.Prefix, q.Delimiter); group != "" {
			page.CommonPrefixes = append(page.CommonPrefixes, group)
			page.Next = group
			w.skip(group)
			continue
		}
		page.Objects = append(page.Objects, o)
		page.Next = w.key
	}
	if !page.Truncated {
		page.Next = ""
	}
	return page, nil
}

// walker goes over the keys that a Query admits, before roll-up.
type walker struct {
	b   *bucket
	q   Query
	i   int
	key string
}

func (b *bucket) walk(q Query) *walker {
	return &walker{b: b, q: q, i: b.from(max(q.Prefix, q.After))}
}

func (w *walker) next() bool {
	for w.i < len(w.b.keys) {
		w.key = w.b.keys[w.i]
		if !strings.HasPrefix(w.key, w.q.Prefix) {
			return false
		}
		w.i++
		group := rollUp(w.key, w.q.Prefix, w.q.Delimiter)
		if w.key <= w.q.After {
			continue
		}
		if group != "" && group == w.q.After {
			w.skip(group)
			continue
		}
		return true
	}
	return false
}

// skip goes behind every key that begins with group.
func (w *walker) skip(group string) {
	lo, hi := w.i, len(w.b.keys)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if strings.HasPrefix(w.b.keys[mid], group) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	w.i = lo
}

// VersionQuery says which versions to list.
type VersionQuery struct {
	Query
	// AfterVersion, if not empty, begins behind that version of the key After.
	AfterVersion string
}

// Version is a version of an object in a list.
type Version struct {
	*Object
	Latest bool
}

// VersionPage is a page of a list of versions.
type VersionPage struct {
	Versions       []Version
	CommonPrefixes []string
	Truncated      bool
	// NextKey and NextVersion are the After and AfterVersion to go on with.
	NextKey, NextVersion string
}

// ListVersions returns all versions and delete markers, of each key the newest
// first. The error is ErrNoBucket.
func (s *Store) ListVersions(name string, q VersionQuery) (*VersionPage, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.buckets[name]
	if b == nil {
		return nil, ErrNoBucket
	}
	page := &VersionPage{}
	if q.AfterVersion != "" && strings.HasPrefix(q.After, q.Prefix) && rollUp(q.After, q.Prefix, q.Delimiter) == "" {
		if i := b.find(q.After, q.AfterVersion); i > 0 && !page.add(b, q.After, i-1, q.Max) {
			return page, nil
		}
	}
	for w := b.walk(q.Query); w.next(); {
		group := rollUp(w.key, q.Prefix, q.Delimiter)
		if group == "" {
			if !page.add(b, w.key, len(b.versions[w.key])-1, q.Max) {
				return page, nil
			}
			continue
		}
		if page.full(q.Max) {
			return page, nil
		}
		page.CommonPrefixes = append(page.CommonPrefixes, group)
		page.NextKey, page.NextVersion = group, ""
		w.skip(group)
	}
	page.NextKey, page.NextVersion = "", ""
	return page, nil
}

// add appends the versions of key from index i down; false when the page is full.
func (p *VersionPage) add(b *bucket, key string, i, limit int) bool {
	all := b.versions[key]
	for ; i >= 0; i-- {
		if p.full(limit) {
			return false
		}
		p.Versions = append(p.Versions, Version{Object: all[i], Latest: i == len(all)-1})
		p.NextKey, p.NextVersion = key, all[i].VersionID
	}
	return true
}

func (p *VersionPage) full(limit int) bool {
	if len(p.Versions)+len(p.CommonPrefixes) < limit {
		return false
	}
	p.Truncated = limit > 0
	return true
}
