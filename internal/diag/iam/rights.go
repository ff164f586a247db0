package iam

import (
	"slices"
	"strconv"
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
		draft := iamrole.Edit(role.Boundary)
		draft.Statement = append(draft.Statement, added)
		fix.Command = s.putManaged(role, a.Policy, draft, true)
	default:
		fix.Does = "allow the role " + strings.Join(actions, ", ")
		draft := iamrole.NewDraft()
		draft.Statement = []iamrole.Statement{added}
		fix.Command = s.putInline(role, free(role.PolicyNames, name), draft)
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

// free is a name that no inline policy has.
func free(names []string, name string) string {
	for i, with := 2, name; ; i++ {
		if !slices.Contains(names, with) {
			return with
		}
		with = name + "-" + strconv.Itoa(i)
	}
}

func (s *section) putInline(role *chain.Role, name string, draft *iamrole.Draft) string {
	return s.aws("put-role-policy", "--role-name", role.Name, "--policy-name", name, "--policy-document", draft.Text())
}

// putManaged gives a managed policy another version. One of AWS's own cannot have any: a
// copy takes its place.
func (s *section) putManaged(role *chain.Role, arn string, draft *iamrole.Draft, boundary bool) string {
	if draft.Version != policy.Version2012 {
		draft.Version = policy.Version2012 // IAM stores no other versions any more
	}
	if !awsOwned(arn) {
		return s.aws("create-policy-version", "--policy-arn", arn, "--policy-document", draft.Text(), "--set-as-default")
	}
	name := "tip-cli-" + arn[strings.LastIndexByte(arn, '/')+1:]
	own := "arn:" + s.partition + ":iam::" + role.Account + ":policy/" + name
	create := s.aws("create-policy", "--policy-name", name, "--policy-document", draft.Text())
	if boundary {
		return create + " && " + s.aws("put-role-permissions-boundary", "--role-name", role.Name, "--permissions-boundary", own)
	}
	return create + " && " + s.aws("attach-role-policy", "--role-name", role.Name, "--policy-arn", own) + " && " + s.detach(role, arn)
}

func (s *section) detach(role *chain.Role, arn string) string {
	return s.aws("detach-role-policy", "--role-name", role.Name, "--policy-arn", arn)
}

func awsOwned(arn string) bool { return strings.Contains(arn, ":iam::aws:policy/") }

// withoutDenial is the denying policy without what it denies of actions. A boundary that is
// nothing but the denial gets what is added.
func (s *section) withoutDenial(role *chain.Role, a *iamrole.Answer, actions []string, added iamrole.Statement) string {
	at := slices.Index(role.PolicyNames, a.Policy)
	doc := role.Boundary
	if !a.Boundary {
		if at < 0 {
			return ""
		}
		doc = role.Policies[at]
	}
	draft := iamrole.Edit(doc)
	for _, action := range actions {
		undenyAll(draft, doc.Kind(), a, action)
	}
	switch {
	case a.Boundary && len(draft.Statement) == 0:
		draft.Statement = []iamrole.Statement{added}
		fallthrough
	case a.Boundary:
		return s.putManaged(role, a.Policy, draft, true)
	case len(draft.Statement) == 0 && strings.HasPrefix(a.Policy, "arn:"):
		return s.detach(role, a.Policy)
	case len(draft.Statement) == 0:
		return s.aws("delete-role-policy", "--role-name", role.Name, "--policy-name", a.Policy)
	case strings.HasPrefix(a.Policy, "arn:"):
		return s.putManaged(role, a.Policy, draft, false)
	}
	return s.putInline(role, a.Policy, draft)
}

// undenyAll takes an action out of every statement that denies it wherever it applies.
func undenyAll(draft *iamrole.Draft, kind policy.Kind, a *iamrole.Answer, action string) {
	for i, st := range slices.Backward(slices.Clone(draft.Statement)) {
		if st.Effect != "Deny" || !a.DeniedBy(i) {
			continue
		}
		before := len(draft.Statement)
		for range rounds {
			if len(draft.Statement) < before || !speaksOf(draft.Statement[i], kind, action) {
				break
			}
			undeny(draft, i, action)
		}
	}
}

// speaksOf reports whether a statement is about an action, whatever else it asks for.
func speaksOf(st iamrole.Statement, kind policy.Kind, action string) bool {
	alone := iamrole.NewDraft()
	alone.Statement = []iamrole.Statement{{Effect: st.Effect, Action: st.Action, NotAction: st.NotAction, Resource: iamrole.Value("*")}}
	doc, err := policy.Parse([]byte(alone.Text()), kind)
	return err == nil && doc.Evaluate(&policy.Request{Action: action, Resource: "*", Context: policy.Context{}}).Decision != policy.ImplicitDeny
}
