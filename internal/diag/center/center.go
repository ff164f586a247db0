// Package center is the section "center" of a diagnosis: the application in IAM
// Identity Center, who may exchange tokens with it, which tokens it takes, and whom
// of the directory a token stands for.
//
// It reads what the nine actions of the original's policy allow, and with more rights
// more: assignments, memberships of groups, and what else there is to choose from
// where something does not fit. It changes nothing, and keeps no state but what it
// fills in of the chain. It is not safe for concurrent use of one chain.
package center

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/ssoadmin"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
)

// Run looks at it.
func Run(ctx context.Context, c *chain.Chain) []finding.Result {
	l := &look{Log: finding.NewLog(finding.Center, Checks()), c: c, region: c.Regions.IdentityCenterRegion}
	if l.possible() {
		l.sso, l.store = ssoadmin.NewFromConfig(*c.Center.Config), identitystore.NewFromConfig(*c.Center.Config)
		l.all(ctx)
	}
	return l.Results()
}

// look is one look at the section.
type look struct {
	*finding.Log
	c      *chain.Chain
	region string
	sso    *ssoadmin.Client
	store  *identitystore.Client
	arn    applicationARN

	// grants are those of the application by type; issuers stand in its jwt-bearer grant.
	grants  []string
	issuers []issuer
	// issuer is the one that fits the token, nil if there is none.
	issuer *issuer
	// value is that of the mapped claim.
	value string
	// directory are the users, once they were listed.
	directory *listing
}

// possible tells of what keeps everything from being looked at, and parses the ARN.
func (l *look) possible() bool {
	asked := l.c.Asked.ApplicationARN
	if asked == "" {
		l.skipAll("no application is known: neither -a nor token_exchange_application_arn is given")
		return false
	}
	arn, ok := parseApplicationARN(asked)
	if !ok && asked == l.c.Config.TokenExchangeApplicationARN {
		l.skipAll("token_exchange_application_arn is no ARN of an application: see local")
		return false
	}
	if !ok {
		l.malformed(asked)
		return false
	}
	l.arn = arn
	l.c.Registration = &chain.Registration{ApplicationARN: asked, InstanceARN: arn.instance()}
	if offline := l.c.Offline(); offline != "" {
		l.skipAll(offline)
		return false
	}
	if l.c.Center.Config == nil {
		l.unread(&refusal.Refusal{Unsigned: true, Seen: l.c.Center.Reason}, l.rest()...)
		return false
	}
	return true
}

// all makes the checks, each where those before it have left something to look at.
func (l *look) all(ctx context.Context) {
	if !l.application(ctx) {
		l.skip("needs the application: see center.application", l.rest()...)
		return
	}
	l.instance(ctx)
	l.grant(ctx)
	l.actor(ctx)
	l.mapping(ctx)
	l.user(ctx)
	l.assignment(ctx)
	l.scopes(ctx)
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

func (l *look) skip(reason string, checks ...string) {
	for _, check := range checks {
		l.Skip(check, reason)
	}
}

func (l *look) skipAll(reason string) { l.skip(reason, l.rest()...) }

// unread says of checks that they could not be made, because of a refusal.
func (l *look) unread(r *refusal.Refusal, checks ...string) {
	seen, fixes := r.Seen, []finding.Fix(nil)
	switch own := l.c.Center.Account; {
	case r.Denied && own != "" && own != l.arn.account:
		seen += "; the credentials are of account " + own + ", and the application is of " + l.arn.account
		fixes = append(fixes, l.otherProfile())
	case r.Unsigned:
		fixes = append(fixes, l.otherProfile())
	}
	for _, check := range checks {
		l.Unread(check, seen, r.Missing(), fixes...)
	}
}

func (l *look) otherProfile() finding.Fix {
	return finding.Fix{
		Who: finding.You, Does: "give a profile of the AWS config file for account " + l.arn.account + ", that of Identity Center, in place of PROFILE",
		Command: l.c.TipCLI("diag", "--profile", "PROFILE"),
	}
}

// aws is a command line of the AWS CLI in the region of Identity Center.
func (l *look) aws(words ...string) string { return l.c.Center.AWS(l.region, words...) }

// fix is one of the Identity Center administrator.
func fix(does, command string) finding.Fix {
	return finding.Fix{Who: finding.CenterAdmin, Does: does, Command: command}
}
