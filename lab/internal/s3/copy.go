package s3

import (
	"encoding/xml"
	"net/url"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// copySource is the object that CopyObject and UploadPartCopy read.
type copySource struct {
	bucket *world.Bucket
	key    string
	// versionID as the request names it; empty for the newest.
	versionID string
	object    *store.Object
}

const badCopySource = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey"

// parseCopySource reads x-amz-copy-source: [/]bucket/key[?versionId=id], encoded
// like a form: a plus is a space.
func parseCopySource(v string) (bucket, key, versionID string, err error) {
	path, query, _ := strings.Cut(v, "?")
	if query != "" {
		values, err := url.ParseQuery(query)
		if err != nil || len(values) != 1 || values.Get("versionId") == "" {
			return "", "", "", invalidArgument("Unsupported copy source parameter.", "x-amz-copy-source", v)
		}
		versionID = values.Get("versionId")
	}
	path, err = url.QueryUnescape(path)
	if err != nil {
		return "", "", "", invalidArgument("Invalid copy source encoding.", "x-amz-copy-source", v)
	}
	if strings.HasPrefix(path, "arn:") {
		return "", "", "", notImplemented("x-amz-copy-source")
	}
	bucket, key, ok := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if !ok || bucket == "" || key == "" {
		return "", "", "", invalidArgument(badCopySource, "x-amz-copy-source", v)
	}
	return bucket, key, versionID, nil
}

// source finds the source of a copy: the caller must be allowed to read it.
func (c *call) source() (*copySource, error) {
	name, key, versionID, err := parseCopySource(c.r.Header.Get("x-amz-copy-source"))
	if err != nil {
		return nil, err
	}
	b, ok, err := c.s.bucket(name)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, refusal("NoSuchBucket", "BucketName", name)
	}
	if err := c.expectOwner("x-amz-source-expected-bucket-owner", b); err != nil {
		return nil, err
	}
	s := &copySource{bucket: b, key: key, versionID: versionID}
	if err := c.allowSource(s, "s3:GetObject", "s3:GetObjectVersion"); err != nil {
		return nil, err
	}
	if marker, err := c.s.store.Get(name, key, versionID); versionID != "" && err == nil && marker.DeleteMarker {
		return nil, invalidRequest("The source of a copy request may not specifically refer to a delete marker by version id.")
	}
	if s.object, err = c.find(b, key, versionID); err != nil {
		return nil, err
	}
	if err := checkRead(c.r.Header, "x-amz-copy-source-", s.object); err != nil {
		return nil, err
	}
	if info, _ := c.s.store.Bucket(name); info.Versioning != store.Unversioned {
		c.w.Header().Set("x-amz-copy-source-version-id", s.object.VersionID)
	}
	return s, nil
}

// allowSource asks for an action on the source, or for its variant for versions.
func (c *call) allowSource(s *copySource, action, versionAction string) error {
	keys := c.keys
	defer func() { c.keys = keys }()
	if s.versionID != "" {
		action = versionAction
		c.keys = copyContext(c.keys, map[string]string{"s3:VersionId": s.versionID})
	}
	if o, err := c.s.store.Get(s.bucket.Name, s.key, s.versionID); err == nil {
		c.keys = withTags(c.keys, "s3:ExistingObjectTag/", o.Tags)
	}
	return c.allow(action, c.arn(s.bucket.Name+"/"+s.key), s.bucket)
}

type copyResult struct {
	XMLName      xml.Name
	Xmlns        string `xml:"xmlns,attr"`
	LastModified string
	ETag         string
	ChecksumType string `xml:",omitempty"`
	checksumElements
}

// copyObject serves CopyObject.
func (c *call) copyObject() error {
	if err := c.allowExtras(); err != nil {
		return err
	}
	check, err := c.writeCheck()
	if err != nil {
		return err
	}
	s, err := c.source()
	if err != nil {
		return err
	}
	attributes, err := c.copyAttributes(s)
	if err != nil {
		return err
	}
	o, err := c.copyOf(s.object, attributes)
	if err != nil {
		return err
	}
	if err := c.s.store.Put(c.bucketName, o, check); err != nil {
		return err
	}
	c.setWritten(o)
	c.w.Header().Del("ETag") // it is in the body
	return c.reply(copyResult{
		XMLName: xml.Name{Local: "CopyObjectResult"}, Xmlns: namespace, LastModified: timestamp(o.LastModified),
		ETag: quoted(o.ETag), ChecksumType: o.Checksum.Type, checksumElements: elementsOf(o.Checksum),
	})
}

// copyOf makes the new object. Its ETag and checksum are those of a PutObject,
// whatever way the source was uploaded.
func (c *call) copyOf(source *store.Object, attributes store.Attributes) (*store.Object, error) {
	algorithm := strings.ToUpper(c.r.Header.Get("x-amz-checksum-algorithm"))
	if err := checkAlgorithm(algorithm); err != nil {
		return nil, err
	}
	if algorithm == "" {
		algorithm = source.Checksum.Algorithm
	}
	sums, err := sumsOf(source.Body, algorithm)
	if err != nil {
		return nil, err
	}
	if err := c.s.store.Reserve(source.Body); err != nil {
		return nil, err
	}
	return &store.Object{Key: c.key, Body: source.Body, ETag: sums.etag(), Checksum: sums.checksum(), Attributes: attributes}, nil
}

// copyAttributes applies x-amz-metadata-directive and x-amz-tagging-directive.
func (c *call) copyAttributes(s *copySource) (store.Attributes, error) {
	attributes, err := c.attributes()
	if err != nil {
		return attributes, err
	}
	metadata, tagging, err := c.directives()
	if err != nil {
		return attributes, err
	}
	if metadata == "COPY" {
		if err := c.checkSelfCopy(s); err != nil {
			return attributes, err
		}
		own := attributes.Header
		attributes.Header = s.object.Clone().Header
		for _, name := range []string{"x-amz-storage-class", "x-amz-website-redirect-location"} {
			delete(attributes.Header, name) // these are never copied
			if v := own[name]; v != "" {
				attributes.Header[name] = v
			}
		}
	}
	if tagging == "COPY" {
		if attributes.Tags != nil {
			return attributes, invalidArgument("The x-amz-tagging header needs x-amz-tagging-directive REPLACE.", "x-amz-tagging-directive", "COPY")
		}
		return c.copyTags(s, attributes)
	}
	return attributes, nil
}

// directives are COPY unless the request says REPLACE.
func (c *call) directives() (metadata, tagging string, err error) {
	values := [2]string{"COPY", "COPY"}
	for i, name := range []string{"x-amz-metadata-directive", "x-amz-tagging-directive"} {
		switch v := c.r.Header.Get(name); v {
		case "":
		case "COPY", "REPLACE":
			values[i] = v
		default:
			return "", "", invalidArgument("Unknown directive.", name, v)
		}
	}
	return values[0], values[1], nil
}

// copyTags takes over tags, which needs the right to read and to write them (S3
// API reference, CopyObject, x-amz-tagging-directive).
func (c *call) copyTags(s *copySource, attributes store.Attributes) (store.Attributes, error) {
	if len(s.object.Tags) == 0 {
		return attributes, nil
	}
	if err := c.allowSource(s, "s3:GetObjectTagging", "s3:GetObjectVersionTagging"); err != nil {
		return attributes, err
	}
	if err := c.allowKey("s3:PutObjectTagging"); err != nil {
		return attributes, err
	}
	attributes.Tags = s.object.Clone().Tags
	return attributes, nil
}

// checkSelfCopy refuses a copy that would change nothing. To restore an older
// version of itself does change something.
func (c *call) checkSelfCopy(s *copySource) error {
	if s.bucket.Name != c.bucketName || s.key != c.key {
		return nil
	}
	for _, name := range []string{"x-amz-storage-class", "x-amz-website-redirect-location", "x-amz-server-side-encryption"} {
		if c.r.Header.Get(name) != "" {
			return nil
		}
	}
	if latest, err := c.s.store.Get(s.bucket.Name, s.key, ""); err == nil && latest == s.object {
		return invalidRequest("This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
	}
	return nil
}
