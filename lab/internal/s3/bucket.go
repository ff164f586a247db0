package s3

import (
	"encoding/xml"
	"errors"
	"net/http"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/s3/store"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

type bucketsResult struct {
	XMLName           xml.Name      `xml:"ListAllMyBucketsResult"`
	Xmlns             string        `xml:"xmlns,attr"`
	Buckets           []bucketEntry `xml:"Buckets>Bucket"`
	Owner             owner
	Prefix            string `xml:",omitempty"`
	ContinuationToken string `xml:",omitempty"`
}

type bucketEntry struct {
	Name         string
	CreationDate string
	BucketRegion string
}

// listBuckets serves ListBuckets: the buckets of the caller's account in every region.
func (c *call) listBuckets() error {
	limit, err := c.number("max-buckets", 10_000)
	if err != nil {
		return err
	}
	if limit < 1 || limit > 10_000 {
		return invalidArgument("max-buckets must be between 1 and 10000", "max-buckets", c.query.Get("max-buckets"))
	}
	after := ""
	if token := c.query.Get("continuation-token"); token != "" {
		if after, err = openToken(token); err != nil {
			return err
		}
	}
	out := bucketsResult{Xmlns: namespace, Owner: ownerOf(c.session.Account), Prefix: c.query.Get("prefix")}
	for _, b := range c.s.world.Buckets() {
		if b.Name <= after || !c.lists(b) {
			continue
		}
		if len(out.Buckets) == limit {
			out.ContinuationToken = sealToken(out.Buckets[limit-1].Name)
			break
		}
		info, _ := c.s.store.Bucket(b.Name)
		out.Buckets = append(out.Buckets, bucketEntry{b.Name, timestamp(info.Created), b.Region})
	}
	return c.reply(out)
}

func (c *call) lists(b *world.Bucket) bool {
	region := c.query.Get("bucket-region")
	return b.Account == c.session.Account && strings.HasPrefix(b.Name, c.query.Get("prefix")) && (region == "" || region == b.Region)
}

type locationResult struct {
	XMLName xml.Name `xml:"LocationConstraint"`
	Xmlns   string   `xml:"xmlns,attr"`
	Region  string   `xml:",chardata"`
}

// getBucketLocation serves GetBucketLocation, which calls us-east-1 nothing.
func (c *call) getBucketLocation() error {
	out := locationResult{Xmlns: namespace, Region: c.bucket.Region}
	if out.Region == globalRegion {
		out.Region = ""
	}
	return c.reply(out)
}

// headBucket serves HeadBucket.
func (c *call) headBucket() error {
	h := c.w.Header()
	h.Set("Content-Type", "application/xml")
	h.Set("x-amz-bucket-region", c.bucket.Region)
	h.Set("x-amz-access-point-alias", "false")
	c.w.WriteHeader(http.StatusOK)
	return nil
}

// deleteBucket serves DeleteBucket.
func (c *call) deleteBucket() error {
	err := c.s.deleteBucket(c.bucketName)
	if errors.Is(err, store.ErrNotEmpty) {
		refused := refusal("BucketNotEmpty", "BucketName", c.bucketName)
		if info, _ := c.s.store.Bucket(c.bucketName); info.Versioning != store.Unversioned {
			refused.Message += ". You must delete all versions in the bucket."
		}
		return refused
	}
	if err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// deleteBucket removes an empty bucket from store and world.
func (s *Service) deleteBucket(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.store.DeleteBucket(name); err != nil {
		return err
	}
	s.world.DeleteBucket(name)
	return nil
}

// changeBucket puts a changed copy of a bucket in its place, unless change fails.
// The error is store.ErrNoBucket or that of change.
func (s *Service) changeBucket(name string, change func(*world.Bucket) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.world.ChangeBucket(name, change)
	if errors.Is(err, world.ErrNoBucket) {
		return store.ErrNoBucket
	}
	return err
}
