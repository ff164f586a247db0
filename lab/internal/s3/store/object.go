package store

import (
	"crypto/rand"
	"encoding/base64"
	"maps"
	"slices"
	"time"
)

// NullVersion is the version id of objects stored while versioning is off or
// suspended (S3 user guide, "How S3 Versioning works").
const NullVersion = "null"

// Tag of an object.
type Tag struct {
	Key   string `xml:"Key"`
	Value string `xml:"Value"`
}

// Checksum is a checksum as S3 returns it.
type Checksum struct {
	// Algorithm in upper case: CRC32, CRC32C, CRC64NVME, SHA1 or SHA256; empty when there is none.
	Algorithm string
	// Type is FULL_OBJECT or COMPOSITE.
	Type string
	// Value in base64; a composite one ends in a dash and the number of parts.
	Value string
}

// Attributes are what a writer says about an object beside its bytes.
type Attributes struct {
	// Header holds the response headers of GetObject by the names they are sent
	// with: Content-Type, Cache-Control, x-amz-meta-....
	Header map[string]string
	Tags   []Tag
}

// Clone returns a deep copy.
func (a Attributes) Clone() Attributes {
	return Attributes{Header: maps.Clone(a.Header), Tags: slices.Clone(a.Tags)}
}

// Object is one version of an object or a delete marker.
type Object struct {
	Key string
	// VersionID is NullVersion or an opaque identifier. Put and Delete set it.
	VersionID    string
	DeleteMarker bool
	// LastModified in whole seconds. Put and Delete set it.
	LastModified time.Time
	// ETag without quotation marks.
	ETag     string
	Body     *Blob
	Checksum Checksum
	// Parts of a multipart upload in their order, nil for other objects.
	Parts []ObjectPart
	Attributes
}

// Size of the body in bytes; 0 for a delete marker.
func (o *Object) Size() int64 {
	if o.Body == nil {
		return 0
	}
	return o.Body.Size()
}

// ObjectPart is a part of an object that was made by a multipart upload.
type ObjectPart struct {
	Number   int
	Size     int64
	Checksum Checksum
}

// NewVersionID makes up a version id of 32 characters, like those of S3.
func NewVersionID() string {
	var b [24]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand aborts the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}
