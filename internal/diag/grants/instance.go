package grants

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3control"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
	"github.com/tip-cli/tip-cli/internal/diag/refusal"
	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/s3agcreds"
)

// checkInstance wants an instance. Where nobody has named its account, and the one of the
// role has none, or no grant for the path, that of the bucket's owner is looked at, as
// get-data-access does.
func (s *section) checkInstance(ctx context.Context) {
	r := &s.read
	if (missing(r.instanceErr, r.locationsErr, r.grantsErr, r.ownErr) || s.uncovered()) && s.elsewhere(ctx) {
		s.readAll(ctx)
	}
	switch {
	case missing(r.instanceErr, r.locationsErr, r.grantsErr, r.ownErr):
		s.log.Found("grants.no-instance", s.instance, "account "+s.account+" has no S3 Access Grants instance in "+s.region+
			"; if it is another account's, configure s3ag_account_id", s.createInstance())
	case r.instanceErr == nil || r.locationsErr == nil || r.grantsErr == nil || r.ownErr == nil:
		s.log.OK(checkInstance, s.instance)
	case s.admin == nil:
		s.unread(checkInstance, r.instanceErr)
	default:
		s.unread(checkInstance, worst(r.instanceErr, r.locationsErr))
	}
}

// worst prefers the refusal that names a permission.
func worst(refused ...*refusal.Refusal) *refusal.Refusal {
	for _, r := range refused {
		if r != nil && r.Denied {
			return r
		}
	}
	return refused[0]
}

// uncovered reports whether the person has no grant for the path, for certain.
func (s *section) uncovered() bool {
	mine, refused := s.mine()
	return refused == nil && s.best(mine, s.target) == nil
}

// elsewhere looks for the account whose instance is the one for the path.
func (s *section) elsewhere(ctx context.Context) bool {
	if s.Config.S3AGAccountID != "" || s.person == nil || s.target == "" {
		return false
	}
	owner, err := s3agcreds.FindInstanceAccount(ctx, s.person, s.Session.Account, strings.TrimSuffix(s.target, "*"))
	if err != nil || owner == s.account || len(owner) != len(s.account) {
		return false
	}
	s.account, s.instance = owner, instanceARN(s.partition, s.region, owner)
	return true
}

// checkCenter wants the instance associated with the Identity Center of the application.
func (s *section) checkCenter() {
	wanted := s.centerARN()
	foreign := s.FirstFailed("regions.no-instance", "regions.other-partition")
	switch r := &s.read; {
	case r.instanceErr != nil:
		s.unread(checkCenter, r.instanceErr)
	case foreign != "":
		s.log.Skip(checkCenter, "the application is not one of here: see "+foreign)
	case r.center == "":
		s.log.Found("grants.not-associated", s.instance, "it is associated with no Identity Center", s.associate(wanted)...)
	case wanted == "":
		s.log.Unread(checkCenter, "it is associated with "+r.center+", and the instance of the application is not known", nil)
	case r.center != wanted:
		s.log.Found("grants.other-identity-center", s.instance, "it is associated with "+r.center+", and the application is of "+wanted, s.associateAnew(wanted))
	default:
		s.log.OK(checkCenter, "associated with "+r.center)
	}
}

// checkSharing wants the role admitted by the resource policy of another account's instance.
func (s *section) checkSharing(ctx context.Context) {
	const permission = "s3:GetAccessGrantsInstanceResourcePolicy"
	home := config.AccountOf(s.ourRole())
	switch {
	case home == "":
		s.log.Skip(checkSharing, "needs the identity-enhanced role: see the checks of this machine")
		return
	case home == s.account:
		s.log.Skip(checkSharing, "the instance and the role are of one account")
		return
	case s.admin == nil:
		s.unread(checkSharing, s.unopened(permission))
		return
	}
	out, err := s.admin.GetAccessGrantsInstanceResourcePolicy(ctx, &s3control.GetAccessGrantsInstanceResourcePolicyInput{AccountId: &s.account})
	refused := refusal.Of(permission, err)
	absent := refused != nil && strings.HasPrefix(refused.Code, "AccessGrantsInstanceResourcePolicyNotExists")
	if refused != nil && !absent {
		s.unread(checkSharing, refused)
		return
	}
	var doc *policy.Document
	if !absent {
		if doc, err = policy.Parse([]byte(deref(out.Policy)), policy.Resource); err != nil {
			s.log.Unread(checkSharing, "the resource policy is not understood: "+err.Error(), nil)
			return
		}
	}
	s.judgeSharing(doc, home)
}

func (s *section) judgeSharing(doc *policy.Document, home string) {
	result := doc.Evaluate(&policy.Request{
		Action: "s3:GetDataAccess", Resource: s.instance, Principal: policy.Principal{ARN: s.ourRole(), AccountID: home},
		Context: policy.Context{"aws:PrincipalArn": {s.ourRole()}, "aws:PrincipalAccount": {home}},
	})
	if result.Decision == policy.Allow {
		s.log.OK(checkSharing, "it admits "+s.ourRole())
		return
	}
	seen := "the instance is of account " + s.account + ", and its resource policy does not allow s3:GetDataAccess to " + s.ourRole()
	if doc == nil {
		seen = "the instance is of account " + s.account + ", the role of account " + home + ", and there is no resource policy"
	}
	if result.Decision == policy.ExplicitDeny || doc != nil && len(doc.ContextKeys()) > 0 {
		s.log.Unread(checkSharing, seen+"; its conditions are beyond what can be told here", nil)
		return
	}
	s.log.Found("grants.not-shared", s.instance, seen, s.share(iamrole.Edit(doc)))
}

func (s *section) share(d *iamrole.Draft) finding.Fix {
	d.Statement = append(d.Statement, iamrole.Statement{
		Effect: "Allow", Principal: iamrole.Value(map[string]string{"AWS": s.ourRole()}),
		Action:   iamrole.Value([]string{"s3:GetDataAccess", "s3:GetAccessGrantsInstanceForPrefix", "s3:ListCallerAccessGrants"}),
		Resource: iamrole.Value(s.instance),
	})
	return s.s3control("admit the role in the resource policy of the instance", "put-access-grants-instance-resource-policy", "--policy", d.Text())
}
