package s3

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/http"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/policy"
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
	c.w.Header().Set("x-amz-bucket-region", c.bucket.Region)
	c.w.Header().Set("x-amz-access-point-alias", "false")
	return c.relay("")
}

// createBucket serves CreateBucket: the new bucket is the caller's account's.
func (c *call) createBucket() error {
	if err := checkACL(c.r.Header); err != nil {
		return err
	}
	region, err := c.location()
	if err != nil {
		return err
	}
	switch b, taken := c.s.world.Bucket(c.bucketName); {
	case taken && b.Account != c.session.Account:
		return refusal("BucketAlreadyExists", "BucketName", c.bucketName)
	case taken && b.Region == globalRegion && region == globalRegion: // where S3 has always said yes
		c.w.Header().Set("Location", "/"+c.bucketName)
		c.w.WriteHeader(http.StatusOK)
		return nil
	case taken:
		return refusal("BucketAlreadyOwnedByYou", "BucketName", c.bucketName)
	}
	created := &world.Bucket{Name: c.bucketName, Account: c.session.Account, Region: region}
	return c.relayTo(&backend{call: c, newBucket: created}, "")
}

// location reads CreateBucketConfiguration. A region's endpoint makes buckets in
// that region; that of us-east-1 does so anywhere.
func (c *call) location() (region string, err error) {
	var in struct {
		XMLName            xml.Name `xml:"CreateBucketConfiguration"`
		LocationConstraint string
		Location, Bucket   *struct{} // of directory buckets
	}
	if len(c.body) > 0 {
		if err := c.decode(&in); err != nil {
			return "", err
		}
	}
	if in.Location != nil || in.Bucket != nil {
		return "", notImplemented("CreateBucketConfiguration")
	}
	region = in.LocationConstraint
	if region == "EU" {
		region = "eu-west-1"
	}
	switch {
	case region == "" && c.region == globalRegion:
		return globalRegion, nil
	case region == "":
		return "", refusal("IllegalLocationConstraintException")
	case region != c.region && c.region != globalRegion:
		return "", refusal("IllegalLocationConstraintException").saying("The " + region + " location constraint is incompatible for the region specific endpoint this request was sent to.")
	case region == globalRegion || !regionName.MatchString(region):
		return "", refusal("InvalidLocationConstraint", "LocationConstraint", region)
	}
	return region, nil
}

// deleteBucket serves DeleteBucket.
func (c *call) deleteBucket() error { return c.relay("") }

// bucketVersioning serves GetBucketVersioning and PutBucketVersioning.
func (c *call) bucketVersioning() error { return c.relay("versioning") }

// maxPolicy is the size of a bucket policy in bytes.
const maxPolicy = 20 << 10

// getBucketPolicy serves GetBucketPolicy. The text of a policy that a world file
// brought is not kept, so it cannot be answered.
func (c *call) getBucketPolicy() error {
	if c.bucket.Policy == nil {
		return refusal("NoSuchBucketPolicy", "BucketName", c.bucketName)
	}
	c.s.mu.Lock()
	text, ok := c.s.policyText[c.bucket.Policy]
	c.s.mu.Unlock()
	if !ok {
		return refusal("NotImplemented").saying("The text of a bucket policy from the world file is not kept by the lab.")
	}
	h := c.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", itoa(int64(len(text))))
	c.w.WriteHeader(http.StatusOK)
	_, _ = c.w.Write([]byte(text)) // the client has gone; there is nobody to tell
	return nil
}

// putBucketPolicy serves PutBucketPolicy.
func (c *call) putBucketPolicy() error {
	text := c.body
	if policy.Size(text) > maxPolicy {
		return refusal("PolicyTooLarge")
	}
	doc, err := policy.Parse(text, policy.Resource)
	if err != nil {
		return malformedPolicy(err)
	}
	if err := c.checkPolicyResources(text); err != nil {
		return err
	}
	c.setPolicy(doc, string(text))
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// deleteBucketPolicy serves DeleteBucketPolicy.
func (c *call) deleteBucketPolicy() error {
	c.setPolicy(nil, "")
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

func malformedPolicy(err error) error {
	var syntax *policy.SyntaxError
	if errors.As(err, &syntax) {
		return refusal("MalformedPolicy", "Detail", syntax.Path).saying(syntax.Message)
	}
	return refusal("MalformedPolicy")
}

// checkPolicyResources refuses statements about anything but the bucket and its objects.
func (c *call) checkPolicyResources(text []byte) error {
	var doc struct {
		Statement oneOrMany[struct{ Resource, NotResource oneOrMany[string] }]
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return refusal("MalformedPolicy")
	}
	own := c.arn(c.bucketName)
	for _, statement := range doc.Statement {
		for _, resource := range append(statement.Resource, statement.NotResource...) {
			if resource != own && !strings.HasPrefix(resource, own+"/") && resource != own+"*" {
				return refusal("MalformedPolicy", "Detail", resource).saying("Policy has invalid resource")
			}
		}
	}
	return nil
}

// oneOrMany is a value or a list of them, as policies have it.
type oneOrMany[T any] []T

// UnmarshalJSON implements json.Unmarshaler.
func (o *oneOrMany[T]) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, (*[]T)(o))
	}
	var one T
	err := json.Unmarshal(b, &one)
	*o = []T{one}
	return err
}

// setPolicy stores a policy with its text in the bucket as it is now.
func (c *call) setPolicy(doc *policy.Document, text string) {
	c.s.changeBucket(c.bucketName, func(b *world.Bucket) {
		delete(c.s.policyText, b.Policy)
		if b.Policy = doc; doc != nil {
			c.s.policyText[doc] = text
		}
	})
}

// changeBucket puts a changed copy of a bucket in its place.
func (s *Service) changeBucket(name string, change func(*world.Bucket)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b, ok := s.world.Bucket(name); ok {
		changed := *b
		change(&changed)
		s.world.PutBucket(&changed)
	}
}
