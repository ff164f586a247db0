package config

import (
	"fmt"
	"strings"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

var (
	regionForm = lazyregexp.New(`^[a-z]{2,4}(-[a-z]{2,12}){1,2}-[0-9]{1,2}$`)
	zoneForm   = lazyregexp.New(`^([a-z]{2,4}(?:-[a-z]{2,12}){1,2}-[0-9]{1,2})[a-z]$`)
)

// IsRegion reports whether s has the form of a region's name, such as eu-west-1.
func IsRegion(s string) bool { return regionForm().MatchString(s) }

// A partition as the SDKs' partitions.json has it.
type partition struct{ prefix, name, dnsSuffix string }

// partitions are found by the prefix of a region; all other regions are in "aws".
var partitions = []partition{
	{"cn-", "aws-cn", "amazonaws.com.cn"},
	{"us-gov-", "aws-us-gov", "amazonaws.com"},
	{"us-iso-", "aws-iso", "c2s.ic.gov"},
	{"us-isob-", "aws-iso-b", "sc2s.sgov.gov"},
	{"eu-isoe-", "aws-iso-e", "cloud.adc-e.uk"},
	{"us-isof-", "aws-iso-f", "csp.hci.ic.gov"},
	{"eusc-", "aws-eusc", "amazonaws.eu"},
}

func partitionOf(region string) partition {
	for _, p := range partitions {
		if strings.HasPrefix(region, p.prefix) {
			return p
		}
	}
	return partition{name: "aws", dnsSuffix: "amazonaws.com"}
}

// Endpoint is where a service answers in a region, unless it is led elsewhere.
func Endpoint(service, region string) string {
	return "https://" + service + "." + region + "." + partitionOf(region).dnsSuffix
}

// Regions are where the two halves of an exchange take place.
type Regions struct {
	// Region is the application's: STS and the services that are used.
	Region string
	// IdentityCenterRegion is that of the Identity Center instance.
	IdentityCenterRegion string
	// Source says where Region was found: a key, an environment variable, or the
	// AWS config file.
	Source string
}

// Regions resolves both regions: the configuration, then AWS_REGION, then
// AWS_DEFAULT_REGION, then profileRegion, which returns the region of the ambient
// profile of the AWS config file, or "" (nil means that there is none). Identity
// Center is in the same region unless the configuration says otherwise. The error
// is an [*InvalidError].
func (c Config) Regions(getenv func(string) string, profileRegion func() string) (Regions, error) {
	r := Regions{Region: c.Region, IdentityCenterRegion: c.IdentityCenterRegion, Source: "region"}
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		if r.Region == "" {
			r.Region, r.Source = strings.TrimSpace(getenv(name)), name
		}
	}
	if r.Region == "" && profileRegion != nil {
		r.Region, r.Source = strings.TrimSpace(profileRegion()), "AWS config file"
	}
	if r.Region == "" {
		return Regions{}, invalid("region", "no region: neither in the configuration nor in AWS_REGION, AWS_DEFAULT_REGION or the AWS config file",
			`set AWS_REGION, or run: tip-cli configure idp --config '{"region": "eu-west-1"}'`)
	}
	if r.IdentityCenterRegion == "" {
		r.IdentityCenterRegion = r.Region
	}
	problems := append(c.checkRegion(r.Source, r.Region), c.checkRegion("identity_center_region", r.IdentityCenterRegion)...)
	problems = append(problems, samePartition(r.Source, r.Region, r.IdentityCenterRegion)...)
	if len(problems) > 0 {
		return Regions{}, &InvalidError{Problems: problems[:1]}
	}
	return r, nil
}

// regionProblems checks the keys that are set; resolving them is for Regions.
func (c Config) regionProblems() []Problem {
	var problems []Problem
	if c.Region != "" {
		problems = append(problems, c.checkRegion("region", c.Region)...)
	}
	if c.IdentityCenterRegion != "" {
		problems = append(problems, c.checkRegion("identity_center_region", c.IdentityCenterRegion)...)
	}
	if len(problems) == 0 && c.Region != "" && c.IdentityCenterRegion != "" {
		problems = samePartition("region", c.Region, c.IdentityCenterRegion)
	}
	if c.S3AGAccountID != "" && !accountForm().MatchString(c.S3AGAccountID) {
		problems = append(problems, one("s3ag_account_id", "must be the 12 digits of an account, like 111122223333")...)
	}
	return problems
}

func (c Config) checkRegion(key, region string) []Problem {
	problems := c.wrongRegion(key, region)
	for i := range problems {
		if strings.HasPrefix(key, "AWS_") && problems[i].Hint == configureHint {
			problems[i].Hint = "set " + key + " to a region, like eu-west-1"
		}
	}
	return problems
}

func (c Config) wrongRegion(key, region string) []Problem {
	if zone := zoneForm().FindStringSubmatch(region); zone != nil {
		return []Problem{{Key: key, Message: fmt.Sprintf("%q is an availability zone, not a region", region), Hint: "perhaps " + zone[1]}}
	}
	if !regionForm().MatchString(region) {
		return one(key, fmt.Sprintf("%q is not a region, like eu-west-1", region))
	}
	return c.partitionProblems(key, region)
}

// partitionProblems compares a region with the ARNs.
func (c Config) partitionProblems(key, region string) []Problem {
	if want, got := c.Partition(), partitionOf(region).name; want != "" && got != want {
		return one(key, fmt.Sprintf("%s is in partition %s, but the ARNs are in %s", region, got, want))
	}
	return nil
}

// samePartition compares the two regions: an exchange cannot cross partitions.
func samePartition(source, region, center string) []Problem {
	if a, b := partitionOf(region).name, partitionOf(center).name; a != b {
		return one("identity_center_region", fmt.Sprintf("%s is in partition %s, but %s (%s) is in %s", center, b, region, source, a))
	}
	return nil
}
