package s3

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/rclone/gofakes3"

	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// objectTagging serves GetObjectTagging, PutObjectTagging and DeleteObjectTagging.
func (c *call) objectTagging() error { return c.relay("tagging") }

// relay has gofakes3 serve the request for a sub-resource ("" for none) of its
// bucket or object.
func (c *call) relay(subresource string) error { return c.relayTo(&backend{call: c}, subresource) }

// relayTo makes a gofakes3 for this one authorized call, so that no request can
// get to one in any other way, and turns its errors into the package's own.
func (c *call) relayTo(b *backend, subresource string) error {
	server := gofakes3.New(b, gofakes3.WithTimeSkewLimit(0), gofakes3.WithMetadataSizeLimit(0)).Server()
	r := &http.Request{
		Method: c.r.Method, URL: &url.URL{Path: "/" + c.resource(), RawQuery: subresource}, Proto: "HTTP/1.1",
		ProtoMajor: 1, ProtoMinor: 1, Host: c.r.Host, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(c.body)),
		ContentLength: int64(len(c.body)),
	}
	if v := c.r.Header.Get("X-Amz-Bucket-Object-Lock-Enabled"); v != "" {
		r.Header.Set("X-Amz-Bucket-Object-Lock-Enabled", v)
	}
	answer := &answerBuffer{header: http.Header{}}
	server.ServeHTTP(answer, r.WithContext(c.r.Context()))
	switch {
	case b.failed != nil:
		return b.failed
	case answer.status >= http.StatusMultipleChoices:
		return answer.error(c)
	}
	return answer.send(c)
}

// answerBuffer holds an answer of gofakes3; those that it gives here are small.
type answerBuffer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answerBuffer) Header() http.Header { return a.header }

func (a *answerBuffer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answerBuffer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// error reads code and message from gofakes3's error document. The status is S3's
// where the package knows the code.
func (a *answerBuffer) error(c *call) *Error {
	var doc struct{ Code, Message string }
	if err := xml.Unmarshal(a.body.Bytes(), &doc); err != nil || doc.Code == "" {
		return refusal("InternalError")
	}
	e := refusal(doc.Code, "BucketName", c.bucketName)
	if c.key != "" {
		e = refusal(doc.Code, "Key", c.key)
	}
	if e.Status == 0 {
		e.Status = a.status
	}
	if e.Message == "" || doc.Code == "InvalidTag" || doc.Code == "NotImplemented" && doc.Message != "" {
		e.Message = doc.Message
	}
	return e
}

// send passes the answer on, without gofakes3's own ids and CORS headers.
func (a *answerBuffer) send(c *call) error {
	h := c.w.Header()
	if location := a.header.Get("Location"); location != "" {
		h.Set("Location", location)
	}
	if a.body.Len() > 0 {
		h.Set("Content-Type", "application/xml")
	}
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if a.status != http.StatusNoContent {
		h.Set("Content-Length", itoa(int64(a.body.Len())))
	}
	c.w.WriteHeader(a.status)
	if c.r.Method != http.MethodHead {
		_, _ = c.w.Write(a.body.Bytes()) // the client has gone; there is nobody to tell
	}
	return nil
}

// backend is the storage of gofakes3 for one call. It does what the handlers in
// use need; everything else is ErrNotImplemented.
type backend struct {
	call *call
	// newBucket is what CreateBucket makes.
	newBucket *world.Bucket
	// failed is the error to answer instead of gofakes3's.
	failed error
}

var (
	_ gofakes3.Backend              = (*backend)(nil)
	_ gofakes3.VersionedBackend     = (*backend)(nil)
	_ gofakes3.ObjectTaggingBackend = (*backend)(nil)
)

// fail keeps err to be answered and stops gofakes3.
func (b *backend) fail(err error) error {
	b.failed = err
	return gofakes3.ErrInternal
}

func (b *backend) BucketExists(_ context.Context, name string) (bool, error) {
	return b.call.bucket != nil && name == b.call.bucketName, nil
}

func (b *backend) CreateBucket(_ context.Context, name string) error {
	s := b.call.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.newBucket == nil || name != b.newBucket.Name || !s.world.CreateBucket(b.newBucket) {
		return gofakes3.ResourceError(gofakes3.ErrBucketAlreadyExists, name)
	}
	s.store.DropBucket(name) // what another owner of the name may have left
	if err := s.materialize(b.newBucket); err != nil {
		return b.fail(err)
	}
	return nil
}

func (b *backend) DeleteBucket(_ context.Context, name string) error {
	s := b.call.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.store.DeleteBucket(name); err != nil {
		if errors.Is(err, store.ErrNotEmpty) {
			return gofakes3.ResourceError(gofakes3.ErrBucketNotEmpty, name)
		}
		return b.fail(err)
	}
	if old, ok := s.world.Bucket(name); ok {
		delete(s.policyText, old.Policy)
	}
	s.world.DeleteBucket(name)
	return nil
}

func (b *backend) VersioningConfiguration(name string) (gofakes3.VersioningConfiguration, error) {
	info, _ := b.call.s.store.Bucket(name)
	return gofakes3.VersioningConfiguration{Status: gofakes3.VersioningStatus(info.Versioning)}, nil
}

func (b *backend) SetVersioningConfiguration(name string, v gofakes3.VersioningConfiguration) error {
	if v.MFADelete.Enabled() {
		return gofakes3.ErrNotImplemented
	}
	if v.Status == gofakes3.VersioningNone {
		return b.fail(refusal("IllegalVersioningConfigurationException"))
	}
	if err := b.call.s.store.SetVersioning(name, store.Versioning(v.Status)); err != nil {
		return b.fail(err)
	}
	b.call.s.changeBucket(name, func(w *world.Bucket) { w.Versioning = v.Enabled() })
	return nil
}

// HeadObject gives the tagging handlers the version that the request is for.
func (b *backend) HeadObject(_ context.Context, _, key string) (*gofakes3.Object, error) {
	o, err := b.call.object()
	if err != nil {
		return nil, b.fail(err)
	}
	tags := url.Values{}
	for _, t := range o.Tags {
		tags.Set(t.Key, t.Value)
	}
	return &gofakes3.Object{
		Name: key, Metadata: map[string]string{gofakes3.TaggingMetadataKey: tags.Encode()},
		Contents: io.NopCloser(bytes.NewReader(nil)),
	}, nil
}

func (b *backend) SetObjectTagging(_ context.Context, bucket, key, tagging string) error {
	tags, err := parseTagging(tagging)
	if err != nil {
		return b.fail(err)
	}
	if err := b.call.s.store.SetTags(bucket, key, b.call.query.Get("versionId"), tags); err != nil {
		return b.fail(err)
	}
	return nil
}

func (b *backend) ListBuckets(context.Context) ([]gofakes3.BucketInfo, error) {
	return nil, gofakes3.ErrNotImplemented
}

func (b *backend) ListBucket(context.Context, string, *gofakes3.Prefix, gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	return nil, gofakes3.ErrNotImplemented
}

func (b *backend) GetObject(context.Context, string, string, *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	return nil, gofakes3.ErrNotImplemented
}

func (b *backend) DeleteObject(context.Context, string, string) (gofakes3.ObjectDeleteResult, error) {
	return gofakes3.ObjectDeleteResult{}, gofakes3.ErrNotImplemented
}

func (b *backend) PutObject(context.Context, string, string, map[string]string, io.Reader, int64) (gofakes3.PutObjectResult, error) {
	return gofakes3.PutObjectResult{}, gofakes3.ErrNotImplemented
}

func (b *backend) DeleteMulti(context.Context, string, ...string) (gofakes3.MultiDeleteResult, error) {
	return gofakes3.MultiDeleteResult{}, gofakes3.ErrNotImplemented
}

func (b *backend) CopyObject(context.Context, string, string, string, string, map[string]string) (gofakes3.CopyObjectResult, error) {
	return gofakes3.CopyObjectResult{}, gofakes3.ErrNotImplemented
}

func (b *backend) GetObjectVersion(string, string, gofakes3.VersionID, *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	return nil, gofakes3.ErrNotImplemented
}

func (b *backend) HeadObjectVersion(string, string, gofakes3.VersionID) (*gofakes3.Object, error) {
	return nil, gofakes3.ErrNotImplemented
}

func (b *backend) DeleteObjectVersion(string, string, gofakes3.VersionID) (gofakes3.ObjectDeleteResult, error) {
	return gofakes3.ObjectDeleteResult{}, gofakes3.ErrNotImplemented
}

func (b *backend) ListBucketVersions(string, *gofakes3.Prefix, *gofakes3.ListBucketVersionsPage) (*gofakes3.ListBucketVersionsResult, error) {
	return nil, gofakes3.ErrNotImplemented
}
