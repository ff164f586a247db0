package diagnosis_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// originalActions are those of the policy that the original's README asks for.
var originalActions = []string{
	"sso:DescribeApplication",
	"sso:GetApplicationAssignmentConfiguration",
	"sso:GetApplicationAuthenticationMethod",
	"sso:ListApplicationGrants",
	"sso:ListApplicationAccessScopes",
	"sso:DescribeTrustedTokenIssuer",
	"sso:DescribeInstance",
	"identitystore:GetUserId",
	"identitystore:DescribeUser",
}

// told are the checks that each of these actions is needed for.
var told = map[string][]string{
	"sso:DescribeApplication":                   {"center.application", "center.enabled", "center.provider"},
	"sso:GetApplicationAssignmentConfiguration": {"center.assignment"},
	"sso:GetApplicationAuthenticationMethod":    {"center.actor"},
	"sso:ListApplicationGrants":                 {"center.grant", "center.issuer", "center.audience", "center.mapping", "center.user"},
	"sso:ListApplicationAccessScopes":           {"center.scopes"},
	"sso:DescribeTrustedTokenIssuer":            {"center.issuer", "center.audience", "center.mapping", "center.user"},
	"sso:DescribeInstance":                      {"center.instance"},
	"identitystore:GetUserId":                   {"center.user"},
	"identitystore:DescribeUser":                {"center.user"},
}

// auditor makes a user of Identity Center's account who may do these actions, and a
// profile with the user's keys.
func (b *bench) auditor(actions ...string) {
	b.Helper()
	c := iam.NewFromConfig(b.admin(labtest.CenterAccount))
	name := aws.String("auditor")
	_, err := c.CreateUser(b.Context(), &iam.CreateUserInput{UserName: name})
	if err == nil && len(actions) > 0 {
		document, _ := json.Marshal(map[string]any{
			"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Action": actions, "Resource": "*"}},
		})
		_, err = c.PutUserPolicy(b.Context(), &iam.PutUserPolicyInput{UserName: name, PolicyName: name, PolicyDocument: aws.String(string(document))})
	}
	if err != nil {
		b.Fatal(err)
	}
	made, err := c.CreateAccessKey(b.Context(), &iam.CreateAccessKeyInput{UserName: name})
	if err != nil {
		b.Fatal(err)
	}
	b.keys("auditor", aws.ToString(made.AccessKey.AccessKeyId), aws.ToString(made.AccessKey.SecretAccessKey))
}

// keys adds a profile with keys to those of the administrators.
func (b *bench) keys(name, id, secret string) {
	b.Helper()
	b.must("/bin/sh", "-euc", fmt.Sprintf("printf '[%s]\\naws_access_key_id = %s\\naws_secret_access_key = %s\\n' >> aws-credentials", name, id, secret))
}

// reader is a bench where somebody has signed in.
func reader(t *testing.T, edits ...func(*lab.World)) *bench {
	t.Helper()
	if testing.Short() {
		t.Skip("many processes: -short")
	}
	t.Parallel()
	b := start(t, edits...)
	b.configure(nil)
	b.signIn("analyst")
	return b
}

// of returns the results of a section by check.
func (d *diagnosis) of(section string) map[string]found {
	all := map[string]found{}
	for _, s := range d.Sections {
		for _, r := range s.Results {
			if s.Section == section {
				all[r.Check] = r
			}
		}
	}
	return all
}

// The original's policy is enough for all that it promises.
func TestOriginalPolicy(t *testing.T) {
	b := reader(t)
	b.auditor(originalActions...)
	for check, r := range b.diagAs("--profile", "auditor", "--app-profile", "app").of("center") {
		if r.Status != "ok" {
			t.Errorf("%s: %s: %s", check, r.Status, r.Seen)
		}
	}
}

// What goes beyond the policy is unknown, and says which permission is missing: whether
// a required assignment is met.
func TestBeyondOriginalPolicy(t *testing.T) {
	b := reader(t, func(w *lab.World) {
		app := &w.IdentityCenter[0].Applications[0]
		app.AssignmentRequired, app.AssignedGroups = aws.Bool(true), []string{labtest.Analysts}
	})
	steps := []struct {
		more    []string
		missing string
	}{
		{nil, "sso:DescribeApplicationAssignment"},
		{[]string{"sso:DescribeApplicationAssignment"}, "identitystore:ListGroupMembershipsForMember"},
		{[]string{"sso:ListApplicationAssignmentsForPrincipal"}, "identitystore:ListGroupMembershipsForMember"},
		{[]string{"sso:DescribeApplicationAssignment", "identitystore:ListGroupMembershipsForMember"}, ""},
		{[]string{"sso:ListApplicationAssignmentsForPrincipal", "identitystore:ListGroupMembershipsForMember"}, ""},
	}
	b.auditor(originalActions...)
	for _, step := range steps {
		b.allow(append(slices.Clone(originalActions), step.more...)...)
		all := b.diagAs("--profile", "auditor", "--app-profile", "app").of("center")
		r := all["center.assignment"]
		if want := status(step.missing); r.Status != want || strings.Join(r.Missing, " ") != step.missing {
			t.Errorf("with %v: %s, missing %v, not %s, missing %s: %s", step.more, r.Status, r.Missing, want, step.missing, r.Seen)
		}
		delete(all, "center.assignment")
		for check, r := range all {
			if r.Status != "ok" {
				t.Errorf("with %v: %s: %s: %s", step.more, check, r.Status, r.Seen)
			}
		}
	}
}

func status(missing string) string {
	if missing == "" {
		return "ok"
	}
	return "unknown"
}

// allow gives the auditor other rights.
func (b *bench) allow(actions ...string) {
	b.Helper()
	document, _ := json.Marshal(map[string]any{
		"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Action": actions, "Resource": "*"}},
	})
	_, err := iam.NewFromConfig(b.admin(labtest.CenterAccount)).PutUserPolicy(b.Context(), &iam.PutUserPolicyInput{
		UserName: aws.String("auditor"), PolicyName: aws.String("auditor"), PolicyDocument: aws.String(string(document)),
	})
	if err != nil {
		b.Fatal(err)
	}
}

// Without one of the actions what needs it is unknown, with that permission, and the
// rest is told all the same.
func TestEachRightMissing(t *testing.T) {
	b := reader(t)
	b.auditor()
	for i, action := range originalActions {
		b.allow(slices.Delete(slices.Clone(originalActions), i, i+1)...)
		d := b.diagAs("--profile", "auditor", "--app-profile", "app")
		for check, r := range d.of("center") {
			switch needed := slices.Contains(told[action], check); {
			case needed && (r.Status != "unknown" || !slices.Equal(r.Missing, []string{action})):
				t.Errorf("without %s: %s: %s, missing %v: %s", action, check, r.Status, r.Missing, r.Seen)
			case !needed && r.Status != "ok":
				t.Errorf("without %s: %s: %s: %s", action, check, r.Status, r.Seen)
			}
		}
		if d.code != 0 {
			t.Errorf("without %s: exit code %d:\n%s", action, d.code, d)
		}
	}
}

// Without any rights, any credentials, or with keys that are not taken, nothing of
// Identity Center is ok, nothing is said to be wrong, and what is missing is named.
func TestNoRights(t *testing.T) {
	b := reader(t)
	b.auditor()
	b.keys("stale", "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY")
	for _, c := range []struct{ profile, seen, missing string }{
		{"auditor", "is not allowed", "sso:DescribeApplication"},
		{"stale", "InvalidClientTokenId", ""},
		{"app", "the credentials are of account " + labtest.ApplicationAccount, "sso:DescribeApplication"},
		{"nowhere", "nowhere", ""},
		{"", "AWS credentials", ""},
	} {
		args := []string{"--app-profile", "app"}
		if c.profile != "" {
			args = append(args, "--profile", c.profile)
		}
		d := b.diagAs(args...)
		for check, r := range d.of("center") {
			if r.Status != "unknown" && r.Status != "skipped" && check != "center.instance" { // which members of the organization see
				t.Errorf("%q: %s: %s: %s", c.profile, check, r.Status, r.Seen)
			}
		}
		if r := d.of("center")["center.application"]; !strings.Contains(r.Seen, c.seen) || strings.Join(r.Missing, " ") != c.missing {
			t.Errorf("%q: %s, missing %v, without %q", c.profile, r.Seen, r.Missing, c.seen)
		}
		if d.code != 0 {
			t.Errorf("%q: exit code %d:\n%s", c.profile, d.code, d)
		}
	}
}
