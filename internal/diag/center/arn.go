package center

import (
	"strings"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

// applicationARN is the ARN of an application (API reference, DescribeApplication).
type applicationARN struct{ partition, account, instanceID string }

var applicationForm = lazyregexp.New(`^arn:(aws[a-z-]*):sso::([0-9]{12}):application/((?:sso)?ins-[A-Za-z0-9.-]{16})/apl-[A-Za-z0-9]{16}$`)

func parseApplicationARN(text string) (applicationARN, bool) {
	parts := applicationForm().FindStringSubmatch(text)
	if parts == nil {
		return applicationARN{}, false
	}
	return applicationARN{parts[1], parts[2], parts[3]}, true
}

// instance is the ARN of the instance that the application belongs to.
func (a applicationARN) instance() string {
	return "arn:" + a.partition + ":sso:::instance/" + a.instanceID
}

// customProvider is the application provider of customer managed applications.
func (a applicationARN) customProvider() string {
	return "arn:" + a.partition + ":sso::aws:applicationProvider/custom"
}

// lastPart is what follows the last slash.
func lastPart(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// within reports whether a region can be of the application's partition.
func (a applicationARN) within(region string) bool {
	own := "aws"
	switch {
	case strings.HasPrefix(region, "cn-"):
		own = "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		own = "aws-us-gov"
	case strings.Contains(region, "-iso") || strings.HasPrefix(region, "eusc-"):
		return true // not known here
	}
	return own == a.partition
}
