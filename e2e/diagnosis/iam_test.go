package diagnosis_test

import (
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

const (
	oidcRole     = "tip-oidc-role"
	enhancedRole = "tip-id-enhanced-role"
	roleARNs     = "arn:aws:iam::444455556666:role/"
	oktaProvider = "arn:aws:iam::444455556666:oidc-provider/dev-123456789.okta.com/oauth2/default"
	oktaKey      = "dev-123456789.okta.com/oauth2/default:"
)

// object is one of JSON.
type object = map[string]any

// statements is a policy.
func statements(list ...object) string {
	text, err := json.Marshal(object{"Version": "2012-10-17", "Statement": list})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// with is an object with further members.
func (o mixed) with(more object) object {
	all := maps.Clone(object(o))
	maps.Copy(all, more)
	return all
}

type mixed object

var (
	takesToken  = mixed{"Effect": "Allow", "Principal": object{"Federated": oktaProvider}, "Action": "sts:AssumeRoleWithWebIdentity"}
	takesRole   = mixed{"Effect": "Allow", "Principal": object{"AWS": roleARNs + oidcRole}, "Action": "sts:AssumeRole"}
	takesClient = object{"StringEquals": object{oktaKey + "aud": labtest.ClientID}}
	takesCenter = object{"ForAllValues:ArnEquals": object{"sts:RequestContextProviders": []string{"arn:aws:iam::aws:contextProvider/IdentityCenter"}}}
	takesSet    = mixed{"Effect": "Allow", "Principal": object{"AWS": roleARNs + oidcRole}, "Action": "sts:SetContext", "Condition": takesCenter}
)

func (b *bench) iam() *iam.Client { return iam.NewFromConfig(b.admin(labtest.ApplicationAccount)) }

// did fails the test if what was done at AWS did not work.
func did[T any](b *bench) func(T, error) {
	return func(_ T, err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
}

// roleTrusting gives a role a trust policy.
func roleTrusting(role string, list ...object) func(*bench) {
	return func(b *bench) {
		did[*iam.UpdateAssumeRolePolicyOutput](b)(b.iam().UpdateAssumeRolePolicy(b.Context(), &iam.UpdateAssumeRolePolicyInput{
			RoleName: &role, PolicyDocument: aws.String(statements(list...)),
		}))
	}
}

// permitted gives a role an inline policy.
func permitted(role, name string, list ...object) func(*bench) {
	return func(b *bench) {
		did[*iam.PutRolePolicyOutput](b)(b.iam().PutRolePolicy(b.Context(), &iam.PutRolePolicyInput{
			RoleName: &role, PolicyName: &name, PolicyDocument: aws.String(statements(list...)),
		}))
	}
}

// managed makes a managed policy and returns its ARN.
func (b *bench) managed(name string, list ...object) *string {
	b.Helper()
	out, err := b.iam().CreatePolicy(b.Context(), &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: aws.String(statements(list...))})
	if err != nil {
		b.Fatal(err)
	}
	return out.Policy.Arn
}

// bounded gives a role a permissions boundary.
func bounded(role string, list ...object) func(*bench) {
	return func(b *bench) {
		did[*iam.PutRolePermissionsBoundaryOutput](b)(b.iam().PutRolePermissionsBoundary(b.Context(), &iam.PutRolePermissionsBoundaryInput{
			RoleName: &role, PermissionsBoundary: b.managed("limit", list...),
		}))
	}
}

// unpermitted takes an inline policy away.
func unpermitted(role, name string) func(*bench) {
	return func(b *bench) {
		did[*iam.DeleteRolePolicyOutput](b)(b.iam().DeleteRolePolicy(b.Context(), &iam.DeleteRolePolicyInput{RoleName: &role, PolicyName: &name}))
	}
}

func withoutProvider(b *bench) {
	did[*iam.DeleteOpenIDConnectProviderOutput](b)(b.iam().DeleteOpenIDConnectProvider(b.Context(), &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: aws.String(oktaProvider)}))
}

// saying has the identity provider say something more of the analyst.
func saying(claims map[string]any) func(*lab.World) {
	return func(w *lab.World) {
		for i := range w.Issuers {
			for j := range w.Issuers[i].People {
				p := &w.Issuers[i].People[j]
				p.Claims = maps.Clone(p.Claims)
				maps.Copy(p.Claims, claims)
			}
		}
	}
}

// recreated deletes the application role and makes it anew.
func recreated(b *bench) {
	role, err := b.iam().GetRole(b.Context(), &iam.GetRoleInput{RoleName: aws.String(oidcRole)})
	if err != nil {
		b.Fatal(err)
	}
	unpermitted(oidcRole, "exchange")(b)
	did[*iam.DeleteRoleOutput](b)(b.iam().DeleteRole(b.Context(), &iam.DeleteRoleInput{RoleName: aws.String(oidcRole)}))
	did[*iam.CreateRoleOutput](b)(b.iam().CreateRole(b.Context(), &iam.CreateRoleInput{
		RoleName: aws.String(oidcRole), AssumeRolePolicyDocument: aws.String(decode(b, *role.Role.AssumeRolePolicyDocument)),
	}))
	permitted(oidcRole, "exchange", object{"Effect": "Allow", "Action": "sso-oauth:CreateTokenWithIAM", "Resource": "*"})(b)
}

// otherProfile has the profile "other" hold the keys of another one.
func otherProfile(of string) func(*bench) {
	return func(b *bench) {
		b.administrators()
		for _, name := range []string{"aws-config", "aws-credentials"} {
			text, err := os.ReadFile(filepath.Join(b.home, name))
			if err != nil {
				b.Fatal(err)
			}
			_, section, found := strings.Cut(string(text), of+"]\n")
			if !found {
				b.Fatalf("%s has no section %s", name, of)
			}
			section, _, _ = strings.Cut(section, "[")
			header := map[string]string{"aws-config": "[profile other]", "aws-credentials": "[other]"}[name]
			b.write(name, string(text)+header+"\n"+section)
		}
	}
}

func iamMistakes() []mistake {
	return append(append(webIdentityMistakes(), exchangeMistakes()...), enhancedMistakes()...)
}

func asBefore(b *bench) { b.configure(nil) }

func webIdentityMistakes() []mistake {
	return []mistake{
		{id: "iam.wrong-account", what: "`--app-profile` is of another account than the roles", make: otherProfile("center"), args: []string{"--app-profile", "other"},
			culprit: "--app-profile other", mend: otherProfile("app"), says: "account 444455556666"},
		{id: "iam.provider-missing", what: "IAM has no OIDC provider for the identity provider", make: withoutProvider, culprit: oktaProvider},
		{id: "iam.provider-mismatch", what: "the OIDC provider's URL has a slash too many", make: func(b *bench) {
			withoutProvider(b)
			did[*iam.CreateOpenIDConnectProviderOutput](b)(b.iam().CreateOpenIDConnectProvider(b.Context(), &iam.CreateOpenIDConnectProviderInput{Url: aws.String(oktaIssuer + "/"), ClientIDList: []string{labtest.ClientID}}))
		}, culprit: oktaProvider + "/"},
		{id: "iam.client-missing", what: "the OIDC provider does not list the client that the token is for", make: func(b *bench) {
			did[*iam.RemoveClientIDFromOpenIDConnectProviderOutput](b)(b.iam().RemoveClientIDFromOpenIDConnectProvider(b.Context(), &iam.RemoveClientIDFromOpenIDConnectProviderInput{
				OpenIDConnectProviderArn: aws.String(oktaProvider), ClientID: aws.String(labtest.ClientID),
			}))
		}, culprit: oktaProvider},
		{id: "iam.application-role-missing", what: "the configured application role does not exist", keys: object{"oidc_role_arn": roleARNs + "tip-odic-role"},
			culprit: "tip-odic-role", mend: asBefore, says: "oidc_role_arn"},
		{id: "iam.application-role-arn", what: "the configured ARN of the application role has a path that the role does not have",
			keys: object{"oidc_role_arn": roleARNs + "team/tip-oidc-role"}, culprit: "oidc_role_arn"},
		{id: "iam.trust-provider", what: "the application role trusts another identity provider", make: roleTrusting(oidcRole,
			object{"Effect": "Allow", "Principal": object{"Federated": strings.TrimSuffix(oktaProvider, "/default")}, "Action": "sts:AssumeRoleWithWebIdentity"}), culprit: oidcRole},
		{id: "iam.trust-condition", name: "aud", what: "the application role's trust policy wants another audience",
			make: roleTrusting(oidcRole, takesToken.with(object{"Condition": object{"StringEquals": object{oktaKey + "aud": "0oaOtherEXAMPLE"}}})), culprit: oidcRole},
		{id: "iam.trust-condition", name: "sub", what: "the application role's trust policy wants another person",
			make: roleTrusting(oidcRole, takesToken.with(object{"Condition": object{"StringEquals": object{oktaKey + "aud": labtest.ClientID, oktaKey + "sub": []string{"00uOtherEXAMPLE"}}}})), culprit: oidcRole, says: "unless it is meant"},
		{id: "iam.trust-condition", name: "issuer", what: "a condition key of the trust policy lacks the path of the issuer",
			make: roleTrusting(oidcRole, takesToken.with(object{"Condition": object{"StringEquals": object{"dev-123456789.okta.com:aud": labtest.ClientID}}})), culprit: oidcRole},
		{id: "iam.trust-condition", name: "amr", what: "the trust policy wants a second factor that the token does not tell of",
			make: roleTrusting(oidcRole, takesToken.with(object{"Condition": object{"StringEquals": object{oktaKey + "aud": labtest.ClientID}, "ForAnyValue:StringEquals": object{oktaKey + "amr": "mfa"}}})), culprit: oidcRole,
			mend: func(b *bench) { b.held(claim("amr", []string{"pwd", "mfa"})) }, says: "ask for mfa"},
		{id: "iam.trust-denied", what: "a statement of the trust policy denies the person", make: roleTrusting(oidcRole, takesToken.with(object{"Condition": takesClient}),
			takesToken.with(object{"Sid": "Leavers", "Effect": "Deny", "Condition": object{"StringEquals": object{oktaKey + "sub": "00uAnalystEXAMPLE"}}})), culprit: oidcRole, says: "statement Leavers"},
		{id: "iam.tag-session", what: "the token has session tags, and the trust policy does not allow `sts:TagSession`",
			world: saying(object{"https://aws.amazon.com/tags": object{"principal_tags": object{"team": []string{"analysts"}}}}), culprit: oidcRole},
		{id: "iam.set-source-identity", what: "the token has a source identity, and the trust policies do not allow `sts:SetSourceIdentity`",
			world: saying(object{"https://aws.amazon.com/source_identity": "analyst"}), make: roleTrusting(oidcRole,
				takesToken.with(object{"Condition": takesClient}), takesToken.with(object{"Action": "sts:SetSourceIdentity", "Condition": takesClient})), culprit: enhancedRole},
	}
}

func exchangeMistakes() []mistake {
	return []mistake{
		{id: "iam.exchange-not-allowed", what: "the application role lacks `sso-oauth:CreateTokenWithIAM`", make: unpermitted(oidcRole, "exchange"), culprit: oidcRole},
		{id: "iam.exchange-not-allowed", name: "application", what: "the application role may exchange tokens at another application only", make: permitted(oidcRole, "exchange",
			object{"Effect": "Allow", "Action": "sso-oauth:CreateTokenWithIAM", "Resource": "arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-abcdef1234567890"}), culprit: oidcRole},
		{id: "iam.exchange-denied", what: "a policy of the application role denies all but some services",
			make: permitted(oidcRole, "guardrail", object{"Effect": "Deny", "NotAction": []string{"s3:*", "sts:*"}, "Resource": "*"}), culprit: "guardrail"},
		{id: "iam.exchange-denied", name: "boundary", what: "the application role's permissions boundary leaves the exchange out",
			make: bounded(oidcRole, object{"Effect": "Allow", "Action": []string{"s3:*", "sts:*"}, "Resource": "*"}), culprit: "policy/limit"},
	}
}

func enhancedMistakes() []mistake {
	return []mistake{
		{id: "iam.enhanced-role-missing", what: "the configured identity-enhanced role does not exist", keys: object{"id_enhanced_role_arn": roleARNs + "tip-enhanced-role"},
			culprit: "tip-enhanced-role", mend: asBefore, says: "id_enhanced_role_arn"},
		{id: "iam.enhanced-role-arn", what: "the configured ARN of the identity-enhanced role has a path that the role does not have",
			keys: object{"id_enhanced_role_arn": roleARNs + "team/tip-id-enhanced-role"}, culprit: "id_enhanced_role_arn"},
		{id: "iam.assume-not-trusted", what: "the identity-enhanced role trusts another role", make: roleTrusting(enhancedRole,
			object{"Effect": "Allow", "Principal": object{"AWS": roleARNs + "tip-notebook-role"}, "Action": []string{"sts:AssumeRole", "sts:SetContext"}}), culprit: enhancedRole},
		{id: "iam.assume-stale", what: "the application role was deleted and made anew: the trust policy still names the old one", make: recreated, culprit: enhancedRole,
			also: []string{"center.actor-deleted"}, heals: []string{"center.actor-deleted"}},
		{id: "iam.assume-condition", what: "the identity-enhanced role wants an external id",
			make: roleTrusting(enhancedRole, takesRole.with(object{"Condition": object{"StringEquals": object{"sts:ExternalId": "x"}}}), object(takesSet)), culprit: enhancedRole},
		{id: "iam.assume-denied", what: "the identity-enhanced role's trust policy denies `sts:AssumeRole`",
			make: roleTrusting(enhancedRole, object(takesRole), object(takesSet), takesRole.with(object{"Effect": "Deny", "Sid": "Freeze"})), culprit: enhancedRole, says: "statement Freeze"},
		{id: "iam.assume-denied", name: "own", what: "a policy of the application role denies `sts:AssumeRole`",
			make: permitted(oidcRole, "no-hops", object{"Effect": "Deny", "Action": []string{"sts:AssumeRole", "iam:PassRole"}, "Resource": "*"}), culprit: "no-hops"},
		{id: "iam.assume-not-allowed", what: "the identity-enhanced role trusts the account, and nothing allows the application role to use that", make: roleTrusting(enhancedRole,
			object{"Effect": "Allow", "Principal": object{"AWS": "arn:aws:iam::444455556666:root"}, "Action": []string{"sts:AssumeRole", "sts:SetContext"}}), culprit: oidcRole},
		{id: "iam.assume-not-allowed", name: "boundary", what: "the application role's permissions boundary leaves `sts:AssumeRole` out",
			make: bounded(oidcRole, object{"Effect": "Allow", "Action": "sso-oauth:*", "Resource": "*"}), culprit: "policy/limit"},
		{id: "iam.set-context-not-trusted", what: "the identity-enhanced role's trust policy lacks `sts:SetContext`", make: roleTrusting(enhancedRole, object(takesRole)), culprit: enhancedRole},
		{id: "iam.set-context-condition", what: "the trust policy names another provider of contexts", make: roleTrusting(enhancedRole, object(takesRole),
			takesSet.with(object{"Condition": object{"ForAllValues:ArnEquals": object{"sts:RequestContextProviders": "arn:aws:iam::aws:contextProvider/IdentityCentre"}}})), culprit: enhancedRole},
		{id: "iam.set-context-denied", what: "the trust policy denies `sts:SetContext`",
			make: roleTrusting(enhancedRole, object(takesRole), object(takesSet), takesRole.with(object{"Effect": "Deny", "Action": []string{"sts:SetContext", "sts:TagSession"}})), culprit: enhancedRole},
		{id: "iam.set-context-not-allowed", what: "only the account is trusted with `sts:SetContext`, and nothing allows the application role to use that", make: roleTrusting(enhancedRole, object(takesRole),
			takesSet.with(object{"Principal": object{"AWS": "444455556666"}})), culprit: oidcRole},
		{id: "iam.service-not-allowed", what: "the identity-enhanced role lacks `s3:GetDataAccess`", make: permitted(enhancedRole, "access-grants",
			object{"Effect": "Allow", "Action": []string{"s3:GetAccessGrantsInstanceForPrefix", "s3:ListCallerAccessGrants"}, "Resource": "*"}), culprit: enhancedRole},
		{id: "iam.service-not-allowed", name: "boundary", what: "the identity-enhanced role's permissions boundary leaves S3 out",
			make: bounded(enhancedRole, object{"Effect": "Allow", "Action": "athena:*", "Resource": "*"}), culprit: "policy/limit"},
		{id: "iam.service-not-allowed", name: "boundary-of-aws", what: "the identity-enhanced role's permissions boundary is a policy of AWS that leaves S3 out", make: func(b *bench) {
			did[*iam.PutRolePermissionsBoundaryOutput](b)(b.iam().PutRolePermissionsBoundary(b.Context(), &iam.PutRolePermissionsBoundaryInput{
				RoleName: aws.String(enhancedRole), PermissionsBoundary: aws.String("arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"),
			}))
		}, culprit: "policy/service-role/AWSLambdaBasicExecutionRole"},
		{id: "iam.service-denied", what: "a managed policy denies the identity-enhanced role all of S3", make: func(b *bench) {
			did[*iam.AttachRolePolicyOutput](b)(b.iam().AttachRolePolicy(b.Context(), &iam.AttachRolePolicyInput{RoleName: aws.String(enhancedRole),
				PolicyArn: b.managed("no-direct-access", object{"Effect": "Deny", "Action": "s3:Get*", "Resource": "*"}, object{"Effect": "Deny", "Action": "iam:*", "Resource": "*"})}))
		}, culprit: "policy/no-direct-access"},
		{id: "iam.service-partly", what: "the identity-enhanced role may not list its grants",
			make: permitted(enhancedRole, "access-grants", object{"Effect": "Allow", "Action": "s3:GetDataAccess", "Resource": "*"}), culprit: enhancedRole},
		{id: "iam.service-not-allowed", name: "workgroup", what: "the identity-enhanced role may use another work group only", make: permitted(enhancedRole, "athena",
			object{"Effect": "Allow", "Action": "athena:*", "Resource": "arn:aws:athena:eu-west-1:444455556666:workgroup/primary"}), args: []string{"--service", "athena", "--workgroup", "tip-workgroup"}, culprit: enhancedRole},
	}
}

// Policies may name the session that tip-cli makes of the application role: what diag says of
// them is what the exchange meets.
func TestSessionName(t *testing.T) {
	const session = "arn:aws:sts::444455556666:assumed-role/" + oidcRole + "/tip-cli"
	b := reader(t, actors(actor("Allow", session)))
	roleTrusting(oidcRole, takesToken.with(object{"Condition": object{"StringEquals": object{"sts:RoleSessionName": "tip-cli"}}}))(b)
	roleTrusting(enhancedRole, object{"Effect": "Allow", "Principal": object{"AWS": session}, "Action": []string{"sts:AssumeRole", "sts:SetContext"}})(b)
	for _, args := range [][]string{nil, {"--live"}} {
		if d := b.diag(args...); d.String() != "" {
			t.Errorf("diag %v:\n%s", args, d)
		}
	}
}

// decode reads a document that IAM answers URL-encoded.
func decode(b *bench, document string) string {
	b.Helper()
	text, err := url.PathUnescape(document)
	if err != nil {
		b.Fatal(err)
	}
	return text
}

// Many mistakes in the same policies: none of the commands takes back what another one
// has mended.
func TestManyFixesOfRoles(t *testing.T) {
	b := reader(t, saying(object{"https://aws.amazon.com/source_identity": "analyst", "https://aws.amazon.com/tags": object{
		"principal_tags": object{"team": []string{"analysts"}}, "transitive_tag_keys": []string{"team"},
	}}))
	bounded(enhancedRole, object{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}, object{"Effect": "Deny", "Action": []string{"athena:GetWorkGroup", "athena:CreateWorkGroup"}, "Resource": "*"})(b)
	permitted(oidcRole, "frozen", object{"Effect": "Deny", "NotAction": []string{"s3:*", "sts:*"}, "Resource": "*"})(b)
	args := []string{"--service", "s3", "--service", "athena"}
	d := b.diag(args...)
	ids := map[string]int{}
	for _, f := range d.with("fail", "warn") {
		ids[f.ID]++
		b.shell(f.Fixes[0].Command)
	}
	want := map[string]int{"iam.exchange-denied": 1, "iam.set-source-identity": 2, "iam.tag-session": 2, "iam.service-not-allowed": 2, "iam.service-denied": 1}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Error(diff)
	}
	if after := b.diag(append(args, "--live")...); len(after.with("fail", "warn")) > 0 {
		t.Errorf("afterwards:\n%s", after)
	}
}
