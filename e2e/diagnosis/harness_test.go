package diagnosis_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
)

// programs is the folder with the built tip-cli and tip-lab.
var programs string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tip-diagnosis-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	build := exec.Command("go", "build", "-o", dir+string(filepath.Separator), "../../cmd/tip-cli", "../../cmd/tip-lab")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the programs:", err)
		return 1
	}
	programs = dir
	flag.Parse()
	if atOnce := flag.Lookup("test.parallel"); atOnce.Value.String() == atOnce.DefValue {
		_ = atOnce.Value.Set(strconv.Itoa(2 * runtime.GOMAXPROCS(0))) // clients wait for programs
	}
	return m.Run()
}

// commandTimeout bounds one command.
const commandTimeout = 90 * time.Second

// bench is a lab, and a person's machine beside it that is set up for the lab's default
// world: signed in as the analyst, with the AWS profiles "center" and "app" of
// administrators of the two accounts.
type bench struct {
	*testing.T
	Lab *lab.Lab
	// home is the home directory; state is below it.
	home, state string
	environ     []string
	// port is that of the redirect.
	port int
}

// start makes a bench; edits change the world before the lab starts.
func start(t *testing.T, edits ...func(*lab.World)) *bench {
	t.Helper()
	port, err := lab.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := append([]func(*lab.World){func(w *lab.World) { registerRedirect(w, port) }}, edits...)
	options := make([]func(*lab.Options), len(all))
	for i, edit := range all {
		options[i] = labtest.Edit(edit)
	}
	b := &bench{T: t, Lab: labtest.Start(t, options...), home: t.TempDir(), port: port}
	b.state = filepath.Join(b.home, "state")
	base := []string{
		"PATH=" + programs + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + b.home, "USERPROFILE=" + b.home, "TMPDIR=" + os.TempDir(),
		"AWS_TIP_CLI=" + b.state, "TIP_CLI_KEYRING=off", "TIP_CLI_SIGN_IN=never",
		"AWS_CONFIG_FILE=" + filepath.Join(b.home, "aws-config"), "AWS_SHARED_CREDENTIALS_FILE=" + filepath.Join(b.home, "aws-credentials"),
		"AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=2", "AWS_PAGER=",
	}
	b.environ = lab.Apply(base, b.Lab.Environ(lab.ProxyDoor, labtest.CAFile(t, b.Lab)))
	b.administrators()
	return b
}

func registerRedirect(w *lab.World, port int) {
	for i := range w.Issuers {
		for j := range w.Issuers[i].Clients {
			c := &w.Issuers[i].Clients[j]
			c.RedirectURIs = append(c.RedirectURIs, fmt.Sprintf("http://localhost:%d/callback", port))
		}
	}
}

// administrators writes the AWS files with the profiles center and app.
func (b *bench) administrators() {
	b.Helper()
	var config, keys strings.Builder
	for profile, account := range map[string]string{"center": labtest.CenterAccount, "app": labtest.ApplicationAccount} {
		c, err := b.Lab.Administrator(account).Retrieve(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		fmt.Fprintf(&config, "[profile %s]\nregion = %s\n", profile, b.Lab.Region())
		fmt.Fprintf(&keys, "[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\naws_session_token = %s\n", profile, c.AccessKeyID, c.SecretAccessKey, c.SessionToken)
	}
	b.write("aws-config", config.String())
	b.write("aws-credentials", keys.String())
}

// admin is for clients of the Go SDK that administer an account of the lab.
func (b *bench) admin(account string) aws.Config {
	return labtest.Config(b.Lab, b.Lab.Administrator(account))
}

// write writes a file below the home directory.
func (b *bench) write(name, text string) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(b.home, name), []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

const oktaIssuer = "https://dev-123456789.okta.com/oauth2/default"

// configure sets tip-cli up; keys replace or add to the configuration, null ones take away.
func (b *bench) configure(keys map[string]any) {
	b.Helper()
	all := map[string]any{
		"token_exchange_application_arn": labtest.ApplicationARN,
		"oidc_role_arn":                  "arn:aws:iam::444455556666:role/tip-oidc-role", "id_enhanced_role_arn": "arn:aws:iam::444455556666:role/tip-id-enhanced-role",
		"okta_url": oktaIssuer, "okta_client_id": labtest.ClientID, "redirect_port": b.port, "region": b.Lab.Region(),
	}
	for key, value := range keys {
		all[key] = value
	}
	text, err := json.Marshal(all)
	if err != nil {
		b.Fatal(err)
	}
	b.must("tip-cli", "configure", "idp", "--provider", "okta", "--config", string(text))
}

// signIn signs the analyst in without a browser.
func (b *bench) signIn(login string) {
	b.Helper()
	browser := fmt.Sprintf(`BROWSER="%s" sign-in --as %s %%s`, filepath.Join(programs, "tip-lab"), login)
	if r := b.runWith([]string{browser}, "tip-cli", "auth"); r.code != 0 {
		b.Fatalf("tip-cli auth: exit code %d\n%s%s", r.code, r.stdout, r.stderr)
	}
}

// outcome of a command.
type outcome struct {
	stdout, stderr string
	code           int
}

func (b *bench) run(name string, args ...string) outcome {
	b.Helper()
	return b.runWith(nil, name, args...)
}

func (b *bench) runWith(extra []string, name string, args ...string) outcome {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	if own := filepath.Join(programs, name); !strings.ContainsRune(name, filepath.Separator) && exists(own) {
		name = own
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env, cmd.Dir = append(append([]string{}, b.environ...), extra...), b.home
	together(cmd)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		b.Fatalf("run %s: %v", name, err)
	}
	return outcome{out.String(), complaints.String(), cmd.ProcessState.ExitCode()}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (b *bench) must(name string, args ...string) string {
	b.Helper()
	r := b.run(name, args...)
	if r.code != 0 {
		b.Fatalf("%s %s: exit code %d\n%s%s", name, strings.Join(args, " "), r.code, r.stdout, r.stderr)
	}
	return r.stdout
}

// shell runs a command line as a person would who has copied it.
func (b *bench) shell(line string) {
	b.Helper()
	if r := b.run("/bin/sh", "-euc", line); r.code != 0 {
		b.Fatalf("%s: exit code %d\n%s%s", line, r.code, r.stdout, r.stderr)
	}
}

// found is one result of diag.
type found struct {
	ID, Check, Section, Status, Title, Seen, Why, Culprit string
	Missing                                               []string `json:"missing_permissions"`
	Fixes                                                 []struct{ Who, Does, Command, Console, Repair string }
}

// diagnosis is the JSON of diag.
type diagnosis struct {
	OK       bool
	Sections []struct {
		Section string
		Results []found
	}
	code int
}

// diag runs tip-cli diag as an administrator of everything would.
func (b *bench) diag(args ...string) *diagnosis {
	b.Helper()
	return b.diagAs(append([]string{"--profile", "center", "--app-profile", "app"}, args...)...)
}

// diagAs runs tip-cli diag.
func (b *bench) diagAs(args ...string) *diagnosis {
	b.Helper()
	r := b.run("tip-cli", append([]string{"diag", "--output", "json"}, args...)...)
	d := &diagnosis{code: r.code}
	if err := json.Unmarshal([]byte(r.stdout), d); err != nil {
		b.Fatalf("diag %v: %v\n%s%s", args, err, r.stdout, r.stderr)
	}
	if d.OK != (r.code == 0) {
		b.Errorf("diag %v: exit code %d, and ok is %t", args, r.code, d.OK)
	}
	return d
}

// with returns the results of a status, in order.
func (d *diagnosis) with(statuses ...string) []found {
	var all []found
	for _, s := range d.Sections {
		for _, r := range s.Results {
			for _, status := range statuses {
				if r.Status == status {
					all = append(all, r)
				}
			}
		}
	}
	return all
}

// String lists what is not ok, for messages of tests.
func (d *diagnosis) String() string {
	var b strings.Builder
	for _, r := range d.with("fail", "warn", "unknown") {
		fmt.Fprintf(&b, "  %-7s %s: %s [%s] (at %s)\n", r.Status, r.ID, r.Title, r.Seen, r.Culprit)
	}
	return b.String()
}
