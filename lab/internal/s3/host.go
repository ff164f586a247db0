package s3

import (
	"net"
	"regexp"
	"strings"
)

// awsHost matches the host names of S3 (S3 user guide, "Amazon S3 endpoints and
// quotas", "Virtual hosting of buckets"): bucket, then the region behind a dot or,
// in old names, a dash. A region begins with two letters; s3-website-… and
// s3-control-… are other services.
var awsHost = regexp.MustCompile(`^(?:(.+)\.)?s3(?:-fips)?(?:\.dualstack)?(?:[.-]([a-z]{2}(?:-[a-z]+)+-[0-9]+))?\.amazonaws\.com(?:\.cn)?$`)

var regionName = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)

// globalRegion is where the host names without a region lead.
const globalRegion = "us-east-1"

// ParseHost says which bucket and region a host name, with or without port, is
// for. The bucket is empty for path style. The region is empty where the name
// does not bind it: on loopback, and for bucket.s3.amazonaws.com, which leads to
// wherever the bucket is.
func ParseHost(host string) (bucket, region string) {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	name := strings.TrimSuffix(strings.ToLower(host), ".")
	if m := awsHost.FindStringSubmatch(name); m != nil {
		if m[1] == "" && m[2] == "" {
			return "", globalRegion
		}
		return m[1], m[2]
	}
	if label, ok := strings.CutSuffix(name, ".localhost"); ok && label != "s3" {
		return strings.TrimSuffix(label, ".s3"), ""
	}
	return "", ""
}
