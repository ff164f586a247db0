package diagnosis_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab/labtest"
)

// everything has all sections looked at, with the credentials of two who lack one right.
func everything() []string {
	return []string{"--profile", "lesser-center", "--app-profile", "lesser-app", "--target", reports, "--workgroup", workGroup}
}

// lesser makes a user who may do everything in an account, and a profile with the user's keys.
func (b *bench) lesser(account, name string) {
	b.Helper()
	c := iam.NewFromConfig(b.admin(account))
	if _, err := c.CreateUser(b.Context(), &iam.CreateUserInput{UserName: &name}); err != nil {
		b.Fatal(err)
	}
	b.deny(account, name, "")
	made, err := c.CreateAccessKey(b.Context(), &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		b.Fatal(err)
	}
	b.keys(name, aws.ToString(made.AccessKey.AccessKeyId), aws.ToString(made.AccessKey.SecretAccessKey))
}

// deny has such a user do everything but one action.
func (b *bench) deny(account, name, action string) {
	b.Helper()
	statements := []any{map[string]any{"Effect": "Allow", "Action": "*", "Resource": "*"}}
	if action != "" {
		statements = append(statements, map[string]any{"Effect": "Deny", "Action": action, "Resource": "*"})
	}
	document, _ := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	_, err := iam.NewFromConfig(b.admin(account)).PutUserPolicy(b.Context(), &iam.PutUserPolicyInput{
		UserName: &name, PolicyName: &name, PolicyDocument: aws.String(string(document)),
	})
	if err != nil {
		b.Fatal(err)
	}
}

// authorizedBy has the actions of operations that are called otherwise.
var authorizedBy = map[string]string{"s3:HeadBucket": "s3:ListBucket"}

// asked are the actions of the signed requests from the n-th event on, with the accounts
// of those who made them.
func (b *bench) asked(n int) map[string]string {
	all := map[string]string{}
	for _, e := range labtest.Events(b.Lab)[n:] {
		action := strings.TrimSuffix(e.EventSource, ".amazonaws.com") + ":" + e.EventName
		if e.UserIdentity.AccountID != "" && action != "sts:GetCallerIdentity" { // which nobody can be denied
			if other := authorizedBy[action]; other != "" {
				action = other
			}
			all[action] = e.UserIdentity.AccountID
		}
	}
	return all
}

// lost are the checks that no other action makes up for; iam:GetRole is that of all roles.
// What comes of them is skipped, or unknown as well.
var lost = map[string][]string{
	"athena:GetWorkGroup":                         {"athena.workgroup", "athena.state", "athena.identity-center", "athena.results", "athena.results-access", "athena.role", "athena.role-trust"},
	"iam:GetOpenIDConnectProvider":                {"iam.client"},
	"iam:GetPolicy":                               {"iam.allow-list"},
	"iam:GetPolicyVersion":                        {"iam.allow-list"},
	"iam:GetRole":                                 {"iam.application-role", "iam.enhanced-role", "grants.location-role", "grants.location-trust", "grants.location-rights", "grants.bucket-policy", "athena.role", "athena.role-trust"},
	"iam:GetRolePolicy":                           {"iam.exchange", "iam.assume", "iam.set-context", "iam.services", "grants.location-rights"},
	"iam:ListAttachedRolePolicies":                {"iam.exchange", "iam.assume", "iam.set-context", "iam.services", "grants.location-rights"},
	"iam:ListRolePolicies":                        {"iam.exchange", "iam.assume", "iam.set-context", "iam.services", "grants.location-rights"},
	"identitystore:DescribeUser":                  {"center.user"},
	"identitystore:GetUserId":                     {"center.user"},
	"identitystore:ListGroupMembershipsForMember": {"grants.grant", "grants.scope"},
	"s3:GetAccessGrantsInstance":                  {"grants.identity-center"},
	"s3:GetBucketPolicy":                          {"grants.bucket-policy"},
	"s3:ListAccessGrants":                         {"grants.grant", "grants.scope"},
	"s3:ListAccessGrantsLocations":                {"grants.location", "grants.location-role", "grants.location-trust", "grants.location-rights", "grants.bucket-policy"},
	"s3:ListBucket":                               {"grants.location-rights"},
	"sso:DescribeApplication":                     {"center.application", "center.enabled", "center.provider"},
	"sso:DescribeInstance":                        {"center.instance"},
	"sso:DescribeTrustedTokenIssuer":              {"center.issuer", "center.audience", "center.mapping", "center.user"},
	"sso:GetApplicationAssignmentConfiguration":   {"center.assignment"},
	"sso:GetApplicationAuthenticationMethod":      {"center.actor"},
	"sso:ListApplicationAccessScopes":             {"center.scopes"},
	"sso:ListApplicationGrants":                   {"center.grant", "center.issuer", "center.audience", "center.mapping", "center.user"},
}

// Each action that a diagnosis of everything asks for is denied alone: what needs it is
// unknown and says so, nothing is wrong for that, and no other action is said to be missing.
func TestEachRight(t *testing.T) {
	b := reader(t)
	names := map[string]string{labtest.CenterAccount: "lesser-center", labtest.ApplicationAccount: "lesser-app"}
	for account, name := range names {
		b.lesser(account, name)
	}
	before := len(labtest.Events(b.Lab))
	whole := b.diagAs(everything()...)
	if whole.code != 0 || whole.String() != "" {
		t.Fatalf("with all rights: exit code %d\n%s", whole.code, whole)
	}
	asked := b.asked(before)
	for action := range lost {
		if asked[action] == "" {
			t.Errorf("nobody asks for %s", action)
		}
	}
	for _, action := range slices.Sorted(maps.Keys(asked)) {
		account := asked[action]
		b.deny(account, names[account], action)
		without(t, action, whole, b.diagAs(everything()...))
		b.deny(account, names[account], "")
	}
}

// without compares a diagnosis that lacks an action with one that has all.
func without(t *testing.T, action string, whole, d *diagnosis) {
	t.Helper()
	if d.code != 0 || len(d.with("fail", "warn")) > 0 {
		t.Errorf("without %s: exit code %d:\n%s", action, d.code, d)
	}
	was := map[string]string{}
	for _, r := range whole.with("ok", "skipped") {
		was[r.Check] = r.Status
	}
	var unknown []string
	for _, r := range d.with("ok", "skipped", "unknown") {
		switch {
		case len(r.Missing) > 0 && (r.Status != "unknown" || !slices.Equal(r.Missing, []string{action})):
			t.Errorf("without %s: %s: %s, missing %v: %s", action, r.Check, r.Status, r.Missing, r.Seen)
		case len(r.Missing) > 0:
			unknown = append(unknown, r.Check)
		case r.Status != was[r.Check] && (r.Status == "ok" || !strings.Contains(r.Seen, "see ")):
			t.Errorf("without %s: %s: %s, not %s: %s", action, r.Check, r.Status, was[r.Check], r.Seen)
		}
	}
	want := slices.Clone(lost[action])
	slices.Sort(want)
	slices.Sort(unknown)
	if diff := cmp.Diff(want, unknown); diff != "" {
		t.Errorf("without %s is unknown (-want +got):\n%s", action, diff)
	}
}
