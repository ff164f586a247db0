package s3

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
)

// Limits of object tags (S3 user guide, "Categorizing your objects using tags").
const (
	maxTags     = 10
	maxTagKey   = 128 // UTF-16 code units
	maxTagValue = 256 // UTF-16 code units
	// maxTagging bounds a Tagging document, in bytes: ten longest tags, every
	// character of them as a character reference, fit.
	maxTagging = 64 << 10
)

// tagForm is what keys and values may be made of (AWS General Reference, "Tag
// naming limits and requirements").
var tagForm = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

type taggingResult struct {
	XMLName xml.Name `xml:"Tagging"`
	Xmlns   string   `xml:"xmlns,attr"`
	TagSet  struct{ Tag []store.Tag }
}

// getObjectTagging serves GetObjectTagging.
func (c *call) getObjectTagging() error {
	o, err := c.taggedObject()
	if err != nil {
		return err
	}
	out := taggingResult{Xmlns: namespace}
	out.TagSet.Tag = o.Tags
	return c.reply(out)
}

// putObjectTagging serves PutObjectTagging.
func (c *call) putObjectTagging() error {
	o, err := c.taggedObject()
	if err != nil {
		return err
	}
	tags, err := c.requestTags()
	if err != nil {
		return err
	}
	if err := c.s.store.SetTags(c.bucketName, c.key, o.VersionID, tags); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusOK)
	return nil
}

// deleteObjectTagging serves DeleteObjectTagging.
func (c *call) deleteObjectTagging() error {
	o, err := c.taggedObject()
	if err != nil {
		return err
	}
	if err := c.s.store.SetTags(c.bucketName, c.key, o.VersionID, nil); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// taggedObject finds the version whose tags the request is for. To these
// operations a delete marker is one, whether the request names it or not.
func (c *call) taggedObject() (*store.Object, error) {
	o, err := c.s.store.Get(c.bucketName, c.key, c.query.Get("versionId"))
	if err == nil && o.DeleteMarker {
		return nil, c.missing(c.refuseMarker(o), c.bucket)
	}
	return c.object()
}

// requestTags reads the tags that the request wants its object to have.
func (c *call) requestTags() ([]store.Tag, error) {
	if c.op.tagSet {
		return parseTagSet(c.body)
	}
	return parseTagging(c.r.Header.Get("x-amz-tagging"))
}

// parseTagSet reads the Tagging document of PutObjectTagging.
func parseTagSet(body []byte) ([]store.Tag, error) {
	var in struct {
		XMLName xml.Name `xml:"Tagging"`
		TagSet  *struct {
			Tag []struct{ Key, Value *string }
		}
	}
	if err := decodeXML(body, &in); err != nil {
		return nil, err
	}
	if in.TagSet == nil {
		return nil, refusal("MalformedXML")
	}
	var tags []store.Tag
	for _, t := range in.TagSet.Tag {
		if t.Key == nil || t.Value == nil {
			return nil, refusal("MalformedXML")
		}
		tags = append(tags, store.Tag{Key: *t.Key, Value: *t.Value})
	}
	return checkTags(tags)
}

const taggingWords = "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates."

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
	return checkTags(tags)
}

// checkTags returns valid tags by their keys, the order in which S3 lists them.
func checkTags(tags []store.Tag) ([]store.Tag, error) {
	slices.SortFunc(tags, func(a, b store.Tag) int { return strings.Compare(a.Key, b.Key) })
	for i, t := range tags {
		switch {
		case i > 0 && t.Key == tags[i-1].Key:
			return nil, refusal("InvalidTag", "TagKey", t.Key).saying("Cannot provide multiple Tags with the same key")
		case strings.HasPrefix(t.Key, "aws:"):
			return nil, refusal("InvalidTag", "TagKey", t.Key).saying("Your TagKey cannot be prefixed with aws:")
		case t.Key == "" || len16(t.Key) > maxTagKey || !tagForm.MatchString(t.Key):
			return nil, refusal("InvalidTag", "TagKey", t.Key).saying("The TagKey you have provided is invalid")
		case len16(t.Value) > maxTagValue || !tagForm.MatchString(t.Value):
			return nil, refusal("InvalidTag", "TagKey", t.Key, "TagValue", t.Value).saying("The TagValue you have provided is invalid")
		}
	}
	if len(tags) > maxTags {
		return nil, refusal("BadRequest").saying("Object tags cannot be greater than 10")
	}
	return tags, nil
}

// len16 is the length of s in UTF-16, which is how S3 counts tags.
func len16(s string) int {
	n := 0
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}
