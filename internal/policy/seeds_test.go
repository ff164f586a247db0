package policy_test

import (
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// The policies that the documentation of trusted identity propagation prints,
// with account IDs and names in place of the placeholders.
var printed = []struct {
	name string
	kind policy.Kind
	doc  string
}{
	{"diagnosis", policy.Identity, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sso:DescribeApplication",
		"sso:GetApplicationAssignmentConfiguration","sso:GetApplicationAuthenticationMethod","sso:ListApplicationGrants",
		"sso:ListApplicationAccessScopes","sso:DescribeTrustedTokenIssuer","sso:DescribeInstance","identitystore:GetUserId",
		"identitystore:DescribeUser"],"Resource":"*"}]}`},
	{"application role: trust", policy.Trust, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
		"Principal":{"Federated":"` + oktaOIDC + `"},"Action":"sts:AssumeRoleWithWebIdentity",
		"Condition":{"StringEquals":{"dev-123456789.okta.com/oauth2/default:aud":"abcdefghij1234567890"}}}]}`},
	{"application role: permissions", policy.Identity, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
		"Action":"sso-oauth:CreateTokenWithIAM","Resource":"*"}]}`},
	{"enhanced role: trust", policy.Trust, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
		"Principal":{"AWS":"` + app + `"},"Action":["sts:AssumeRole","sts:SetContext"]}]}`},
	{"enhanced role: Athena", policy.Identity, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[
		"athena:StartQueryExecution","athena:GetQueryExecution","athena:GetQueryResults","athena:StopQueryExecution",
		"athena:GetWorkGroup","athena:GetQueryResultsStream","athena:ListDataCatalogs","athena:ListDatabases",
		"athena:ListWorkGroups"],"Resource":"*"}]}`},
	{"enhanced role: Access Grants", policy.Identity, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
		"Action":["s3:GetDataAccess"],"Resource":"*"}]}`},
	{"notebook: OIDC-Policy", policy.Identity, `{"Version":"2012-10-17","Statement":[{"Sid":"VisualEditor0","Effect":"Allow",
		"Action":"sso-oauth:CreateTokenWithIAM","Resource":"*"}]}`},
	{"notebook: Sts-Policy", policy.Identity, `{"Version":"2012-10-17","Statement":[{"Sid":"VisualEditor0","Effect":"Allow",
		"Action":["sts:SetContext","sts:AssumeRole","sts:SetSourceIdentity"],
		"Resource":"arn:aws:iam::444455556666:role/S3DataAccessRole"}]}`},
	{"notebook: Secrets-Manager-Policy", policy.Identity, `{"Version":"2012-10-17","Statement":[{"Sid":"VisualEditor0",
		"Effect":"Allow","Action":"secretsmanager:GetSecretValue",
		"Resource":"arn:aws:secretsmanager:eu-west-1:444455556666:secret:tip-app-user-AbCdEf"}]}`},
	{"plugin: application role", policy.Identity, `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":["sts:AssumeRole","sts:SetContext"],"Resource":["` + enhanced + `"]},
		{"Effect":"Allow","Action":["sso-oauth:CreateTokenWithIAM"],"Resource":["*"]}]}`},
	{"application: actor policy", policy.Actor, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
		"Principal":{"AWS":"` + app + `"},"Action":"sso-oauth:CreateTokenWithIAM","Resource":"*"}]}`},
	{"application: actor policy for an account", policy.Actor, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
		"Principal":{"AWS":"444455556666"},"Action":"sso-oauth:CreateTokenWithIAM","Resource":"*"}]}`},
	{"location role: trust", policy.Trust, `{"Version":"2012-10-17","Statement":[
		{"Sid":"AccessGrantsTrustPolicy","Effect":"Allow","Principal":{"Service":"access-grants.s3.amazonaws.com"},
		 "Action":["sts:AssumeRole","sts:SetSourceIdentity"],"Condition":{"StringEquals":{"aws:SourceAccount":"444455556666"},
		 "ArnEquals":{"aws:SourceArn":"arn:aws:s3:eu-west-1:444455556666:access-grants/default"}}},
		{"Sid":"AccessGrantsTrustPolicyWithIDCContext","Effect":"Allow","Principal":{"Service":"access-grants.s3.amazonaws.com"},
		 "Action":"sts:SetContext","Condition":{"StringEquals":{"aws:SourceAccount":"444455556666"},
		 "ArnEquals":{"aws:SourceArn":"arn:aws:s3:eu-west-1:444455556666:access-grants/default"},
		 "ForAllValues:ArnEquals":{"sts:RequestContextProviders":"` + identityC + `"}}}]}`},
	{"location role: permissions", policy.Identity, `{"Version":"2012-10-17","Statement":[
		{"Sid":"ObjectLevelReadPermissions","Effect":"Allow","Action":["s3:GetObject","s3:GetObjectVersion","s3:GetObjectAcl",
		 "s3:GetObjectVersionAcl","s3:ListMultipartUploadParts"],"Resource":["arn:aws:s3:::*"],"Condition":{
		 "StringEquals":{"aws:ResourceAccount":"444455556666"},
		 "ArnEquals":{"s3:AccessGrantsInstanceArn":["arn:aws:s3:eu-west-1:444455556666:access-grants/default"]}}},
		{"Sid":"BucketLevelReadPermissions","Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::*"]}]}`},
	{"Access Grants instance: sharing", policy.Resource, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
		"Principal":{"AWS":"111122223333"},"Action":["s3:ListAccessGrants","s3:ListAccessGrantsLocations","s3:GetDataAccess",
		"s3:GetAccessGrantsInstanceForPrefix","s3:ListCallerAccessGrants"],
		"Resource":"arn:aws:s3:eu-west-1:444455556666:access-grants/default"}]}`},
	{"home folders of directory users", policy.Identity, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
		"Action":"s3:*","Resource":"arn:aws:s3:::home/${identitystore:UserId}/*"}]}`},
}

func TestPrintedPoliciesLoad(t *testing.T) {
	for _, p := range printed {
		t.Run(p.name, func(t *testing.T) { mustParse(t, p.kind, p.doc) })
	}
}

// A placeholder that was forgotten is refused, as IAM does.
func TestForgottenPlaceholdersAreRefused(t *testing.T) {
	for old, placeholder := range map[string]string{
		enhanced: "accessRoleArn",
		oktaOIDC: "arn:aws:iam::ACCOUNT_ID:oidc-provider/IDENTITY_PROVIDER_URL",
		"arn:aws:secretsmanager:eu-west-1:444455556666:secret:tip-app-user-AbCdEf": "{SECRET-ARN}",
	} {
		for _, p := range printed {
			doc := strings.ReplaceAll(p.doc, old, placeholder)
			if _, err := policy.Parse([]byte(doc), p.kind); (err != nil) != (doc != p.doc) {
				t.Errorf("%s with %s: %v", p.name, placeholder, err)
			}
		}
	}
}

func find(t *testing.T, name string) *policy.Document {
	t.Helper()
	for _, p := range printed {
		if p.name == name {
			return mustParse(t, p.kind, p.doc)
		}
	}
	t.Fatalf("no policy %q", name)
	return nil
}

// The exchange, step by step, by the policies of the original template.
func TestExchangeByThePrintedPolicies(t *testing.T) {
	web := policy.Request{Action: "sts:AssumeRoleWithWebIdentity", Resource: app, Principal: policy.Principal{Federated: oktaOIDC},
		Context: policy.Context{"dev-123456789.okta.com/oauth2/default:aud": {"abcdefghij1234567890"}}}
	otherAudience := web
	otherAudience.Context = policy.Context{"dev-123456789.okta.com/oauth2/default:aud": {"0oEXAMPLE"}}
	create := policy.Request{Action: "sso-oauth:CreateTokenWithIAM", Principal: appSession(),
		Resource: "arn:aws:sso::444455556666:application/ssoins-1234567890abcdef/apl-1234567890abcdef"}
	assume := policy.Request{Action: "sts:AssumeRole", Resource: enhanced, Principal: appSession()}
	setContext := assume
	setContext.Action = "sts:SetContext"
	setContext.Context = policy.Context{"sts:RequestContextProviders": {identityC}}
	tag := assume
	tag.Action = "sts:TagSession"
	vend := policy.Request{Action: "sts:SetContext", Principal: policy.Principal{Service: "access-grants.s3.amazonaws.com"},
		Context: policy.Context{"aws:SourceAccount": {"444455556666"}, "sts:RequestContextProviders": {identityC},
			"aws:SourceArn": {"arn:aws:s3:eu-west-1:444455556666:access-grants/default"}}}
	deputy := vend
	deputy.Context = policy.Context{"aws:SourceAccount": {"111122223333"}}
	tests := []struct {
		name, identity, resource string
		request                  policy.Request
		want                     bool
	}{
		{"web identity", "", "application role: trust", web, true},
		{"web identity for another audience", "", "application role: trust", otherAudience, false},
		{"token, by actor policy", "application role: permissions", "application: actor policy", create, true},
		{"token, by account and identity", "application role: permissions", "application: actor policy for an account", create, true},
		{"token, by account alone", "enhanced role: Athena", "application: actor policy for an account", create, false},
		{"assume the second role", "application role: permissions", "enhanced role: trust", assume, true},
		{"set the context", "application role: permissions", "enhanced role: trust", setContext, true},
		{"tag the session", "application role: permissions", "enhanced role: trust", tag, false},
		{"vend for a directory user", "", "location role: trust", vend, true},
		{"vend for another account", "", "location role: trust", deputy, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := policy.Input{Request: &tt.request, SameAccount: true, Resource: find(t, tt.resource)}
			if tt.identity != "" {
				in.Identity = docs(find(t, tt.identity))
			}
			if got := policy.Authorize(in); got.Allowed != tt.want {
				t.Errorf("got %+v, want %v", got, tt.want)
			}
		})
	}
}
