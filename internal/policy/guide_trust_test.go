package policy_test

import (
	"testing"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// Trust policies of the IAM user guide (roles, OIDC and SAML federation, external
// ids, session tags, source identities) and of the S3 user guide (location roles).
func TestGuideTrustPolicies(t *testing.T) {
	const (
		web    = "sts:AssumeRoleWithWebIdentity"
		assume = "sts:AssumeRole"
		hub    = "arn:aws:iam::444455556666:oidc-provider/token.actions.githubusercontent.com"
		saml   = "arn:aws:iam::444455556666:saml-provider/Corp"
		grants = "access-grants.s3.amazonaws.com"
	)
	external := roleSession("111122223333", "Vendor", "s")
	testExamples(t, []example{
		{"external id", policy.Trust, `"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"12345"}}`, []question{
			askAs(external, allowed, assume, app, "sts:ExternalId", "12345"), askAs(external, unanswered, assume, app), askAs(external, unanswered, assume, app, "sts:ExternalId", "1234"),
			ask(unanswered, assume, app, "sts:ExternalId", "12345"),
		}},
		{"MFA", policy.Trust, `"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":true}}`, []question{
			askAs(external, allowed, assume, app, "aws:MultiFactorAuthPresent", "true"), askAs(external, unanswered, assume, app, "aws:MultiFactorAuthPresent", "false"), askAs(external, unanswered, assume, app),
		}},
		{"a service", policy.Trust, `"Effect":"Allow","Principal":{"Service":["ec2.amazonaws.com","lambda.amazonaws.com"]},"Action":"sts:AssumeRole"`, []question{
			askAs(service("lambda.amazonaws.com"), allowed, assume, app), askAs(service("s3.amazonaws.com"), unanswered, assume, app), ask(unanswered, assume, app),
		}},
		{"a service on behalf of a resource", policy.Trust, `"Effect":"Allow","Principal":{"Service":"cloudtrail.amazonaws.com"},"Action":"sts:AssumeRole","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:cloudtrail:*:111122223333:trail/*"},"StringEquals":{"aws:SourceAccount":"111122223333"}}`, []question{
			askAs(service("cloudtrail.amazonaws.com"), allowed, assume, app, "aws:SourceArn", "arn:aws:cloudtrail:eu-west-1:111122223333:trail/t", "aws:SourceAccount", "111122223333"),
			askAs(service("cloudtrail.amazonaws.com"), unanswered, assume, app, "aws:SourceArn", "arn:aws:cloudtrail:eu-west-1:444455556666:trail/t", "aws:SourceAccount", "444455556666"),
			askAs(service("cloudtrail.amazonaws.com"), unanswered, assume, app),
		}},
		{"a role and its session", policy.Trust, `{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/Vendor/s"},"Action":"sts:AssumeRole"}`, []question{
			askAs(external, allowed, assume, app), askAs(roleSession("111122223333", "Vendor", "t"), unanswered, assume, app),
		}},
		{"OIDC: aud and sub", policy.Trust, `"Effect":"Allow","Principal":{"Federated":"` + hub + `"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"},"StringLike":{"token.actions.githubusercontent.com:sub":"repo:org/repo:ref:refs/heads/*"}}`, []question{
			askAs(federated(hub), allowed, web, app, "token.actions.githubusercontent.com:aud", "sts.amazonaws.com", "token.actions.githubusercontent.com:sub", "repo:org/repo:ref:refs/heads/main"),
			askAs(federated(hub), unanswered, web, app, "token.actions.githubusercontent.com:aud", "sts.amazonaws.com", "token.actions.githubusercontent.com:sub", "repo:org/other:ref:refs/heads/main"),
			askAs(federated(hub), unanswered, web, app, "token.actions.githubusercontent.com:sub", "repo:org/repo:ref:refs/heads/main"),
			askAs(federated(oktaOIDC), unanswered, web, app, "token.actions.githubusercontent.com:aud", "sts.amazonaws.com", "token.actions.githubusercontent.com:sub", "repo:org/repo:ref:refs/heads/main"),
			askAs(federated(hub), unanswered, assume, app, "token.actions.githubusercontent.com:aud", "sts.amazonaws.com", "token.actions.githubusercontent.com:sub", "repo:org/repo:ref:refs/heads/main"),
		}},
		{"Cognito: aud and amr", policy.Trust, `"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"eu-west-1:pool"},"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"unauthenticated"}}`, []question{
			askAs(federated("cognito-identity.amazonaws.com"), allowed, web, app, "cognito-identity.amazonaws.com:aud", "eu-west-1:pool", "cognito-identity.amazonaws.com:amr", "unauthenticated|other"),
			askAs(federated("cognito-identity.amazonaws.com"), unanswered, web, app, "cognito-identity.amazonaws.com:aud", "eu-west-1:pool", "cognito-identity.amazonaws.com:amr", "authenticated"),
			askAs(federated("cognito-identity.amazonaws.com"), unanswered, web, app, "cognito-identity.amazonaws.com:aud", "eu-west-1:pool"),
		}},
		{"SAML", policy.Trust, `"Effect":"Allow","Principal":{"Federated":"` + saml + `"},"Action":"sts:AssumeRoleWithSAML","Condition":{"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml"}}`, []question{
			askAs(federated(saml), allowed, "sts:AssumeRoleWithSAML", app, "saml:aud", "https://signin.aws.amazon.com/saml"), askAs(federated(saml), unanswered, "sts:AssumeRoleWithSAML", app, "saml:aud", "x"),
			askAs(federated(saml), unanswered, web, app, "saml:aud", "https://signin.aws.amazon.com/saml"),
		}},
		{"session tags", policy.Trust, `"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/App"},"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"StringLike":{"aws:RequestTag/Project":"*"},"ForAllValues:StringEquals":{"aws:TagKeys":["Project","Department"]},"StringEquals":{"sts:ExternalId":"Example987","aws:RequestTag/Department":["Engineering","Marketing"]}}`, []question{
			ask(allowed, "sts:TagSession", app, "aws:RequestTag/Project", "p", "aws:RequestTag/Department", "Marketing", "aws:TagKeys", "Project|Department", "sts:ExternalId", "Example987"),
			ask(unanswered, "sts:TagSession", app, "aws:RequestTag/Project", "p", "aws:RequestTag/Department", "Sales", "aws:TagKeys", "Project|Department", "sts:ExternalId", "Example987"),
			ask(unanswered, "sts:TagSession", app, "aws:RequestTag/Project", "p", "aws:RequestTag/Department", "Marketing", "aws:TagKeys", "Project|Department|Cost", "sts:ExternalId", "Example987"),
		}},
		{"a source identity", policy.Trust, `"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/App"},"Action":["sts:AssumeRole","sts:SetSourceIdentity"],"Condition":{"StringLike":{"sts:SourceIdentity":["DiegoRamirez","Saanvi*"]}}`, []question{
			ask(allowed, "sts:SetSourceIdentity", app, "sts:SourceIdentity", "DiegoRamirez"), ask(unanswered, "sts:SetSourceIdentity", app, "sts:SourceIdentity", "diegoramirez"), ask(unanswered, assume, app),
		}},
		{"the session's name", policy.Trust, `"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"StringLike":{"sts:RoleSessionName":"${aws:username}"}}`, []question{
			askAs(iamUser("111122223333", "ann"), allowed, assume, app, "sts:RoleSessionName", "ann", "aws:username", "ann"),
			askAs(iamUser("111122223333", "ann"), unanswered, assume, app, "sts:RoleSessionName", "bob", "aws:username", "ann"),
		}},
		{"S3 Access Grants: a location's role", policy.Trust, `{"Effect":"Allow","Principal":{"Service":"` + grants + `"},"Action":["sts:AssumeRole","sts:SetSourceIdentity"],"Condition":{"StringEquals":{"aws:SourceAccount":"444455556666","aws:SourceArn":"arn:aws:s3:eu-west-1:444455556666:access-grants/default"}}},
			{"Effect":"Allow","Principal":{"Service":"` + grants + `"},"Action":"sts:SetContext","Condition":{"StringEquals":{"aws:SourceAccount":"444455556666"},"ForAllValues:ArnEquals":{"sts:RequestContextProviders":"` + identityC + `"}}}`, []question{
			askAs(service(grants), allowed, assume, app, "aws:SourceAccount", "444455556666", "aws:SourceArn", "arn:aws:s3:eu-west-1:444455556666:access-grants/default"),
			askAs(service(grants), unanswered, assume, app, "aws:SourceAccount", "444455556666", "aws:SourceArn", "arn:aws:s3:eu-west-2:444455556666:access-grants/default"),
			askAs(service(grants), allowed, "sts:SetContext", app, "aws:SourceAccount", "444455556666", "sts:RequestContextProviders", identityC),
			askAs(service(grants), unanswered, "sts:SetContext", app, "aws:SourceAccount", "444455556666", "sts:RequestContextProviders", "arn:aws:iam::aws:contextProvider/Other"),
		}},
	})
}

// The pages "AWS JSON policy elements: Principal" and "NotPrincipal".
func TestGuidePrincipals(t *testing.T) {
	const get, object = "s3:GetObject", "arn:aws:s3:::b/k"
	names := func(principal string) string {
		return `"Effect":"Allow","Principal":` + principal + `,"Action":"s3:*","Resource":"*"`
	}
	canonical := "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
	bob := iamUser("444455556666", "Bob")
	root := policy.Principal{ARN: "arn:aws:iam::444455556666:root", AccountID: "444455556666"}
	testExamples(t, []example{
		{"an account by its number", policy.Resource, names(`{"AWS":"444455556666"}`), []question{
			askAs(bob, allowed, get, object), ask(allowed, get, object), askAs(root, allowed, get, object), askAs(iamUser("111122223333", "Bob"), unanswered, get, object), askAs(service("s3.amazonaws.com"), unanswered, get, object),
		}},
		{"several kinds at once", policy.Resource, names(`{"AWS":["arn:aws:iam::111122223333:root","444455556666"],"CanonicalUser":"` + canonical + `"}`), []question{
			askAs(bob, allowed, get, object), askAs(iamUser("111122223333", "x"), allowed, get, object), askAs(policy.Principal{CanonicalUser: canonical}, allowed, get, object), askAs(policy.Principal{}, unanswered, get, object),
		}},
		{"everybody, said in two ways", policy.Resource, names(`"*"`), []question{askAs(policy.Principal{}, allowed, get, object), askAs(bob, allowed, get, object)}},
		{"everybody, the longer way", policy.Resource, names(`{"AWS":"*"}`), []question{askAs(policy.Principal{}, allowed, get, object), askAs(bob, allowed, get, object)}},
		{"a user, case counts", policy.Resource, names(`{"AWS":"arn:aws:iam::444455556666:user/Bob"}`), []question{askAs(bob, allowed, get, object), askAs(iamUser("444455556666", "bob"), unanswered, get, object)}},
		{"a user by its path", policy.Resource, names(`{"AWS":"arn:aws:iam::444455556666:user/div/Bob"}`), []question{askAs(iamUser("444455556666", "div/Bob"), allowed, get, object), askAs(bob, unanswered, get, object)}},
		{"a role", policy.Resource, names(`{"AWS":"` + app + `"}`), []question{ask(allowed, get, object), askAs(roleSession("444455556666", "App", "x"), allowed, get, object), askAs(roleSession("444455556666", "Apps", "alice"), unanswered, get, object)}},
		{"a role's session", policy.Resource, names(`{"AWS":"` + appAlice + `"}`), []question{ask(allowed, get, object), askAs(roleSession("444455556666", "App", "x"), unanswered, get, object)}},
		{"a role by condition", policy.Resource, `"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"ArnEquals":{"aws:PrincipalArn":"` + app + `"}}`, []question{ask(allowed, get, object, "aws:PrincipalArn", app), ask(unanswered, get, object, "aws:PrincipalArn", enhanced)}},
		{"NotPrincipal with Deny", policy.Resource, `"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::444455556666:user/Bob","arn:aws:iam::444455556666:root"]},"Action":"s3:*","Resource":"*"`, []question{
			askAs(bob, unanswered, get, object), askAs(iamUser("444455556666", "Ann"), forbidden, get, object), askAs(iamUser("111122223333", "Bob"), forbidden, get, object), askAs(policy.Principal{}, forbidden, get, object),
		}},
		{"NotPrincipal with Deny, a session", policy.Resource, `"Effect":"Deny","NotPrincipal":{"AWS":["` + appAlice + `","` + app + `","arn:aws:iam::444455556666:root"]},"Action":"s3:*","Resource":"*"`, []question{
			ask(unanswered, get, object), askAs(roleSession("444455556666", "App", "bob"), forbidden, get, object),
		}},
	})
}
