// Package regions is the section "regions" of a diagnosis: what belongs together and
// is in different regions or partitions of AWS.
//
// Where the configured region has no Identity Center instance that is the application's,
// it asks the other regions; otherwise it takes two requests at most. It changes
// nothing, and keeps nothing. The regions of AWS profiles are looked at by the section
// "local".
package regions

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"github.com/tip-cli/tip-cli/internal/diag/bucket"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
)

// Run looks at it.
func Run(ctx context.Context, c *chain.Chain) []finding.Result {
	l := &look{Log: finding.NewLog(finding.Regions, Checks()), c: c}
	if c.RegionsErr != nil || c.Regions.Region == "" {
		for _, check := range Checks() {
			l.Skip(check.ID, "no region is known: see the checks of this machine")
		}
		return l.Results()
	}
	l.partition()
	l.center(ctx)
	l.grants(ctx)
	l.target(ctx)
	l.environment()
	return l.Results()
}

// look is one look at the section.
type look struct {
	*finding.Log
	c *chain.Chain
	// centerIn is where the instance was found to be, if it is not where it was looked for.
	centerIn string
}

// asksElsewhere are findings of this section that others would only repeat.
var asksElsewhere = []string{"regions.other-partition", "regions.center-elsewhere", "regions.no-instance", "regions.grants-elsewhere"}

// root is a finding that this section has already, "" if it has none.
func (l *look) root() string {
	for _, id := range asksElsewhere {
		if l.Has(id) {
			return id
		}
	}
	return ""
}

// partition compares the application with the region. Of what is configured the
// section "local" says whether it fits together.
func (l *look) partition() {
	arn := l.c.Asked.ApplicationARN
	parts := strings.SplitN(arn, ":", 3)
	switch own := partitionOf(l.c.Regions.IdentityCenterRegion); {
	case len(parts) < 3 || parts[0] != "arn":
		l.Skip("regions.partition", "no application is known")
	case arn == l.c.Config.TokenExchangeApplicationARN && l.c.ConfigErr != nil:
		l.Skip("regions.partition", "needs a configuration that can be used: see the checks of this machine")
	case parts[1] != own:
		l.Found("regions.other-partition", arn, "the application is of "+parts[1]+", "+l.c.Regions.IdentityCenterRegion+" is of "+own, finding.Fix{
			Who: finding.You, Does: "give the ARN of an application in " + own + ", or the region of this one as identity_center_region",
			Console: "IAM Identity Center > Applications > Customer managed > the application > Details > Application ARN",
		})
	default:
		l.OK("regions.partition", own)
	}
}

// partitionOf is the partition of a region, by how its name begins.
func partitionOf(region string) string {
	for _, p := range [][2]string{
		{"cn-", "aws-cn"}, {"us-gov-", "aws-us-gov"}, {"us-iso-", "aws-iso"}, {"us-isob-", "aws-iso-b"}, {"eu-isoe-", "aws-iso-e"},
		{"us-isof-", "aws-iso-f"}, {"eusc-", "aws-eusc"},
	} {
		if strings.HasPrefix(region, p[0]) {
			return p[1]
		}
	}
	return "aws"
}

// grants compares the region in which S3 Access Grants is asked with Identity Center's.
func (l *look) grants(ctx context.Context) {
	here, center := l.c.Regions.Region, l.c.Regions.IdentityCenterRegion
	switch {
	case !l.c.Asked.Wants(chain.S3):
		l.Skip("regions.grants", "S3 is not asked for")
	case l.root() != "":
		l.Skip("regions.grants", "see "+l.root())
	case here == center:
		l.OK("regions.grants", "both in "+here)
	default:
		l.apart(ctx, here, center)
	}
}

// apart asks whether the two are associated although they are in different regions:
// an instance of Identity Center may be replicated to other regions.
func (l *look) apart(ctx context.Context, here, center string) {
	seen := "S3 Access Grants is asked in " + here + " (" + l.c.Regions.Source + "), Identity Center is in " + center
	account, access := l.c.GrantsAccount(), &l.c.Application
	if access.Config == nil || account == "" {
		l.Unread("regions.grants", seen+"; whether they are associated is not known: "+access.Reason, nil, l.setRegion(center))
		return
	}
	client := s3control.NewFromConfig(*access.Config, func(o *s3control.Options) { o.Region = here })
	out, err := client.GetAccessGrantsInstance(ctx, &s3control.GetAccessGrantsInstanceInput{AccountId: &account})
	switch r := refusal.Of("s3:GetAccessGrantsInstance", err); {
	case r != nil && !r.NotFound:
		l.Unread("regions.grants", seen+"; whether they are associated is not known: "+r.Seen, r.Missing(), l.setRegion(center))
	case r == nil && l.c.Registration != nil && l.c.Registration.InstanceARN != "" && aws.ToString(out.IdentityCenterInstanceArn) == l.c.Registration.InstanceARN:
		l.OK("regions.grants", seen+", and they are associated")
	default:
		l.Found("regions.grants-elsewhere", l.c.Regions.Source, seen, l.setRegion(center))
	}
}

// setRegion has everything asked in another region.
func (l *look) setRegion(region string) finding.Fix {
	return finding.Fix{
		Who: finding.You, Does: "ask in " + region,
		Command: l.c.TipCLI("configure", "idp", "--config", `{"region": "`+region+`"}`),
	}
}

// target asks S3 where the bucket is.
func (l *look) target(ctx context.Context) {
	name, _, _ := strings.Cut(strings.TrimPrefix(l.c.Asked.Target, "s3://"), "/")
	switch {
	case l.c.Asked.Target == "":
		l.Skip("regions.target", "no --target is given")
		return
	case name == "" || strings.Contains(name, "*"):
		l.Skip("regions.target", l.c.Asked.Target+" names no bucket")
		return
	case l.c.HTTPErr != nil || l.c.HTTP == nil:
		l.Skip("regions.target", "there is no way to send requests: see the checks of this machine")
		return
	}
	here := l.c.Regions.Region
	switch place, r := bucket.Find(ctx, l.c.HTTP, here, name); {
	case r != nil:
		l.Unread("regions.target", "the bucket "+name+": "+r.Seen, nil)
	case place.Missing:
		l.Skip("regions.target", "there is no bucket "+name+": see grants")
	case place.Region == here:
		l.OK("regions.target", name+" is in "+here)
	case l.root() != "":
		l.Skip("regions.target", name+" is in "+place.Region+": see "+l.root())
	default:
		l.bucketElsewhere(name, place.Region)
	}
}

func (l *look) bucketElsewhere(name, region string) {
	f := finding.Fix{
		Who: finding.DataAdmin, Does: "keep the data in a bucket in " + l.c.Regions.Region + ", where Identity Center and its S3 Access Grants instance are",
		Console: "Amazon S3 > Buckets > Create bucket > AWS Region",
	}
	if region == l.c.Regions.IdentityCenterRegion {
		f = l.setRegion(region)
	}
	l.Found("regions.bucket-elsewhere", "s3://"+name, "the bucket is in "+region+", and S3 Access Grants is asked in "+l.c.Regions.Region, f)
}

// environment compares the configured region with what other programs go by.
func (l *look) environment() {
	variable, value := "AWS_REGION", ""
	for _, name := range []string{"AWS_REGION", "AWS_DEFAULT_REGION"} {
		if value == "" && l.c.Getenv != nil {
			variable, value = name, strings.TrimSpace(l.c.Getenv(name))
		}
	}
	here := l.c.Regions.Region
	switch {
	case l.c.Regions.Source != "region":
		l.OK("regions.environment", here+" is from "+l.c.Regions.Source)
	case value == "":
		l.OK("regions.environment", "it names none")
	case value == here:
		l.OK("regions.environment", variable+" is "+here)
	case l.root() != "":
		l.Skip("regions.environment", variable+" is "+value+": see "+l.root())
	default:
		l.Found("regions.environment-differs", variable, variable+" is "+value+", the region of the configuration is "+here, finding.Fix{
			Who: finding.You, Does: "set " + variable + " to " + here + " wherever it is set (in a shell: export " + variable + "=" + here + "), or unset it",
			Console: "the shell's start-up file, or the settings of the program that starts tip-cli",
		})
	}
}
