package iamrole

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/policy"
)

// Request is what policies are asked.
type Request struct {
	// Action is vendor:Operation, Resource the ARN acted on or *.
	Action, Resource string
	// Keys are the condition keys of the request, as far as they are known.
	Keys policy.Context
	// Session is the name of the session that asks, "" if it is not known.
	Session string
	// Settled are condition keys, or beginnings of them (aws:PrincipalTag/), of which
	// Keys has all there are. Of keys that depend on the place and time of a request, and
	// that are neither in Keys nor Settled, nothing is assumed: see [Answer].
	Settled []string
	// Unsettled are further ones that the request may have, and nobody knows.
	Unsettled []string
	// Anywhere says that the resource is not known: statements about certain resources
	// are then in doubt. Resource is what the others are asked for.
	Anywhere bool
}

// TheResource is among the doubts of a request for a resource that is not known.
const TheResource = "the resource"

// Answer is what policies say to a request.
type Answer struct {
	policy.Explanation
	// Asked is the request as the policies were asked.
	Asked *policy.Request
	// Unknown says that what was read does not decide it: policies are unread, or a
	// condition asks for what a diagnosis cannot know. Explanation is then the answer
	// of what was read, with all doubts against the request.
	Unknown bool
	// Doubts are the condition keys that it depends on, nil if it is for want of policies.
	Doubts []string
	// Why says in a few words what decided, or what is in doubt.
	Why string
	// Policy is the name of the inline policy or the ARN of the managed one that denies, ""
	// if none does; Boundary says that it is the permissions boundary, Trust that it is the
	// trust policy.
	Policy          string
	Boundary, Trust bool
}

// Denied reports whether a statement denies the request explicitly.
func (a *Answer) Denied() bool { return !a.Unknown && a.Outcome.Explicit && !a.Outcome.Allowed }

// Allowed reports whether the request is allowed for certain.
func (a *Answer) Allowed() bool { return !a.Unknown && a.Outcome.Allowed }

// Principal is the session of a role as a principal. Without a name it is one that no
// policy names.
func Principal(r *chain.Role, session string) policy.Principal {
	p := policy.Principal{ARN: r.ARN, AccountID: r.Account}
	if session == "" {
		session = "?"
	}
	if a, ok := Parse(r.ARN); ok {
		p.SessionARN = "arn:" + a.Partition + ":sts::" + r.Account + ":assumed-role/" + Name(a) + "/" + session
	}
	return p
}

// Keys are the condition keys of everything that a session of a role asks for.
func Keys(r *chain.Role, session string) policy.Context {
	keys := policy.Context{
		"aws:PrincipalArn": {r.ARN}, "aws:PrincipalAccount": {r.Account}, "aws:PrincipalType": {"AssumedRole"}, "aws:userid": {r.ID + ":" + session},
		"aws:PrincipalIsAWSService": {"false"}, "aws:ViaAWSService": {"false"}, "aws:SecureTransport": {"true"},
	}
	for key, value := range r.Tags {
		keys["aws:PrincipalTag/"+key] = []string{value}
	}
	return keys
}

// Allows says whether a role's own policies and its boundary allow a request in the
// role's account. Keys of the session are added to those of the request.
func Allows(r *chain.Role, q Request) Answer {
	return decide(r, q, policy.Input{SameAccount: true}, nil)
}

// Admits says whether a resource-based policy admits a session of a role: within its
// account, or together with the role's own policies across accounts.
func Admits(resource *policy.Document, account string, r *chain.Role, q Request) Answer {
	return decide(r, q, policy.Input{SameAccount: account == r.Account, RequireResource: true}, resource)
}

// Assumes says whether a session of the role from may do something to the role to, such
// as sts:AssumeRole, by the trust policy of the one and, where they are needed, the own
// policies of the other.
func Assumes(from, to *chain.Role, q Request) Answer {
	q.Resource = to.ARN
	q.Keys, q.Settled = withTags(to, q.Keys), append(slices.Clone(q.Settled), "aws:ResourceTag/", "iam:ResourceTag/")
	if to.Trust == nil {
		return Answer{Unknown: true, Why: "the trust policy is not understood"}
	}
	return decide(from, q, policy.Input{SameAccount: from.Account == to.Account, RequireResource: true}, to.Trust)
}

// Trusts says whether a role's trust policy alone lets somebody do something, who has no
// policies of his own: an AWS service, or an identity provider.
func Trusts(to *chain.Role, who policy.Principal, q Request) Answer {
	if to.Trust == nil {
		return Answer{Unknown: true, Why: "the trust policy is not understood"}
	}
	q.Resource = to.ARN
	q.Keys, q.Settled = withTags(to, q.Keys), append(slices.Clone(q.Settled), "aws:ResourceTag/", "iam:ResourceTag/")
	return q.decided(policy.Input{Resource: to.Trust, SameAccount: true, RequireResource: true, Request: q.by(who)}, nil)
}

// by is the request made by somebody.
func (q *Request) by(who policy.Principal) *policy.Request {
	return &policy.Request{Action: q.Action, Resource: q.Resource, Principal: who, Context: q.Keys}
}

func withTags(r *chain.Role, keys policy.Context) policy.Context {
	all := policy.Context{}
	maps.Copy(all, keys)
	for key, value := range r.Tags {
		all.Set("aws:ResourceTag/"+key, value)
		all.Set("iam:ResourceTag/"+key, value)
	}
	return all
}

// decide asks in the name of a session of a role.
func decide(r *chain.Role, q Request, in policy.Input, resource *policy.Document) Answer {
	keys := Keys(r, q.Session)
	if q.Session == "" {
		keys.Delete("aws:userid")
	}
	for key, values := range q.Keys {
		keys.Set(key, values...)
	}
	q.Keys = keys
	in.Request, in.Resource, in.Identity, in.Boundary = q.by(Principal(r, q.Session)), resource, r.Policies, r.Boundary
	return q.decided(in, r)
}

// decided asks twice, once with all doubts in favour of the request and once with all
// against it. r may be nil.
func (q *Request) decided(in policy.Input, r *chain.Role) Answer {
	friendly, hostile, doubts := q.inputs(in)
	a := Answer{Explanation: policy.Explain(hostile), Asked: in.Request}
	best := policy.Explain(friendly)
	switch {
	case best.Outcome.Allowed != a.Outcome.Allowed:
		a.Unknown, a.Doubts, a.Why = true, doubts, "it depends on "+strings.Join(doubts, ", ")
	case r != nil && r.Unread != "" && !settled(&best, in):
		a.Unknown, a.Why = true, r.Unread
	default:
		a.Explanation = best
		a.explain(r)
	}
	return a
}

// settled reports whether policies that are not known could not change an answer: a
// denial stays one, and so does the silence of a policy that has to speak.
func settled(best *policy.Explanation, in policy.Input) bool {
	return best.Outcome.Explicit && !best.Outcome.Allowed || in.RequireResource && best.Resource != policy.Allow
}

func (q *Request) inputs(in policy.Input) (friendly, hostile policy.Input, doubts []string) {
	friendly, hostile = in, in
	each := func(doc *policy.Document) (kind, unkind *policy.Document) {
		kind, unkind, found := q.leanings(doc)
		doubts = append(doubts, found...)
		return kind, unkind
	}
	friendly.Identity, hostile.Identity = make([]*policy.Document, len(in.Identity)), make([]*policy.Document, len(in.Identity))
	for i, doc := range in.Identity {
		friendly.Identity[i], hostile.Identity[i] = each(doc)
	}
	friendly.Boundary, hostile.Boundary = each(in.Boundary)
	friendly.Resource, hostile.Resource = each(in.Resource)
	slices.Sort(doubts)
	return friendly, hostile, slices.Compact(doubts)
}

// explain says which policy decided.
func (a *Answer) explain(r *chain.Role) {
	o := a.Outcome
	statement := ""
	if o.Result.Sid != "" {
		statement = " (statement " + o.Result.Sid + ")"
	} else if o.Result.Statement >= 0 {
		statement = " (statement " + strconv.Itoa(o.Result.Statement+1) + ")"
	}
	a.Boundary, a.Trust = o.By == policy.BoundaryBased, o.By == policy.TrustBased
	switch {
	case a.Boundary && r != nil:
		a.Policy = r.BoundaryARN
	case o.By == policy.IdentityBased && r != nil && o.Document >= 0 && o.Document < len(r.PolicyNames):
		a.Policy = r.PolicyNames[o.Document]
	}
	name := o.By.String()
	if a.Policy != "" {
		name += " " + a.Policy
	}
	switch {
	case o.Allowed:
		a.Why = "allowed by " + name + statement
	case o.Explicit:
		a.Why = "denied by " + name + statement
	default:
		a.Why = "no " + o.By.String() + " allows it"
	}
}
