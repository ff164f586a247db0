package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// Of a table in "How AWS enforcement code logic evaluates requests", and of the
// page "Permissions boundaries for IAM entities": who allows, and what follows.
func TestAuthorizeWithinABoundary(t *testing.T) {
	const user = "arn:aws:iam::444455556666:user/ann"
	const account = `{"AWS":"444455556666"}`
	ann := policy.Principal{ARN: user, AccountID: "444455556666"}
	fed := policy.Principal{ARN: user, SessionARN: "arn:aws:sts::444455556666:federated-user/ann", AccountID: "444455556666"}
	root := policy.Principal{ARN: "arn:aws:iam::444455556666:root", AccountID: "444455556666"}
	no := func(by policy.PolicyType, what string) verdict {
		return verdict{false, by, "because no " + what + " allows the s3:GetObject action"}
	}
	yes := func(by policy.PolicyType) verdict { return verdict{true, by, ""} }
	outside, denied := no(policy.BoundaryBased, "permissions boundary"), verdict{false, policy.BoundaryBased, "with an explicit deny in a permissions boundary"}
	for name, c := range map[string]struct {
		caller                               policy.Principal
		identity, boundary, session, bucket  string // allow, deny, other or empty for none
		principal                            string
		foreign, requireResource, ofIdentity bool
		want                                 verdict
	}{
		"both allow":                              {caller: ann, identity: "allow", boundary: "allow", want: yes(policy.IdentityBased)},
		"the boundary does not":                   {caller: ann, identity: "allow", boundary: "other", want: outside},
		"a boundary grants nothing":               {caller: ann, identity: "other", boundary: "allow", want: no(policy.IdentityBased, "identity-based policy")},
		"neither allows":                          {caller: ann, identity: "other", boundary: "other", want: no(policy.IdentityBased, "identity-based policy")},
		"the boundary denies":                     {caller: ann, identity: "allow", boundary: "deny", want: denied},
		"a session policy besides":                {caller: appSession(), identity: "allow", boundary: "allow", session: "other", want: no(policy.SessionBased, "session policy")},
		"all three":                               {caller: appSession(), identity: "allow", boundary: "allow", session: "allow", want: yes(policy.IdentityBased)},
		"a user, by ARN":                          {caller: ann, boundary: "other", bucket: "allow", principal: `{"AWS":"` + user + `"}`, want: yes(policy.ResourceBased)},
		"a user, by ARN, denied":                  {caller: ann, boundary: "deny", bucket: "allow", principal: `{"AWS":"` + user + `"}`, want: denied},
		"a user, by account":                      {caller: ann, identity: "allow", boundary: "other", bucket: "allow", principal: account, want: outside},
		"a federated user, by the user's ARN":     {caller: fed, boundary: "other", session: "allow", bucket: "allow", principal: `{"AWS":"` + user + `"}`, want: outside},
		"a federated user, by the session's":      {caller: fed, boundary: "other", session: "other", bucket: "allow", principal: `{"AWS":"` + fed.SessionARN + `"}`, want: yes(policy.ResourceBased)},
		"a role, by ARN":                          {caller: appSession(), boundary: "other", bucket: "allow", principal: `{"AWS":"` + app + `"}`, want: outside},
		"a role, by ARN, within":                  {caller: appSession(), boundary: "allow", bucket: "allow", principal: `{"AWS":"` + app + `"}`, want: yes(policy.ResourceBased)},
		"a role, by ARN, within, session outside": {caller: appSession(), boundary: "allow", session: "other", bucket: "allow", principal: `{"AWS":"` + app + `"}`, want: no(policy.SessionBased, "session policy")},
		"a role's session":                        {caller: appSession(), boundary: "other", session: "other", bucket: "allow", principal: `{"AWS":"` + appAlice + `"}`, want: yes(policy.ResourceBased)},
		"a role's session, denied":                {caller: appSession(), boundary: "deny", bucket: "allow", principal: `{"AWS":"` + appAlice + `"}`, want: denied},
		"everybody":                               {caller: appSession(), boundary: "other", bucket: "allow", principal: `"*"`, want: yes(policy.ResourceBased)},
		"across accounts, a user":                 {caller: ann, identity: "allow", boundary: "other", bucket: "allow", principal: `{"AWS":"` + user + `"}`, foreign: true, want: outside},
		"across accounts, a session":              {caller: appSession(), identity: "allow", boundary: "other", bucket: "allow", principal: `{"AWS":"` + appAlice + `"}`, foreign: true, want: outside},
		"across accounts, within":                 {caller: appSession(), identity: "allow", boundary: "allow", bucket: "allow", principal: `{"AWS":"` + app + `"}`, foreign: true, want: yes(policy.IdentityBased)},
		"across accounts, the resource silent":    {caller: appSession(), identity: "allow", boundary: "allow", bucket: "other", principal: `{"AWS":"` + app + `"}`, foreign: true, want: no(policy.ResourceBased, "resource-based policy")},
		"identity needed all the same":            {caller: ann, identity: "allow", boundary: "other", bucket: "allow", principal: `{"AWS":"` + user + `"}`, ofIdentity: true, want: outside},
		"the root user":                           {caller: root, want: yes(policy.IdentityBased)},
	} {
		t.Run(name, func(t *testing.T) {
			in := policy.Input{Request: get(c.caller), SameAccount: !c.foreign, RequireResource: c.requireResource, RequireIdentity: c.ofIdentity,
				Boundary: saying(t, c.boundary, policy.Identity, "")}
			if d := saying(t, c.identity, policy.Identity, ""); d != nil {
				in.Identity = docs(d)
			}
			if d := saying(t, c.session, policy.Session, ""); d != nil {
				in.Session = docs(d)
			}
			in.Resource = saying(t, c.bucket, policy.Resource, c.principal)
			if diff := cmp.Diff(c.want, authorize(in)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// saying is a policy that allows or denies s3:GetObject, or speaks of something else.
func saying(t *testing.T, what string, kind policy.Kind, principal string) *policy.Document {
	t.Helper()
	element := ""
	if principal != "" {
		element = `"Principal":` + principal + `,`
	}
	switch what {
	case "allow":
		return mustParse(t, kind, identity(`"Effect":"Allow",`+element+`"Action":"s3:GetObject","Resource":"*"`))
	case "deny":
		return mustParse(t, kind, identity(`"Effect":"Deny",`+element+`"Action":"s3:GetObject","Resource":"*"`))
	case "other":
		return mustParse(t, kind, identity(`"Effect":"Allow",`+element+`"Action":"s3:PutObject","Resource":"*"`))
	}
	return nil
}

// NotPrincipal spares nobody who has a boundary ("Permissions boundaries for IAM entities").
func TestNotPrincipalReachesWhoeverHasABoundary(t *testing.T) {
	const ann = "arn:aws:iam::444455556666:user/ann"
	resource := mustParse(t, policy.Resource, identity(`"Effect":"Deny","NotPrincipal":{"AWS":["`+ann+`","444455556666"]},"Action":"*","Resource":"*"`))
	allow := mustParse(t, policy.Identity, identity(allowAll))
	r := get(policy.Principal{ARN: ann, AccountID: "444455556666"})
	in := policy.Input{Request: r, Identity: docs(allow), Resource: resource, SameAccount: true}
	if diff := cmp.Diff(verdict{true, policy.IdentityBased, ""}, authorize(in)); diff != "" {
		t.Errorf("without a boundary (-want +got):\n%s", diff)
	}
	in.Boundary = allow
	if diff := cmp.Diff(verdict{false, policy.ResourceBased, "with an explicit deny in a resource-based policy"}, authorize(in)); diff != "" {
		t.Errorf("with one (-want +got):\n%s", diff)
	}
	if e := policy.Explain(in); e.Resource != policy.ExplicitDeny || e.Outcome.Allowed {
		t.Errorf("Explain: %v, allowed %v", e.Resource, e.Outcome.Allowed)
	}
	if diff := cmp.Diff(get(r.Principal), r, cmp.AllowUnexported(policy.Request{})); diff != "" {
		t.Errorf("the request was changed (-want +got):\n%s", diff)
	}
}

// An explicit denial names the managed policy it stands in.
func TestReasonNamesThePolicy(t *testing.T) {
	const arn = "arn:aws:iam::444455556666:policy/Limits"
	deny := mustParse(t, policy.Identity, identity(`"Effect":"Deny","Action":"*","Resource":"*"`)).WithARN(arn)
	other := saying(t, "other", policy.Identity, "").WithARN(arn)
	allow := mustParse(t, policy.Identity, identity(allowAll))
	r := get(appSession())
	for name, c := range map[string]struct {
		in   policy.Input
		want string
	}{
		"identity-based":            {policy.Input{Identity: docs(allow, deny)}, "with an explicit deny in an identity-based policy: " + arn},
		"boundary":                  {policy.Input{Identity: docs(allow), Boundary: deny}, "with an explicit deny in a permissions boundary: " + arn},
		"session":                   {policy.Input{Identity: docs(allow), Session: docs(deny)}, "with an explicit deny in a session policy: " + arn},
		"a boundary without a word": {policy.Input{Identity: docs(allow), Boundary: other}, "because no permissions boundary allows the s3:GetObject action"},
		"inline":                    {policy.Input{Identity: docs(saying(t, "deny", policy.Identity, ""))}, "with an explicit deny in an identity-based policy"},
	} {
		c.in.Request, c.in.SameAccount = r, true
		if got := policy.Authorize(c.in).Reason("s3:GetObject"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
