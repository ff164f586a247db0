// Package iam is the section "iam" of a diagnosis: the OIDC provider, the two roles,
// their trust policies and rights.
//
// It asks the policies as STS would, with the token's own claims: see
// internal/diag/iamrole. It knows no service control policies and resource control
// policies, which an organization may have besides.
package iam

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
)

// patience bounds the whole section.
const patience = 90 * time.Second

// section is one look at the section.
type section struct {
	*finding.Log
	c      *chain.Chain
	client *iam.Client
	// account and partition are those of the roles.
	account, partition string
	claims             *claims
	provider           *provider
	// builtIn says that STS knows the identity provider without an OIDC provider.
	builtIn bool
	roles   *chain.Roles
	edits   edits
	// unlisted are the actions that AWS does not admit with an identity.
	unlisted []string
}

// Run looks at it.
func Run(ctx context.Context, c *chain.Chain) []finding.Result {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s := &section{Log: finding.NewLog(finding.IAM, Checks()), c: c, roles: &chain.Roles{}, edits: newEdits()}
	if s.begin() {
		s.look(ctx)
	}
	return s.Results()
}

// begin reports whether there is something to look at, and something to look with.
func (s *section) begin() bool {
	for _, configured := range []string{s.c.Config.OIDCRoleARN, s.c.Config.IDEnhancedRoleARN} {
		if a, ok := iamrole.Parse(configured); ok && s.account == "" {
			s.account, s.partition = a.AccountID, a.Partition
		}
	}
	switch {
	case s.account == "":
		s.rest(func(check string) { s.Skip(check, "no role is configured") })
	case s.c.Offline() != "":
		s.rest(func(check string) { s.Skip(check, s.c.Offline()) })
	case s.c.Application.Config == nil:
		s.rest(func(check string) { s.Unread(check, s.unsigned(), nil, s.signed()) })
	case s.readsGrants():
		s.Unread(checkAccount, "it is of account "+s.c.Application.Account+", that of S3 Access Grants; the roles are of account "+s.account, nil, s.signed())
		s.rest(func(check string) { s.Skip(check, "it needs credentials of account "+s.account+", see "+checkAccount) })
	case s.c.Application.Account != "" && s.c.Application.Account != s.account:
		s.Found("iam.wrong-account", s.caller(), "it is of account "+s.c.Application.Account+", the roles are of account "+s.account, s.signed())
		s.rest(func(check string) {
			s.Skip(check, "it needs credentials of account "+s.account+", see iam.wrong-account")
		})
	default:
		s.client = iam.NewFromConfig(*s.c.Application.Config)
		return true
	}
	return false
}

// readsGrants reports whether the credentials are those of the configured account of S3
// Access Grants, which is another than the roles': the one profile that is given cannot
// be of both, and no link of the chain is broken.
func (s *section) readsGrants() bool {
	account := s.c.Application.Account
	return account != "" && account != s.account && account == s.c.Config.S3AGAccountID
}

// rest has fn answer for every check that has no answer yet.
func (s *section) rest(fn func(check string)) {
	for _, check := range Checks() {
		if !s.Has(check.ID) {
			fn(check.ID)
		}
	}
}

// fine reports whether a check found nothing wrong.
func (s *section) fine(check string) bool {
	for _, r := range s.Results() {
		if r.Check == check {
			return r.Status == finding.OK
		}
	}
	return false
}

func (s *section) unsigned() string {
	if s.c.Application.Reason != "" {
		return s.c.Application.Reason
	}
	return "there are no credentials for account " + s.account
}

// signed says with what to look.
func (s *section) signed() finding.Fix {
	return finding.Fix{Who: finding.You, Does: "run diag again with --app-profile and an AWS profile that may read IAM in account " + s.account}
}

// caller names what requests are signed with.
func (s *section) caller() string {
	if s.c.Application.Profile != "" {
		return "--app-profile " + s.c.Application.Profile
	}
	return s.c.Application.ARN
}

func (s *section) look(ctx context.Context) {
	if s.c.Application.Account == "" {
		s.Unread(checkAccount, "STS did not tell whose credentials these are", nil)
	} else {
		s.OK(checkAccount, s.account)
	}
	s.claims = claimsOf(s.c)
	s.lookAtProvider(ctx)
	s.lookAtThumbprint(ctx)
	s.lookAtApplicationRole(ctx)
	s.lookAtTrust()
	s.lookAtExchange()
	s.lookAtEnhancedRole(ctx)
	s.lookAtDuration()
	s.lookAtAssume()
	s.lookAtSessionClaims()
	s.lookAtAllowList(ctx) // what it does not admit, no right mends
	s.lookAtServices()
	s.c.Roles = s.roles
}

// aws is a command line of the AWS CLI in the account of the roles.
func (s *section) aws(words ...string) string {
	return s.c.Application.AWS(s.c.Regions.Region, append([]string{"iam"}, words...)...)
}
