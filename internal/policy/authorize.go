package policy

import "strconv"

// PolicyType is a type of policy in an [Outcome].
type PolicyType uint8

// The types of policy that can decide.
const (
	// IdentityBased: the identity-based policies of the principal.
	IdentityBased PolicyType = iota + 1
	// SessionBased: the session policies of the principal's session.
	SessionBased
	// GuardrailBased: a policy that AWS attached to the session. AWS words it as
	// a session policy.
	GuardrailBased
	// ResourceBased: the resource-based policy.
	ResourceBased
	// TrustBased: the role trust policy.
	TrustBased
	// BoundaryBased: the permissions boundary of the user or role.
	BoundaryBased
)

// String returns the type as error messages word it.
func (t PolicyType) String() string {
	switch t {
	case IdentityBased:
		return "identity-based policy"
	case SessionBased, GuardrailBased:
		return "session policy"
	case ResourceBased:
		return "resource-based policy"
	case TrustBased:
		return "role trust policy"
	case BoundaryBased:
		return "permissions boundary"
	}
	return "PolicyType(" + strconv.Itoa(int(t)) + ")"
}

// Input is a request with all policies that apply to it.
type Input struct {
	// Request is what is asked.
	Request *Request
	// Identity are the identity-based policies of the user or role.
	Identity []*Document
	// Boundary is the permissions boundary of the user or role, a policy of kind
	// Identity; nil if there is none. The user or role may do what both it and
	// Identity allow.
	Boundary *Document
	// Session are the session policies that were passed when the session was
	// made. Together they allow what any of them allows; the session may do what
	// both they and Identity allow. Empty means that none was passed, which
	// leaves a federated user session with no permissions of its own.
	Session []*Document
	// Guardrails are policies whose explicit denials count and whose allowances
	// do not, such as AWSIAMIdentityCenterAllowListForIdentityContext, which is
	// one Deny with NotAction.
	Guardrails []*Document
	// Resource is the bucket policy, actor policy, role trust policy, ...; nil
	// if the resource has none.
	Resource *Document
	// SameAccount says that the principal is of the account that owns the
	// resource. If not, both Identity and Resource must allow.
	SameAccount bool
	// RequireResource says that Resource must allow, whatever Identity says. It
	// is implied by a Resource of kind Trust or Actor.
	RequireResource bool
	// RequireIdentity says that Identity must allow, even where Resource grants
	// to the principal directly. It is not how IAM decides; it is there for
	// services of which that is not known.
	RequireIdentity bool
}

// Outcome says whether a request is authorized, and which policy decided.
type Outcome struct {
	// Allowed is the answer.
	Allowed bool
	// Explicit says that a statement denies; otherwise a refusal means that the
	// policies of type By do not allow.
	Explicit bool
	// By is the type of policy that decided. For an allowed request it is
	// ResourceBased or TrustBased if the grant stands without Identity.
	By PolicyType
	// Document is the index within Identity, Session or Guardrails of the
	// deciding document, 0 for a boundary or a resource-based one, -1 if none applies.
	Document int
	// PolicyARN is the ARN of that document's managed policy, empty for any other.
	// Clear it where a refusal must not name it.
	PolicyARN string
	// Result is what that document said.
	Result Result
}

// Authorize decides a request as IAM does.
//
// An explicit denial in any policy wins. In one account, a resource-based policy
// that names the session (BySession) or everybody (ByWildcard) is enough, and so
// is one that names the user by ARN; one that names the role (ByARN) is enough as
// far as its permissions boundary and the session policies also allow; one that
// names the account (ByAccount) leaves the decision to Identity, Boundary and
// Session. Without such a grant Identity, Boundary and Session must all allow.
// Across accounts Identity, Boundary, Session and Resource must all allow,
// whichever way Resource names the principal. A service, an identity provider
// and an anonymous caller have no identity-based policies: Resource alone
// decides. The account's root user has full access by identity.
//
// Sources: IAM user guide, "How AWS enforcement code logic evaluates requests to
// allow or deny access" (resource-based policies and the kinds of principal),
// "Cross-account policy evaluation logic", "Permissions boundaries for IAM
// entities", "AWS JSON policy elements: Principal".
func Authorize(in Input) Outcome {
	e := newEvaluation(&in)
	if out, denied := e.explicitDeny(); denied {
		return out
	}
	if !in.Request.Principal.iam() {
		return e.settle(e.resource)
	}
	if in.SameAccount && !in.RequireIdentity {
		if out, decided := e.grantedByResource(&in.Request.Principal); decided {
			return out
		}
	}
	needed := []vote{e.identity, e.boundary, e.session}
	if !in.SameAccount {
		needed = append(needed, e.resource)
	} else if in.requiresResource() {
		needed = append([]vote{e.resource}, needed...)
	}
	for _, v := range needed {
		if !v.allows() {
			return e.settle(v)
		}
	}
	return e.settle(e.identity)
}

// grantedByResource decides where the resource's policy grants to the principal
// itself, whatever its identity-based policies leave out.
func (e *evaluation) grantedByResource(p *Principal) (Outcome, bool) {
	switch e.resource.Result.Match {
	case BySession, ByWildcard:
		return e.settle(e.resource), true
	case ByARN:
		if p.SessionARN != "" { // of a user, nothing but a denial takes it back
			for _, limit := range []vote{e.boundary, e.session} {
				if !limit.allows() {
					return e.settle(limit), true
				}
			}
		}
		return e.settle(e.resource), true
	}
	return Outcome{}, false
}

func (in *Input) requiresResource() bool {
	if in.RequireResource || in.Resource == nil {
		return in.RequireResource
	}
	return in.Resource.kind == Trust || in.Resource.kind == Actor
}

// bound marks the request of a principal with a permissions boundary.
func (in *Input) bound() {
	if in.Boundary != nil {
		r := *in.Request
		r.bounded = true
		in.Request = &r
	}
}

// vote is what the policies of one type say together.
type vote struct {
	Outcome
}

// allows reports whether the type does not stand in the way.
func (v *vote) allows() bool { return v.Result.Decision == Allow }

// evaluation holds the votes on one request.
type evaluation struct {
	identity, boundary, session, guardrail, resource vote
}

func newEvaluation(in *Input) *evaluation {
	in.bound()
	e := &evaluation{
		identity:  poll(IdentityBased, in.Request, in.Identity),
		boundary:  poll(BoundaryBased, in.Request, []*Document{in.Boundary}),
		session:   poll(SessionBased, in.Request, in.Session),
		guardrail: poll(GuardrailBased, in.Request, in.Guardrails),
		resource:  poll(ResourceBased, in.Request, nil),
	}
	if in.Resource != nil {
		e.resource = poll(ResourceBased, in.Request, []*Document{in.Resource})
		if in.Resource.kind == Trust {
			e.resource.By = TrustBased
		}
	}
	if in.Boundary == nil {
		e.boundary.Result.Decision = Allow
	}
	if len(in.Session) == 0 && !in.Request.Principal.federatedUser() {
		e.session.Result.Decision = Allow
	}
	if in.Request.Principal.root() && e.identity.Result.Decision == ImplicitDeny {
		e.identity.Result.Decision = Allow
	}
	return e
}

// poll evaluates documents until one denies explicitly; else the first that
// allows speaks for them.
func poll(by PolicyType, r *Request, documents []*Document) vote {
	v := vote{Outcome{By: by, Document: -1, Result: Result{Statement: -1}}}
	for i, d := range documents {
		result := d.Evaluate(r)
		if result.Decision > v.Result.Decision {
			v.Document, v.PolicyARN, v.Result = i, d.arn, result
		}
		if result.Decision == ExplicitDeny {
			break
		}
	}
	return v
}

func (e *evaluation) explicitDeny() (Outcome, bool) {
	for _, v := range []*vote{&e.identity, &e.boundary, &e.session, &e.guardrail, &e.resource} {
		if v.Result.Decision == ExplicitDeny {
			v.Explicit = true
			return v.Outcome, true
		}
	}
	return Outcome{}, false
}

// settle makes v the outcome.
func (e *evaluation) settle(v vote) Outcome {
	v.Allowed = v.allows()
	return v.Outcome
}

// Reason says why a request is refused, in the words that AWS appends to "is not
// authorized to perform: ACTION on resource: RESOURCE"; empty if it is allowed
// (IAM user guide, "Troubleshoot access denied error messages"; AWS security blog,
// "Enhanced access denied error messages with policy ARNs").
func (o Outcome) Reason(action string) string {
	if o.Allowed {
		return ""
	}
	if !o.Explicit {
		return "because no " + o.By.String() + " allows the " + action + " action"
	}
	reason := "with an explicit deny in "
	switch o.By {
	case TrustBased:
		reason += "the "
	case IdentityBased:
		reason += "an "
	default:
		reason += "a "
	}
	reason += o.By.String()
	if o.PolicyARN != "" {
		reason += ": " + o.PolicyARN
	}
	return reason
}
