package policy_test

import (
	"testing"

	"github.com/tip-cli/tip-cli/internal/policy"
)

func TestVariablesInResources(t *testing.T) {
	c := policy.Context{
		"aws:username":                              {"ann"},
		"identitystore:UserId":                      {"9067642ac7-1"},
		"aws:PrincipalTag/Dept":                     {"re*"},
		"aws:PrincipalTag/Many":                     {"a", "b"},
		"dev-123456789.okta.com/oauth2/default:sub": {"00u1"},
		"localhost:8443/okta:sub":                   {"00u2"},
	}
	tests := []struct {
		resource, asked string
		want            bool
	}{
		{"arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/ann/x", true},
		{"arn:aws:s3:::b/${AWS:UserName}/*", "arn:aws:s3:::b/ann/x", true},
		{"arn:aws:s3:::b/${aws:username}/*", "arn:aws:s3:::b/bob/x", false},
		{"arn:aws:s3:::b/${identitystore:UserId}", "arn:aws:s3:::b/9067642ac7-1", true},
		{"arn:aws:s3:::b/${aws:PrincipalTag/dept}", "arn:aws:s3:::b/re*", true},
		{"arn:aws:s3:::b/${aws:PrincipalTag/dept}", "arn:aws:s3:::b/research", false},
		{"arn:aws:s3:::b/${aws:userid}", "arn:aws:s3:::b/", false},
		{"arn:aws:s3:::b/${aws:userid}", "arn:aws:s3:::b/${aws:userid}", false},
		{"arn:aws:s3:::b/${aws:userid, 'anonymous'}", "arn:aws:s3:::b/anonymous", true},
		{"arn:aws:s3:::b/${aws:userid, ''}x", "arn:aws:s3:::b/x", true},
		{"arn:aws:s3:::b/${aws:userid, 'a}b*'}", "arn:aws:s3:::b/a}b*", true},
		{"arn:aws:s3:::b/${aws:userid, 'a*'}", "arn:aws:s3:::b/ab", false},
		{"arn:aws:s3:::b/${aws:username, 'nobody'}", "arn:aws:s3:::b/nobody", false},
		{"arn:aws:s3:::b/${aws:PrincipalTag/Many}", "arn:aws:s3:::b/a", false},
		{"arn:aws:s3:::b/${aws:PrincipalTag/Many, 'x'}", "arn:aws:s3:::b/x", false},
		{"arn:aws:s3:::b/${dev-123456789.okta.com/oauth2/default:sub}", "arn:aws:s3:::b/00u1", true},
		{"arn:aws:s3:::b/${localhost:8443/okta:sub}", "arn:aws:s3:::b/00u2", true},
		{"arn:aws:s3:::b/${*}", "arn:aws:s3:::b/*", true},
		{"arn:aws:s3:::b/${*}", "arn:aws:s3:::b/x", false},
		{"arn:aws:s3:::b/${?}${$}", "arn:aws:s3:::b/?$", true},
		{"arn:aws:s3:::b/$x", "arn:aws:s3:::b/$x", true},
	}
	for _, tt := range tests {
		d := mustParse(t, policy.Identity, resource(tt.resource))
		r := &policy.Request{Action: "s3:GetObject", Resource: tt.asked, Context: c}
		if got := d.Evaluate(r).Decision == policy.Allow; got != tt.want {
			t.Errorf("%s allows %s = %v, want %v", tt.resource, tt.asked, got, tt.want)
		}
	}
}

func TestVariablesInNotResource(t *testing.T) {
	d := mustParse(t, policy.Identity, identity(`"Effect":"Deny","Action":"s3:*","NotResource":"arn:aws:s3:::b/${aws:username}/*"`))
	for asked, want := range map[string]policy.Decision{
		"arn:aws:s3:::b/ann/x": policy.ImplicitDeny,
		"arn:aws:s3:::b/bob/x": policy.ExplicitDeny,
	} {
		r := &policy.Request{Action: "s3:GetObject", Resource: asked, Context: policy.Context{"aws:username": {"ann"}}}
		if got := d.Evaluate(r).Decision; got != want {
			t.Errorf("%s: %v, want %v", asked, got, want)
		}
		r.Context = nil
		if got := d.Evaluate(r).Decision; got != policy.ExplicitDeny {
			t.Errorf("%s without a user name: %v", asked, got)
		}
	}
}

func TestVariablesInConditions(t *testing.T) {
	c := policy.Context{
		"aws:username": {"Ann"}, "s3:prefix": {"home/Ann/"}, "k:v": {"ann"}, "k:empty": {""},
		"aws:PrincipalAccount": {"444455556666"}, "aws:PrincipalArn": {app}, "aws:SourceArn": {app},
	}
	tests := []struct {
		condition string
		want      bool
	}{
		{`{"StringEquals":{"s3:prefix":"home/${aws:username}/"}}`, true},
		{`{"StringEquals":{"s3:prefix":"home/${aws:userid}/"}}`, false},
		{`{"StringNotEquals":{"s3:prefix":"home/${aws:username}/"}}`, false},
		{`{"StringNotEquals":{"s3:prefix":"home/${aws:userid}/"}}`, true},
		{`{"StringLike":{"s3:prefix":["","home/","home/${aws:username}/*"]}}`, true},
		{`{"StringNotLike":{"s3:prefix":"home/${aws:userid}*"}}`, true},
		{`{"StringEqualsIgnoreCase":{"k:v":"${aws:username}"}}`, true},
		{`{"StringEqualsIgnoreCase":{"k:v":"${aws:userid}"}}`, false},
		{`{"StringEqualsIgnoreCase":{"k:empty":"${aws:userid}"}}`, false},
		{`{"StringEquals":{"k:empty":"${aws:userid}"}}`, false},
		{`{"StringEquals":{"k:v":"${aws:username}"}}`, false},
		{`{"ArnEquals":{"aws:SourceArn":"arn:aws:iam::${aws:PrincipalAccount}:role/*"}}`, true},
		{`{"ArnEquals":{"aws:SourceArn":"arn:aws:iam::${aws:SourceAccount}:role/*"}}`, false},
		{`{"ArnEquals":{"aws:SourceArn":"${aws:PrincipalArn}"}}`, true},
		{`{"ArnNotEquals":{"aws:SourceArn":"${aws:PrincipalArn}"}}`, false},
	}
	for _, tt := range tests {
		if got := holds(t, tt.condition, c); got != tt.want {
			t.Errorf("%s = %v, want %v", tt.condition, got, tt.want)
		}
	}
}

func TestVariablesAreTextInVersion2008(t *testing.T) {
	for _, version := range []string{`"Version":"2008-10-17",`, ``} {
		d := mustParse(t, policy.Identity, `{`+version+`"Statement":{"Effect":"Allow","Action":"s3:*",
			"Resource":"arn:aws:s3:::b/${aws:username}","Condition":{"StringEquals":{"k:v":"${nonsense}"}}}}`)
		r := &policy.Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/${aws:username}", Context: policy.Context{
			"aws:username": {"ann"}, "k:v": {"${nonsense}"}}}
		if got := d.Evaluate(r).Decision; got != policy.Allow {
			t.Errorf("%s the text itself: %v", version, got)
		}
		r.Resource = "arn:aws:s3:::b/ann"
		if got := d.Evaluate(r).Decision; got != policy.ImplicitDeny {
			t.Errorf("%s the value: %v", version, got)
		}
	}
}

func TestKnownVariables(t *testing.T) {
	known := []string{
		"aws:username", "aws:userid", "aws:PrincipalTag/x", "AWS:principaltag/Cost Center", "aws:TokenIssueTime",
		"identitystore:UserId", "identitystore:IdentityStoreArn", "identitycenter:ApplicationArn",
		"identitycenter:InstanceArn", "identitycenter:CredentialId", "sts:RoleSessionName", "sts:RequestContext/x",
		"s3:prefix", "s3:AccessGrantsInstanceArn", "s3:ExistingObjectTag/a", "saml:sub",
		"cognito-identity.amazonaws.com:sub", "dev-1.okta.com/oauth2/default:sub", "accounts.google.com:aud",
		"login.microsoftonline.com/x/v2.0:oaud", "127.0.0.1:8443/okta:amr",
		"cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC:sub", "aws:username, 'x'",
	}
	unknown := []string{
		"", "x", "user", "aws", "aws:", "aws:user", "aws:PrincipalTag", "aws:PrincipalTag/", "aws:TagKeys",
		"aws:CalledVia", "identitystore:Email", "s3:Prefix2", "sts:RequestContext/", "foo:bar", ":sub",
		"dev-1.okta.com:", "okta:sub", "dev-1.okta.com/a b:sub", "host.example:port:sub", "aws:username,'x'",
		"aws:username, x", "aws:username, 'x", "aws:username, 'x'y'", "aws:username, 'x' y", "aws:username, 'x''y'", "aws:username, ", " aws:username", "saml:",
		".:sub",
	}
	for _, key := range known {
		mustParse(t, policy.Identity, resource("arn:aws:s3:::b/${"+key+"}"))
	}
	for _, key := range unknown {
		if _, err := policy.Parse([]byte(resource("arn:aws:s3:::b/${"+key+"}")), policy.Identity); err == nil {
			t.Errorf("${%s} is accepted", key)
		}
	}
}
