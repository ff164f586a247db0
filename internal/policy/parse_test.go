package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/policy"
)

// identity and trust wrap the members of one statement in a document.
func identity(members string) string {
	return `{"Version":"2012-10-17","Statement":[{` + members + `}]}`
}

const allowAll = `"Effect":"Allow","Action":"s3:*","Resource":"*"`

func condition(c string) string { return identity(allowAll + `,"Condition":` + c) }

func resource(arn string) string {
	return identity(`"Effect":"Allow","Action":"s3:*","Resource":"` + arn + `"`)
}

func principal(p string) string {
	return identity(`"Effect":"Allow","Action":"sts:AssumeRole","Principal":` + p)
}

type refusal struct {
	name    string
	kind    policy.Kind
	doc     string
	path    string
	message string // a part of it
}

func checkRefusals(t *testing.T, tests []refusal) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, err := policy.Parse([]byte(tt.doc), tt.kind)
			var syntax *policy.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("Parse(%s) = %v, want a SyntaxError", tt.doc, err)
			}
			if d != nil {
				t.Error("a document comes with the error")
			}
			if syntax.Path != tt.path || !strings.Contains(syntax.Message, tt.message) {
				t.Errorf("got %q at %q, want %q at %q", syntax.Message, syntax.Path, tt.message, tt.path)
			}
		})
	}
}

func TestParseRefusesDocuments(t *testing.T) {
	checkRefusals(t, []refusal{
		{"no JSON", policy.Identity, `policy`, "", "invalid Json"},
		{"cut off", policy.Identity, `{"Version":`, "", "invalid Json"},
		{"two values", policy.Identity, identity(allowAll) + `{}`, "", "invalid Json"},
		{"not UTF-8", policy.Identity, identity(allowAll + `,"Sid":"` + "\xff" + `"`), "", "invalid Json"},
		{"too deep", policy.Identity, strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40), strings.Repeat("[0]", 17), "levels deep"},
		{"kind", 0, identity(allowAll), "", "unknown kind"},
		{"array", policy.Identity, `[]`, "", "must be an object"},
		{"unknown element", policy.Identity, `{"Version":"2012-10-17","Conditions":{},"Statement":[]}`, "Conditions", "unknown element"},
		{"element in lower case", policy.Identity, `{"version":"2012-10-17","Statement":[]}`, "version", "unknown element"},
		{"version", policy.Identity, `{"Version":"2013-10-17","Statement":[]}`, "Version", "valid version string"},
		{"version is a number", policy.Identity, `{"Version":2012,"Statement":[]}`, "Version", "valid version string"},
		{"Id is a list", policy.Resource, `{"Id":[],"Statement":[]}`, "Id", "must be a string"},
		{"no statement", policy.Identity, `{"Version":"2012-10-17"}`, "", "Missing required field Statement"},
		{"empty statement list", policy.Identity, `{"Version":"2012-10-17","Statement":[]}`, "Statement", "Statement is empty"},
		{"statement is a string", policy.Identity, `{"Version":"2012-10-17","Statement":"x"}`, "Statement", "must be a statement"},
		{"statement list of strings", policy.Identity, `{"Version":"2012-10-17","Statement":["x"]}`, "Statement[0]", "must be an object"},
		{"duplicate element", policy.Identity, identity(allowAll + `,"Effect":"Deny"`), "Statement[0].Effect", "duplicate key"},
		{"duplicate condition key in other case", policy.Identity,
			condition(`{"StringEquals":{"aws:username":"a","AWS:UserName":"b"}}`),
			"Statement[0].Condition.StringEquals.AWS:UserName", "duplicate key"},
		{"duplicate Sid", policy.Identity, `{"Statement":[{"Sid":"A",` + allowAll + `},{"Sid":"A",` + allowAll + `}]}`,
			"Statement[1].Sid", "must be unique"},
	})
}

func TestParseRefusesStatements(t *testing.T) {
	checkRefusals(t, []refusal{
		{"unknown element", policy.Identity, identity(allowAll + `,"Actions":"s3:*"`), "Statement[0].Actions", "unknown element"},
		{"Sid characters", policy.Identity, identity(allowAll + `,"Sid":"a b"`), "Statement[0].Sid", "alpha-numeric"},
		{"Sid is a number", policy.Identity, identity(allowAll + `,"Sid":1`), "Statement[0].Sid", "must be a string"},
		{"no Effect", policy.Identity, identity(`"Action":"s3:*","Resource":"*"`), "Statement[0]", "Missing required field Effect"},
		{"Effect in lower case", policy.Identity, identity(`"Effect":"allow","Action":"s3:*","Resource":"*"`), "Statement[0].Effect", "Invalid effect: allow"},
		{"Effect is a Boolean", policy.Identity, identity(`"Effect":true,"Action":"s3:*","Resource":"*"`), "Statement[0].Effect", "Invalid effect"},
		{"no Action", policy.Identity, identity(`"Effect":"Allow","Resource":"*"`), "Statement[0].Action", "must contain actions"},
		{"empty Action", policy.Identity, identity(`"Effect":"Allow","Action":[],"Resource":"*"`), "Statement[0].Action", "must contain actions"},
		{"no Action in a resource policy", policy.Resource, identity(`"Effect":"Allow","Principal":"*","Resource":"*"`), "Statement[0].Action", "Missing required field Action"},
		{"Action and NotAction", policy.Identity, identity(allowAll + `,"NotAction":"s3:*"`), "Statement[0]", "cannot both"},
		{"Action is an object", policy.Identity, identity(`"Effect":"Allow","Action":{},"Resource":"*"`), "Statement[0].Action", "list of strings"},
		{"Action holds a number", policy.Identity, identity(`"Effect":"Allow","Action":["s3:*",1],"Resource":"*"`), "Statement[0].Action[1]", "must be a string"},
		{"Action without vendor", policy.Identity, identity(`"Effect":"Allow","Action":"GetObject","Resource":"*"`), "Statement[0].Action[0]", "prefaced by a vendor"},
		{"Action without name", policy.Identity, identity(`"Effect":"Allow","Action":"s3:","Resource":"*"`), "Statement[0].Action[0]", "prefaced by a vendor"},
		{"Action with two colons", policy.Identity, identity(`"Effect":"Allow","Action":"s3:Get:Object","Resource":"*"`), "Statement[0].Action[0]", "only one colon"},
		{"Action with a malformed vendor", policy.Identity, identity(`"Effect":"Allow","NotAction":"s 3:GetObject","Resource":"*"`), "Statement[0].NotAction[0]", "Vendor s 3 is not valid"},
		{"Action with a variable", policy.Identity, identity(`"Effect":"Allow","Action":"s3:${aws:username}","Resource":"*"`), "Statement[0].Action[0]", "only one colon"},
		{"Action with a special variable", policy.Identity, identity(`"Effect":"Allow","Action":"s3:${*}","Resource":"*"`), "Statement[0].Action[0]", "policy variables"},
		{"no Resource", policy.Identity, identity(`"Effect":"Allow","Action":"s3:*"`), "Statement[0].Resource", "must contain resources"},
		{"no Resource in a bucket policy", policy.Resource, identity(`"Effect":"Allow","Principal":"*","Action":"s3:*"`), "Statement[0].Resource", "Missing required field Resource"},
		{"no Resource in an actor policy", policy.Actor, identity(`"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sso-oauth:*"`), "Statement[0].Resource", "Missing required field Resource"},
		{"Resource and NotResource", policy.Session, identity(allowAll + `,"NotResource":"*"`), "Statement[0]", "cannot both"},
		{"Resource is an object", policy.Identity, identity(`"Effect":"Allow","Action":"s3:*","Resource":{}`), "Statement[0].Resource", "list of strings"},
		{"trust policy with Resource", policy.Trust, identity(`"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"`), "Statement[0].Resource", "Has prohibited field Resource"},
		{"trust policy with NotResource", policy.Trust, identity(`"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","NotResource":"*"`), "Statement[0].NotResource", "must not contain resources"},
		{"trust policy with another vendor", policy.Trust, identity(`"Effect":"Allow","Principal":"*","Action":["sts:AssumeRole","s3:GetObject"]`), "Statement[0].Action[1]", "may only specify STS AssumeRole actions"},
		{"trust policy for all actions", policy.Trust, identity(`"Effect":"Allow","Principal":"*","Action":"*"`), "Statement[0].Action[0]", "may only specify STS AssumeRole actions"},
	})
}

func TestParseRefusesResources(t *testing.T) {
	at := "Statement[0].Resource[0]"
	checkRefusals(t, []refusal{
		{"placeholder", policy.Identity, resource("accessRoleArn"), at, `Resource accessRoleArn must be in ARN format or "*".`},
		{"empty", policy.Identity, resource(""), at, "must be in ARN format"},
		{"wildcard for the prefix", policy.Identity, resource("*:aws:s3:::b"), at, "must be in ARN format"},
		{"partition", policy.Identity, resource("arn:error:s3:::b"), at, `Partition "error" is not valid for resource "arn:error:s3:::b".`},
		{"short with a bad partition", policy.Identity, resource("arn:b"), at, `"arn:b:*:*:*:*"`},
		{"no vendor", policy.Identity, resource("arn:aws"), at, "Resource vendor must be fully qualified"},
		{"wildcard in the vendor", policy.Identity, resource("arn:aws:s*:::b"), at, "Resource vendor must be fully qualified"},
		{"empty vendor", policy.Identity, resource("arn:aws::::b"), at, "legacy parsing"},
		{"five parts, one empty", policy.Identity, resource("arn:aws:s3::b"), at, "legacy parsing"},
		{"no resource", policy.Identity, resource("arn:aws:s3:::"), at, "legacy parsing"},
		{"iam with a region", policy.Identity, resource("arn:aws:iam:us-east-1::role/x"), at, "IAM resource arn:aws:iam:us-east-1::role/x cannot contain region"},
		{"iam of no type", policy.Identity, resource("arn:aws:iam::444455556666:App"), at, "IAM resource path must either be"},
		{"bucket with a region", policy.Identity, resource("arn:aws:s3:us-east-1::b"), at, "can not contain region"},
		{"variable before the fifth colon", policy.Identity, resource("arn:aws:sqs:eu-west-1:${aws:PrincipalAccount}:q"), at, "only after the fifth colon"},
		{"unknown variable", policy.Identity, resource("arn:aws:s3:::b/${user}"), at, "${user} is not known"},
		{"open variable", policy.Identity, resource("arn:aws:s3:::b/${aws:username"), at, "is not closed"},
	})
}

func TestParseRefusesPrincipals(t *testing.T) {
	aws, bad := "Statement[0].Principal.AWS", "Invalid principal in policy"
	checkRefusals(t, []refusal{
		{"in an identity policy", policy.Identity, identity(allowAll + `,"Principal":"*"`), "Statement[0].Principal", "should not specify a principal"},
		{"Not, in a session policy", policy.Session, identity(allowAll + `,"NotPrincipal":"*"`), "Statement[0].NotPrincipal", "should not specify a principal"},
		{"missing in a bucket policy", policy.Resource, identity(allowAll), "Statement[0].Principal", "Missing required field Principal"},
		{"missing in a trust policy", policy.Trust, identity(`"Effect":"Allow","Action":"sts:AssumeRole"`), "Statement[0].Principal", "Missing required field Principal"},
		{"missing in an actor policy", policy.Actor, identity(allowAll), "Statement[0].Principal", "Missing required field Principal"},
		{"both", policy.Resource, identity(allowAll + `,"Principal":"*","NotPrincipal":"*"`), "Statement[0]", "cannot both"},
		{"Allow with NotPrincipal", policy.Resource, identity(allowAll + `,"NotPrincipal":"*"`), "Statement[0].NotPrincipal", "Allow with NotPrincipal"},
		{"NotPrincipal in a trust policy", policy.Trust, identity(`"Effect":"Deny","Action":"sts:AssumeRole","NotPrincipal":{"AWS":"444455556666"}`), "Statement[0].NotPrincipal", "must not contain NotPrincipal"},
		{"string", policy.Trust, principal(`"444455556666"`), "Statement[0].Principal", bad},
		{"empty object", policy.Trust, principal(`{}`), "Statement[0].Principal", "cannot be empty"},
		{"empty list", policy.Trust, principal(`{"AWS":[]}`), aws, "cannot be empty"},
		{"unknown type", policy.Trust, principal(`{"Aws":"*"}`), "Statement[0].Principal.Aws", bad},
		{"number", policy.Trust, principal(`{"AWS":444455556666}`), aws, "list of strings"},
		{"short account", policy.Trust, principal(`{"AWS":"12345"}`), aws, bad},
		{"name", policy.Trust, principal(`{"AWS":"alice"}`), aws, `"AWS":"alice"`},
		{"wildcard in a name", policy.Trust, principal(`{"AWS":"arn:aws:iam::444455556666:role/*"}`), aws, bad},
		{"wildcard account", policy.Trust, principal(`{"AWS":"arn:aws:iam::*:root"}`), aws, bad},
		{"wildcard partition", policy.Trust, principal(`{"AWS":"arn:*:iam::444455556666:role/App"}`), aws, bad},
		{"partition", policy.Trust, principal(`{"AWS":"arn:amazon:iam::444455556666:role/App"}`), aws, bad},
		{"region", policy.Trust, principal(`{"AWS":"arn:aws:iam:eu-west-1:444455556666:role/App"}`), aws, bad},
		{"group", policy.Trust, principal(`{"AWS":"arn:aws:iam::444455556666:group/g"}`), aws, bad},
		{"path without a name", policy.Trust, principal(`{"AWS":"arn:aws:iam::444455556666:role/a/"}`), aws, bad},
		{"session without a name", policy.Trust, principal(`{"AWS":"arn:aws:sts::444455556666:assumed-role/App"}`), aws, bad},
		{"all sessions", policy.Trust, principal(`{"AWS":"arn:aws:sts::444455556666:assumed-role/App/*"}`), aws, bad},
		{"federated user with a path", policy.Trust, principal(`{"AWS":"arn:aws:sts::444455556666:federated-user/a/b"}`), aws, bad},
		{"another vendor", policy.Trust, principal(`{"AWS":"arn:aws:s3:::b"}`), aws, bad},
		{"service", policy.Trust, principal(`{"Service":"s3"}`), "Statement[0].Principal.Service", bad},
		{"all services", policy.Trust, principal(`{"Service":"*"}`), "Statement[0].Principal.Service", bad},
		{"no service", policy.Trust, principal(`{"Service":".amazonaws.com"}`), "Statement[0].Principal.Service", bad},
		{"issuer instead of provider", policy.Trust, principal(`{"Federated":"https://dev-1.okta.com"}`), "Statement[0].Principal.Federated", bad},
		{"provider without an account", policy.Trust, principal(`{"Federated":"arn:aws:iam::ACCOUNT_ID:oidc-provider/dev-1.okta.com"}`), "Statement[0].Principal.Federated", bad},
		{"provider without a host", policy.Trust, principal(`{"Federated":"arn:aws:iam::444455556666:oidc-provider/"}`), "Statement[0].Principal.Federated", bad},
		{"provider with a malformed port", policy.Trust, principal(`{"Federated":"arn:aws:iam::444455556666:oidc-provider/a.b:x/"}`), "Statement[0].Principal.Federated", bad},
		{"SAML provider without a name", policy.Trust, principal(`{"Federated":"arn:aws:iam::444455556666:saml-provider/"}`), "Statement[0].Principal.Federated", bad},
		{"role as a provider", policy.Trust, principal(`{"Federated":"` + app + `"}`), "Statement[0].Principal.Federated", bad},
		{"provider of a region", policy.Trust, principal(`{"Federated":"arn:aws:iam:eu-west-1:444455556666:oidc-provider/a.b"}`), "Statement[0].Principal.Federated", bad},
		{"provider of another service", policy.Trust, principal(`{"Federated":"arn:aws:sts::444455556666:oidc-provider/a.b"}`), "Statement[0].Principal.Federated", bad},
		{"provider of any partition", policy.Trust, principal(`{"Federated":"arn:*:iam::444455556666:oidc-provider/a.b"}`), "Statement[0].Principal.Federated", bad},
		{"provider of an unknown partition", policy.Trust, principal(`{"Federated":"arn:moon:iam::444455556666:oidc-provider/a.b"}`), "Statement[0].Principal.Federated", bad},
		{"provider of no ARN", policy.Trust, principal(`{"Federated":"urn:aws:iam::444455556666:oidc-provider/a.b"}`), "Statement[0].Principal.Federated", bad},
		{"provider of a short ARN", policy.Trust, principal(`{"Federated":"arn:aws:iam::444455556666"}`), "Statement[0].Principal.Federated", bad},
		{"canonical user in a trust policy", policy.Trust, principal(`{"CanonicalUser":"` + strings.Repeat("a", 64) + `"}`), "Statement[0].Principal.CanonicalUser", bad},
		{"short canonical user", policy.Resource, identity(allowAll + `,"Principal":{"CanonicalUser":"ab"}`), "Statement[0].Principal.CanonicalUser", bad},
	})
}

func TestParseRefusesConditions(t *testing.T) {
	at := "Statement[0].Condition"
	op := func(name, values string) string { return condition(`{"` + name + `":{"aws:x":` + values + `}}`) }
	tests := []refusal{
		{"list", policy.Identity, condition(`[]`), at, "must be an object"},
		{"operator is a string", policy.Identity, condition(`{"Bool":"x"}`), at + ".Bool", "object of condition keys"},
		{"empty key", policy.Identity, condition(`{"Bool":{"":"true"}}`), at + ".Bool", "cannot be empty"},
		{"object value", policy.Identity, op("Bool", `{}`), at + ".Bool.aws:x", "string, number or Boolean"},
		{"null value", policy.Identity, op("Bool", `null`), at + ".Bool.aws:x", "string, number or Boolean"},
		{"no values", policy.Identity, op("StringEquals", `[]`), at + ".StringEquals.aws:x", "at least one value"},
	}
	for _, name := range []string{
		"", "Equals", "stringEquals", "StringEqual", "StringNot", "StringNotNotEquals", "StringEqualsifexists",
		"IfExists", "StringEqualsIfExistsIfExists", "ForAnyValue::StringEquals", "ForSomeValues:StringEquals",
		"ForAllValues:", "ForAllValues:ForAnyValue:StringEquals", "foranyvalue:StringEquals", "NumericNotLessThan",
		"DateNotLessThan", "DateLike", "NumericLike", "BoolNot", "NotBool", "BinaryNotEquals", "BinaryLike", "NotStringEquals",
		"IpAddressNot", "ArnNot", "ArnEqualsIgnoreCase",
	} {
		tests = append(tests, refusal{"operator " + name, policy.Identity, op(name, `"true"`), at + "." + name, "unknown condition operator"})
	}
	for _, bad := range [][3]string{
		{"NullIfExists", `"true"`, "Null takes no IfExists"}, {"ForAnyValue:Null", `"true"`, "Null takes no set operator"},
	} {
		tests = append(tests, refusal{bad[0], policy.Identity, op(bad[0], bad[1]), at + "." + bad[0], bad[2]})
	}
	for _, bad := range [][3]string{
		{"Null", `"yes"`, "not true or false"},
		{"Bool", `"1"`, "not true or false"}, {"Bool", `["true","x"]`, "not true or false"}, {"BoolIfExists", `""`, "not true or false"},
		{"Bool", `"${aws:SecureTransport}"`, "not true or false"},
		{"NumericLessThan", `"abc"`, "not a number"}, {"NumericEquals", `""`, "not a number"}, {"NumericEquals", `"0x10"`, "not a number"},
		{"NumericEquals", `"Inf"`, "not a number"}, {"NumericEquals", `"1_000"`, "not a number"}, {"NumericEquals", `"1e999"`, "not a number"},
		{"NumericNotEquals", `"${aws:EpochTime}"`, "not a number"},
		{"DateGreaterThan", `"yesterday"`, "not an ISO 8601 date"}, {"DateGreaterThan", `"2020-13-01"`, "not an ISO 8601 date"},
		{"DateLessThan", `"9223372036854775808"`, "not an ISO 8601 date"}, {"DateEquals", `"2020-01-01T10:00:00+1"`, "not an ISO 8601 date"},
		{"DateEquals", `""`, "not an ISO 8601 date"}, {"DateNotEquals", `"2020-01-0*"`, "not an ISO 8601 date"},
		{"IpAddress", `"203.0.113.0/33"`, "not an IP address"}, {"IpAddress", `"203.0.113.*"`, "not an IP address"},
		{"NotIpAddress", `"example.com"`, "not an IP address"}, {"IpAddress", `"fe80::1%eth0"`, "not an IP address"},
		{"BinaryEquals", `"%"`, "not base64"},
		{"ArnLike", `"role/App"`, "not an ARN"}, {"ArnNotLike", `"arn:*"`, "not an ARN"},
		{"ArnNotEquals", `"urn:aws:s3:::b"`, "not an ARN"},
		{"StringEquals", `"${aws:Nonsense}"`, "is not known"}, {"ArnLike", `"arn:aws:s3:::${x}"`, "is not known"},
		{"StringLike", `"${"`, "is not closed"}, {"StringEqualsIgnoreCase", `"${}"`, "is not known"},
	} {
		tests = append(tests, refusal{bad[0] + bad[1], policy.Identity, op(bad[0], bad[1]), at + "." + bad[0] + ".aws:x", bad[2]})
	}
	checkRefusals(t, tests)
}

func TestParseAccepts(t *testing.T) {
	tests := []struct {
		name string
		kind policy.Kind
		doc  string
	}{
		{"one statement", policy.Identity, `{"Version":"2012-10-17","Statement":{` + allowAll + `}}`},
		{"no version", policy.Identity, `{"Statement":{` + allowAll + `}}`},
		{"Id", policy.Resource, `{"Id":"p","Statement":{` + allowAll + `,"Principal":"*"}}`},
		{"empty Sids", policy.Trust, `{"Statement":[{"Sid":"","Effect":"Allow","Principal":"*","Action":"sts:*"},{"Sid":"","Effect":"Deny","Principal":"*","Action":"sts:TagSession"}]}`},
		{"Sid with spaces in a bucket policy", policy.Resource, identity(allowAll + `,"Principal":"*","Sid":"a b"`)},
		{"empty condition", policy.Identity, condition(`{}`)},
		{"unknown condition key", policy.Identity, condition(`{"StringEquals":{"what:Ever":"x","bare":"y"}}`)},
		{"values without quotation marks", policy.Identity, condition(`{"Bool":{"aws:SecureTransport":true},"NumericLessThan":{"s3:max-keys":[10,1.5]}}`)},
		{"all actions", policy.Identity, identity(`"Effect":"Allow","Action":["*","*:*"],"Resource":"*"`)},
		{"short ARN", policy.Identity, resource("arn:aws:dynamodb:*")},
		{"wildcard partition", policy.Identity, resource("arn:*:s3:::b/*")},
		{"China", policy.Identity, resource("arn:aws-cn:s3:::b/*")},
		{"access grants instance", policy.Identity, resource("arn:aws:s3:eu-west-1:444455556666:access-grants/default")},
		{"any access grants instance", policy.Identity, resource("arn:aws:s3:*:*:access-grants/default")},
		{"self of STS", policy.Identity, resource("arn:aws:sts::444455556666:self")},
		{"all of IAM", policy.Identity, resource("arn:aws:iam::*:*")},
		{"user, role, sessions", policy.Trust, principal(`{"AWS":["arn:aws:iam::444455556666:user/div/ann","` + app + `","` + appAlice + `","arn:aws:sts::444455556666:federated-user/ann","arn:aws:iam::444455556666:root","444455556666","*"]}`)},
		{"services", policy.Trust, principal(`{"Service":["access-grants.s3.amazonaws.com","ec2.amazonaws.com.cn"]}`)},
		{"providers", policy.Trust, principal(`{"Federated":["` + oktaOIDC + `","arn:aws:iam::444455556666:saml-provider/corp","cognito-identity.amazonaws.com"]}`)},
		{"provider on loopback", policy.Trust, principal(`{"Federated":"arn:aws:iam::444455556666:oidc-provider/127.0.0.1:8443/okta"}`)},
		{"canonical user", policy.Resource, identity(allowAll + `,"Principal":{"CanonicalUser":"` + strings.Repeat("0f", 32) + `"}`)},
		{"Deny with NotPrincipal", policy.Resource, identity(`"Effect":"Deny","NotPrincipal":{"AWS":"444455556666"},"Action":"s3:*","Resource":"*"`)},
		{"any ARN", policy.Identity, condition(`{"ArnLike":{"aws:SourceArn":"*"}}`)},
		{"whole ARN from a variable", policy.Identity, condition(`{"ArnEquals":{"aws:SourceArn":"${aws:PrincipalArn}"}}`)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { mustParse(t, tt.kind, tt.doc) })
	}
}

func TestDocument(t *testing.T) {
	d := mustParse(t, policy.Resource, `{"Id":"p","Statement":[{`+allowAll+`,"Principal":"*"}]}`)
	if d.Kind() != policy.Resource || d.Version() != policy.Version2008 || d.ID() != "p" || d.Statements() != 1 {
		t.Errorf("got %v %v %v %v", d.Kind(), d.Version(), d.ID(), d.Statements())
	}
	if d = mustParse(t, policy.Trust, principal(`"*"`)); d.Version() != policy.Version2012 || d.ID() != "" {
		t.Errorf("got %v %q", d.Version(), d.ID())
	}
}

func TestSyntaxErrorText(t *testing.T) {
	_, err := policy.Parse([]byte(resource("x")), policy.Identity)
	if want := `policy: Statement[0].Resource[0]: Resource x must be in ARN format or "*".`; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	_, err = policy.Parse(nil, policy.Identity)
	if want := "policy: This policy contains invalid Json"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestSize(t *testing.T) {
	if got := policy.Size([]byte("{ \"é\" :\n\t1 }")); got != 7 {
		t.Errorf("Size = %d, want 7", got)
	}
}
