package s3

import (
	"net/http"

	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
)

// maxObjectSize of a PutObject or UploadPart in bytes (S3 user guide, "Amazon S3
// multipart upload limits").
const maxObjectSize = 5 << 30

// putObject serves PutObject.
func (c *call) putObject() error {
	if err := c.allowExtras(); err != nil {
		return err
	}
	attributes, err := c.attributes()
	if err != nil {
		return err
	}
	algorithm, err := namedAlgorithm(c.r.Header)
	if err != nil {
		return err
	}
	if algorithm == "" {
		algorithm = defaultAlgorithm
	}
	check, err := c.writeCheck()
	if err != nil {
		return err
	}
	if err := c.preCheck(check); err != nil {
		return err
	}
	body, sums, err := c.receive(algorithm)
	if err != nil {
		return err
	}
	o := &store.Object{Key: c.key, Body: body, ETag: sums.etag(), Checksum: sums.checksum(), Attributes: attributes}
	if err := c.s.store.Put(c.bucketName, o, check); err != nil {
		return err
	}
	c.setWritten(o)
	setChecksum(c.w.Header(), o.Checksum)
	c.w.WriteHeader(http.StatusOK)
	return nil
}

// allowExtras asks for the actions that the headers of a write need beside
// s3:PutObject.
func (c *call) allowExtras() error {
	if c.r.Header.Get("x-amz-tagging") != "" {
		if err := c.allowKey("s3:PutObjectTagging"); err != nil {
			return err
		}
	}
	if setsACL(c.r.Header) {
		return c.allowKey("s3:PutObjectAcl")
	}
	return nil
}

// setWritten answers the headers of a new version.
func (c *call) setWritten(o *store.Object) {
	h := c.w.Header()
	h.Set("ETag", quoted(o.ETag))
	h.Set("x-amz-server-side-encryption", "AES256")
	if class := o.Header["x-amz-storage-class"]; class != "" {
		h.Set("x-amz-storage-class", class)
	}
	c.setVersion(o)
}
