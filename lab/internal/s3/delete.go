package s3

import (
	"encoding/xml"
	"net/http"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
)

// deleteObject serves DeleteObject.
func (c *call) deleteObject() error {
	for _, name := range []string{"x-amz-if-match-last-modified-time", "x-amz-if-match-size"} {
		if c.r.Header.Get(name) != "" { // of directory buckets only
			return notImplemented(name)
		}
	}
	etag := c.r.Header.Get("If-Match")
	if etag != "" {
		if err := c.allowKey("s3:GetObject"); err != nil {
			return err
		}
	}
	deleted, err := c.s.store.Delete(c.bucketName, c.key, c.query.Get("versionId"), deleteCheck(etag))
	if err != nil {
		return err
	}
	h := c.w.Header()
	if deleted.VersionID != "" {
		h.Set("x-amz-version-id", deleted.VersionID)
	}
	if deleted.Marker {
		h.Set("x-amz-delete-marker", "true")
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// maxDeletes in one DeleteObjects.
const maxDeletes = 1000

type deleteRequest struct {
	XMLName xml.Name `xml:"Delete"`
	Quiet   bool
	Objects []deleteTarget `xml:"Object"`
}

type deleteTarget struct {
	Key       string
	VersionID string `xml:"VersionId"`
	ETag      string
	// LastModifiedTime and Size are conditions of directory buckets.
	LastModifiedTime, Size string
}

type deleteResult struct {
	XMLName xml.Name `xml:"DeleteResult"`
	Xmlns   string   `xml:"xmlns,attr"`
	Deleted []deletedEntry
	Errors  []deleteError `xml:"Error"`
}

type deletedEntry struct {
	Key                   string
	VersionID             string `xml:"VersionId,omitempty"`
	DeleteMarker          bool   `xml:",omitempty"`
	DeleteMarkerVersionID string `xml:"DeleteMarkerVersionId,omitempty"`
}

type deleteError struct {
	Key       string
	VersionID string `xml:"VersionId,omitempty"`
	Code      string
	Message   string
}

// deleteObjects serves DeleteObjects: every key is authorized and deleted by itself.
func (c *call) deleteObjects() error {
	if !hasIntegrityHeader(c.r.Header) {
		return invalidRequest("Missing required header for this request: Content-MD5 OR x-amz-checksum-*")
	}
	var in deleteRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	if len(in.Objects) == 0 || len(in.Objects) > maxDeletes {
		return refusal("MalformedXML")
	}
	out := deleteResult{Xmlns: namespace}
	for _, target := range in.Objects {
		entry, err := c.deleteOne(target)
		switch {
		case err != nil:
			e := c.answer(err)
			out.Errors = append(out.Errors, deleteError{target.Key, target.VersionID, e.Code, e.Message})
		case !in.Quiet:
			out.Deleted = append(out.Deleted, entry)
		}
	}
	return c.reply(out)
}

func hasIntegrityHeader(h http.Header) bool {
	for name := range h {
		lower := strings.ToLower(name)
		if lower == "content-md5" || strings.HasPrefix(lower, "x-amz-checksum-") || lower == "x-amz-trailer" {
			return true
		}
	}
	return false
}

func (c *call) deleteOne(t deleteTarget) (deletedEntry, error) {
	if t.Key == "" {
		return deletedEntry{}, refusal("MalformedXML")
	}
	arn := c.arn(c.bucketName + "/" + t.Key)
	action := "s3:DeleteObject"
	keys := c.keys
	if t.VersionID != "" {
		action = "s3:DeleteObjectVersion"
		c.keys = copyContext(keys, map[string]string{"s3:VersionId": t.VersionID})
	}
	defer func() { c.keys = keys }()
	if err := c.allow(action, arn, c.bucket); err != nil {
		return deletedEntry{}, err
	}
	if t.LastModifiedTime != "" || t.Size != "" {
		return deletedEntry{}, notImplemented("LastModifiedTime, Size")
	}
	if t.ETag != "" {
		if err := c.allow("s3:GetObject", arn, c.bucket); err != nil {
			return deletedEntry{}, err
		}
	}
	deleted, err := c.s.store.Delete(c.bucketName, t.Key, t.VersionID, deleteCheck(t.ETag))
	if err != nil {
		return deletedEntry{}, err
	}
	return deletedEntryOf(t, deleted), nil
}

func deletedEntryOf(t deleteTarget, deleted store.Deleted) deletedEntry {
	entry := deletedEntry{Key: t.Key, VersionID: t.VersionID, DeleteMarker: deleted.Marker}
	if deleted.Marker {
		entry.DeleteMarkerVersionID = deleted.VersionID
	}
	return entry
}
