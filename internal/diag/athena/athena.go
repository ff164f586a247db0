// Package athena is the section "athena" of a diagnosis: the work group that a person
// means to query with, where its results go, and the role that it runs queries with.
//
// It reads with the access to the application account, or, without one, as the person
// whose session is at hand, who may look at the work group only. It changes nothing,
// and keeps nothing. Whether a query finds its tables and may read them is for Glue and
// Lake Formation, which it does not look at; nor does it ask whether the person is assigned to
// the application that Athena has at Identity Center.
package athena

import (
	"cmp"
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
)

// Run looks at it.
func Run(ctx context.Context, c *chain.Chain) []finding.Result {
	l := &look{Log: finding.NewLog(finding.Athena, Checks()), c: c, name: c.Asked.Workgroup, region: c.Regions.Region, account: account(c)}
	if l.possible() && l.find(ctx) {
		l.state()
		l.center()
		l.results(ctx)
		l.access()
		l.role(ctx)
	}
	return l.Results()
}

// account is that of the work group: whoever reads it, or, if STS did not tell, the
// one of the enhanced role.
func account(c *chain.Chain) string {
	if c.Application.Account != "" {
		return c.Application.Account
	}
	role, _ := iamrole.Parse(c.Config.IDEnhancedRoleARN)
	return role.AccountID
}

// look is one look at the section.
type look struct {
	*finding.Log
	c                     *chain.Chain
	name, region, account string
	config                aws.Config
	group                 *types.WorkGroup
}

// possible tells of what keeps everything from being looked at.
func (l *look) possible() bool {
	switch s := l.c.Session; {
	case l.name == "" && !l.c.Asked.Wants(chain.AthenaService):
		l.skipRest("Athena is not asked for: --workgroup NAME")
	case l.name == "":
		l.skipRest("no work group is given: --workgroup NAME")
	case l.c.RegionsErr != nil:
		l.skipRest("needs to know the region: see the checks of this machine")
	case l.c.Offline() != "":
		l.skipRest(l.c.Offline())
	case l.c.Application.Config != nil && l.stranger() != "":
		l.unread(&refusal.Refusal{Unsigned: true, Seen: l.stranger()}, l.rest()...)
	case l.c.Application.Config != nil:
		l.config = *l.c.Application.Config
		return true
	case s != nil:
		l.config, l.account = s.Config, s.Account
		return true
	default:
		l.unread(&refusal.Refusal{Unsigned: true, Seen: l.c.Application.Reason}, l.rest()...)
	}
	return false
}

// stranger says that the work groups that may be read are not those of the person's role,
// "" if they are.
func (l *look) stranger() string {
	role, ok := iamrole.Parse(l.c.Config.IDEnhancedRoleARN)
	if own := l.c.Application.Account; ok && own != "" && own != role.AccountID {
		return "the credentials are of account " + own + ", the person's role and its work groups of account " + role.AccountID
	}
	return ""
}

// find reads the work group. It is false if there is nothing more to look at.
func (l *look) find(ctx context.Context) bool {
	out, err := l.client().GetWorkGroup(ctx, &athena.GetWorkGroupInput{WorkGroup: &l.name})
	r := refusal.Of("athena:GetWorkGroup", err)
	switch {
	case r == nil && out.WorkGroup != nil:
	case r == nil:
		l.unread(&refusal.Refusal{Seen: "athena:GetWorkGroup answered without a work group"}, l.rest()...)
		return false
	case absent(r):
		l.absent(ctx)
		return false
	default:
		l.unread(r, l.rest()...)
		return false
	}
	if l.group = out.WorkGroup; l.group.Configuration == nil {
		l.group.Configuration = &types.WorkGroupConfiguration{}
	}
	l.OK("athena.workgroup", l.arn())
	return true
}

// client sends to the region of the application.
func (l *look) client() *athena.Client {
	return athena.NewFromConfig(l.config, func(o *athena.Options) { o.Region = l.region })
}

// absent reports whether a refusal speaks of a work group that is not there: Athena
// says so in words only.
func absent(r *refusal.Refusal) bool {
	return r.Code == "InvalidRequestException" && strings.Contains(strings.ToLower(r.Seen), "is not found")
}

// mostListed bounds the names that are told.
const mostListed = 10

// absent tells of a work group that is not there, and which ones are.
func (l *look) absent(ctx context.Context) {
	if elsewhere := l.c.AskedElsewhere(); elsewhere != "" {
		l.skipRest(l.arn() + " is not there: see " + elsewhere)
		return
	}
	seen, does := l.arn()+" is not there", "give the name of a work group that is there"
	if names := l.names(ctx); len(names) > 0 {
		seen += "; there are: " + strings.Join(names, ", ")
	}
	if center := l.c.Regions.IdentityCenterRegion; center != l.region {
		does += ", or look for it in " + center + ", the region of Identity Center"
	}
	l.Found("athena.workgroup-not-found", l.arn(), seen, finding.Fix{Who: finding.You, Does: does, Console: "Athena > Administration > Workgroups"})
	l.skipRest("needs the work group: see athena.workgroup-not-found")
}

// names are those of the work groups that are there, as far as they may be listed.
func (l *look) names(ctx context.Context) []string {
	var names []string
	pages := athena.NewListWorkGroupsPaginator(l.client(), &athena.ListWorkGroupsInput{})
	for pages.HasMorePages() && len(names) < mostListed {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return names
		}
		for i := range page.WorkGroups {
			names = append(names, aws.ToString(page.WorkGroups[i].Name))
		}
	}
	if len(names) > mostListed {
		names = append(names[:mostListed], "...")
	}
	return names
}

func (l *look) state() {
	if l.group.State == types.WorkGroupStateEnabled {
		l.OK("athena.state", "ENABLED")
		return
	}
	l.Found("athena.workgroup-disabled", l.arn(), "the state is "+string(l.group.State)+", not ENABLED",
		fix("enable the work group", l.update("--state", "ENABLED")))
}

// arn is that of the work group.
func (l *look) arn() string {
	return "arn:" + l.partition() + ":athena:" + l.region + ":" + l.account + ":workgroup/" + l.name
}

// partition is that of the enhanced role, "aws" if it is not known.
func (l *look) partition() string {
	return cmp.Or(config.PartitionOf(l.c.Config.IDEnhancedRoleARN), "aws")
}

// rest are the checks that came to nothing yet.
func (l *look) rest() []string {
	var ids []string
	for _, c := range Checks() {
		if !l.Has(c.ID) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func (l *look) skipRest(reason string) {
	for _, check := range l.rest() {
		l.Skip(check, reason)
	}
}

// unread says of checks that they could not be made, because of a refusal.
func (l *look) unread(r *refusal.Refusal, checks ...string) {
	var fixes []finding.Fix
	if r.Unsigned || r.Denied && l.c.Application.Config == nil {
		fixes = append(fixes, finding.Fix{
			Who: finding.You, Does: "give a profile of the AWS config file for the account of the work group, in place of PROFILE",
			Command: l.c.TipCLI("diag", "--workgroup", l.name, "--app-profile", "PROFILE"),
		})
	}
	for _, check := range checks {
		l.Unread(check, r.Seen, r.Missing(), fixes...)
	}
}

// aws is a command line of the AWS CLI in the region of the work group.
func (l *look) aws(words ...string) string { return l.c.Application.AWS(l.region, words...) }

// update changes the work group.
func (l *look) update(words ...string) string {
	return l.aws(append([]string{"athena", "update-work-group", "--work-group", l.name}, words...)...)
}

// fix is one of those who administer the account of the work group.
func fix(does, command string) finding.Fix {
	return finding.Fix{Who: finding.DataAdmin, Does: does, Command: command}
}
