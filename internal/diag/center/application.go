package center

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin/types"

	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
)

// malformed tells of what -a gives and is no ARN of an application.
func (l *look) malformed(given string) {
	l.Found("center.application-arn-invalid", given, "-a is not of the form arn:aws:sso::ACCOUNT:application/ssoins-.../apl-...",
		l.applicationAdvice("give the ARN of the application"))
	l.skip("needs the application: see center.application-arn-invalid", l.rest()...)
}

func (l *look) applicationAdvice(does string) finding.Fix {
	return finding.Fix{
		Who: finding.You, Does: does,
		Console: "IAM Identity Center > Applications > Customer managed > the application > Details > Application ARN",
	}
}

// application looks at the application itself. It is false if there is none.
func (l *look) application(ctx context.Context) bool {
	out, err := l.sso.DescribeApplication(ctx, &ssoadmin.DescribeApplicationInput{ApplicationArn: &l.c.Asked.ApplicationARN})
	r := refusal.Of("sso:DescribeApplication", err)
	if r != nil && r.NotFound {
		l.absent(ctx)
		return false
	}
	if r != nil { // the rest can be read by the ARN
		l.unread(r, "center.application", "center.enabled", "center.provider")
		return true
	}
	l.c.Registration.Name, l.c.Registration.Account = aws.ToString(out.Name), aws.ToString(out.ApplicationAccount)
	if store := aws.ToString(out.IdentityStoreArn); store != "" {
		l.c.Registration.IdentityStoreID = lastPart(store)
	}
	if arn := aws.ToString(out.InstanceArn); arn != "" {
		l.c.Registration.InstanceARN = arn
	}
	if aws.ToString(out.ApplicationArn) == "" {
		l.Unread("center.application", "the answer of DescribeApplication names no application", nil)
	} else {
		l.OK("center.application", aws.ToString(out.Name)+", of account "+aws.ToString(out.ApplicationAccount))
	}
	l.status(out)
	l.provider(out)
	return true
}

func (l *look) status(out *ssoadmin.DescribeApplicationOutput) {
	switch out.Status {
	case types.ApplicationStatusEnabled:
		l.OK("center.enabled", "ENABLED")
		return
	case "":
		l.Unread("center.enabled", "the answer of DescribeApplication has no status", nil)
		return
	}
	l.Found("center.application-disabled", l.c.Asked.ApplicationARN, "the status is "+string(out.Status)+", not ENABLED",
		fix("enable the application", l.aws("sso-admin", "update-application", "--application-arn", l.c.Asked.ApplicationARN, "--status", "ENABLED")))
}

func (l *look) provider(out *ssoadmin.DescribeApplicationOutput) {
	switch got := aws.ToString(out.ApplicationProviderArn); got {
	case l.arn.customProvider():
		l.OK("center.provider", "customer managed")
	case "":
		l.Unread("center.provider", "the answer of DescribeApplication has no application provider", nil)
	default:
		l.Found("center.not-custom", l.c.Asked.ApplicationARN, "the application provider is "+got+", not "+l.arn.customProvider(),
			l.applicationAdvice("use a customer managed application: make one, or give the ARN of the right one"))
	}
}

// absent tells of an application that is not there, and which one may be meant.
func (l *look) absent(ctx context.Context) {
	if elsewhere := l.elsewhere(ctx); elsewhere != "" {
		l.Unread("center.application", elsewhere+": see regions", nil)
		return
	}
	fixes := make([]finding.Fix, 0, 2)
	if arn := l.other(ctx); arn != "" {
		fixes = append(fixes, l.choose(arn))
	}
	fixes = append(fixes, l.applicationAdvice("look the application up in "+l.region+", and give its ARN"))
	l.Found("center.application-not-found", l.c.Asked.ApplicationARN, "Identity Center in "+l.region+" does not know "+l.c.Asked.ApplicationARN, fixes...)
}

// choose is the fix that names another application.
func (l *look) choose(arn string) finding.Fix {
	f := finding.Fix{Who: finding.You, Does: "use " + arn + ", which takes these tokens"}
	if l.c.Asked.ApplicationARN == l.c.Config.TokenExchangeApplicationARN {
		f.Command = l.c.TipCLI("configure", "idp", "--config", encoded(map[string]any{"token_exchange_application_arn": arn}))
	} else {
		f.Command = l.c.TipCLI("diag", "-a", arn)
	}
	return f
}

// elsewhere says that the instance in the ARN is not among those of the region; it is
// empty if it is, or if that cannot be told.
func (l *look) elsewhere(ctx context.Context) string {
	if !l.arn.within(l.region) {
		return "the application is of the partition " + l.arn.partition + ", and not of that of " + l.region
	}
	instances, err := every(ctx, ssoadmin.NewListInstancesPaginator(l.sso, &ssoadmin.ListInstancesInput{}),
		func(p *ssoadmin.ListInstancesOutput) []types.InstanceMetadata { return p.Instances })
	if err != nil {
		return ""
	}
	arns := make([]string, 0, len(instances))
	for i := range instances {
		arns = append(arns, aws.ToString(instances[i].InstanceArn))
	}
	if slices.Contains(arns, l.arn.instance()) {
		return ""
	}
	if len(arns) == 0 {
		return "account " + l.c.Center.Account + " has no Identity Center instance in " + l.region
	}
	return "the application is of " + l.arn.instance() + ", and in " + l.region + " there is " + strings.Join(arns, ", ")
}

// mostCandidates bounds the applications that are looked into.
const mostCandidates = 20

// other is the one customer managed application of the instance that takes the
// token, "" if there is none, or more than one.
func (l *look) other(ctx context.Context) string {
	input := &ssoadmin.ListApplicationsInput{InstanceArn: aws.String(l.arn.instance()), Filter: &types.ListApplicationsFilter{ApplicationProvider: aws.String(l.arn.customProvider())}}
	applications, err := every(ctx, ssoadmin.NewListApplicationsPaginator(l.sso, input),
		func(p *ssoadmin.ListApplicationsOutput) []types.Application { return p.Applications })
	if err != nil || len(applications) > mostCandidates {
		return ""
	}
	var fitting []string
	for i := range applications {
		if l.takesToken(ctx, aws.ToString(applications[i].ApplicationArn)) {
			fitting = append(fitting, aws.ToString(applications[i].ApplicationArn))
		}
	}
	if len(fitting) != 1 {
		return ""
	}
	return fitting[0]
}

// takesToken reports whether an application takes tokens of the issuer for the audience.
func (l *look) takesToken(ctx context.Context, arn string) bool {
	grants, r := l.readGrants(ctx, arn)
	if r != nil {
		return false
	}
	wanted := l.expected()
	for _, one := range authorized(grants) {
		known, r := l.describeIssuer(ctx, one.arn)
		if r == nil && known.url == wanted.iss && intersects(one.audiences, wanted.audience) {
			return true
		}
	}
	return false
}

// instance looks at the instance.
func (l *look) instance(ctx context.Context) {
	out, err := l.sso.DescribeInstance(ctx, &ssoadmin.DescribeInstanceInput{InstanceArn: &l.c.Registration.InstanceARN})
	if r := refusal.Of("sso:DescribeInstance", err); r != nil {
		l.unread(r, "center.instance")
		return
	}
	if id := aws.ToString(out.IdentityStoreId); id != "" {
		l.c.Registration.IdentityStoreID = id
	}
	switch out.Status {
	case types.InstanceStatusActive:
		l.OK("center.instance", lastPart(l.c.Registration.InstanceARN)+" of account "+aws.ToString(out.OwnerAccountId)+", identity store "+l.c.Registration.IdentityStoreID)
	case "":
		l.Unread("center.instance", "the answer of DescribeInstance has no status", nil)
	default:
		l.Found("center.instance-not-active", l.c.Registration.InstanceARN,
			strings.TrimSuffix("the status is "+string(out.Status)+", not ACTIVE: "+aws.ToString(out.StatusReason), ": "),
			finding.Fix{Who: finding.CenterAdmin, Does: "wait until the instance is active, or see why it does not become so", Console: "IAM Identity Center > Settings"})
	}
}
