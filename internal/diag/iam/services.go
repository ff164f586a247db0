package iam

import (
	"context"
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
	"github.com/tip-cli/tip-cli/internal/policy"
)

// needs is what a service needs of the identity-enhanced role.
type needs struct {
	service chain.Service
	// actions are needed by everybody, further ones by parts of tip-cli.
	actions, further []string
	// resource is what they act on; if open says so, it is a pattern for one that is not known.
	resource string
	open     bool
}

// needs are those of the services that must work.
func (s *section) needs() []needs {
	region, role := s.c.Regions.Region, s.roles.Enhanced
	arn := func(service, resource string) string {
		return "arn:" + s.partition + ":" + service + ":" + region + ":" + role.Account + ":" + resource
	}
	instance := "arn:" + s.partition + ":s3:" + region + ":" + s.grantsAccount() + ":access-grants/default"
	workgroup := s.c.Asked.Workgroup
	if workgroup == "" {
		workgroup = "*"
	}
	all := []needs{
		{chain.S3, []string{"s3:GetDataAccess"}, []string{"s3:GetAccessGrantsInstanceForPrefix", "s3:ListCallerAccessGrants"}, instance, region == ""},
		{
			chain.AthenaService, []string{"athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults", "athena:GetWorkGroup"}, nil,
			arn("athena", "workgroup/"+workgroup), workgroup == "*",
		},
		{chain.LakeFormation, []string{"lakeformation:GetDataAccess"}, nil, "*", false},
		{chain.Redshift, []string{"redshift-data:ExecuteStatement", "redshift-data:DescribeStatement", "redshift-data:GetStatementResult"}, nil, "*", true},
		{chain.QBusiness, []string{"qbusiness:ChatSync", "qbusiness:ListConversations"}, nil, arn("qbusiness", "application/*"), true},
	}
	return slices.DeleteFunc(all, func(n needs) bool { return !s.c.Asked.Wants(n.service) })
}

func (s *section) grantsAccount() string {
	if account := s.c.Config.S3AGAccountID; account != "" {
		return account
	}
	return s.roles.Enhanced.Account
}

// refused are actions of one service that are refused for the same reason.
type refused struct {
	needs
	answer  iamrole.Answer
	actions []string
	// further says that all of them are.
	further bool
}

func (s *section) lookAtServices() {
	role := s.roles.Enhanced
	if role == nil {
		s.Skip(checkServices, "it needs the identity-enhanced role, see "+checkEnhanced)
		return
	}
	var wrong []refused
	var open *iamrole.Answer
	for _, n := range s.needs() {
		for _, action := range append(slices.Clone(n.actions), n.further...) {
			a := s.mayUse(role, n, action)
			switch {
			case a.Unknown && !slices.Equal(a.Doubts, []string{iamrole.TheResource}):
				open = &a
			case !a.Unknown && !a.Allowed():
				wrong = collect(wrong, n, a, action)
			}
		}
	}
	for i := range wrong {
		s.foundRefused(role, &wrong[i])
	}
	switch {
	case len(wrong) > 0:
	case open != nil:
		doubt(checkServices, "", open, role, s)
	default:
		s.OK(checkServices, "the role's policies allow "+s.services())
	}
}

func (s *section) services() string {
	names := make([]string, len(s.c.Asked.Services))
	for i, name := range s.c.Asked.Services {
		names[i] = string(name)
	}
	return listOr(names, "nothing, and nothing was asked for")
}

func (s *section) mayUse(role *chain.Role, n needs, action string) iamrole.Answer {
	return iamrole.Allows(role, iamrole.Request{Action: action, Resource: n.resource, Anywhere: n.open, Keys: s.chainedKeys()})
}

// collect puts an action to those that are refused for the same reason.
func collect(all []refused, n needs, a iamrole.Answer, action string) []refused {
	further := slices.Contains(n.further, action)
	for i := range all {
		r := &all[i]
		same := r.service == n.service && r.answer.Denied() == a.Denied() && r.answer.Policy == a.Policy && r.answer.Why == a.Why
		if same {
			r.actions = append(r.actions, action)
			return all
		}
	}
	return append(all, refused{needs: n, answer: a, actions: []string{action}, further: further})
}

func (s *section) foundRefused(role *chain.Role, r *refused) {
	kind := "iam.service-not-allowed"
	switch {
	case r.further:
		kind = "iam.service-partly"
	case r.answer.Denied():
		kind = "iam.service-denied"
	}
	fix := s.mendRights(role, &r.answer, r.actions, r.resource, "tip-cli-"+string(r.service))
	if slices.ContainsFunc(r.actions, func(action string) bool { return slices.Contains(s.unlisted, action) }) {
		fix.Does += ", which alone does not help: see iam.not-on-allow-list"
	}
	s.Found(kind, culprit(role, &r.answer), strings.Join(r.actions, ", ")+" on "+r.resource+": "+r.answer.Why, fix)
}

// lookAtAllowList asks the policy that AWS attaches to identity-enhanced sessions.
func (s *section) lookAtAllowList(ctx context.Context) {
	if s.roles.Enhanced == nil {
		s.Skip(checkAllowList, "it needs the identity-enhanced role, see "+checkEnhanced)
		return
	}
	arn := "arn:" + s.partition + ":iam::aws:policy/AWSIAMIdentityCenterAllowListForIdentityContext"
	text, unread := iamrole.Managed(ctx, s.client, arn)
	if unread != nil {
		s.Unread(checkAllowList, unread.Seen, unread.Missing())
		return
	}
	list, err := policy.Parse([]byte(text), policy.Identity)
	if err != nil {
		s.Unread(checkAllowList, arn+" is not understood: "+err.Error(), nil)
		return
	}
	for _, n := range s.needs() {
		var denied []string
		for _, action := range n.actions {
			r := &policy.Request{Action: action, Resource: n.resource, Principal: iamrole.Principal(s.roles.Enhanced, sessionName), Context: policy.Context{}}
			if list.Evaluate(r).Decision == policy.ExplicitDeny {
				denied = append(denied, action)
			}
		}
		s.unlisted = append(s.unlisted, denied...)
		s.foundUnlisted(arn, n.service, denied)
	}
	if !s.Has(checkAllowList) {
		s.OK(checkAllowList, "it admits "+s.services())
	}
}

func (s *section) foundUnlisted(arn string, service chain.Service, denied []string) {
	if len(denied) == 0 {
		return
	}
	s.Found("iam.not-on-allow-list", arn, "it does not list "+strings.Join(denied, ", "), finding.Fix{
		Who: finding.You, Does: "use " + string(service) + " with credentials without an identity, or another way in: whether AWS admits it with an identity changes with versions of the policy",
	})
}
