package s3

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// object finds the version that the request is for and answers what S3 answers
// where there is none.
func (c *call) object() (*store.Object, error) {
	o, err := c.find(c.bucket, c.key, c.query.Get("versionId"))
	if err == nil {
		c.setVersion(o)
		return o, nil
	}
	return nil, err
}

// find returns a version that is no delete marker; newest if versionID is empty.
func (c *call) find(b *world.Bucket, key, versionID string) (*store.Object, error) {
	o, err := c.s.store.Get(b.Name, key, versionID)
	switch {
	case errors.Is(err, store.ErrNoKey):
		return nil, c.missing(refusal("NoSuchKey", "Key", key), b)
	case errors.Is(err, store.ErrNoVersion):
		if versionID != store.NullVersion && len(versionID) != len(store.NewVersionID()) {
			return nil, invalidArgument("Invalid version id specified", "versionId", versionID)
		}
		return nil, c.missing(refusal("NoSuchVersion", "Key", key, "VersionId", versionID), b)
	case err != nil:
		return nil, err
	case !o.DeleteMarker:
		return o, nil
	case versionID != "":
		return nil, c.missing(c.refuseMarker(o), b)
	}
	return nil, c.missing(refusal("NoSuchKey", "Key", key).hiddenBy(o), b)
}

// refuseMarker is the answer to a request for a delete marker itself.
func (c *call) refuseMarker(marker *store.Object) *Error {
	return refusal("MethodNotAllowed", "Method", c.r.Method, "ResourceType", "DeleteMarker").hiddenBy(marker).
		with("Allow", "DELETE").with("Last-Modified", marker.LastModified.Format(http.TimeFormat))
}

// hiddenBy adds the headers that tell of a delete marker.
func (e *Error) hiddenBy(marker *store.Object) *Error {
	return e.with("x-amz-delete-marker", "true").with("x-amz-version-id", marker.VersionID)
}

// setVersion answers the version id, which a bucket that never had versioning does not have.
func (c *call) setVersion(o *store.Object) {
	if info, _ := c.s.store.Bucket(c.bucketName); info.Versioning != store.Unversioned {
		c.w.Header().Set("x-amz-version-id", o.VersionID)
	}
}

// getObject serves GetObject and HeadObject, which differ in the body only.
func (c *call) getObject() error {
	if err := c.checkOverrides(); err != nil {
		return err
	}
	o, err := c.object()
	if err != nil {
		return err
	}
	if err := checkRead(c.r.Header, "", o); err != nil {
		return err
	}
	part, err := c.selection(o)
	if err != nil {
		return err
	}
	c.setObject(o)
	c.override()
	h := c.w.Header()
	if strings.EqualFold(c.r.Header.Get("x-amz-checksum-mode"), "ENABLED") {
		setChecksum(h, part.checksum)
	}
	h.Set("Content-Length", itoa(part.length))
	status := http.StatusOK
	if part.partial {
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", part.offset, part.offset+part.length-1, o.Size()))
		status = http.StatusPartialContent
	}
	c.w.WriteHeader(status)
	if c.r.Method != http.MethodHead {
		_, _ = io.Copy(c.w, o.Body.Section(part.offset, part.length)) // a client that has gone sees a short body
	}
	return nil
}

// setObject answers the headers that describe an object.
func (c *call) setObject(o *store.Object) {
	h := c.w.Header()
	for name, value := range o.Header {
		if strings.HasPrefix(name, metaPrefix) {
			h[name] = []string{value} // S3 answers these in lower case
			continue
		}
		h.Set(name, value)
	}
	h.Set("ETag", quoted(o.ETag))
	h.Set("Last-Modified", o.LastModified.Format(http.TimeFormat))
	h.Set("Accept-Ranges", "bytes")
	h.Set("x-amz-server-side-encryption", "AES256")
	if len(o.Tags) > 0 && c.mayReadTags() {
		h.Set("x-amz-tagging-count", strconv.Itoa(len(o.Tags)))
	}
}

// mayReadTags asks for the right to see tags, without blaming the request for the lack of it.
func (c *call) mayReadTags() bool {
	action, resource := c.exchange.Action, c.exchange.Resource
	asked := "s3:GetObjectTagging"
	if c.query.Get("versionId") != "" {
		asked = "s3:GetObjectVersionTagging"
	}
	err := c.allowKey(asked)
	c.exchange.Action, c.exchange.Resource = action, resource
	return err == nil
}

// overrides are the query parameters that replace response headers.
var overrides = map[string]string{
	"response-cache-control": "Cache-Control", "response-content-disposition": "Content-Disposition",
	"response-content-encoding": "Content-Encoding", "response-content-language": "Content-Language",
	"response-content-type": "Content-Type", "response-expires": "Expires",
}

func (c *call) checkOverrides() error {
	for name := range overrides {
		if c.query.Has(name) && c.session == nil {
			return invalidRequest("Request specific response headers cannot be used for anonymous GET requests.")
		}
	}
	return nil
}

func (c *call) override() {
	for name, header := range overrides {
		if v := c.query.Get(name); v != "" {
			c.w.Header().Set(header, v)
		}
	}
}
