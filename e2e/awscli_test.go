package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab"
)

// The profiles of the original's README, with the lab's bucket.
const seedProfiles = `[profile my-tti-profile]
output=json
region=eu-west-1
credential_process=tip-cli auth get-iam-credentials

[profile my-tti-profile-s3ag]
output=json
region=eu-west-1
credential_process=tip-cli s3ag get-data-access s3://tip-demo-data/home/analyst --permission READWRITE

[profile reports]
region=eu-west-1
credential_process=tip-cli s3ag get-data-access s3://tip-demo-data/reports/ --permission READ

[profile notebook]
region=eu-west-1
credential_process=tip-cli s3ag get-data-access s3://tip-team-data --permission READWRITE
`

func TestAWSCLIThroughTheProxyDoor(t *testing.T) {
	t.Parallel()
	needAWSCLI(t)
	w := newWorld(t)
	env := w.environ(lab.ProxyDoor)
	w.configure(t, env, oktaIssuer)
	w.signIn(t, env, "analyst")
	w.profiles(t, strings.Replace(seedProfiles, "home/analyst ", "home/analyst/ ", 1))

	t.Run("get-caller-identity", func(t *testing.T) {
		var id struct{ UserId, Account, Arn string }
		text := w.must(t, env, "aws", "sts", "get-caller-identity", "--profile", "my-tti-profile")
		if err := json.Unmarshal([]byte(text), &id); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(id.UserId, ":tip-"+analystID) || id.Account != "444455556666" {
			t.Errorf("identity %+v", id)
		}
	})
	t.Run("where it is granted", func(t *testing.T) {
		up := filepath.Join(w.home, "up.txt")
		if err := os.WriteFile(up, []byte("from the AWS CLI\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		target := "s3://tip-demo-data/home/analyst/up.txt"
		w.must(t, env, "aws", "s3", "cp", up, target, "--profile", "my-tti-profile-s3ag")
		if got := w.must(t, env, "aws", "s3", "cp", target, "-", "--profile", "my-tti-profile-s3ag"); got != "from the AWS CLI\n" {
			t.Errorf("came back as %q", got)
		}
		if got := w.must(t, env, "aws", "s3", "ls", "s3://tip-demo-data/home/analyst/", "--profile", "my-tti-profile-s3ag"); !strings.Contains(got, "up.txt") {
			t.Errorf("ls: %q", got)
		}
		if got := w.must(t, env, "aws", "s3", "ls", "s3://tip-team-data", "--recursive", "--profile", "notebook"); !strings.Contains(got, "datasets/sample.json") {
			t.Errorf("ls of the whole bucket: %q", got)
		}
		w.must(t, env, "aws", "s3", "rm", target, "--profile", "my-tti-profile-s3ag")
	})
	t.Run("where it is not", func(t *testing.T) {
		for name, args := range map[string][]string{
			"another prefix":           {"s3", "ls", "s3://tip-demo-data/private/", "--profile", "reports"},
			"another object":           {"s3", "cp", "s3://tip-demo-data/pipelines/nightly.sql", "-", "--profile", "reports"},
			"write with READ":          {"s3", "cp", filepath.Join(w.home, "aws-config"), "s3://tip-demo-data/reports/x", "--profile", "reports"},
			"delete with READ":         {"s3api", "delete-object", "--bucket", "tip-demo-data", "--key", "reports/summary.txt", "--profile", "reports"},
			"the whole bucket":         {"s3", "ls", "s3://tip-demo-data", "--profile", "reports"},
			"the role session itself":  {"s3", "ls", "s3://tip-demo-data/reports/", "--profile", "my-tti-profile"},
			"S3 Control with S3's own": {"s3control", "get-data-access", "--account-id", "444455556666", "--target", "s3://tip-demo-data/reports/", "--permission", "READ", "--profile", "reports"},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				want := "AccessDenied"
				if name == "another object" {
					want = "(403) when calling the HeadObject operation" // the answer to HEAD has no body
				}
				w.refused(t, env, want, "aws", args...)
			})
		}
	})
	t.Run("S3 Control itself", func(t *testing.T) {
		got := w.must(t, env, "aws", "s3control", "get-data-access", "--account-id", "444455556666", "--target", "s3://tip-demo-data/reports/",
			"--permission", "READ", "--profile", "my-tti-profile", "--query", "MatchedGrantTarget", "--output", "text")
		if strings.TrimSpace(got) != "s3://tip-demo-data/reports/*" {
			t.Errorf("matched %q", got)
		}
		list := w.must(t, env, "aws", "s3control", "list-caller-access-grants", "--account-id", "444455556666", "--profile", "my-tti-profile", "--output", "json")
		for _, want := range []string{"s3://tip-demo-data/reports/*", "s3://tip-demo-data/home/analyst/*", "s3://tip-team-data/*", "s3://tip-demo-data/shared/*"} {
			if !strings.Contains(list, want) {
				t.Errorf("the caller's grants lack %s: %s", want, list)
			}
		}
	})
}

func TestAWSCLIThroughTheEndpointDoor(t *testing.T) {
	t.Parallel()
	needAWSCLI(t)
	w := newWorld(t)
	env := w.environ(lab.EndpointDoor)
	w.configure(t, env, w.Endpoint()+"/idp")
	w.signIn(t, env, "engineer")
	w.profiles(t, `[profile me]
region=eu-west-1
credential_process=tip-cli auth get-iam-credentials
[profile pipelines]
region=eu-west-1
credential_process=tip-cli s3ag get-data-access s3://tip-demo-data/pipelines/ --permission READWRITE
`)
	if got := w.must(t, env, "aws", "sts", "get-caller-identity", "--profile", "me"); !strings.Contains(got, ":tip-1234567890-bbbbbbbb") {
		t.Errorf("identity: %s", got)
	}
	if got := w.must(t, env, "aws", "s3", "cp", "s3://tip-demo-data/pipelines/nightly.sql", "-", "--profile", "pipelines"); !strings.Contains(got, "SELECT") {
		t.Errorf("object: %q", got)
	}
	w.refused(t, env, "AccessDenied", "aws", "s3", "ls", "s3://tip-demo-data/reports/", "--profile", "pipelines")
}
