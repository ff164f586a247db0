package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// verdict is the part of an Outcome that callers word.
type verdict struct {
	Allowed bool
	By      policy.PolicyType
	Reason  string
}

func authorize(in policy.Input) verdict {
	o := policy.Authorize(in)
	return verdict{o.Allowed, o.By, o.Reason(in.Request.Action)}
}

func docs(d ...*policy.Document) []*policy.Document { return d }

// bucketPolicy allows everything to a principal.
func bucketPolicy(t *testing.T, effect, principal string) *policy.Document {
	t.Helper()
	return mustParse(t, policy.Resource, identity(`"Effect":"`+effect+`","Principal":`+principal+`,"Action":"s3:*","Resource":"*"`))
}

func get(p policy.Principal) *policy.Request {
	return &policy.Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Principal: p}
}

// The table "Resource-based policies and implicit denies in other policy types
// (same account)" of the user guide's evaluation logic page.
func TestAuthorizeImplicitDeniesInOneAccount(t *testing.T) {
	const user = "arn:aws:iam::444455556666:user/ann"
	const federated = "arn:aws:sts::444455556666:federated-user/ann"
	nothing := mustParse(t, policy.Session, identity(`"Effect":"Allow","Action":"sns:Publish","Resource":"*"`))
	tests := []struct {
		name, principal string
		caller          policy.Principal
		session         []*policy.Document
		want            verdict
	}{
		{"user, by its ARN", `{"AWS":"` + user + `"}`, policy.Principal{ARN: user, AccountID: "444455556666"}, nil,
			verdict{true, policy.ResourceBased, ""}},
		{"federated user, by the user's ARN", `{"AWS":"` + user + `"}`,
			policy.Principal{ARN: user, SessionARN: federated, AccountID: "444455556666"}, docs(nothing),
			verdict{false, policy.SessionBased, "because no session policy allows the s3:GetObject action"}},
		{"federated user, by the user's ARN, no session policy", `{"AWS":"` + user + `"}`,
			policy.Principal{ARN: user, SessionARN: federated, AccountID: "444455556666"}, nil,
			verdict{false, policy.SessionBased, "because no session policy allows the s3:GetObject action"}},
		{"federated user, by the session's ARN", `{"AWS":"` + federated + `"}`,
			policy.Principal{ARN: user, SessionARN: federated, AccountID: "444455556666"}, docs(nothing),
			verdict{true, policy.ResourceBased, ""}},
		{"role session, by the role's ARN", `{"AWS":"` + app + `"}`, appSession(), docs(nothing),
			verdict{false, policy.SessionBased, "because no session policy allows the s3:GetObject action"}},
		{"role session, by the role's ARN, no session policy", `{"AWS":"` + app + `"}`, appSession(), nil,
			verdict{true, policy.ResourceBased, ""}},
		{"role session, by its own ARN", `{"AWS":"` + appAlice + `"}`, appSession(), docs(nothing),
			verdict{true, policy.ResourceBased, ""}},
		{"role session, as everybody", `"*"`, appSession(), docs(nothing), verdict{true, policy.ResourceBased, ""}},
		{"role session, by account", `{"AWS":"444455556666"}`, appSession(), nil,
			verdict{false, policy.IdentityBased, "because no identity-based policy allows the s3:GetObject action"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := authorize(policy.Input{Request: get(tt.caller), Session: tt.session, SameAccount: true,
				Resource: bucketPolicy(t, "Allow", tt.principal)})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAuthorizeIdentityAndSession(t *testing.T) {
	allow := mustParse(t, policy.Identity, identity(allowAll))
	deny := mustParse(t, policy.Identity, identity(`"Effect":"Deny","Action":"s3:GetObject","Resource":"*"`))
	scope := mustParse(t, policy.Session, identity(`"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"`))
	other := mustParse(t, policy.Session, identity(`"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::c/*"`))
	denySession := mustParse(t, policy.Session, identity(`"Effect":"Deny","Action":"s3:*","Resource":"*"`))
	tests := []struct {
		name              string
		identity, session []*policy.Document
		want              verdict
	}{
		{"nothing", nil, nil, verdict{false, policy.IdentityBased, "because no identity-based policy allows the s3:GetObject action"}},
		{"allowed", docs(allow), nil, verdict{true, policy.IdentityBased, ""}},
		{"allowed by the second", docs(other, nil, allow), nil, verdict{true, policy.IdentityBased, ""}},
		{"denied by the second", docs(allow, deny), nil, verdict{false, policy.IdentityBased, "with an explicit deny in an identity-based policy"}},
		{"both", docs(allow), docs(scope), verdict{true, policy.IdentityBased, ""}},
		{"one of two session policies", docs(allow), docs(other, scope), verdict{true, policy.IdentityBased, ""}},
		{"session too narrow", docs(allow), docs(other), verdict{false, policy.SessionBased, "because no session policy allows the s3:GetObject action"}},
		{"session alone", nil, docs(scope), verdict{false, policy.IdentityBased, "because no identity-based policy allows the s3:GetObject action"}},
		{"denied by the session", docs(allow), docs(scope, denySession), verdict{false, policy.SessionBased, "with an explicit deny in a session policy"}},
		{"empty session list", docs(allow), docs(), verdict{true, policy.IdentityBased, ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := authorize(policy.Input{Request: get(appSession()), Identity: tt.identity, Session: tt.session, SameAccount: true})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAuthorizeGuardrails(t *testing.T) {
	allow := mustParse(t, policy.Identity, identity(`"Effect":"Allow","Action":"*","Resource":"*"`))
	list := mustParse(t, policy.Session, identity(`"Sid":"TrustedIdentityPropagation","Effect":"Deny",
		"NotAction":["athena:StartQueryExecution","s3:GetDataAccess","sts:SetContext"],"Resource":"*"`))
	in := policy.Input{Request: get(appSession()), Identity: docs(allow), Guardrails: docs(list), SameAccount: true,
		Resource: bucketPolicy(t, "Allow", `{"AWS":"`+appAlice+`"}`)}
	want := policy.Outcome{Explicit: true, By: policy.GuardrailBased, Result: policy.Result{
		Decision: policy.ExplicitDeny, Sid: "TrustedIdentityPropagation"}}
	got := policy.Authorize(in)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got, want := got.Reason("s3:GetObject"), "with an explicit deny in a session policy"; got != want {
		t.Errorf("Reason = %q, want %q", got, want)
	}
	in.Request.Action, in.Request.Resource = "s3:GetDataAccess", "arn:aws:s3:eu-west-1:444455556666:access-grants/default"
	if got := policy.Authorize(in); !got.Allowed {
		t.Errorf("listed action: %+v", got)
	}
}

func TestAuthorizeAcrossAccounts(t *testing.T) {
	allow := docs(mustParse(t, policy.Identity, identity(allowAll)))
	narrow := docs(mustParse(t, policy.Session, identity(`"Effect":"Allow","Action":"s3:PutObject","Resource":"*"`)))
	tests := []struct {
		name              string
		identity, session []*policy.Document
		effect, principal string
		want              verdict
	}{
		{"both, by account", allow, nil, "Allow", `{"AWS":"444455556666"}`, verdict{true, policy.IdentityBased, ""}},
		{"both, by role", allow, nil, "Allow", `{"AWS":"` + app + `"}`, verdict{true, policy.IdentityBased, ""}},
		{"resource only, by session", nil, nil, "Allow", `{"AWS":"` + appAlice + `"}`,
			verdict{false, policy.IdentityBased, "because no identity-based policy allows the s3:GetObject action"}},
		{"resource only, by wildcard", nil, nil, "Allow", `"*"`,
			verdict{false, policy.IdentityBased, "because no identity-based policy allows the s3:GetObject action"}},
		{"session too narrow", allow, narrow, "Allow", `{"AWS":"` + appAlice + `"}`,
			verdict{false, policy.SessionBased, "because no session policy allows the s3:GetObject action"}},
		{"identity only", allow, nil, "Allow", `{"AWS":"111122223333"}`,
			verdict{false, policy.ResourceBased, "because no resource-based policy allows the s3:GetObject action"}},
		{"no resource policy", allow, nil, "", "",
			verdict{false, policy.ResourceBased, "because no resource-based policy allows the s3:GetObject action"}},
		{"denied by resource", allow, nil, "Deny", `{"AWS":"444455556666"}`,
			verdict{false, policy.ResourceBased, "with an explicit deny in a resource-based policy"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := policy.Input{Request: get(appSession()), Identity: tt.identity, Session: tt.session}
			if tt.effect != "" {
				in.Resource = bucketPolicy(t, tt.effect, tt.principal)
			}
			if diff := cmp.Diff(tt.want, authorize(in)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAuthorizeTrust(t *testing.T) {
	allow := docs(mustParse(t, policy.Identity, identity(`"Effect":"Allow","Action":"sts:AssumeRole","Resource":"`+enhanced+`"`)))
	noIdentity := verdict{false, policy.IdentityBased, "because no identity-based policy allows the sts:AssumeRole action"}
	noTrust := verdict{false, policy.TrustBased, "because no role trust policy allows the sts:AssumeRole action"}
	root := policy.Principal{ARN: "arn:aws:iam::444455556666:root", AccountID: "444455556666"}
	tests := []struct {
		name, principal string
		caller          policy.Principal
		same            bool
		identity        []*policy.Document
		want            verdict
	}{
		{"names the role", `{"AWS":"` + app + `"}`, appSession(), true, nil, verdict{true, policy.TrustBased, ""}},
		{"names the account", `{"AWS":"444455556666"}`, appSession(), true, nil, noIdentity},
		{"names the account, identity allows", `{"AWS":"444455556666"}`, appSession(), true, allow, verdict{true, policy.IdentityBased, ""}},
		{"names another, identity allows", `{"AWS":"` + enhanced + `"}`, appSession(), true, allow, noTrust},
		{"names another, identity is silent", `{"AWS":"` + enhanced + `"}`, appSession(), true, nil, noTrust},
		{"across accounts, names the role", `{"AWS":"` + app + `"}`, appSession(), false, nil, noIdentity},
		{"across accounts, both", `{"AWS":"` + app + `"}`, appSession(), false, allow, verdict{true, policy.IdentityBased, ""}},
		{"provider", `{"Federated":"` + oktaOIDC + `"}`, policy.Principal{Federated: oktaOIDC}, false, nil, verdict{true, policy.TrustBased, ""}},
		{"another provider", `{"Federated":"` + oktaOIDC + `2"}`, policy.Principal{Federated: oktaOIDC}, true, nil, noTrust},
		{"service", `{"Service":"access-grants.s3.amazonaws.com"}`, policy.Principal{Service: "access-grants.s3.amazonaws.com"}, false, nil, verdict{true, policy.TrustBased, ""}},
		{"another service", `{"Service":"s3.amazonaws.com"}`, policy.Principal{Service: "access-grants.s3.amazonaws.com"}, true, nil, noTrust},
		{"root user by account", `{"AWS":"444455556666"}`, root, true, nil, verdict{true, policy.IdentityBased, ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := authorize(policy.Input{
				Request:  &policy.Request{Action: "sts:AssumeRole", Resource: enhanced, Principal: tt.caller},
				Identity: tt.identity, SameAccount: tt.same, Resource: mustParse(t, policy.Trust, principal(tt.principal)),
			})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAuthorizeTrustExplicitDeny(t *testing.T) {
	d := mustParse(t, policy.Trust, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"AWS":"`+app+`"},"Action":"sts:AssumeRole"},
		{"Effect":"Deny","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}]}`)
	got := authorize(policy.Input{Request: &policy.Request{Action: "sts:AssumeRole", Principal: appSession()}, SameAccount: true, Resource: d})
	want := verdict{false, policy.TrustBased, "with an explicit deny in the role trust policy"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAuthorizeRequirements(t *testing.T) {
	create := &policy.Request{Action: "sso-oauth:CreateTokenWithIAM", Principal: appSession(),
		Resource: "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef"}
	actor := func(p string) *policy.Document {
		return mustParse(t, policy.Actor, identity(`"Effect":"Allow","Principal":{"AWS":"`+p+`"},"Action":"sso-oauth:CreateTokenWithIAM","Resource":"*"`))
	}
	allow := docs(mustParse(t, policy.Identity, identity(`"Effect":"Allow","Action":"sso-oauth:*","Resource":"*"`)))
	noActor := verdict{false, policy.ResourceBased, "because no resource-based policy allows the sso-oauth:CreateTokenWithIAM action"}
	noIdentity := verdict{false, policy.IdentityBased, "because no identity-based policy allows the sso-oauth:CreateTokenWithIAM action"}
	tests := []struct {
		name string
		in   policy.Input
		want verdict
	}{
		{"actor policy suffices", policy.Input{Resource: actor(app), SameAccount: true}, verdict{true, policy.ResourceBased, ""}},
		{"unless identity is required", policy.Input{Resource: actor(app), SameAccount: true, RequireIdentity: true}, noIdentity},
		{"both", policy.Input{Resource: actor(app), Identity: allow, SameAccount: true, RequireIdentity: true}, verdict{true, policy.IdentityBased, ""}},
		{"identity does not suffice", policy.Input{Resource: actor(enhanced), Identity: allow, SameAccount: true}, noActor},
		{"no actor policy", policy.Input{Identity: allow, SameAccount: true, RequireResource: true}, noActor},
		{"no actor policy and none required", policy.Input{Identity: allow, SameAccount: true}, verdict{true, policy.IdentityBased, ""}},
		{"across accounts", policy.Input{Resource: actor(app)}, noIdentity},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.Request = create
			if diff := cmp.Diff(tt.want, authorize(tt.in)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAuthorizeAnonymous(t *testing.T) {
	in := policy.Input{Request: get(policy.Principal{}), Resource: bucketPolicy(t, "Allow", `"*"`)}
	if got := policy.Authorize(in); !got.Allowed {
		t.Errorf("public bucket: %+v", got)
	}
	in.Resource = bucketPolicy(t, "Allow", `{"AWS":"444455556666"}`)
	if got := policy.Authorize(in); got.Allowed {
		t.Errorf("private bucket: %+v", got)
	}
	in.Resource, in.Identity = nil, docs(mustParse(t, policy.Identity, identity(allowAll)))
	if got := policy.Authorize(in); got.Allowed {
		t.Errorf("identity policies of nobody: %+v", got)
	}
}
