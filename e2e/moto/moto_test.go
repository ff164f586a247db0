package moto_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

var update = flag.Bool("update", false, "write what differs into docs/moto.md; reasons stay where the difference does")

// account in which the scripts run.
const account = "444455556666"

// services are compared in this order.
var services = []string{"s3", "iam", "cloudformation"}

// step is what a call of a script was answered with.
type step struct {
	Name, Operation string
	Status          int
	Code, Message   string
	Output          any
}

// TestMoto runs the scripts against moto and the lab. A difference that
// docs/moto.md does not list fails the test, and so does a listed one that is gone.
func TestMoto(t *testing.T) {
	if testing.Short() {
		t.Skip("Python is slow: -short")
	}
	needMoto(t)
	for _, service := range services {
		t.Run(service, func(t *testing.T) {
			l := labtest.Start(t, labtest.Edit(func(w *lab.World) { w.Issuers = nil }))
			moto := run(t, service, "", "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=secret")
			ours := run(t, service, l.Endpoint(), administrator(t, l)...)
			compare(t, service, moto, ours)
		})
	}
}

func needMoto(t *testing.T) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "python3", "-c", "import boto3, moto.server; print(moto.__version__)").CombinedOutput()
	switch {
	case err == nil:
		t.Logf("moto %s", out)
	case os.Getenv("CI") != "":
		t.Fatalf("python3 with boto3 and moto[server] is required in CI: %v: %s", err, out)
	default:
		t.Skip("python3 with boto3 and moto[server] is not at hand")
	}
}

// administrator are the variables with credentials for the account.
func administrator(t *testing.T, l *lab.Lab) []string {
	t.Helper()
	c, err := l.Administrator(account).Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return []string{"AWS_ACCESS_KEY_ID=" + c.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + c.SecretAccessKey, "AWS_SESSION_TOKEN=" + c.SessionToken}
}

// run runs a script. An empty endpoint is moto's.
func run(t *testing.T, service, endpoint string, environ ...string) []step {
	t.Helper()
	args := []string{filepath.Join("testdata", "run.py"), service}
	if endpoint != "" {
		args = append(args, endpoint)
	}
	cmd := exec.CommandContext(t.Context(), "python3", args...)
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(strings.ToUpper(v), "=")
		if !strings.HasPrefix(name, "AWS_") && !strings.HasPrefix(name, "MOTO_") && !strings.HasSuffix(name, "_PROXY") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(append(cmd.Env, environ...), "MOTO_ACCOUNT_ID="+account, "MOTO_IAM_LOAD_MANAGED_POLICIES=true",
		"AWS_EC2_METADATA_DISABLED=true", "HOME="+t.TempDir(), "PYTHONDONTWRITEBYTECODE=1")
	var diagnostics strings.Builder
	cmd.Stderr = &diagnostics
	began := time.Now()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, diagnostics.String())
	}
	var steps []step
	if err := json.Unmarshal(out, &steps); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Logf("%d steps at %s: %v", len(steps), cmp.Or(endpoint, "moto"), time.Since(began).Round(time.Millisecond))
	return steps
}

func compare(t *testing.T, service string, moto, ours []step) {
	t.Helper()
	if diff := gocmp.Diff(names(moto), names(ours)); diff != "" {
		t.Fatalf("the script took different ways:\n%s", diff)
	}
	found := rowsOf(moto, ours)
	listed := readRows(t, service)
	for i := range found {
		found[i].reason = reasonOf(listed, found[i])
		if found[i].reason == "" {
			t.Errorf("no reason in docs/moto.md: %s", found[i].text())
		}
	}
	if *update {
		writeRows(t, service, len(ours), found)
		return
	}
	if diff := gocmp.Diff(texts(listed), texts(found)); diff != "" {
		t.Errorf("differences, listed in docs/moto.md and found (go test ./e2e/moto -update writes them):\n%s", diff)
	}
}

func names(steps []step) []string {
	all := make([]string, len(steps))
	for i := range steps {
		all[i] = steps[i].Name
	}
	return all
}
