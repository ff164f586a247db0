package e2e_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab"
)

// What the AWS CLI ends with is what exec ends with, and tip-cli says nothing to it.
func TestExecEndsLikeTheAWSCLI(t *testing.T) {
	t.Parallel()
	needAWSCLI(t)
	w, env := analystAt(t, lab.ProxyDoor)
	for _, flags := range [][]string{{"exec"}, {"exec", "--server"}} {
		flags = append(flags, "--s3", "s3://tip-demo-data/reports/", "--", "aws", "s3", "ls", "s3://tip-demo-data/pipelines/")
		denied := w.run(t, env, "tip-cli", flags...)
		if denied.code < 250 || !strings.Contains(denied.stderr, "AccessDenied") || strings.Contains(denied.stderr, "tip-cli:") {
			t.Errorf("%v: exit code %d, %s", flags, denied.code, denied.stderr)
		}
	}
}

// What env has exported, env --unset takes away.
func TestEnvUnset(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("sh")
	need(t, err == nil, "sh")
	w, env := analystAt(t, lab.ProxyDoor)
	got := w.must(t, env, "sh", "-euc", `eval "$(tip-cli env --format sh)"; printf '%.4s ' "$AWS_ACCESS_KEY_ID"
eval "$(tip-cli env --format sh --unset)"; echo "${AWS_ACCESS_KEY_ID-none} ${AWS_SESSION_TOKEN-none}"`)
	if got != "ASIA none none\n" {
		t.Errorf("%q", got)
	}
}
