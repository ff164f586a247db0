package cloudformation_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/probe"
)

// deployer runs the AWS CLI's cloudformation commands.
type deployer struct {
	*bench
	program string
}

// clis are the AWS CLIs at hand: the one of the path, and Debian's version 2.
func clis(b *bench) map[string]string {
	found := map[string]string{}
	if path, err := exec.LookPath("aws"); err == nil {
		found["aws"] = path
	}
	if _, err := os.Stat("/usr/bin/aws"); err == nil {
		found["version 2"] = "/usr/bin/aws"
	}
	b.Needs(len(found) > 0, "the AWS CLI")
	return found
}

// run returns what the command printed, and wants it to succeed or to fail.
func (d *deployer) run(ok bool, arguments ...string) string {
	d.Helper()
	cmd := exec.CommandContext(d.Context(), d.program, append([]string{"cloudformation"}, arguments...)...)
	cmd.Env = append(d.Environ(d.admin), "AWS_REGION=eu-west-1", "AWS_DEFAULT_REGION=eu-west-1", "AWS_PAGER=")
	out, err := cmd.CombinedOutput()
	if (err == nil) != ok {
		d.Fatalf("%s: %v\n%s", strings.Join(arguments, " "), err, out)
	}
	return string(out)
}

// deploy deploys a template as people do. The AWS CLI names change sets by the
// second, so that the next deployment must not begin in the same one.
func (d *deployer) deploy(ok bool, template string, more ...string) string {
	d.Helper()
	defer func() { time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second))) }()
	path := filepath.Join(d.TempDir(), "template.yaml")
	probe.Must(d, 0, os.WriteFile(path, []byte(template), 0o600))
	return d.run(ok, append([]string{"deploy", "--template-file", path, "--stack-name", "people"}, more...)...)
}

func TestDeploy(t *testing.T) {
	if testing.Short() {
		t.Skip("Python is slow: -short")
	}
	for name, program := range clis(start(t)) {
		t.Run(name, func(t *testing.T) {
			d := &deployer{start(t), program}
			whole := file(t, "two-roles.yaml")
			contains(t, d.deploy(false, whole), "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]")
			contains(t, d.deploy(true, whole, "--capabilities", "CAPABILITY_IAM"), "Successfully created/updated stack - people")
			ids := d.physical("people")
			if !d.hasRole(ids["OIDCRole"]) || d.outputs("people")["OIDCRoleArn"] == "" {
				t.Errorf("physical ids %v, outputs %v", ids, d.outputs("people"))
			}
			contains(t, d.deploy(true, whole, "--capabilities", "CAPABILITY_IAM", "--no-fail-on-empty-changeset"), "No changes to deploy. Stack people is up to date")
			named := strings.Replace(whole, "Policies:", "RoleName: people\n      Policies:", 1)
			contains(t, d.deploy(false, named, "--capabilities", "CAPABILITY_IAM"), "Requires capabilities : [CAPABILITY_NAMED_IAM]")
			contains(t, d.deploy(true, named, "--capabilities", "CAPABILITY_NAMED_IAM", "--parameter-overrides", "ApplicationArn=arn:aws:sso::111122223333:application/ssoins-1/apl-1"), "Successfully")
			if d.hasRole(ids["IdEnhancedRole"]) || !d.hasRole("people") {
				t.Error("the role was not made anew under its name")
			}
			broken := strings.Replace(named, "Version: 2012-10-17", "Version: 1999-01-01", 1)
			contains(t, d.deploy(false, broken, "--capabilities", "CAPABILITY_NAMED_IAM"), "Failed to create/update the stack")
			d.status("people", "UPDATE_ROLLBACK_COMPLETE")
			d.plain()
			contains(t, d.run(true, "delete-stack", "--stack-name", "people"))
			contains(t, d.run(true, "wait", "stack-delete-complete", "--stack-name", "people"))
			if d.hasRole("people") {
				t.Error("the role is still there")
			}
		})
	}
}

// plain deploys a template without parameters over one that had some, and again.
func (d *deployer) plain() {
	d.Helper()
	contains(d, d.deploy(true, handle), "Successfully created/updated stack - people")
	contains(d, d.deploy(true, handle, "--no-fail-on-empty-changeset"), "No changes to deploy. Stack people is up to date")
	contains(d, d.deploy(true, handle+"Outputs: {O: {Value: a}}\n"), "Successfully created/updated stack - people")
}

// A stack that could not be made leaves nothing behind.
func TestDeployFails(t *testing.T) {
	if testing.Short() {
		t.Skip("Python is slow: -short")
	}
	b := start(t)
	for _, program := range clis(b) {
		d := &deployer{b, program}
		broken := strings.Replace(file(t, "two-roles.yaml"), "PolicyName: Exchange", "PolicyName: no spaces please", 1)
		contains(t, d.deploy(false, broken, "--capabilities", "CAPABILITY_IAM"), "Failed to create/update the stack")
		b.status("people", "ROLLBACK_COMPLETE")
		contains(t, d.deploy(false, broken, "--capabilities", "CAPABILITY_IAM"), "is in ROLLBACK_COMPLETE state and can not be updated.")
		for id, physical := range b.physical("people") {
			if strings.HasSuffix(id, "Role") && b.hasRole(physical) {
				t.Errorf("role %s is left", physical)
			}
		}
		d.run(true, "delete-stack", "--stack-name", "people")
	}
}

func contains(tb testing.TB, text string, parts ...string) {
	tb.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			tb.Errorf("%q is not in:\n%s", part, text)
		}
	}
}
