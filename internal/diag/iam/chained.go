package iam

import (
	"maps"
	"strings"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/finding"
	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
	"github.com/tip-cli/tip-cli/internal/policy"
)

const contextProviders = "sts:RequestContextProviders"

// chainedRequest is what the application role's session asks of the identity-enhanced role.
// The name of the session holds the person's id, who is not known yet.
func (s *section) chainedRequest(action string) iamrole.Request {
	keys := s.chainedKeys()
	keys[contextProviders] = []string{iamrole.ContextProvider(s.partition)}
	keys["aws:FederatedProvider"] = []string{s.federated()}
	if arn := s.c.Asked.ApplicationARN; arn != "" {
		keys["identitycenter:ApplicationArn"] = []string{arn}
		if _, rest, ok := strings.Cut(arn, ":application/"); ok {
			instance, _, _ := strings.Cut(rest, "/")
			keys["identitycenter:InstanceArn"] = []string{"arn:" + s.partition + ":sso:::instance/" + instance}
		}
	}
	q := iamrole.Request{Action: action, Session: sessionName, Keys: keys}
	if s.claims.token {
		maps.Copy(keys, s.claims.sessionKeys(true))
		for key, value := range s.claims.tags {
			keys["aws:PrincipalTag/"+key] = []string{value}
		}
		if s.claims.source != "" {
			keys["aws:SourceIdentity"] = []string{s.claims.source}
		}
		q.Settled = []string{"aws:PrincipalTag/", "aws:SourceIdentity"}
	}
	return q
}

// lookAtAssume asks for what STS asks for when the one role assumes the other with an identity.
func (s *section) lookAtAssume() {
	app, enhanced := s.roles.Application, s.roles.Enhanced
	for _, check := range []string{checkAssume, checkContext} {
		switch {
		case app == nil:
			s.Skip(check, "it needs the application role, see "+checkApp)
		case enhanced == nil:
			s.Skip(check, "it needs the identity-enhanced role, see "+checkEnhanced)
		case enhanced.Trust == nil:
			s.Unread(check, notUnderstood+enhanced.TrustText, nil)
		}
	}
	if s.Has(checkAssume) {
		return
	}
	if !s.lookAtHop(checkAssume, assumeRole) {
		s.Skip(checkContext, "it stands in the same place as sts:AssumeRole, see there")
		return
	}
	s.lookAtHop(checkContext, setContext)
}

// lookAtHop asks for one action. It reports whether the next one is worth asking for: who
// is not trusted at all is told so once.
func (s *section) lookAtHop(check, action string) bool {
	app, enhanced := s.roles.Application, s.roles.Enhanced
	q := s.chainedRequest(action)
	a := iamrole.Assumes(app, enhanced, q)
	switch {
	case a.Unknown:
		known := ""
		if a.Resource == policy.Allow {
			known = "the trust policy allows it"
		}
		doubt(check, known, &a, app, s)
	case a.Allowed():
		s.OK(check, a.Why)
	case a.Trust:
		return s.hopDistrusted(check, action, &a)
	default:
		s.hopNotAllowed(check, action, &a)
		return a.Denied()
	}
	return true
}

// hopDistrusted is for a trust policy that stands in the way.
func (s *section) hopDistrusted(check, action string, a *iamrole.Answer) bool {
	enhanced := s.roles.Enhanced
	m := s.chainedMending(action)
	refusals := iamrole.Refusals(enhanced.Trust, m.request)
	switch stale := s.stale(m.request); {
	case a.Denied():
		s.Found(check+"-denied", enhanced.ARN, a.Why, s.mendHopAs(undenying(a)))
		return true
	case stale != nil:
		s.edits.trusts[enhanced.ARN] = stale
		s.Found("iam.assume-stale", enhanced.ARN, "the trust policy names "+strings.Join(enhanced.Trust.PrincipalIDs(), ", ")+", the role "+s.roles.Application.ARN+" has the id "+s.roles.Application.ID,
			s.mendHopAs("name the role that there is now in the trust policy"))
		return false
	case len(refusals) > 0 && !refusals[0].Action && !refusals[0].Principal:
		s.Found(check+"-condition", enhanced.ARN, conditions(&refusals[0]), s.mendHopAs("let the application role in as it comes, unless the condition is meant to keep it out"))
		return true
	}
	s.Found(check+"-not-trusted", enhanced.ARN, "no statement of the trust policy allows "+action+" to "+s.roles.Application.ARN, s.mendHop())
	return check != checkAssume
}

// stale is the trust policy with our role in the place of one that was deleted, if it would
// let the request in then; else nil.
func (s *section) stale(r *policy.Request) *policy.Document {
	trust := s.roles.Enhanced.Trust
	if r.Action != assumeRole {
		return nil
	}
	for _, id := range trust.PrincipalIDs() {
		doc, err := trust.ReplacePrincipal(id, s.roles.Application.ARN)
		if err == nil && doc.Evaluate(r).Decision == policy.Allow {
			return doc
		}
	}
	return nil
}

// chainedMending lets the application role do one thing with the identity-enhanced role.
func (s *section) chainedMending(action string) mending {
	app, enhanced := s.roles.Application, s.roles.Enhanced
	q := s.chainedRequest(action)
	keys := iamrole.Keys(app, sessionName)
	maps.Copy(keys, q.Keys)
	fresh := iamrole.Statement{Effect: "Allow", Principal: iamrole.Value(map[string]string{"AWS": app.ARN}), Action: iamrole.Value(action)}
	if action == setContext {
		fresh.Condition = iamrole.Value(map[string]map[string][]string{"ForAllValues:ArnEquals": {contextProviders: {iamrole.ContextProvider(s.partition)}}})
	}
	return mending{request: &policy.Request{Action: action, Resource: enhanced.ARN, Principal: iamrole.Principal(app, sessionName), Context: keys}, fresh: fresh}
}

func (s *section) mendHop() finding.Fix {
	return s.mendHopAs("let the trust policy allow the application role sts:AssumeRole and sts:SetContext")
}

func (s *section) mendHopAs(does string) finding.Fix {
	assume, set := s.chainedMending(assumeRole), s.chainedMending(setContext)
	return s.mendTrust(s.roles.Enhanced, does, &assume, &set)
}

// hopNotAllowed is for policies of the application role that stand in the way.
func (s *section) hopNotAllowed(check, action string, a *iamrole.Answer) {
	app := s.roles.Application
	actions := []string{action}
	if !a.Denied() {
		actions = []string{assumeRole, setContext}
	}
	fix := s.mendRights(app, a, actions, s.roles.Enhanced.ARN, "tip-cli-identity-enhanced-role")
	kind := check + "-not-allowed"
	if a.Denied() {
		kind = check + "-denied"
	}
	s.Found(kind, culprit(app, a), action+" on "+s.roles.Enhanced.ARN+": "+a.Why, fix)
}

// culprit names the policy that stands in the way, of the role if it has none.
func culprit(r *chain.Role, a *iamrole.Answer) string {
	switch {
	case a.Policy == "":
		return r.ARN
	case strings.HasPrefix(a.Policy, "arn:"):
		return a.Policy + " (of " + r.ARN + ")"
	}
	return r.ARN + " (inline policy " + a.Policy + ")"
}
