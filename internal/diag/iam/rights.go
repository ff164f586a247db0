package iam

import (
	"slices"
	"strings"

	"github.com/tip-cli/tip-cli/internal/config"
	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
	"github.com/tip-cli/tip-cli/internal/policy"
)

const createToken = "sso-oauth:CreateTokenWithIAM"

// lookAtExchange asks the application role's own policies for the exchange. The
// application's actor policy is another section's.
func (s *section) lookAtExchange() {
	role := s.roles.Application
	application := s.c.Asked.ApplicationARN
	switch {
	case role == nil:
		s.Skip(checkExchange, "it needs the application role, see "+checkApp)
		return
	case application == "":
		s.Skip(checkExchange, "no application is configured")
		return
	}
	q := iamrole.Request{Action: createToken, Resource: application, Session: sessionName, Keys: s.chainedKeys()}
	a := iamrole.Allows(role, q)
	fix := func() finding.Fix {
		return s.mendRights(role, &a, []string{createToken}, application, "tip-cli-exchange")
	}
	seen := createToken + " on " + application + ": " + a.Why
	switch {
	case a.Unknown:
		doubt(checkExchange, "", &a, role, s)
	case a.Allowed():
		s.OK(checkExchange, a.Why)
	case a.Denied() || a.Boundary:
		s.Found("iam.exchange-denied", culprit(role, &a), seen, fix())
	case config.AccountOf(application) == role.Account:
		s.Found("iam.exchange-unsaid", role.ARN, seen, fix())
	default:
		s.Found("iam.exchange-not-allowed", role.ARN, seen+"; the application is in account "+config.AccountOf(application), fix())
	}
}

// mendRights lets a role do something that its own policies or its boundary refuse for
// the reason that a has; name is for a policy that is added.
func (s *section) mendRights(role *chain.Role, a *iamrole.Answer, actions []string, resource, name string) finding.Fix {
	fix := finding.Fix{Who: finding.AppAdmin}
	added := iamrole.Statement{Effect: "Allow", Action: iamrole.Value(one(actions)), Resource: iamrole.Value(resource)}
	switch {
	case a.Denied():
		fix.Does = "take the denial of " + strings.Join(actions, ", ") + " out of " + a.Policy
		fix.Command = s.withoutDenial(role, a, actions, added)
	case a.Boundary:
		fix.Does = "let the permissions boundary allow " + strings.Join(actions, ", ")
		draft := s.edits.draft(role, a.Policy, role.Boundary)
		draft.Statement = append(draft.Statement, added)
		fix.Command = s.putManaged(role, a.Policy, draft, true)
	default:
		fix.Does = "allow the role " + strings.Join(actions, ", ")
		draft := iamrole.NewDraft()
		draft.Statement = []iamrole.Statement{added}
		fix.Command = s.putInline(role, s.edits.free(role, name), draft)
	}
	return fix
}

// one is the string itself in the place of a list with one.
func one(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}

// withoutDenial is the denying policy without what it denies of actions. A boundary that
// does not allow them either gets what is added.
func (s *section) withoutDenial(role *chain.Role, a *iamrole.Answer, actions []string, added iamrole.Statement) string {
	doc := role.Boundary
	if !a.Boundary {
		doc = role.Policies[slices.Index(role.PolicyNames, a.Policy)]
	}
	draft := s.edits.draft(role, a.Policy, doc)
	allowed := true
	for _, action := range actions {
		r := *a.Asked
		r.Action = action
		undenyAll(draft, doc.Kind(), &r)
		allowed = allowed && allows(draft, doc.Kind(), &r)
	}
	managed := strings.HasPrefix(a.Policy, "arn:")
	switch {
	case a.Boundary && !allowed:
		draft.Statement = append(draft.Statement, added)
	case len(draft.Statement) == 0 && managed:
		return s.detach(role, a.Policy)
	case len(draft.Statement) == 0:
		return s.aws("delete-role-policy", "--role-name", role.Name, "--policy-name", a.Policy)
	case !managed:
		return s.putInline(role, a.Policy, draft)
	}
	return s.putManaged(role, a.Policy, draft, a.Boundary)
}

// undenyAll takes an action out of every statement that denies it.
func undenyAll(draft *iamrole.Draft, kind policy.Kind, r *policy.Request) {
	for i := range slices.Backward(slices.Clone(draft.Statement)) {
		before := len(draft.Statement)
		for range rounds {
			if len(draft.Statement) < before || !denies(draft.Statement[i], kind, r) {
				break
			}
			undeny(draft, i, r)
		}
	}
}

// allows reports whether a policy as it is to be written allows a request.
func allows(draft *iamrole.Draft, kind policy.Kind, r *policy.Request) bool {
	doc, err := policy.Parse([]byte(draft.Text()), kind)
	return err == nil && doc.Evaluate(r).Decision == policy.Allow
}

// denies reports whether a statement alone denies a request.
func denies(st iamrole.Statement, kind policy.Kind, r *policy.Request) bool {
	alone := iamrole.NewDraft()
	alone.Statement = []iamrole.Statement{st}
	doc, err := policy.Parse([]byte(alone.Text()), kind)
	return err == nil && doc.Evaluate(r).Decision == policy.ExplicitDeny
}

func (s *section) putInline(role *chain.Role, name string, draft *iamrole.Draft) string {
	return s.aws("put-role-policy", "--role-name", role.Name, "--policy-name", name, "--policy-document", draft.Text())
}

// putManaged gives a managed policy another version. One of AWS's own cannot have any: a
// copy takes its place.
func (s *section) putManaged(role *chain.Role, arn string, draft *iamrole.Draft, boundary bool) string {
	draft.Version = policy.Version2012 // IAM stores no other versions any more
	own, copied := s.edits.copies[role.ARN+arn]
	switch {
	case !awsOwned(arn):
		own = arn
		fallthrough
	case copied:
		return s.aws("create-policy-version", "--policy-arn", own, "--policy-document", draft.Text(), "--set-as-default")
	}
	name := "tip-cli-" + role.Name[:min(len(role.Name), 40)] + "-" + arn[strings.LastIndexByte(arn, '/')+1:]
	name = name[:min(len(name), longestPolicyName)]
	own = "arn:" + s.partition + ":iam::" + role.Account + ":policy/" + name
	s.edits.copies[role.ARN+arn] = own
	create := s.aws("create-policy", "--policy-name", name, "--policy-document", draft.Text())
	if boundary {
		return create + " && " + s.aws("put-role-permissions-boundary", "--role-name", role.Name, "--permissions-boundary", own)
	}
	return create + " && " + s.aws("attach-role-policy", "--role-name", role.Name, "--policy-arn", own) + " && " + s.detach(role, arn)
}

const longestPolicyName = 128

func (s *section) detach(role *chain.Role, arn string) string {
	return s.aws("detach-role-policy", "--role-name", role.Name, "--policy-arn", arn)
}

func awsOwned(arn string) bool { return strings.Contains(arn, ":iam::aws:policy/") }
