package iam

import (
	"strings"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
	"github.com/tip-cli/tip-cli/internal/policy"
)

const (
	assumeWithWebIdentity = "sts:AssumeRoleWithWebIdentity"
	assumeRole            = "sts:AssumeRole"
	setContext            = "sts:SetContext"
	tagSession            = "sts:TagSession"
	setSourceIdentity     = "sts:SetSourceIdentity"
)

const notUnderstood = "the trust policy is not understood: "

// lookAtTrust asks the application role's trust policy for the token.
func (s *section) lookAtTrust() {
	role := s.roles.Application
	switch {
	case role == nil:
		s.Skip(checkTrust, "it needs the application role, see "+checkApp)
		return
	case s.claims.issuer == "":
		s.Unread(checkTrust, "the issuer is not known", nil)
		return
	case role.Trust == nil:
		s.Unread(checkTrust, notUnderstood+role.TrustText, nil)
		return
	}
	q := iamrole.Request{Action: assumeWithWebIdentity, Keys: s.webIdentityKeys(), Settled: webIdentitySettled, Unsettled: s.unsettledKeys()}
	a := iamrole.Trusts(role, s.webIdentity(), q)
	switch {
	case a.Unknown:
		s.Unread(checkTrust, a.Why, nil)
	case a.Allowed():
		s.OK(checkTrust, a.Why)
	case s.Has("iam.provider-missing") || s.Has("iam.provider-mismatch"):
		s.Skip(checkTrust, "it needs the OIDC provider, see "+checkProvider)
	default:
		s.trustRefuses(role, &a, q)
	}
}

func (s *section) webIdentity() policy.Principal { return policy.Principal{Federated: s.federated()} }

func (s *section) trustRefuses(role *chain.Role, a *iamrole.Answer, q iamrole.Request) {
	r := &policy.Request{Action: q.Action, Resource: role.ARN, Principal: s.webIdentity(), Context: q.Keys}
	m := mending{request: r, fresh: s.webIdentityStatement(), prefix: s.claims.host() + ":"}
	refusals := iamrole.Refusals(role.Trust, r)
	switch {
	case a.Denied():
		s.Found("iam.trust-denied", role.ARN, a.Why, s.mendTrust(role, undenying(a), &m))
	case len(refusals) > 0 && !refusals[0].Action && !refusals[0].Principal:
		fix := s.signInAs(&refusals[0])
		if fix.Does == "" {
			fix = s.mendTrust(role, "let the condition take what "+s.claims.from()+" has, unless it is meant to keep it out", &m)
		}
		s.Found("iam.trust-condition", role.ARN, conditions(&refusals[0]), fix)
	default:
		s.Found("iam.trust-provider", role.ARN, "no statement allows "+assumeWithWebIdentity+" to "+s.federated()+s.othersTrusted(role),
			s.mendTrust(role, "let the trust policy take "+s.claims.from(), &m))
	}
}

// undenying says what is taken out of a policy.
func undenying(a *iamrole.Answer) string {
	return "take the denial out of the trust policy, unless it is meant (" + a.Why + ")"
}

// signInAs is the fix of a condition that wants a stronger sign-in than that of the token:
// then it is not the condition that is to be mended.
func (s *section) signInAs(f *iamrole.Refusal) finding.Fix {
	for i := range f.Conditions {
		c := &f.Conditions[i]
		if strings.HasSuffix(strings.ToLower(c.Key), ":amr") && !strings.Contains(c.Operator, "Not") {
			return finding.Fix{
				Who: finding.IdPAdmin, Does: "have the sign-in ask for " + strings.Join(c.Wanted, " or ") + ", and say so in the claim amr; then sign in again",
				Console: "the identity provider's sign-on policy of the application: authentication methods",
			}
		}
	}
	return finding.Fix{}
}

// othersTrusted names the identity provider that is trusted in the place of the token's.
func (s *section) othersTrusted(role *chain.Role) string {
	for _, st := range iamrole.Edit(role.Trust).Statement {
		for _, trusted := range principals(st, "Federated") {
			if nearest([]string{trusted}, s.federated()) != "" {
				return ", but one to " + trusted
			}
		}
	}
	return ""
}

func conditions(f *iamrole.Refusal) string {
	all := make([]string, len(f.Conditions))
	for i := range f.Conditions {
		all[i] = f.Conditions[i].String()
	}
	return strings.Join(all, "; ")
}

// webIdentityStatement lets tokens of the client in, and no others.
func (s *section) webIdentityStatement() iamrole.Statement {
	st := iamrole.Statement{
		Effect: "Allow", Principal: iamrole.Value(map[string]string{"Federated": s.federated()}), Action: iamrole.Value(assumeWithWebIdentity),
	}
	if audience := s.claims.seenAudience(s.provider.clients()); audience != "" {
		st.Condition = iamrole.Value(map[string]map[string]string{"StringEquals": {s.claims.host() + ":aud": audience}})
	}
	return st
}

// lookAtSessionClaims asks both trust policies for the actions that tags and a source
// identity in the token need besides.
func (s *section) lookAtSessionClaims() {
	switch {
	case !s.claims.token:
		s.Skip(checkClaims, "there is no token")
		return
	case s.claims.source == "" && len(s.claims.tags) == 0:
		s.Skip(checkClaims, "the token has neither tags nor a source identity")
		return
	case !s.fine(checkTrust):
		s.Skip(checkClaims, "it needs a trust policy that lets the token in, see "+checkTrust)
		return
	}
	before := len(s.Results())
	undecided := s.sessionClaim("iam.set-source-identity", setSourceIdentity, s.claims.source != "", s.claims.source != "")
	undecided = append(undecided, s.sessionClaim("iam.tag-session", tagSession, len(s.claims.tags) > 0, len(s.claims.transitive) > 0)...)
	switch {
	case len(s.Results()) > before:
	case len(undecided) > 0:
		s.Unread(checkClaims, strings.Join(undecided, "; "), s.roles.Application.Missing)
	case !s.fine(checkAssume):
		s.Skip(checkClaims, "the first trust policy allows what the claims need; whether the second does, see "+checkAssume+" first")
	default:
		s.OK(checkClaims, "both trust policies allow what the claims need")
	}
}

// sessionClaim asks both roles for an action; it returns what could not be told.
func (s *section) sessionClaim(kind, action string, first, second bool) []string {
	var undecided []string
	app, enhanced := s.roles.Application, s.roles.Enhanced
	if first {
		q := iamrole.Request{Action: action, Keys: s.webIdentityKeys(), Settled: webIdentitySettled, Unsettled: s.unsettledKeys()}
		a := iamrole.Trusts(app, s.webIdentity(), q)
		fresh := s.webIdentityStatement()
		fresh.Action = iamrole.Value(action)
		m := mending{request: &policy.Request{Action: action, Resource: app.ARN, Principal: s.webIdentity(), Context: q.Keys}, fresh: fresh, prefix: s.claims.host() + ":"}
		undecided = append(undecided, s.sessionClaimAt(kind, app, &a, &m)...)
	}
	if second && s.fine(checkAssume) {
		q := s.chainedRequest(action)
		a := iamrole.Assumes(app, enhanced, q)
		m := s.chainedMending(action)
		undecided = append(undecided, s.sessionClaimAt(kind, enhanced, &a, &m)...)
	}
	return undecided
}

func (s *section) sessionClaimAt(kind string, role *chain.Role, a *iamrole.Answer, m *mending) []string {
	switch {
	case a.Unknown:
		return []string{a.Why}
	case a.Allowed():
		return nil
	}
	s.Found(kind, role.ARN, m.request.Action+" of "+role.Name+": "+a.Why, s.mendTrust(role, "allow "+m.request.Action+" in the trust policy", m))
	return nil
}

// principals of a type that a statement names.
func principals(st iamrole.Statement, kind string) []string {
	return iamrole.List(iamrole.Member(st.Principal, kind))
}

// mendTrust is the trust policy with as little changed as lets the requests in.
func (s *section) mendTrust(role *chain.Role, does string, ms ...*mending) finding.Fix {
	doc := s.edits.trust(role)
	for _, m := range ms {
		doc = m.mend(doc)
	}
	s.edits.trusts[role.ARN] = doc
	return finding.Fix{
		Who: finding.AppAdmin, Does: does,
		Command: s.aws("update-assume-role-policy", "--role-name", role.Name, "--policy-document", iamrole.Edit(doc).Text()),
	}
}
