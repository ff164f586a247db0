// Package authz decides requests of the lab: it brings together the policies
// that apply to a session (those of its role or user, the permissions boundary,
// its session policies, the allow list of an identity context, the resource's)
// with the condition keys that every request has, and words refusals as AWS does.
//
// It is stateless over the world and safe for concurrent use. The rules of
// evaluation are in internal/policy.
package authz

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/internal/policy"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Authorizer decides requests over one world.
type Authorizer struct{ world *world.World }

// New returns an Authorizer over w.
func New(w *world.World) *Authorizer { return &Authorizer{world: w} }

// Request is what is asked, by whom, with the resource's own policy.
type Request struct {
	// Session that signed; nil for an anonymous caller.
	Session *world.Session
	// Caller is how the request came; nil leaves out the condition keys that tell
	// (aws:SourceIp, aws:SecureTransport, aws:RequestedRegion, aws:UserAgent, aws:Referer).
	Caller *awswire.Caller
	// Action as service:Operation.
	Action string
	// Resource is the ARN acted on, or "*".
	Resource string
	// ResourceAccount owns the resource.
	ResourceAccount string
	// ResourcePolicy of the resource, nil when it has none.
	ResourcePolicy *policy.Document
	// RequireResource says that the resource policy must allow, whatever the
	// identity policies say: a role that does not exist trusts nobody.
	RequireResource bool
	// RequireIdentity says that the identity policies must allow even where the
	// resource policy names the caller.
	RequireIdentity bool
	// Context holds the condition keys that are the request's own. Allow does
	// not change it.
	Context policy.Context
}

// Denied is a refusal. Its text is AWS's.
type Denied struct {
	Outcome policy.Outcome
	text    string
}

// Error implements error.
func (d *Denied) Error() string { return d.text }

// Session returns who signed a request. The error is the answer for a key whose
// session, role or user is gone.
func (a *Authorizer) Session(c *awswire.Caller) (*world.Session, error) {
	if s, ok := a.world.LiveSession(c.AccessKeyID); ok {
		return s, nil
	}
	return nil, &awswire.Error{Code: "InvalidClientTokenId", Status: http.StatusForbidden, Message: "The security token included in the request is invalid."}
}

// Allow returns nil if the request is allowed, else a *[Denied].
func (a *Authorizer) Allow(r *Request) error {
	outcome := a.decide(r)
	if outcome.Allowed {
		return nil
	}
	return &Denied{Outcome: outcome, text: denial(r, outcome.Reason(r.Action))}
}

// Require is [Authorizer.Allow] for services of the wire engine: the refusal is AccessDenied, HTTP 403.
func (a *Authorizer) Require(r *Request) error {
	if err := a.Allow(r); err != nil {
		return &awswire.Error{Code: "AccessDenied", Status: http.StatusForbidden, Message: err.Error(), Common: true}
	}
	return nil
}

// AllowRole is [Authorizer.Require] for actions on a role, where the trust policy
// must allow and STS gives no reason. The refusal names the action denied.
func (a *Authorizer) AllowRole(r *Request, denied string) error {
	r.RequireResource = true
	if a.decide(r).Allowed {
		return nil
	}
	r.Action = denied
	return &awswire.Error{Code: "AccessDenied", Status: http.StatusForbidden, Message: denial(r, "")}
}

// Trusts reports whether the trust policy of a role alone admits a principal
// that has no identity policies: an identity provider or an AWS service.
func (a *Authorizer) Trusts(role *world.Role, p policy.Principal, action string, keys policy.Context) bool {
	context := a.clockKeys()
	a.resourceKeys(role.Account, context)
	context["aws:PrincipalIsAWSService"] = []string{strconv.FormatBool(p.Service != "")}
	if p.Service != "" {
		context["aws:PrincipalServiceName"] = []string{p.Service}
	}
	for k, v := range keys {
		context.Set(k, v...)
	}
	return policy.Authorize(policy.Input{
		Request:  &policy.Request{Action: action, Resource: role.ARN(), Principal: p, Context: context},
		Resource: role.Trust,
	}).Allowed
}

func denial(r *Request, reason string) string {
	who := "anonymous"
	if r.Session != nil {
		who = r.Session.ARN
	}
	text := "User: " + who + " is not authorized to perform: " + r.Action
	if r.Resource != "*" {
		text += " on resource: " + r.Resource
	}
	if reason != "" {
		text += " " + reason
	}
	return text
}

func (a *Authorizer) decide(r *Request) policy.Outcome {
	context := a.clockKeys()
	a.resourceKeys(r.ResourceAccount, context)
	context["aws:PrincipalIsAWSService"] = []string{"false"}
	context["aws:ViaAWSService"] = []string{"false"}
	if r.Caller != nil {
		maps.Copy(context, CallerKeys(r.Caller))
	}
	for k, v := range r.Context {
		context.Set(k, v...)
	}
	in := policy.Input{
		Request:         &policy.Request{Action: r.Action, Resource: r.Resource, Context: context},
		Resource:        r.ResourcePolicy,
		RequireResource: r.RequireResource,
		RequireIdentity: r.RequireIdentity,
	}
	if r.Session != nil {
		a.addSession(&in, r.Session, context)
		in.SameAccount = r.Session.Account == r.ResourceAccount
	} else {
		addAnonymous(context)
	}
	outcome := policy.Authorize(in)
	if !*a.world.Switches.DenialNamesPolicy || !a.close(r) {
		outcome.PolicyARN = ""
	}
	return outcome
}

// close reports whether caller and resource are of one account or organization:
// nobody else learns the ARN of a policy.
func (a *Authorizer) close(r *Request) bool {
	if r.Session == nil {
		return false
	}
	id := a.world.OrganizationID(r.ResourceAccount)
	return r.Session.Account == r.ResourceAccount || id != "" && id == a.world.OrganizationID(r.Session.Account)
}

// resourceKeys adds the condition keys that say whose the resource is.
func (a *Authorizer) resourceKeys(account string, context policy.Context) {
	context["aws:ResourceAccount"] = []string{account}
	if id := a.world.OrganizationID(account); id != "" {
		context["aws:ResourceOrgID"] = []string{id}
		context["aws:ResourceOrgPaths"] = []string{a.world.OrganizationPath(account)}
	}
}

func (a *Authorizer) clockKeys() policy.Context {
	now := a.world.Now().UTC()
	return policy.Context{
		"aws:CurrentTime": {now.Format(time.RFC3339)},
		"aws:EpochTime":   {strconv.FormatInt(now.Unix(), 10)},
	}
}

// CallerKeys are the condition keys that say how a request came.
func CallerKeys(c *awswire.Caller) policy.Context {
	context := policy.Context{
		"aws:SourceIp":        {c.SourceIP},
		"aws:SecureTransport": {strconv.FormatBool(c.Secure)},
		"aws:RequestedRegion": {c.Region},
	}
	if n := len(c.Via); n > 0 {
		context["aws:ViaAWSService"] = []string{"true"}
		context["aws:CalledVia"], context["aws:CalledViaFirst"], context["aws:CalledViaLast"] = c.Via, c.Via[:1], c.Via[n-1:]
		delete(context, "aws:SourceIp") // it is AWS's own
	}
	if c.UserAgent != "" {
		context["aws:UserAgent"] = []string{c.UserAgent}
	}
	if c.Referer != "" {
		context["aws:Referer"] = []string{c.Referer}
	}
	return context
}

// SignatureKeys are the condition keys that S3 and S3 Control have of a signature
// (Service Authorization Reference, "Condition keys for Amazon S3").
func SignatureKeys(s *awswire.Signature, now time.Time) policy.Context {
	authType := "REST-HEADER"
	if s.Presigned {
		authType = "REST-QUERY-STRING"
	}
	age := max(now.Sub(s.At)/time.Millisecond, 0)
	return policy.Context{
		"s3:authType":             {authType},
		"s3:signatureversion":     {"AWS4-HMAC-SHA256"},
		"s3:signatureAge":         {strconv.FormatInt(int64(age), 10)},
		"s3:x-amz-content-sha256": {s.PayloadHash}, // a presigned request need not have the header
	}
}

// addAnonymous adds the condition keys that describe who did not sign (IAM user
// guide, "AWS global condition context keys", and "Where you can use policy variables").
func addAnonymous(context policy.Context) {
	context["aws:PrincipalType"] = []string{"Anonymous"}
	context["aws:PrincipalAccount"] = []string{"anonymous"}
	context["aws:userid"] = []string{"anonymous"}
}

// addSession adds a session's policies, its principal and the condition keys that describe it.
func (a *Authorizer) addSession(in *policy.Input, s *world.Session, context policy.Context) {
	in.Identity, _ = a.world.IdentityPolicies(s)
	a.addPrincipalTags(s, context)
	in.Boundary = a.world.Boundary(s)
	in.Session = s.SessionPolicies
	if s.Identity != nil && !s.Identity.Audit {
		in.Guardrails = []*policy.Document{a.world.AllowList}
	}
	p := &in.Request.Principal
	p.AccountID = s.Account
	context["aws:PrincipalAccount"] = []string{s.Account}
	if id := a.world.OrganizationID(s.Account); id != "" {
		context["aws:PrincipalOrgID"] = []string{id}
		context["aws:PrincipalOrgPaths"] = []string{a.world.OrganizationPath(s.Account)}
	}
	context["aws:userid"] = []string{s.UserID}
	if s.Kind == world.KindIAMUser {
		p.ARN = s.ARN
		context["aws:PrincipalType"] = []string{"User"}
		context["aws:username"] = []string{s.ARN[strings.LastIndexByte(s.ARN, '/')+1:]}
	} else {
		p.ARN, p.SessionARN = s.RoleARN, s.ARN
		context["aws:PrincipalType"] = []string{"AssumedRole"}
		context["aws:TokenIssueTime"] = []string{s.Issued.UTC().Format(time.RFC3339)}
		if s.WebIdentity == nil { // federated sessions lack the key, and the lab has no MFA devices
			context["aws:MultiFactorAuthPresent"] = []string{"false"}
		}
	}
	context["aws:PrincipalArn"] = []string{p.ARN}
	a.addSessionKeys(s, context)
}

// addPrincipalTags adds the tags of a session's role or user, and over them those
// of the session (IAM user guide, "Pass session tags").
func (a *Authorizer) addPrincipalTags(s *world.Session, context policy.Context) {
	for key, value := range a.world.PrincipalTags(s) {
		context["aws:PrincipalTag/"+key] = []string{value}
	}
	for key, value := range s.Tags {
		context.Set("aws:PrincipalTag/"+key, value)
	}
}

func (a *Authorizer) addSessionKeys(s *world.Session, context policy.Context) {
	if s.SourceIdentity != "" {
		context["aws:SourceIdentity"] = []string{s.SourceIdentity}
	}
	if id := s.WebIdentity; id != nil {
		prefix := world.IssuerHostPath(id.Issuer) + ":"
		context[prefix+"aud"] = []string{id.Audience}
		context[prefix+"sub"] = []string{id.Subject}
		context["aws:FederatedProvider"] = []string{a.world.FederatedProvider(s.Account, id.Issuer)}
	}
	if id := s.Identity; id != nil && !id.Audit {
		if _, own := context["identitystore:UserId"]; !own {
			context["identitystore:UserId"] = []string{id.UserID}
			context["identitystore:IdentityStoreArn"] = []string{id.IdentityStoreARN}
		}
	}
	if g := s.AccessGrant; g != nil {
		context["s3:AccessGrantsInstanceArn"] = []string{g.InstanceARN}
	}
}
