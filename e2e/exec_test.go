package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab"
)

// whoIs is boto3's answer to who the caller is.
const whoIs = `import boto3; s = boto3.Session(); print(s.client("sts").get_caller_identity()["UserId"], s.region_name, s.get_credentials().method)`

// misleading is an environment that leads SDKs elsewhere, if they follow it.
var misleading = []string{
	"AWS_PROFILE=nobody", "AWS_DEFAULT_PROFILE=nobody", "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=wrong",
	"AWS_SESSION_TOKEN=wrong", "AWS_SECURITY_TOKEN=wrong", "AWS_ROLE_ARN=arn:aws:iam::111122223333:role/other", "AWS_WEB_IDENTITY_TOKEN_FILE=/nowhere",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/wrong", "AWS_CREDENTIAL_EXPIRATION=2020-01-01T00:00:00Z",
}

// signedInAt is a world whose analyst has signed in, and the environment for it.
func signedInAt(t *testing.T, door lab.Door) (*world, []string) {
	t.Helper()
	w := newWorld(t)
	env := w.environ(door, "SHELL=/bin/sh", "PSModulePath=")
	issuer := oktaIssuer
	if door == lab.EndpointDoor {
		issuer = w.Endpoint() + "/idp"
	}
	w.configure(t, env, issuer)
	w.signIn(t, env, "analyst")
	return w, append(env, misleading...)
}

// The AWS CLI as a command of exec: with keys, with an endpoint, and with S3
// Access Grants.
func TestExecAWSCLI(t *testing.T) {
	needAWSCLI(t)
	for _, door := range []lab.Door{lab.ProxyDoor, lab.EndpointDoor} {
		w, env := signedInAt(t, door)
		for _, flags := range [][]string{{"exec", "--"}, {"exec", "--server", "--"}} {
			got := w.must(t, env, "tip-cli", append(flags, "aws", "sts", "get-caller-identity", "--query", "UserId", "--output", "text")...)
			if !strings.HasSuffix(strings.TrimSpace(got), ":tip-"+analystID) {
				t.Errorf("%s door, %v: %q", door, flags, got)
			}
		}
		if door == lab.EndpointDoor {
			continue // S3 Control needs the proxy door
		}
		for _, flags := range [][]string{{"exec"}, {"exec", "--server"}} {
			flags = append(flags, "--s3", "s3://tip-demo-data/reports/", "--")
			got := w.must(t, env, "tip-cli", append(flags, "aws", "s3", "cp", "s3://tip-demo-data/reports/2026/revenue.csv", "-")...)
			if !strings.Contains(got, ",") {
				t.Errorf("%v: %q", flags, got)
			}
			denied := w.run(t, env, "tip-cli", append(flags, "aws", "s3", "ls", "s3://tip-demo-data/pipelines/")...)
			if denied.code < 250 || !strings.Contains(denied.stderr, "AccessDenied") || strings.Contains(denied.stderr, "tip-cli:") {
				t.Errorf("%v: exit code %d, %s", flags, denied.code, denied.stderr)
			}
		}
	}
}

// boto3 finds what exec hands over, and takes nothing else for it; not even a
// default profile.
func TestExecBoto3(t *testing.T) {
	needBoto3(t)
	w, env := signedInAt(t, lab.ProxyDoor)
	if err := os.WriteFile(filepath.Join(w.home, "aws-credentials"), []byte("[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wrong\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		flags  []string
		method string
	}{{[]string{"exec", "--"}, "env"}, {[]string{"exec", "--server", "--"}, "container-role"}} {
		got := strings.Fields(w.must(t, env, "tip-cli", append(tt.flags, "python3", "-c", whoIs)...))
		if len(got) != 3 || !strings.HasSuffix(got[0], ":tip-"+analystID) || got[1] != "eu-west-1" || got[2] != tt.method {
			t.Errorf("%v: %q", tt.flags, got)
		}
	}
}

// A shell that has evaluated env, and files of the other formats, do for the AWS
// CLI and boto3.
func TestEnvForClients(t *testing.T) {
	needAWSCLI(t)
	needBoto3(t)
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh: ", err)
	}
	w, env := signedInAt(t, lab.ProxyDoor)
	const identity = "aws sts get-caller-identity --query UserId --output text"
	const forget = "unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SECURITY_TOKEN AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE AWS_CONTAINER_CREDENTIALS_RELATIVE_URI; "
	for name, script := range map[string]string{
		"sh":     `eval "$(tip-cli env)"; ` + identity + "; python3 -c '" + whoIs + "'",
		"dotenv": forget + `tip-cli env --format dotenv > .env; set -a; . ./.env; set +a; ` + identity + "; python3 -c '" + whoIs + "'",
		"ini": forget + `unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_CREDENTIAL_EXPIRATION
tip-cli env --format ini --profile me > aws-credentials
aws sts get-caller-identity --query UserId --output text --profile me`,
		"json": `tip-cli env --format json > env.json; python3 -c 'import json, os, boto3
v = json.load(open("env.json"))
for name in list(os.environ):
    if name in "` + strings.Join(strings.Fields(forget), " ") + `".split(): del os.environ[name]
os.environ.update(v)
print(boto3.client("sts").get_caller_identity()["UserId"])'`,
	} {
		t.Run(name, func(t *testing.T) {
			got := w.must(t, env, "sh", "-euc", script)
			if strings.Count(got, ":tip-"+analystID) != strings.Count(got, "\n") || got == "" {
				t.Errorf("%q", got)
			}
		})
	}
	t.Run("unset", func(t *testing.T) {
		got := w.must(t, env, "sh", "-euc", `eval "$(tip-cli env)"; eval "$(tip-cli env --unset)"; echo "${AWS_ACCESS_KEY_ID-none} ${AWS_SESSION_TOKEN-none}"`)
		if got != "none none\n" {
			t.Errorf("%q", got)
		}
	})
}
