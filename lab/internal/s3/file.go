package s3

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// ErrLarge says that objects are too much for a world file.
var ErrLarge = errors.New("the objects are too large for a world file")

// ExportTo puts the objects into the buckets of a world file. A body in which
// endpoint stands, the lab's own address, becomes base64, which nobody rewrites.
// The error is [ErrLarge] if the bodies have more than limit bytes together.
func (s *Service) ExportTo(f *world.File, endpoint string, limit int64) error {
	states := map[string]*store.BucketState{}
	all := s.Objects()
	for i := range all {
		states[all[i].Name] = &all[i]
	}
	for i := range f.Buckets {
		b := &f.Buckets[i]
		state, ok := states[b.Name]
		if !ok {
			continue
		}
		for _, o := range state.Versions {
			if limit -= o.Size(); limit < 0 {
				return ErrLarge
			}
			b.Objects = append(b.Objects, fileObject(o, state, endpoint))
		}
	}
	return nil
}

// fileObject is a version as a world file has it.
func fileObject(o *store.Object, in *store.BucketState, endpoint string) world.ObjectFile {
	f := world.ObjectFile{Key: o.Key, VersionID: o.VersionID, DeleteMarker: o.DeleteMarker}
	if in.Versioning == store.Unversioned {
		f.VersionID = ""
	}
	if !o.LastModified.Equal(in.Created) {
		f.Modified = &o.LastModified
	}
	if o.DeleteMarker {
		return f
	}
	body := make([]byte, o.Size())
	_, _ = o.Body.ReadAt(body, 0) // memory
	if text := string(body); readable(text) && !strings.Contains(text, endpoint) {
		f.Body = text
	} else {
		f.Base64 = base64.StdEncoding.EncodeToString(body)
	}
	sums := newSums(defaultAlgorithm)
	_, _ = sums.Write(body) // hashes do not fail
	if o.ETag != sums.etag() {
		f.ETag = o.ETag
	}
	if o.Checksum != sums.checksum() {
		f.Checksum = fileChecksum(o.Checksum)
	}
	for _, p := range o.Parts {
		f.Parts = append(f.Parts, world.ObjectPartFile{Number: p.Number, Size: p.Size, Checksum: fileChecksum(p.Checksum)})
	}
	for _, t := range o.Tags {
		f.Tags = append(f.Tags, world.ObjectTagFile(t))
	}
	f.Headers = maps.Clone(o.Header)
	for name, value := range f.Headers {
		f.Headers[name] = headerText(value)
	}
	if f.ContentType = f.Headers["Content-Type"]; f.ContentType == defaultContentType {
		f.ContentType = ""
	}
	delete(f.Headers, "Content-Type")
	return f
}

// readable reports whether a body is a text that people can read in a file.
func readable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r == utf8.RuneError || r == '\ufeff'
	})
}

// In world files, a header's value that is not UTF-8 stands between these, in
// base64, and so does one that begins with the first. It is the form of RFC 2047
// with a character set that does not exist.
const (
	bytesBegin = "=?bytes?B?"
	bytesEnd   = "?="
)

// headerText is a header's value as a world file has it.
func headerText(value string) string {
	if utf8.ValidString(value) && !strings.HasPrefix(value, bytesBegin) {
		return value
	}
	return bytesBegin + base64.StdEncoding.EncodeToString([]byte(value)) + bytesEnd
}

// headerValue is the inverse of headerText.
func headerValue(text string) (string, error) {
	coded, ok := strings.CutPrefix(text, bytesBegin)
	if !ok {
		return text, nil
	}
	coded, ok = strings.CutSuffix(coded, bytesEnd)
	value, err := base64.StdEncoding.DecodeString(coded)
	if !ok || err != nil {
		return "", errors.New("a header's base64 is damaged")
	}
	return string(value), nil
}

// noChecksum is the algorithm, in world files, of what has no checksum.
const noChecksum = "NONE"

func fileChecksum(c store.Checksum) world.ChecksumFile {
	if c.Algorithm == "" {
		return world.ChecksumFile{Algorithm: noChecksum}
	}
	return world.ChecksumFile(c)
}

// ofFile is a checksum of a world file, or what it is left out for.
func ofFile(f world.ChecksumFile, otherwise store.Checksum) store.Checksum {
	switch f.Algorithm {
	case "":
		return otherwise
	case noChecksum:
		return store.Checksum{}
	}
	return store.Checksum(f)
}

// seedBucket is a bucket of the world with the objects that its file has.
func seedBucket(b *world.Bucket, now time.Time) (store.BucketState, error) {
	state := store.BucketState{Name: b.Name, Created: b.Created}
	if b.Created.IsZero() {
		state.Created = now.UTC().Truncate(time.Second)
	}
	switch {
	case b.Versioning:
		state.Versioning = store.Enabled
	case b.Suspended:
		state.Versioning = store.Suspended
	}
	at := map[[2]string]int{} // where a version of a key stands
	for i := range b.Seed {
		o, err := seedObject(&b.Seed[i], &state)
		if err != nil {
			return state, fmt.Errorf("object %q: %w", b.Seed[i].Key, err)
		}
		if i, twice := at[[2]string{o.Key, o.VersionID}]; twice {
			state.Versions[i] = o // a version that was written again
			continue
		}
		at[[2]string{o.Key, o.VersionID}] = len(state.Versions)
		state.Versions = append(state.Versions, o)
	}
	return state, nil
}

// seedObject makes an object of a world file as PutObject would.
func seedObject(f *world.ObjectFile, in *store.BucketState) (*store.Object, error) {
	o := &store.Object{Key: f.Key, VersionID: f.VersionID, DeleteMarker: f.DeleteMarker, LastModified: in.Created, ETag: f.ETag}
	if f.Modified != nil {
		o.LastModified = f.Modified.UTC()
	}
	switch {
	case in.Versioning == store.Unversioned && o.VersionID != "" && o.VersionID != store.NullVersion:
		return nil, errors.New("versionId is for a bucket with versioning")
	case o.VersionID == "" && in.Versioning == store.Enabled:
		o.VersionID = store.NewVersionID()
	case o.VersionID == "":
		o.VersionID = store.NullVersion
	}
	if o.DeleteMarker {
		if in.Versioning == store.Unversioned {
			return nil, errors.New("deleteMarker is for a bucket with versioning")
		}
		return o, nil
	}
	body, err := seedBody(f)
	if err != nil {
		return nil, err
	}
	o.Body = store.NewBlob(body)
	sums := newSums(defaultAlgorithm)
	_, _ = sums.Write(body) // hashes do not fail
	if o.ETag == "" {
		o.ETag = sums.etag()
	}
	o.Checksum = ofFile(f.Checksum, sums.checksum())
	if o.Attributes, err = seedAttributes(f); err != nil {
		return nil, err
	}
	for _, p := range f.Parts {
		o.Parts = append(o.Parts, store.ObjectPart{Number: p.Number, Size: p.Size, Checksum: ofFile(p.Checksum, store.Checksum{})})
	}
	return o, nil
}

func seedBody(f *world.ObjectFile) ([]byte, error) {
	if f.Base64 == "" {
		return []byte(f.Body), nil
	}
	if f.Body != "" {
		return nil, errors.New("body and base64 are the same thing twice")
	}
	body, err := base64.StdEncoding.DecodeString(f.Base64)
	if err != nil {
		return nil, errors.New("base64 is damaged")
	}
	return body, nil
}

func seedAttributes(f *world.ObjectFile) (store.Attributes, error) {
	a := store.Attributes{Header: maps.Clone(f.Headers)}
	if a.Header == nil {
		a.Header = map[string]string{}
	}
	a.Header["Content-Type"] = cmp.Or(f.ContentType, defaultContentType)
	for name, text := range a.Header {
		value, err := headerValue(text)
		if err != nil {
			return a, err
		}
		a.Header[name] = value
	}
	for _, t := range f.Tags {
		a.Tags = append(a.Tags, store.Tag(t))
	}
	return a, nil
}
