package regions

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
)

// center looks whether the application's instance is where it is looked for.
func (l *look) center(ctx context.Context) {
	here, app := l.c.Regions.IdentityCenterRegion, l.c.Registration
	switch {
	case l.root() != "":
		l.Skip("regions.center", "see "+l.root())
		return
	case app == nil || app.InstanceARN == "":
		l.Skip("regions.center", "no application is known: see center")
		return
	case app.Name != "": // it was described there
		l.OK("regions.center", "the application is in "+here)
		return
	case l.c.Center.Config == nil && l.c.Offline() != "":
		l.Skip("regions.center", l.c.Offline())
		return
	case l.c.Center.Config == nil:
		l.Unread("regions.center", l.c.Center.Reason, nil, l.otherProfile())
		return
	}
	arns, err := l.instances(ctx, here)
	switch r := refusal.Of("sso:ListInstances", err); {
	case slices.Contains(arns, app.InstanceARN):
		l.OK("regions.center", app.InstanceARN+" is in "+here)
	case r != nil && r.Unsigned:
		l.Unread("regions.center", r.Seen, nil, l.otherProfile())
	case r != nil:
		l.Unread("regions.center", r.Seen, r.Missing())
	default:
		l.missing(ctx, arns)
	}
}

func (l *look) otherProfile() finding.Fix {
	return finding.Fix{
		Who: finding.You, Does: "give a profile of the AWS config file for the account of Identity Center, in place of PROFILE",
		Command: l.c.TipCLI("diag", "--profile", "PROFILE"),
	}
}

// mostPages bounds the instances that are read: an account sees a few.
const mostPages = 10

// instances are those that the account sees in a region.
func (l *look) instances(ctx context.Context, region string) ([]string, error) {
	client := ssoadmin.NewFromConfig(*l.c.Center.Config, func(o *ssoadmin.Options) { o.Region, o.RetryMaxAttempts = region, 1 })
	pages := ssoadmin.NewListInstancesPaginator(client, &ssoadmin.ListInstancesInput{})
	var arns []string
	for n := 0; pages.HasMorePages() && n < mostPages; n++ {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return arns, err
		}
		for i := range page.Instances {
			arns = append(arns, aws.ToString(page.Instances[i].InstanceArn))
		}
	}
	return arns, nil
}

// missing tells of an instance that is not in the region, and where it is.
func (l *look) missing(ctx context.Context, here []string) {
	app := l.c.Registration
	there, others := l.search(ctx)
	region := l.c.Regions.IdentityCenterRegion
	switch seen := strings.Join(append(here, others...), ", "); {
	case there != "":
		l.centerIn = there
		l.elsewhere(there)
	case l.foreign():
		l.Unread("regions.center", "account "+l.c.Center.Account+" sees no "+app.InstanceARN+" in any region; the application is of another account", nil, l.otherProfile())
	default:
		if seen == "" {
			seen = "none at all"
		}
		l.Found("regions.no-instance", l.c.Asked.ApplicationARN, "neither "+region+" nor any other region has "+app.InstanceARN+"; seen: "+seen, finding.Fix{
			Who: finding.You, Does: "give the ARN of an application of the instance that there is",
			Console: "IAM Identity Center > Applications > Customer managed > the application > Details > Application ARN",
		})
	}
}

// foreign reports whether the reads are of another account than the application's.
func (l *look) foreign() bool {
	parts := strings.Split(l.c.Asked.ApplicationARN, ":")
	return len(parts) < 6 || l.c.Center.Account == "" || parts[4] != l.c.Center.Account
}

// elsewhere says where the instance is. If the region of Identity Center follows that
// of everything else, it is the latter that is wrong where S3 is wanted, since S3 Access
// Grants is in Identity Center's region.
func (l *look) elsewhere(there string) {
	culprit, own := "identity_center_region", l.setCenter(there)
	fixes := []finding.Fix{own}
	if l.c.Config.IdentityCenterRegion == "" {
		culprit = l.c.Regions.Source
		if fixes = []finding.Fix{own, l.setRegion(there)}; l.c.Asked.Wants(chain.S3) {
			fixes = []finding.Fix{l.setRegion(there), own}
		}
	}
	l.Found("regions.center-elsewhere", culprit, l.c.Registration.InstanceARN+" is in "+there+", and is looked for in "+l.c.Regions.IdentityCenterRegion, fixes...)
}

func (l *look) setCenter(region string) finding.Fix {
	return finding.Fix{
		Who: finding.You, Does: "look for Identity Center in " + region,
		Command: l.c.TipCLI("configure", "idp", "--config", `{"identity_center_region": "`+region+`"}`),
	}
}

// The search of other regions: so many at once, and all of them within a time.
const (
	atOnce       = 8
	searchWithin = 20 * time.Second
)

// search asks the other regions of the partition for the instance. It returns the
// region that has it, or what the others have.
func (l *look) search(ctx context.Context) (there string, others []string) {
	ctx, cancel := context.WithTimeout(ctx, searchWithin)
	defer cancel()
	regions := l.candidates()
	found := make([][]string, len(regions))
	turns := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, region := range regions {
		all.Go(func() {
			turns <- struct{}{}
			found[i], _ = l.instances(ctx, region) // a region that is not enabled refuses
			<-turns
		})
	}
	all.Wait()
	for i, arns := range found {
		if slices.Contains(arns, l.c.Registration.InstanceARN) {
			return regions[i], nil
		}
		for _, arn := range arns {
			others = append(others, arn+" in "+regions[i])
		}
	}
	return "", others
}

// candidates are the regions in which an instance may be, but for the one in which it
// is not.
func (l *look) candidates() []string {
	all := []string{l.c.Regions.Region}
	if l.c.Getenv != nil {
		all = append(all, l.c.Getenv("AWS_REGION"), l.c.Getenv("AWS_DEFAULT_REGION"))
	}
	all = append(all, known...)
	var list []string
	own := partitionOf(l.c.Regions.IdentityCenterRegion)
	for _, region := range all {
		if region != "" && region != l.c.Regions.IdentityCenterRegion && partitionOf(region) == own && !slices.Contains(list, region) {
			list = append(list, region)
		}
	}
	return list
}

// known are the regions that have IAM Identity Center (AWS General Reference, "IAM
// Identity Center endpoints").
var known = []string{
	"us-east-1", "us-east-2", "us-west-1", "us-west-2", "af-south-1", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3",
	"ap-south-1", "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-7",
	"ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3",
	"il-central-1", "me-central-1", "me-south-1", "mx-central-1", "sa-east-1",
	"cn-north-1", "cn-northwest-1", "us-gov-east-1", "us-gov-west-1",
}
