package s3

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

const (
	// defaultContentType of an object whose writer named none.
	defaultContentType = "binary/octet-stream"
	// maxMetadata is the size of user-defined metadata in bytes, names and values
	// (S3 user guide, "Working with object metadata").
	maxMetadata = 2 << 10
	metaPrefix  = "x-amz-meta-"
)

// systemHeaders are stored with an object and answered with it.
var systemHeaders = []string{
	"Cache-Control", "Content-Disposition", "Content-Language", "Content-Type", "Expires",
	"x-amz-website-redirect-location",
}

// storageClasses that need no restore.
var storageClasses = []string{"STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"}

// attributes reads what a writing request says about its object, and refuses
// what the lab does not have: KMS and customer keys, object lock, ACLs, archives.
func (c *call) attributes() (store.Attributes, error) {
	for _, check := range []func(http.Header) error{checkEncryption, checkObjectLock, checkACL} {
		if err := check(c.r.Header); err != nil {
			return store.Attributes{}, err
		}
	}
	header, err := c.metadata()
	if err != nil {
		return store.Attributes{}, err
	}
	if err := c.storageClass(header); err != nil {
		return store.Attributes{}, err
	}
	tags, err := parseTagging(c.r.Header.Get("x-amz-tagging"))
	return store.Attributes{Header: header, Tags: tags}, err
}

// metadata reads the system-defined and user-defined metadata.
func (c *call) metadata() (map[string]string, error) {
	header := map[string]string{"Content-Type": defaultContentType}
	for _, name := range systemHeaders {
		if v := c.r.Header.Get(name); v != "" {
			header[name] = v
		}
	}
	if v := c.verified.ContentEncoding; v != "" {
		header["Content-Encoding"] = v
	}
	size := 0
	for name, values := range c.r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, metaPrefix) {
			header[lower] = strings.Join(values, ",")
			size += len(lower) - len(metaPrefix) + len(header[lower])
		}
	}
	if size > maxMetadata {
		return nil, refusal("MetadataTooLarge", "Size", strconv.Itoa(size), "MaxSizeAllowed", strconv.Itoa(maxMetadata))
	}
	return header, nil
}

func (c *call) storageClass(header map[string]string) error {
	switch class := c.r.Header.Get("x-amz-storage-class"); {
	case class == "" || class == "STANDARD":
		return nil
	case slices.Contains(storageClasses, class):
		header["x-amz-storage-class"] = class
		return nil
	case slices.Contains([]string{"GLACIER", "DEEP_ARCHIVE", "OUTPOSTS", "EXPRESS_ONEZONE", "SNOW"}, class):
		return notImplemented("x-amz-storage-class")
	}
	return refusal("InvalidStorageClass", "StorageClassRequested", c.r.Header.Get("x-amz-storage-class"))
}

// checkEncryption admits SSE-S3, which every object of S3 has.
func checkEncryption(h http.Header) error {
	for name := range h {
		lower := strings.ToLower(name)
		if strings.HasPrefix(lower, "x-amz-server-side-encryption-") || strings.HasPrefix(lower, "x-amz-copy-source-server-side-encryption-") {
			return notImplemented(lower)
		}
	}
	switch v := h.Get("x-amz-server-side-encryption"); v {
	case "", "AES256":
		return nil
	case "aws:kms", "aws:kms:dsse", "aws:fsx":
		return notImplemented("x-amz-server-side-encryption")
	default:
		return invalidArgument("The encryption method specified is not supported", "x-amz-server-side-encryption", v)
	}
}

func checkObjectLock(h http.Header) error {
	for name := range h {
		if strings.HasPrefix(strings.ToLower(name), "x-amz-object-lock-") {
			return invalidRequest("Bucket is missing Object Lock Configuration")
		}
	}
	return nil
}

// checkACL admits the canned ACLs that say no more than the bucket owner's full
// control (S3 user guide, "Controlling ownership of objects and disabling ACLs").
func checkACL(h http.Header) error {
	for _, name := range grantHeaders {
		if h.Get(name) != "" {
			return refusal("AccessControlListNotSupported")
		}
	}
	switch h.Get("x-amz-acl") {
	case "", "private", "bucket-owner-full-control":
		return nil
	}
	return refusal("AccessControlListNotSupported")
}

var grantHeaders = []string{"x-amz-grant-full-control", "x-amz-grant-read", "x-amz-grant-read-acp", "x-amz-grant-write", "x-amz-grant-write-acp"}

// setsACL reports whether the request carries any ACL.
func setsACL(h http.Header) bool {
	return slices.ContainsFunc(append([]string{"x-amz-acl"}, grantHeaders...), func(name string) bool { return h.Get(name) != "" })
}

// Limits of object tags (S3 user guide, "Categorizing your objects using tags").
const (
	maxTags      = 10
	maxTagKey    = 128 // characters
	maxTagValue  = 256
	taggingWords = "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates."
)

// parseTagging reads x-amz-tagging: tags as URL query parameters.
func parseTagging(v string) ([]store.Tag, error) {
	if v == "" {
		return nil, nil
	}
	values, err := url.ParseQuery(v)
	if err != nil {
		return nil, invalidArgument(taggingWords, "x-amz-tagging", v)
	}
	var tags []store.Tag
	for key, all := range values {
		if len(all) > 1 {
			return nil, invalidArgument(taggingWords, "x-amz-tagging", v)
		}
		tags = append(tags, store.Tag{Key: key, Value: all[0]})
	}
	slices.SortFunc(tags, func(a, b store.Tag) int { return strings.Compare(a.Key, b.Key) })
	return tags, checkTags(tags)
}

func checkTags(tags []store.Tag) error {
	if len(tags) > maxTags {
		return refusal("InvalidTag").saying("Object tags cannot be greater than 10")
	}
	for _, t := range tags {
		switch {
		case t.Key == "" || utf8.RuneCountInString(t.Key) > maxTagKey || strings.HasPrefix(t.Key, "aws:"):
			return refusal("InvalidTag", "TagKey", t.Key).saying("The TagKey you have provided is invalid")
		case utf8.RuneCountInString(t.Value) > maxTagValue:
			return refusal("InvalidTag", "TagKey", t.Key).saying("The TagValue you have provided is invalid")
		}
	}
	return nil
}

// seedObject makes an object of a world file as PutObject would.
func seedObject(f world.ObjectFile) *store.Object {
	contentType := f.ContentType
	if contentType == "" {
		contentType = defaultContentType
	}
	sums := newSums("CRC64NVME")
	_, _ = sums.Write([]byte(f.Body)) // hashes do not fail
	return &store.Object{
		Key: f.Key, Body: store.NewBlob([]byte(f.Body)), ETag: sums.etag(), Checksum: sums.checksum(),
		Attributes: store.Attributes{Header: map[string]string{"Content-Type": contentType}},
	}
}
