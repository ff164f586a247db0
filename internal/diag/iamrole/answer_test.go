package iamrole_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/diag/chain"
	"github.com/tip-cli/tip-cli/internal/diag/iamrole"
	"github.com/tip-cli/tip-cli/internal/policy"
)

func parse(t *testing.T, text string, kind policy.Kind) *policy.Document {
	t.Helper()
	doc, err := policy.Parse([]byte(text), kind)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return doc
}

func role(t *testing.T, trust string, policies ...string) *chain.Role {
	t.Helper()
	r := &chain.Role{ARN: "arn:aws:iam::444455556666:role/team/app", Name: "app", Account: "444455556666", ID: "AROAEXAMPLEEXAMPLE00", PoliciesRead: true}
	if trust != "" {
		r.Trust = parse(t, trust, policy.Trust)
	}
	for _, text := range policies {
		r.Policies, r.PolicyNames = append(r.Policies, parse(t, text, policy.Identity)), append(r.PolicyNames, "p")
	}
	return r
}

// statement is a policy of one statement.
func statement(rest string) string { return `{"Version":"2012-10-17","Statement":[{` + rest + `}]}` }

// What depends on where the request comes from is not known, unless it makes no difference.
func TestDoubts(t *testing.T) {
	const allow, deny = `"Effect":"Allow","Action":"s3:GetDataAccess","Resource":"*"`, `"Sid":"No","Effect":"Deny","Action":"s3:*","Resource":"*"`
	const here = `,"Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`
	for name, test := range map[string]struct {
		policies []string
		want     string
	}{
		"allowed":               {[]string{statement(allow)}, "allowed by identity-based policy p (statement 1)"},
		"nothing":               {nil, "no identity-based policy allows it"},
		"denied":                {[]string{statement(allow), statement(deny)}, "denied by identity-based policy p (statement No)"},
		"allowed from here":     {[]string{statement(allow + here)}, "? it depends on aws:SourceIp"},
		"denied from here":      {[]string{statement(allow), statement(deny + here)}, "? it depends on aws:SourceIp"},
		"allowed twice":         {[]string{statement(allow + here), statement(allow)}, "allowed by identity-based policy p (statement 1)"},
		"denied either way":     {[]string{statement(allow + here), statement(deny)}, "denied by identity-based policy p (statement No)"},
		"a variable":            {[]string{statement(`"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::${identitystore:UserId}"`)}, "? it depends on identitystore:UserId"},
		"a variable in another": {[]string{statement(`"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:s3:::${identitystore:UserId}"`)}, "no identity-based policy allows it"},
		"not a resource":        {[]string{statement(`"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:::${identitystore:UserId}"`)}, "? it depends on identitystore:UserId"},
		"a key of another name": {[]string{statement(allow + `,"Condition":{"StringEquals":{"aws:MultiFactorAuthPresent":"true"}}`)}, "no identity-based policy allows it"},
		"a key that is known":   {[]string{statement(allow + `,"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/team/*"}}`)}, "allowed by identity-based policy p (statement 1)"},
	} {
		a := iamrole.Allows(role(t, "", test.policies...), iamrole.Request{Action: "s3:GetDataAccess", Resource: "arn:aws:s3:::x"})
		got := a.Why
		if a.Unknown {
			got = "? " + got
		}
		if got != test.want {
			t.Errorf("%s: %q, not %q", name, got, test.want)
		}
	}
}

func TestUnreadPolicies(t *testing.T) {
	to := role(t, statement(`"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/team/app"},"Action":"sts:AssumeRole"`))
	from := role(t, "")
	from.PoliciesRead, from.Unread = false, "iam:ListRolePolicies is not allowed"
	if a := iamrole.Assumes(from, to, iamrole.Request{Action: "sts:AssumeRole"}); !a.Unknown {
		t.Errorf("a denial may be unread: %+v", a)
	}
	if a := iamrole.Assumes(from, to, iamrole.Request{Action: "sts:SetContext"}); a.Unknown || a.Allowed() {
		t.Errorf("no unread policy makes up for the trust policy: %+v", a)
	}
}

func TestRefusals(t *testing.T) {
	doc := parse(t, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"},
		{"Sid":"Web","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::444455556666:oidc-provider/idp.example.com"},"Action":"sts:AssumeRoleWithWebIdentity",
		 "Condition":{"StringEquals":{"idp.example.com:aud":["a","b"],"idp.example.com:sub":"me"},"Null":{"idp.example.com:amr":false}}}]}`, policy.Trust)
	got := iamrole.Refusals(doc, &policy.Request{
		Action: "sts:AssumeRoleWithWebIdentity", Principal: policy.Principal{Federated: "arn:aws:iam::444455556666:oidc-provider/idp.example.com"},
		Context: policy.Context{"idp.example.com:aud": {"c"}, "idp.example.com:sub": {"me"}},
	})
	want := []iamrole.Refusal{
		{Statement: 1, Sid: "Web", Conditions: []iamrole.Condition{
			{Operator: "Null", Key: "idp.example.com:amr", Wanted: []string{"false"}, Absent: true},
			{Operator: "StringEquals", Key: "idp.example.com:aud", Wanted: []string{"a", "b"}, Has: []string{"c"}},
		}},
		{Statement: 0, Action: true, Principal: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A draft says what its document said.
func TestDraft(t *testing.T) {
	for _, text := range []string{
		`{"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"<a>","Effect":"Allow","Principal":"*","NotAction":["sts:A","sts:B"],"Condition":{"Bool":{"aws:SecureTransport":true}}}]}`,
		`{"Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":"444455556666"},"Action":"s3:GetObject","NotResource":["arn:aws:s3:::a","arn:aws:s3:::b"]}]}`,
	} {
		kind := policy.Trust
		if strings.Contains(text, "NotResource") {
			kind = policy.Resource
		}
		if got := iamrole.Edit(parse(t, text, kind)).Text(); got != text {
			t.Errorf("%s\nbecame\n%s", text, got)
		}
	}
	one := parse(t, `{"Statement": {"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"} }`, policy.Trust)
	if got := iamrole.Edit(one).Text(); got != `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}` {
		t.Error(got)
	}
}
