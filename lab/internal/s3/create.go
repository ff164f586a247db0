package s3

import (
	"encoding/xml"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// createBucket serves CreateBucket: the new bucket is the caller's account's.
func (c *call) createBucket() error {
	if !validBucketName(c.bucketName) {
		return refusal("InvalidBucketName", "BucketName", c.bucketName)
	}
	if err := checkNewBucket(c.r.Header); err != nil {
		return err
	}
	region, err := c.location()
	if err != nil {
		return err
	}
	if err := c.s.createBucket(&world.Bucket{
		Name: c.bucketName, Account: c.session.Account, Region: region, Created: c.s.world.Now().UTC().Truncate(time.Second),
	}); err != nil {
		return err
	}
	location := "/" + c.bucketName
	if region != globalRegion {
		location = "http://" + c.bucketName + ".s3" + c.dnsSuffix() + "/"
	}
	c.w.Header().Set("Location", location)
	c.w.WriteHeader(http.StatusOK)
	return nil
}

// createBucket makes a bucket in world and store. In us-east-1 the owner of a
// bucket may create it again, which changes nothing (S3 API reference,
// CreateBucket, BucketAlreadyOwnedByYou).
func (s *Service) createBucket(b *world.Bucket) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.world.CreateBucket(b) {
		switch old, ok := s.world.Bucket(b.Name); {
		case !ok || old.Account != b.Account:
			return refusal("BucketAlreadyExists", "BucketName", b.Name)
		case old.Region != globalRegion || b.Region != globalRegion:
			return refusal("BucketAlreadyOwnedByYou", "BucketName", b.Name)
		}
		return nil
	}
	s.store.DropBucket(b.Name) // what another owner of the name may have left
	return s.materialize(b)
}

// Names of general purpose buckets (S3 user guide, "General purpose bucket naming rules").
var (
	bucketForm       = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)
	reservedPrefixes = []string{"xn--", "sthree-", "amzn-s3-demo-"}
	reservedSuffixes = []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"}
)

func validBucketName(name string) bool {
	_, notAddress := netip.ParseAddr(name)
	return len(name) >= 3 && len(name) <= 63 && bucketForm.MatchString(name) && notAddress != nil &&
		!slices.ContainsFunc(reservedPrefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) &&
		!slices.ContainsFunc(reservedSuffixes, func(suffix string) bool { return strings.HasSuffix(name, suffix) })
}

// checkNewBucket refuses what a bucket of the lab cannot be: one with ACLs, with
// object lock, or in an account's own namespace.
func checkNewBucket(h http.Header) error {
	if checkACL(h) != nil {
		return refusal("InvalidBucketAclWithObjectOwnership")
	}
	for name, admitted := range map[string]string{
		"x-amz-object-ownership": "BucketOwnerEnforced", "x-amz-bucket-object-lock-enabled": "false", "x-amz-bucket-namespace": "global",
	} {
		if v := h.Get(name); v != "" && !strings.EqualFold(v, admitted) {
			return notImplemented(name)
		}
	}
	return nil
}

// maxConfiguration bounds a CreateBucketConfiguration, in bytes.
const maxConfiguration = 64 << 10

type bucketConfiguration struct {
	XMLName            xml.Name `xml:"CreateBucketConfiguration"`
	LocationConstraint string
	Location, Bucket   *struct{} // of directory buckets
	Tags               *struct{} // of the bucket
}

// configuration reads the body of CreateBucket, which may be empty.
func (c *call) configuration() (in bucketConfiguration, err error) {
	if len(c.body) > 0 {
		err = c.decode(&in)
	}
	return in, err
}

// location is where the bucket goes. A region's endpoint makes buckets in that
// region; that of us-east-1 does so anywhere.
func (c *call) location() (region string, err error) {
	in, err := c.configuration()
	if err != nil {
		return "", err
	}
	if in.Location != nil || in.Bucket != nil || in.Tags != nil {
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
