package lab

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/lab/internal/datadir"
	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// bucketRecord is a bucket in the file of objects.
type bucketRecord struct {
	Name    string    `json:"name"`
	Created time.Time `json:"created"`
	// Versioning is for people; that of the world counts.
	Versioning store.Versioning `json:"versioning,omitempty"`
	Versions   []objectRecord   `json:"versions,omitempty"`
}

// objectRecord is a version of an object, whose body is a blob of that name.
type objectRecord struct {
	Key          []byte             `json:"key"` // which need not be UTF-8
	VersionID    string             `json:"versionId"`
	DeleteMarker bool               `json:"deleteMarker,omitempty"`
	LastModified time.Time          `json:"lastModified"`
	ETag         string             `json:"etag,omitempty"`
	Body         string             `json:"body,omitempty"`
	Checksum     store.Checksum     `json:"checksum,omitzero"`
	Parts        []store.ObjectPart `json:"parts,omitempty"`
	Header       map[string]string  `json:"header,omitempty"`
	HeaderBytes  map[string][]byte  `json:"headerBytes,omitempty"` // what is not UTF-8
	Tags         []store.Tag        `json:"tags,omitempty"`
}

// saveObjects writes the bodies that are not on disk, and then who has them. What
// nobody has any more goes last.
func (k *keeper) saveObjects() error {
	changes := k.front.objects.Changes()
	if k.objects == changes {
		return nil
	}
	blobs := map[*store.Blob]string{}
	var records []bucketRecord
	for _, b := range k.front.objects.Objects() {
		record := bucketRecord{Name: b.Name, Created: b.Created, Versioning: b.Versioning}
		for _, o := range b.Versions {
			one, err := k.objectRecord(o, blobs)
			if err != nil {
				return err
			}
			record.Versions = append(record.Versions, one)
		}
		records = append(records, record)
	}
	text, err := json.Marshal(records)
	if err != nil {
		return err
	}
	if err := k.dir.Write(datadir.File(objectsPart+k.generation), text); err != nil {
		return err
	}
	dropped := len(blobs) < len(k.blobs)
	for blob := range k.blobs {
		_, kept := blobs[blob]
		dropped = dropped || !kept
	}
	k.blobs, k.objects = blobs, changes
	if dropped && k.kept.Load() == k.front {
		k.leftOver(k.dropBlobs())
	}
	return nil
}

func (k *keeper) objectRecord(o *store.Object, blobs map[*store.Blob]string) (objectRecord, error) {
	r := objectRecord{
		Key: []byte(o.Key), VersionID: o.VersionID, DeleteMarker: o.DeleteMarker, LastModified: o.LastModified, ETag: o.ETag,
		Checksum: o.Checksum, Parts: o.Parts, Tags: o.Tags,
	}
	r.Header, r.HeaderBytes = splitHeader(o.Header)
	if o.Body == nil {
		return r, nil
	}
	name, ok := k.blobs[o.Body]
	if !ok {
		body := make([]byte, o.Body.Size())
		_, _ = o.Body.ReadAt(body, 0) // memory
		var err error
		if name, err = k.dir.PutBlob(body); err != nil {
			return r, err
		}
	}
	blobs[o.Body], r.Body = name, name
	return r, nil
}

// splitHeader parts the values that are UTF-8, which JSON keeps as they are, from
// the others.
func splitHeader(header map[string]string) (text map[string]string, other map[string][]byte) {
	for name, value := range header {
		if utf8.ValidString(value) {
			continue
		}
		if other == nil {
			text, other = maps.Clone(header), map[string][]byte{}
		}
		other[name] = []byte(value)
		delete(text, name)
	}
	if other == nil {
		return header, nil
	}
	return text, other
}

func (k *keeper) loadObjects(s *keptState) error {
	name := datadir.File(objectsPart + k.generation)
	text, err := k.dir.Read(name)
	if err != nil {
		return k.absent(name, err)
	}
	var records []bucketRecord
	if err := json.Unmarshal(text, &records); err != nil {
		return k.damaged(name, err)
	}
	versioning := map[string]store.Versioning{} // the world's is newer
	for i := range s.file.Buckets {
		versioning[s.file.Buckets[i].Name] = versioningOf(&s.file.Buckets[i])
	}
	for _, b := range records {
		now, known := versioning[b.Name]
		if !known {
			continue // it was deleted right before the end
		}
		state := store.BucketState{Name: b.Name, Created: b.Created, Versioning: now}
		for i := range b.Versions {
			o, err := k.object(&b.Versions[i])
			if err != nil {
				return fmt.Errorf("object %s of bucket %s: %w", b.Versions[i].Key, b.Name, err)
			}
			state.Versions = append(state.Versions, o)
		}
		s.objects = append(s.objects, state)
	}
	return nil
}

func versioningOf(b *world.BucketFile) store.Versioning {
	switch {
	case b.Versioning:
		return store.Enabled
	case b.Suspended:
		return store.Suspended
	}
	return store.Unversioned
}

func (k *keeper) object(r *objectRecord) (*store.Object, error) {
	o := &store.Object{
		Key: string(r.Key), VersionID: r.VersionID, DeleteMarker: r.DeleteMarker, LastModified: r.LastModified, ETag: r.ETag,
		Checksum: r.Checksum, Parts: r.Parts, Attributes: store.Attributes{Header: r.Header, Tags: r.Tags},
	}
	for name, value := range r.HeaderBytes {
		if o.Header == nil {
			o.Header = map[string]string{}
		}
		o.Header[name] = string(value)
	}
	if r.DeleteMarker {
		return o, nil
	}
	body, err := k.dir.Blob(r.Body)
	if err != nil {
		return nil, err
	}
	o.Body = store.NewBlob(body)
	k.blobs[o.Body] = r.Body
	return o, nil
}
