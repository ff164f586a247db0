package store

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"
)

// Errors of multipart uploads.
var (
	ErrNoUpload = errors.New("no such upload")
	ErrNoPart   = errors.New("a part was replaced meanwhile")
)

// Upload is a multipart upload in progress.
type Upload struct {
	ID, Key string
	// Account that began it, and the ARN of the principal.
	Account, Initiator string
	Initiated          time.Time
	// ChecksumAlgorithm and ChecksumType as CreateMultipartUpload chose them; may be empty.
	ChecksumAlgorithm, ChecksumType string
	Attributes

	parts map[int]*Part
}

// Part of a multipart upload.
type Part struct {
	Number       int
	LastModified time.Time
	// ETag is the MD5 of the body in lower-case hex, without quotation marks.
	ETag     string
	Body     *Blob
	Checksum Checksum
}

// maxCompleted bounds the finished uploads that are remembered.
const maxCompleted = 1000

// completions remembers what finished uploads made, so that a client that
// missed the answer can ask again (S3 API, CompleteMultipartUpload).
type completions struct {
	objects map[string]*Object // by bucket, key and upload id
	order   []string
}

func completionKey(name, key, id string) string { return name + "\x00" + key + "\x00" + id }

func (c *completions) put(id string, o *Object) {
	if c.objects == nil {
		c.objects = map[string]*Object{}
	}
	c.objects[id] = o
	if c.order = append(c.order, id); len(c.order) > maxCompleted {
		delete(c.objects, c.order[0])
		c.order = slices.Delete(c.order, 0, 1)
	}
}

// CreateUpload begins an upload and sets its ID and time. IDs grow with time.
// The error is ErrNoBucket.
func (s *Store) CreateUpload(name string, u *Upload) error {
	var b [45]byte
	_, _ = rand.Read(b[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	bucket := s.buckets[name]
	if bucket == nil {
		return ErrNoBucket
	}
	s.sequence++
	u.ID = fmt.Sprintf("%012x", s.sequence) + base64.RawURLEncoding.EncodeToString(b[:])
	u.Initiated = s.clock()
	u.parts = map[int]*Part{}
	bucket.uploads[u.ID] = u
	return nil
}

func (s *Store) upload(name, key, id string) (*Upload, error) {
	b := s.buckets[name]
	if b == nil {
		return nil, ErrNoBucket
	}
	if u := b.uploads[id]; u != nil && u.Key == key {
		return u, nil
	}
	return nil, ErrNoUpload
}

// Upload returns an upload and its parts in the order of their numbers. The
// error is ErrNoBucket or ErrNoUpload.
func (s *Store) Upload(name, key, id string) (*Upload, []*Part, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	u, err := s.upload(name, key, id)
	if err != nil {
		return nil, nil, err
	}
	parts := slices.SortedFunc(maps.Values(u.parts), func(a, b *Part) int { return a.Number - b.Number })
	return u, parts, nil
}

// PutPart stores a part in place of any other of its number and sets its time.
// The bytes of its body must have been counted; PutPart gives them back when it
// fails. The error is ErrNoBucket or ErrNoUpload.
func (s *Store) PutPart(name, key, id string, p *Part) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.upload(name, key, id)
	if err != nil {
		s.quota.give(p.Body.Size())
		return err
	}
	p.LastModified = s.clock()
	if old := u.parts[p.Number]; old != nil {
		s.quota.give(old.Body.Size())
	}
	u.parts[p.Number] = p
	return nil
}

// AbortUpload ends an upload and frees its parts. The error is ErrNoBucket or
// ErrNoUpload.
func (s *Store) AbortUpload(name, key, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.upload(name, key, id)
	if err != nil {
		return err
	}
	s.discard(u, nil)
	delete(s.buckets[name].uploads, id)
	return nil
}

// discard frees the parts of u but those in keep.
func (s *Store) discard(u *Upload, keep []*Part) {
	for _, p := range u.parts {
		if !slices.Contains(keep, p) {
			s.quota.give(p.Body.Size())
		}
	}
}

// CompleteUpload stores o, whose body is that of parts joined, and ends the
// upload. The error is ErrNoBucket, ErrNoUpload, ErrNoPart if one of parts is no
// longer there, or that of check; the upload then goes on.
func (s *Store) CompleteUpload(name, id string, o *Object, parts []*Part, check Check) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.upload(name, o.Key, id)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if u.parts[p.Number] != p {
			return ErrNoPart
		}
	}
	if err := s.put(name, o, check); err != nil {
		return err
	}
	s.discard(u, parts)
	delete(s.buckets[name].uploads, id)
	s.completed.put(completionKey(name, o.Key, id), o)
	return nil
}

// Completed returns the object that a finished upload made, if it is remembered.
func (s *Store) Completed(name, key, id string) (*Object, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	o, ok := s.completed.objects[completionKey(name, key, id)]
	return o, ok
}

// UploadQuery says which uploads to list.
type UploadQuery struct {
	Prefix, Delimiter string
	// AfterKey excludes keys up to it; with AfterID, uploads of that key with a greater ID are included.
	AfterKey, AfterID string
	Max               int
}

// UploadPage is a page of a list of uploads, by key and then by ID.
type UploadPage struct {
	Uploads         []*Upload
	CommonPrefixes  []string
	Truncated       bool
	NextKey, NextID string
}

// Uploads lists the uploads in progress. The error is ErrNoBucket.
func (s *Store) Uploads(name string, q UploadQuery) (*UploadPage, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b := s.buckets[name]
	if b == nil {
		return nil, ErrNoBucket
	}
	all := slices.Collect(maps.Values(b.uploads))
	sort.Slice(all, func(i, j int) bool {
		if all[i].Key != all[j].Key {
			return all[i].Key < all[j].Key
		}
		return all[i].ID < all[j].ID
	})
	page := &UploadPage{}
	for _, u := range all {
		if q.admits(u) && !page.add(u, rollUp(u.Key, q.Prefix, q.Delimiter), q.Max) {
			return page, nil
		}
	}
	page.NextKey, page.NextID = "", ""
	return page, nil
}

func (q UploadQuery) admits(u *Upload) bool {
	if !strings.HasPrefix(u.Key, q.Prefix) {
		return false
	}
	if u.Key == q.AfterKey {
		return q.AfterID != "" && u.ID > q.AfterID
	}
	group := rollUp(u.Key, q.Prefix, q.Delimiter)
	return u.Key > q.AfterKey && (group == "" || group != q.AfterKey)
}

func (p *UploadPage) add(u *Upload, group string, limit int) bool {
	if n := len(p.CommonPrefixes); group != "" && n > 0 && p.CommonPrefixes[n-1] == group {
		return true
	}
	if len(p.Uploads)+len(p.CommonPrefixes) >= limit {
		p.Truncated = limit > 0
		return false
	}
	if group != "" {
		p.CommonPrefixes = append(p.CommonPrefixes, group)
		p.NextKey, p.NextID = group, ""
		return true
	}
	p.Uploads = append(p.Uploads, u)
	p.NextKey, p.NextID = u.Key, u.ID
	return true
}
