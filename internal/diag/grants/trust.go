package grants

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3control/types"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
	"github.com/tip-cli/tip-cli/internal/policy"
)

// service assumes the role of a location.
const service = "access-grants.s3.amazonaws.com"

// trustKind is what is wrong if an action is not allowed to the service. spare says that
// this person's grants do not need it.
type trustKind struct {
	action, kind string
	spare        bool
}

// trustKinds are those of a role, by whom the grants are for that it is needed for: where
// there are none, people of the directory.
func (s *section) trustKinds(role string) []trustKind {
	toPeople, toIAM := s.grantees(role)
	all := []trustKind{{action: "sts:AssumeRole", kind: "grants.trust-assume-role"}}
	if toIAM {
		all = append(all, trustKind{action: "sts:SetSourceIdentity", kind: "grants.trust-no-source-identity"})
	}
	if toPeople || !toIAM {
		all = append(all, trustKind{action: "sts:SetContext", kind: "grants.trust-set-context"})
	}
	if !toIAM {
		all = append(all, trustKind{"sts:SetSourceIdentity", "grants.trust-source-identity", true})
	}
	return all
}

// grantees says whom the grants are for that a location's role is needed for: the one that
// serves the path or, without one, all of the person's.
func (s *section) grantees(role string) (toPeople, toIAM bool) {
	mine, _ := s.mine()
	if s.target != "" {
		if mine = nil; s.serves != nil {
			mine = []grant{*s.serves}
		}
	}
	for i := range mine {
		g := &mine[i]
		if !slices.ContainsFunc(s.read.locations, func(l location) bool { return l.role == role && g.locationID == l.id }) {
			continue
		}
		if g.granteeType == string(types.GranteeTypeIam) {
			toIAM = true
		} else {
			toPeople = true
		}
	}
	return toPeople, toIAM
}

// asService is what the service asks of a role.
func (s *section) asService(action, instance string) iamrole.Request {
	keys := policy.Context{"aws:SourceAccount": {s.account}, "aws:SourceArn": {instance}, "aws:PrincipalIsAWSService": {"true"}, "aws:PrincipalServiceName": {service}}
	if action == "sts:SetContext" {
		keys["sts:RequestContextProviders"] = []string{iamrole.ContextProvider(s.partition)}
	}
	return iamrole.Request{Action: action, Keys: keys}
}

// checkTrust asks the trust policy of a location's role for each thing that the service
// does with it.
func (s *section) checkTrust(role *chain.Role) {
	if role.Trust == nil {
		s.log.Unread(checkTrust, "the trust policy of "+role.ARN+" is not understood", nil)
		return
	}
	var lacking []string
	kinds := s.trustKinds(role.ARN)
	for _, k := range kinds {
		q := s.asService(k.action, s.instance)
		answer := iamrole.Trusts(role, policy.Principal{Service: service}, q)
		switch {
		case answer.Allowed():
		case answer.Unknown:
			s.log.Unread(checkTrust, k.action+" of "+role.ARN+": "+answer.Why, nil)
			return
		case answer.Denied() && k.spare:
			s.log.Found(k.kind, role.ARN, k.action+": "+answer.Why, s.exempt(role, answer.Outcome.Result.Statement))
		case answer.Denied():
			s.log.Found("grants.trust-denied", role.ARN, k.action+": "+answer.Why, s.exempt(role, answer.Outcome.Result.Statement))
			return
		case s.asPrinted(role, k.action):
			s.log.Unread(checkTrust, "the trust policy of "+role.ARN+" wants the instance's ARN without its region, as a guide prints it; whether AWS takes that is not known", nil)
			return
		default:
			lacking = append(lacking, k.action)
		}
	}
	s.reportTrust(role, kinds, lacking)
}

// trusts reports whether a role lets the service do all that it does for people.
func (s *section) trusts(role *chain.Role) bool {
	for _, action := range []string{"sts:AssumeRole", "sts:SetContext"} {
		answer := iamrole.Trusts(role, policy.Principal{Service: service}, s.asService(action, s.instance))
		if !answer.Allowed() {
			return false
		}
	}
	return true
}

// asPrinted reports whether the role trusts the service if the ARN of its instance has no
// region in it.
func (s *section) asPrinted(role *chain.Role, action string) bool {
	answer := iamrole.Trusts(role, policy.Principal{Service: service}, s.asService(action, instanceARN(s.partition, "", s.account)))
	return answer.Allowed()
}

func (s *section) reportTrust(role *chain.Role, kinds []trustKind, lacking []string) {
	fix := s.trust(role, lacking)
	for _, k := range kinds {
		if !slices.Contains(lacking, k.action) {
			continue
		}
		condition := s.condition(role, k.action)
		switch {
		case condition != "" && s.log.Has("grants.trust-condition"):
		case condition != "" && k.spare:
			s.log.Found(k.kind, role.ARN, k.action+": "+condition, fix)
		case condition != "":
			s.log.Found("grants.trust-condition", role.ARN, k.action+": "+condition, fix)
		default:
			s.log.Found(k.kind, role.ARN, "no statement of the trust policy allows "+k.action+" to "+service, fix)
		}
	}
	if len(lacking) == 0 && !s.log.Has(checkTrust) {
		s.log.OK(checkTrust, role.ARN+" trusts "+service)
	}
}

// condition is the one that keeps a statement about an action from allowing it to the
// service, "" if there is no such statement.
func (s *section) condition(role *chain.Role, action string) string {
	q := s.asService(action, s.instance)
	refusals := iamrole.Refusals(role.Trust, &policy.Request{Action: action, Resource: role.ARN, Principal: policy.Principal{Service: service}, Context: q.Keys})
	for _, r := range refusals {
		if r.Action || r.Principal || r.Resource || len(r.Conditions) == 0 {
			continue
		}
		var all []string
		for i := range r.Conditions {
			all = append(all, r.Conditions[i].String())
		}
		return strings.Join(all, ", ")
	}
	return ""
}

// trust adds to a role's trust policy what the service lacks.
func (s *section) trust(role *chain.Role, lacking []string) finding.Fix {
	d := iamrole.Edit(role.Trust)
	d.Statement = append(d.Statement, s.trustStatements(lacking)...)
	return s.updateTrust("let S3 Access Grants do "+strings.Join(lacking, " and ")+" with the role, for this instance only", role, d)
}

// trustStatements allow actions to the service, for the one instance.
func (s *section) trustStatements(actions []string) []iamrole.Statement {
	var plain []string
	for _, action := range actions {
		if action != "sts:SetContext" {
			plain = append(plain, action)
		}
	}
	var all []iamrole.Statement
	add := func(actions []string, further map[string]any) {
		further["StringEquals"] = map[string]string{"aws:SourceAccount": s.account}
		further["ArnEquals"] = map[string]string{"aws:SourceArn": s.instance}
		all = append(all, iamrole.Statement{
			Effect: "Allow", Principal: iamrole.Value(map[string]string{"Service": service}), Action: iamrole.Value(actions), Condition: iamrole.Value(further),
		})
	}
	if len(plain) > 0 {
		add(plain, map[string]any{})
	}
	if len(plain) < len(actions) {
		add([]string{"sts:SetContext"}, map[string]any{"ForAllValues:ArnEquals": map[string][]string{"sts:RequestContextProviders": {iamrole.ContextProvider(s.partition)}}})
	}
	return all
}

// exempt leaves the instance out of a statement of a trust policy that denies.
func (s *section) exempt(role *chain.Role, statement int) finding.Fix {
	const does = "leave this instance out of the statement that denies"
	d := iamrole.Edit(role.Trust)
	if !leaveOut(d, statement, "aws:SourceArn", s.instance) {
		return finding.Fix{Who: finding.DataAdmin, Does: does, Console: "IAM > Roles > " + role.Name + " > Trust relationships > Edit trust policy"}
	}
	return s.updateTrust(does, role, d)
}

func (s *section) updateTrust(does string, role *chain.Role, d *iamrole.Draft) finding.Fix {
	return s.iamCommand(does, "update-assume-role-policy", "--role-name", role.Name, "--policy-document", d.Text())
}
