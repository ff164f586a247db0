package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"

	"github.com/tip-cli/tip-cli/lab"
)

// oddly is a folder whose name a shell would take apart.
func oddly() string {
	if runtime.GOOS == "windows" {
		return "some programs"
	}
	return `some "programs" of Mary's & #1;%d $HOME`
}

// placedIn copies tip-cli into a new folder.
func placedIn(t *testing.T, dir string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(programs, executable("tip-cli")))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, executable("tip-cli"))
	if err := os.WriteFile(path, content, 0o700); err != nil { // #nosec G306 -- it is a program
		t.Fatal(err)
	}
	return path
}

// The profiles that set-aws-profile writes work with the AWS CLI and the SDK for Go,
// wherever the program lies.
func TestProfilesThatWereSet(t *testing.T) {
	needAWSCLI(t)
	w := newWorld(t)
	env := w.environ(lab.ProxyDoor)
	w.configure(t, env, oktaIssuer)
	w.signIn(t, env, "analyst")
	program := placedIn(t, filepath.Join(w.home, oddly()))
	for _, args := range [][]string{
		{"--profile", "me", "--region", "eu-west-1", "--output", "json"},
		{"--profile", "reports", "--region", "eu-west-1", "--s3", "s3://tip-demo-data/reports/"},
		{"--profile", "default", "--region", "eu-west-1", "--s3", "s3://tip-demo-data/home/analyst/", "--permission", "READWRITE"},
	} {
		w.must(t, env, program, append([]string{"auth", "set-aws-profile"}, args...)...)
	}
	if got := w.must(t, env, "aws", "sts", "get-caller-identity", "--profile", "me"); !strings.Contains(got, ":tip-"+analystID) {
		t.Errorf("identity: %s", got)
	}
	if got := w.must(t, env, "aws", "s3", "ls", "s3://tip-demo-data/reports/", "--profile", "reports"); !strings.Contains(got, "summary.txt") {
		t.Errorf("ls: %q", got)
	}
	w.must(t, env, "aws", "s3", "cp", filepath.Join(w.home, "aws-config"), "s3://tip-demo-data/home/analyst/config")
	w.refused(t, env, "AccessDenied", "aws", "s3", "ls", "s3://tip-demo-data/reports/")
	goSDKReads(t, env, filepath.Join(w.home, "aws-config"), "me", "reports", "default")
}

// goSDKReads has the SDK for Go run the credential_process of profiles.
func goSDKReads(t *testing.T, env []string, path string, profiles ...string) {
	t.Helper()
	for _, entry := range env {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "AWS_") || strings.HasPrefix(name, "TIP_CLI_") || strings.EqualFold(name, "HTTPS_PROXY") || name == "HOME" {
			t.Setenv(name, value)
		}
	}
	for _, profile := range profiles {
		cfg, err := config.LoadDefaultConfig(t.Context(), config.WithSharedConfigProfile(profile), config.WithSharedConfigFiles([]string{path}))
		if err != nil {
			t.Fatal(err)
		}
		got, err := cfg.Credentials.Retrieve(t.Context())
		if err != nil || got.Source != "ProcessProvider" || !got.CanExpire {
			t.Errorf("%s: from %s, expires %v, %v", profile, got.Source, got.CanExpire, err)
		}
	}
}

// A token command that runs an AWS CLI whose profile is tip-cli's: the AWS CLI is
// refused, tip-cli says why, and nothing goes on without end.
func TestLoopThroughTheAWSCLI(t *testing.T) {
	needAWSCLI(t)
	w := newWorld(t)
	env := w.environ(lab.ProxyDoor)
	w.configure(t, env, oktaIssuer)
	w.must(t, env, "tip-cli", "auth", "set-aws-profile", "--profile", "me", "--region", "eu-west-1")
	aws, err := exec.LookPath("aws")
	if err != nil {
		t.Fatal(err)
	}
	w.must(t, env, "tip-cli", "configure", "idp", "--config", `{"token_command": ["`+aws+`", "sts", "get-caller-identity", "--profile", "me"]}`)
	r := w.run(t, env, "tip-cli", "auth", "get-iam-credentials")
	if r.code != 5 || r.stdout != "" || strings.Count(r.stderr, "would run itself: the program of token_command") != 1 {
		t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	r = w.run(t, env, "tip-cli", "auth", "set-aws-profile", "--profile", "me")
	if r.code != 5 || !strings.Contains(r.stderr, `the profile "me" would wait for itself`) {
		t.Errorf("exit code %d\n%s", r.code, r.stderr)
	}
	r = w.run(t, env, "aws", "sts", "get-caller-identity", "--profile", "me")
	if r.code == 0 || strings.Count(r.stderr, "would run itself") != 1 {
		t.Errorf("exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}
