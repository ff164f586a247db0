package s3

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
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
