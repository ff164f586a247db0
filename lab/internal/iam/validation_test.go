package iam_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/internal/probe"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// detected is the text of a broken constraint, which does not repeat the value.
func detected(member, constraint string) probe.Answer {
	return bad("1 validation error detected: Value at '" + member + "' failed to satisfy constraint: " + constraint)
}

func statement(kv ...any) string {
	s := map[string]any{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
	for i := 0; i < len(kv); i += 2 {
		s[kv[i].(string)] = kv[i+1]
	}
	return text(s)
}

func TestMalformedDocuments(t *testing.T) {
	var table []refused
	for _, c := range []struct{ document, want string }{
		{"{", "This policy contains invalid Json"},
		{`{"Version": "2012-10-17"}`, "Missing required field Statement"},
		{`{"Version": "2020-01-01", "Statement": []}`, "The policy must contain a valid version string"},
		{statement("Effect", "Maybe"), "Invalid effect: Maybe"},
		{statement("Action", "GetObject"), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		{statement("Principal", "*"), "Policy document should not specify a principal."},
		{statement("Sid", "not good"), "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"},
		{statement("Color", "blue"), "Syntax errors in policy. Statement[0].Color: unknown element \"Color\""},
	} {
		table = append(table,
			refused{do("CreatePolicy", "PolicyName", "new", "PolicyDocument", c.document), malformed(c.want)},
			refused{do("CreatePolicyVersion", "PolicyArn", policyARN("two"), "PolicyDocument", c.document), malformed(c.want)},
			refused{do("PutRolePolicy", "RoleName", "plain", "PolicyName", "new", "PolicyDocument", c.document), malformed(c.want)},
			refused{do("PutUserPolicy", "UserName", "plain", "PolicyName", "new", "PolicyDocument", c.document), malformed(c.want)})
	}
	old := strings.Replace(allowing("s3:*"), "2012-10-17", "2008-10-17", 1)
	table = append(table, refused{do("CreatePolicy", "PolicyName", "new", "PolicyDocument", old), malformed("Policy document must be version 2012-10-17 or greater.")})
	for _, c := range []struct{ document, want string }{
		{"{", "This policy contains invalid Json"},
		{allowing("s3:*"), "Missing required field Principal"},
		{trustOf("Action", "s3:GetObject"), "AssumeRole policy may only specify STS AssumeRole actions."},
		{trustOf("Resource", "*"), "Has prohibited field Resource"},
		{trustOf("Principal", map[string]any{"AWS": "somebody"}), `Invalid principal in policy: "AWS":"somebody"`},
		{trusting(roleIn(account, "none")), `Invalid principal in policy: "AWS":"` + roleIn(account, "none") + `"`},
		{trusting("arn:aws:iam::" + elswhere + ":user/none"), `Invalid principal in policy: "AWS":"arn:aws:iam::` + elswhere + `:user/none"`},
	} {
		table = append(table, refused{do("CreateRole", "RoleName", "new", "AssumeRolePolicyDocument", c.document), malformed(c.want)},
			refused{do("UpdateAssumeRolePolicy", "RoleName", "plain", "PolicyDocument", c.document), malformed(c.want)})
	}
	d := start(t, fixtures)
	d.ask(table)
	d.must(do("PutRolePolicy", "RoleName", "plain", "PolicyName", "old", "PolicyDocument", old)) // an embedded one may be old
	d.must(do("UpdateAssumeRolePolicy", "RoleName", "plain", "PolicyDocument", trusting("arn:aws:iam::999999999999:role/unknown")))
}

func trustOf(kv ...any) string {
	s := map[string]any{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": map[string]any{"AWS": account}}
	for i := 0; i < len(kv); i += 2 {
		s[kv[i].(string)] = kv[i+1]
	}
	return text(s)
}

func TestInvalidValues(t *testing.T) {
	twice, reserved := tags("Key", "a", "key", "b"), tags("aws:x", "y")
	folded, exact := invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive."), invalid("Duplicate tag keys found.")
	system := invalid("Tag keys that begin with aws: are reserved for system use.")
	badURL, mark := bad("Invalid Open ID Connect Provider URL"), bad("Invalid Marker.")
	trust := trusting(account)
	// Of another account.
	const foreign, foreignPolicy = "AKIAEXAMPLE000000009", "arn:aws:iam::" + elswhere + ":policy/elsewhere"
	d := start(t, fixtures, func(w *lab.World) {
		w.Accounts[0].Users = append(w.Accounts[0].Users, userFile("elsewhere", foreign))
		w.Accounts[0].Policies = append(w.Accounts[0].Policies, world.ManagedPolicyFile{Name: "elsewhere", Document: allowing("s3:*")})
	})
	d.ask([]refused{
		{do("CreateRole", "RoleName", "a b", "AssumeRolePolicyDocument", trust), detected("roleName", `Member must satisfy regular expression pattern: [\w+=,.@-]+`)},
		{do("CreateRole", "RoleName", strings.Repeat("a", 65), "AssumeRolePolicyDocument", trust), detected("roleName", "Member must have length less than or equal to 64")},
		{do("CreateRole", "RoleName", "new", "AssumeRolePolicyDocument", trust, "Path", "team"), detected("path", `Member must satisfy regular expression pattern: (\u002F)|(\u002F[\u0021-\u007E]+\u002F)`)},
		{do("CreateRole", "RoleName", "new", "AssumeRolePolicyDocument", trust, "MaxSessionDuration", 60), detected("maxSessionDuration", "Member must have value greater than or equal to 3600")},
		{do("UpdateRole", "RoleName", "plain", "MaxSessionDuration", 43_201), detected("maxSessionDuration", "Member must have value less than or equal to 43200")},
		{do("UpdateRoleDescription", "RoleName", "plain", "Description", strings.Repeat("a", 1_001)), detected("description", "Member must have length less than or equal to 1000")},
		{do("CreateRole", "RoleName", "new", "AssumeRolePolicyDocument", trust, "Tags", twice), folded},
		{do("TagRole", "RoleName", "plain", "Tags", twice), folded}, {do("CreateUser", "UserName", "new", "Tags", twice), folded},
		{do("TagUser", "UserName", "plain", "Tags", twice), folded}, {do("TagRole", "RoleName", "plain", "Tags", reserved), system},
		{do("CreatePolicy", "PolicyName", "new", "PolicyDocument", allowing("s3:*"), "Tags", tags("a", "1", "a", "2")), exact},
		{do("TagPolicy", "PolicyArn", policyARN("two"), "Tags", tags("a", "1", "a", "2")), exact},
		{do("TagOpenIDConnectProvider", "OpenIDConnectProviderArn", provider, "Tags", tags("a", "1", "a", "2")), exact},
		{do("CreateOpenIDConnectProvider", "Url", "https://new.example.com", "Tags", reserved), system},
		{do("TagRole", "RoleName", "plain", "Tags", tags("a!", "x")), detected("tags.1.member.key", `Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+`)},
		{do("UntagRole", "RoleName", "plain", "TagKeys", hundred()), detected("tagKeys", "Member must have length less than or equal to 50")},
		{do("AttachRolePolicy", "RoleName", "plain", "PolicyArn", "longpolicynamebutnoarn"), bad("ARN longpolicynamebutnoarn is not valid.")},
		{do("DetachUserPolicy", "UserName", "plain", "PolicyArn", "longpolicynamebutnoarn"), bad("ARN longpolicynamebutnoarn is not valid.")},
		{do("GetPolicy", "PolicyArn", roleIn(account, "plain")), bad("ARN " + roleIn(account, "plain") + " is not valid.")},
		{do("GetOpenIDConnectProvider", "OpenIDConnectProviderArn", policyARN("two")), bad("ARN " + policyARN("two") + " is not valid.")},
		{do("PutRolePermissionsBoundary", "RoleName", "plain", "PermissionsBoundary", provider), bad("ARN " + provider + " is not valid.")},
		{do("GetPolicyVersion", "PolicyArn", policyARN("two"), "VersionId", "first"), detected("versionId", `Member must satisfy regular expression pattern: v[1-9][0-9]*(\.[A-Za-z0-9-]*)?`)},
		{do("ListPolicies", "Scope", "Mine"), detected("scope", "Member must satisfy enum value set: [All, AWS, Local]")},
		{do("ListRoles", "MaxItems", 1_001), detected("maxItems", "Member must have value less than or equal to 1000")},
		{do("ListRoles", "Marker", "nonsense"), mark}, {do("ListRoles", "Marker", "cm9sZXM"), mark}, {do("ListRoles", "Marker", "cm9sZXMA"), mark}, {do("ListRoles", "Marker", "cm9sZXMAYWJj!"), mark}, {do("ListUsers", "Marker", "cm9sZXMAYQ"), mark},
		{do("CreateOpenIDConnectProvider", "Url", "http://new.example.com"), badURL}, {do("CreateOpenIDConnectProvider", "Url", "https://new.example.com:8443"), badURL},
		{do("CreateOpenIDConnectProvider", "Url", "https://new.example.com/?a=b"), badURL}, {do("CreateOpenIDConnectProvider", "Url", "new.example.com"), badURL},
		{do("CreateOpenIDConnectProvider", "Url", "https://"+strings.Repeat("a", 250)), detected("url", "Member must have length less than or equal to 255")},
		{do("CreateOpenIDConnectProvider", "Url", "https://new.example.com", "ThumbprintList", []string{thumb[1:]}), bad("1 validation error detected: Value at 'thumbprintList' failed...")},
		{do("CreateOpenIDConnectProvider", "Url", "https://new.example.com", "ThumbprintList", []string{strings.Repeat("x", 40)}), invalid("Thumbprint " + strings.Repeat("x", 40) + " is not valid.")},
		{do("CreateOpenIDConnectProvider", "Url", "https://new.example.com", "ThumbprintList", []string{thumb, thumb, thumb, thumb, thumb, thumb}), invalid("Thumbprint list must contain fewer than 5 entries.")},
		{do("UpdateOpenIDConnectProviderThumbprint", "OpenIDConnectProviderArn", provider, "ThumbprintList", []string{thumb, thumb, thumb, thumb, thumb, thumb}), invalid("Thumbprint list must contain fewer than 5 entries.")},
		{do("AddClientIDToOpenIDConnectProvider", "OpenIDConnectProviderArn", provider, "ClientID", strings.Repeat("a", 256)), detected("clientID", "Member must have length less than or equal to 255")},
		{do("UpdateAccessKey", "UserName", "Full", "AccessKeyId", staticID, "Status", "Expired"), invalid("Access Key status must be Active or Inactive.")},
		{do("GetAccessKeyLastUsed", "AccessKeyId", "AKIAEXAMPLE999999999"), refusal(403, "AccessDenied", "User: arn:aws:sts::444455556666:assumed-role/probe-administrator/probe is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key AKIAEXAMPLE999999999")},
		{do("GetAccessKeyLastUsed", "AccessKeyId", foreign), refusal(403, "AccessDenied", "User: arn:aws:sts::444455556666:assumed-role/probe-administrator/probe is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key "+foreign)},
		{do("AttachRolePolicy", "RoleName", "plain", "PolicyArn", foreignPolicy), missing("Policy " + foreignPolicy + " does not exist or is not attachable.")},
		{do("PutUserPermissionsBoundary", "UserName", "plain", "PermissionsBoundary", foreignPolicy), missing("Scope ARN: " + foreignPolicy + " does not exist or is not attachable.")},
	})
	d.must(do("CreatePolicy", "PolicyName", "new", "PolicyDocument", allowing("s3:*"), "Tags", twice)) // their case counts
}

// A role is nobody's user.
func TestWithoutUserName(t *testing.T) {
	d := start(t, fixtures)
	must := bad("Must specify userName when calling with non-User credentials")
	d.ask([]refused{
		{do("GetUser"), must}, {do("CreateAccessKey"), must}, {do("ListAccessKeys"), must},
		{do("UpdateAccessKey", "AccessKeyId", staticID, "Status", "Active"), must}, {do("DeleteAccessKey", "AccessKeyId", staticID), must},
	})
	d.must(do("PutUserPolicy", "UserName", "plain", "PolicyName", "self", "PolicyDocument", allowing("iam:*")))
	key := d.must(do("CreateAccessKey", "UserName", "plain"))["AccessKey"].(map[string]any)
	own := d.as(credentials.NewStaticCredentialsProvider(key["AccessKeyId"].(string), key["SecretAccessKey"].(string), ""))
	out, err := own.GetUser(t.Context(), &iam.GetUserInput{})
	if probe.Must(t, out, err); *out.User.UserName != "plain" {
		t.Errorf("user %s", *out.User.UserName)
	}
	keys, err := own.ListAccessKeys(t.Context(), nil)
	if probe.Must(t, keys, err); len(keys.AccessKeyMetadata) != 1 {
		t.Errorf("%d keys", len(keys.AccessKeyMetadata))
	}
}

// AWS's own policies are nobody's to change, and those of another account are its own.
func TestForeignPolicies(t *testing.T) {
	d := start(t, fixtures)
	outside := refusal(403, "AccessDenied", "Policy is outside your own account.")
	foreign := "arn:aws:iam::" + elswhere + ":policy/theirs"
	var table []refused
	for _, s := range []step{
		do("DeletePolicy", "PolicyArn", awsAdmin), do("CreatePolicyVersion", "PolicyArn", awsAdmin, "PolicyDocument", allowing("s3:*")),
		do("SetDefaultPolicyVersion", "PolicyArn", awsAdmin, "VersionId", "v1"), do("DeletePolicyVersion", "PolicyArn", awsAdmin, "VersionId", "v1"),
		do("TagPolicy", "PolicyArn", awsAdmin, "Tags", tags("a", "b")), do("UntagPolicy", "PolicyArn", awsAdmin, "TagKeys", []string{"a"}),
	} {
		table = append(table, refused{s, outside}, refused{with(s, "PolicyArn", foreign), refusal(403, "AccessDenied", "*")})
	}
	d.ask(append(table,
		refused{do("GetPolicy", "PolicyArn", foreign), refusal(403, "AccessDenied", "*")},
		refused{do("AttachRolePolicy", "RoleName", "plain", "PolicyArn", foreign), missing("Policy " + foreign + " does not exist or is not attachable.")},
		refused{do("GetOpenIDConnectProvider", "OpenIDConnectProviderArn", "arn:aws:iam::"+elswhere+":oidc-provider/idp.example.com"), refusal(403, "AccessDenied", "*")}))
	got := d.must(do("GetPolicy", "PolicyArn", awsAdmin))["Policy"].(map[string]any)
	if got["PolicyName"] != "AdministratorAccess" || got["DefaultVersionId"] != "v1" {
		t.Errorf("policy %v", got)
	}
}
