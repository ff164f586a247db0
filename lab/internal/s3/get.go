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
	}
	gone := refusal("NoSuchKey", "Key", key)
	if versionID != "" {
		gone = refusal("MethodNotAllowed", "Method", c.r.Method, "ResourceType", "DeleteMarker").
			with("Allow", "DELETE").with("Last-Modified", o.LastModified.Format(http.TimeFormat))
	}
	return nil, c.missing(gone.with("x-amz-delete-marker", "true").with("x-amz-version-id", o.VersionID), b)
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

// selection is what of an object is answered.
type selection struct {
	offset, length int64
	partial        bool
	checksum       store.Checksum // of exactly that, if it is known
}

// selection reads Range and partNumber.
func (c *call) selection(o *store.Object) (selection, error) {
	whole := selection{length: o.Size(), checksum: o.Checksum}
	ranges := c.r.Header.Get("Range")
	if c.query.Has("partNumber") {
		if ranges != "" {
			return whole, invalidRequest("Cannot specify both Range header and partNumber query parameter")
		}
		return c.part(o, whole)
	}
	if v := c.r.Header.Get("If-Range"); v != "" && !sameState(v, o) {
		return whole, nil
	}
	span, ok, satisfiable := parseRange(ranges, o.Size())
	switch {
	case !ok:
		return whole, nil
	case !satisfiable:
		return whole, refusal("InvalidRange", "RangeRequested", ranges, "ActualObjectSize", itoa(o.Size())).
			with("Content-Range", "bytes */"+itoa(o.Size()))
	}
	return selection{offset: span.offset, length: span.length, partial: true}, nil
}

func sameState(ifRange string, o *store.Object) bool {
	if t, err := http.ParseTime(ifRange); err == nil {
		return t.Equal(o.LastModified)
	}
	return strings.Trim(ifRange, `"`) == o.ETag
}

// part selects a part of a multipart object; any other object has one part.
func (c *call) part(o *store.Object, whole selection) (selection, error) {
	n, err := partNumber(c.query.Get("partNumber"))
	if err != nil {
		return whole, err
	}
	if len(o.Parts) == 0 && n == 1 {
		whole.partial = o.Size() > 0
		return whole, nil
	}
	if n > len(o.Parts) {
		return whole, refusal("InvalidPartNumber", "PartNumberRequested", strconv.Itoa(n), "ActualPartCount", strconv.Itoa(max(len(o.Parts), 1)))
	}
	c.w.Header().Set("x-amz-mp-parts-count", strconv.Itoa(len(o.Parts)))
	selected := selection{partial: true}
	for i, p := range o.Parts[:n] {
		if i > 0 {
			selected.offset += o.Parts[i-1].Size
		}
		selected.length, selected.checksum = p.Size, p.Checksum
	}
	selected.partial = selected.length > 0
	return selected, nil
}

func partNumber(v string) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > maxPartNumber {
		return 0, invalidArgument("Part number must be an integer between 1 and 10000, inclusive", "partNumber", v)
	}
	return n, nil
}

// span is a range of bytes.
type span struct{ offset, length int64 }

// parseRange reads a Range header (RFC 9110 section 14.1.2). ok is false where it
// has to be ignored, as S3 does with more than one range.
func parseRange(v string, size int64) (s span, ok, satisfiable bool) {
	spec, ok := strings.CutPrefix(v, "bytes=")
	first, last, dash := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok || !dash || strings.Contains(spec, ",") {
		return s, false, false
	}
	if first == "" {
		n, valid := digits(last)
		n = min(n, size)
		return span{size - n, n}, valid, n > 0
	}
	from, valid := digits(first)
	to, validEnd := size-1, true
	if last != "" {
		to, validEnd = digits(last)
	}
	if !valid || !validEnd || last != "" && to < from {
		return s, false, false
	}
	to = min(to, size-1)
	return span{from, to - from + 1}, true, from < size
}

// digits reads a number without sign; one that is too large is the largest.
func digits(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil || errors.Is(err, strconv.ErrRange)
}
