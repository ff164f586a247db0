package e2e_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// An organisation set up from nothing by docs/organisation/setup.sh with the AWS
// CLI alone: the one whom it grants access reads what is granted, and nothing
// else; another person of the identity provider gets nowhere.
func TestOrganisationFromNothing(t *testing.T) {
	needAWSCLI(t)
	w := &world{home: t.TempDir()}
	stop := startLab(t, w, "a lab", "--addr", "127.0.0.1:0", "--world", filepath.Join("..", "docs", "organisation", "world.yaml"))
	defer stop()

	o := &organisation{t, w}
	o.run("set up", 0, `"$ORGANISATION"/setup.sh`)
	for _, step := range []struct {
		name, script string
		code         int
		want         []string
	}{
		{"signs in", `BROWSER='tip-lab sign-in --as analyst %s' tip-cli auth`, 0, nil},
		{"whoami", `tip-cli whoami`, 0, []string{"analyst@example.com"}},
		{"reads what is granted", `tip-cli exec --s3 s3://tip-organisation-data-444455556666/reports/ --permission READ -- aws s3 cp s3://tip-organisation-data-444455556666/reports/revenue.csv -`, 0, []string{"Q1,1250"}},
		{"may not write", `tip-cli s3ag get-data-access s3://tip-organisation-data-444455556666/reports/ --permission WRITE`, 4, nil},
		{"nothing else", `tip-cli s3ag get-data-access s3://tip-organisation-data-444455556666/private/ --permission READ`, 4, nil},
		{"the trail names the person", `curl --silent --noproxy '*' "$LAB"/_lab/events | grep -c onBehalfOf`, 0, nil},
	} {
		text := o.run(step.name, step.code, step.script)
		for _, want := range step.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", step.name, want, text)
			}
		}
	}
	o.run("a visitor signs in at the identity provider, and is nobody in the directory", 4,
		`tip-cli auth logout >&2; BROWSER='tip-lab sign-in --as visitor %s' tip-cli auth >&2; tip-cli auth get-iam-credentials`)
}

// organisation runs commands in a shell that is led into the lab.
type organisation struct {
	*testing.T
	world *world
}

// run runs a script, expects its exit code, and returns what it wrote.
func (o *organisation) run(name string, code int, script string) string {
	o.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-euc", `eval "$(tip-lab env)"; export LAB="$HTTPS_PROXY"; `+script)
	cmd.Env = tourEnviron(o.world)
	folder, err := filepath.Abs(filepath.Join("..", "docs", "organisation"))
	if err != nil {
		o.Fatal(err)
	}
	cmd.Env = append(cmd.Env, "ORGANISATION="+folder, "AWS_TIP_CLI="+filepath.Join(o.world.home, "tip"), "AWS_CONFIG_FILE="+filepath.Join(o.world.home, "config"),
		"AWS_MAX_ATTEMPTS=1", "AWS_PAGER=")
	together(cmd)
	out, err := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); err != nil && got != code || err == nil && code != 0 {
		o.Fatalf("%s: exit code %d, want %d: %v\n%s", name, got, code, err, out)
	}
	return string(out)
}
