package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
)

// canary is a command in a form that works, if the circumstances let it.
type canary struct {
	command string
	// args follow the command.
	args []string
	// stdin, if not empty, is typed; it is a secret.
	stdin string
	// aside says that the command has nothing to do with upstreams, and knows no
	// circumstances in which they are to blame.
	aside bool
}

// canaries are the commands in an order in which all can succeed. A command of
// the program that is missing here fails [TestCanaries].
var canaries = []canary{
	{command: "", aside: true},
	{command: "help", args: []string{"auth"}, aside: true},
	{command: "completion", args: []string{"bash"}, aside: true},
	{command: "version", aside: true},
	{command: "configure", aside: true},
	{command: "configure idp", args: []string{"--provider", "okta", "--config", "CONFIG"}},
	{command: "configure show"},
	{command: "configure list-contexts", aside: true},
	{command: "configure use-context", args: []string{"default"}, aside: true},
	{command: "configure generate-cfn-template", args: []string{"https://dev-123456789.okta.com/oauth2/default", "0oaTipCliEXAMPLE"}},
	{command: "configure client-secret", stdin: "canary-client-secret-7b1f2a9e4c"},
	{command: "auth"},
	{command: "auth get-iam-credentials"},
	{command: "whoami", args: []string{"--output", "json"}},
	{command: "status", args: []string{"--output", "json"}},
	{command: "diag", args: []string{"--live", "--target", "s3://tip-demo-data/reports/", "--html", "CONFIG.html"}},
	{command: "diag explain", args: []string{"-"}, stdin: "AADSTS7000215: client_secret=canary-explained-secret-5d2c9e", aside: true},
	{command: "auth refresh-token"},
	{command: "auth set-aws-profile", args: []string{"--profile", "canary"}},
	{command: "s3ag", aside: true},
	{command: "s3ag get-data-access", args: []string{"s3://tip-demo-data/reports/"}},
	{command: "s3ag list-grants"},
	{command: "s3ag explain", args: []string{"s3://tip-demo-data/reports/", "--live"}},
	{command: "s3ag list-credentials"},
	{command: "s3ag clear-credentials"},
	{command: "exec", args: []string{"--", "tip-cli", "s3ag", "list-credentials"}},
	{command: "env", args: []string{"--format", "json"}},
	// It gets credentials, and ends because the token can be written nowhere.
	{command: "serve", args: []string{"--s3", "s3://tip-demo-data/reports/", "--token-file", "no-such-folder/token"}},
	{command: "auth logout"},
	{command: "configure delete-context", args: []string{"canary-context", "--yes"}, aside: true},
}

// listed are the lines of a help text that name a subcommand.
var listed = regexp.MustCompile(`(?m)^  ([a-z][a-z0-9-]*) +\S`)

// subcommands of a command, by its own help.
func subcommands(t *testing.T, m *machine, command string) []string {
	t.Helper()
	help := m.run(t, append([]string{"help"}, strings.Fields(command)...))
	if help.code != 0 {
		t.Fatalf("tip-cli help %s: exit code %d\n%s", command, help.code, help.stderr)
	}
	_, list, _ := strings.Cut(help.stdout, "\nUsage:\n")
	list, _, found := strings.Cut(list, "\nExamples:\n")
	_, list, _ = strings.Cut(list, "\n\n") // the lists of commands are between the two
	if !found {
		t.Fatalf("tip-cli help %s has no examples", command)
	}
	all := []string{command}
	for _, match := range listed.FindAllStringSubmatch(list, -1) {
		all = append(all, subcommands(t, m, strings.TrimSpace(command+" "+match[1]))...)
	}
	return all
}

// verbosities are the ways to make the program say more, by its help.
func verbosities(t *testing.T, m *machine) [][]string {
	t.Helper()
	all := [][]string{nil}
	help := m.run(t, []string{"--help"}).stdout
	if strings.Contains(help, "-v, --verbose") {
		all = append(all, []string{"-v"}, []string{"-vv"})
	}
	for _, flag := range []string{"--debug", "--trace"} {
		if strings.Contains(help, flag) {
			all = append(all, []string{flag})
		}
	}
	return all
}

// circumstance is what may make a command say too much.
type circumstance struct {
	name    string
	arrange func(*testing.T, *machine)
	// upstream says that an upstream is to blame.
	upstream bool
}

func circumstances() []circumstance {
	all := []circumstance{
		{"all is well", func(*testing.T, *machine) {}, false},
		{"the files are damaged", damage, false},
		{"the refresh token is refused", refuseRefresh, false},
	}
	for _, o := range []proxytest.Operation{proxytest.Token, "AssumeRoleWithWebIdentity", create, "AssumeRole", "GetDataAccess", "ListCallerAccessGrants"} {
		all = append(all,
			circumstance{string(o) + " answers with what was asked", func(_ *testing.T, m *machine) { m.Meddle(echo(o)) }, true},
			circumstance{"the answer of " + string(o) + " is cut off", func(_ *testing.T, m *machine) {
				m.Meddle(proxytest.Lose(proxytest.Truncated, o, proxytest.Always))
			}, true})
	}
	return all
}

// echo refuses with the request in the text of the error, as careless services do.
func echo(o proxytest.Operation) proxytest.Hook {
	return func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
		if proxytest.Of(r) != o {
			forward(w, r)
			return
		}
		body, _ := io.ReadAll(r.Body)
		text := fmt.Sprintf("%s %s", r.Header.Get("X-Amz-Security-Token"), body)
		if decoded, err := url.QueryUnescape(string(body)); err == nil {
			text = decoded + " " + text
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if o != proxytest.Token && o != create {
			text = html.EscapeString(text)
		}
		proxytest.Deny(o, 1, http.StatusBadRequest, "ValidationError", text)(w, r, forward)
	}
}

// damage cuts the last bytes off every JSON file, of which that with the tokens
// is the original's.
func damage(t *testing.T, m *machine) {
	t.Helper()
	m.plain(t, func(*store.IDPToken) {})
	files, err := filepath.Glob(filepath.Join(m.state(), "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%v: %v", files, err)
	}
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path, bytes.TrimRight(text, "} \n"), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestCanaries runs every command in every circumstance at every verbosity. What
// is secret is nowhere but in the answers of the two commands whose work it is,
// and in files that nobody else can read.
func TestCanaries(t *testing.T) {
	long(t)
	t.Parallel()
	m := newMachine(t, t.TempDir(), "proxy")
	there := subcommands(t, m, "")
	for _, command := range there {
		if !slices.ContainsFunc(canaries, func(c canary) bool { return c.command == command }) {
			t.Errorf("tip-cli %s is missing among the canaries", command)
		}
	}
	var rows []row
	for _, c := range circumstances() {
		for _, verbosity := range verbosities(t, m) {
			if c.upstream && slices.Equal(verbosity, []string{"-v"}) {
				continue // -vv says the same and more
			}
			rows = append(rows, row{strings.Join(append([]string{c.name}, verbosity...), ", "), func(t *testing.T) { c.sing(t, there, verbosity) }})
		}
	}
	together(t, 12, rows)
}

// sing runs the commands that are there, each where it goes to the network if it ever does.
func (c circumstance) sing(t *testing.T, there []string, verbosity []string) {
	m := spent(t)
	if err := os.Mkdir(filepath.Join(m.dir, "tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	c.arrange(t, m)
	for _, bird := range canaries {
		if !slices.Contains(there, bird.command) || bird.aside && c.upstream {
			continue
		}
		args := slices.Concat(strings.Fields(bird.command), bird.args, verbosity)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "CONFIG", filepath.Join(m.dir, "config.json"))
		}
		cmd := m.command(t, args...)
		cmd.Env = append(cmd.Env, "TMPDIR="+filepath.Join(m.dir, "tmp"))
		cmd.Stdin = strings.NewReader(bird.stdin)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		_ = cmd.Run() // how it ends is the business of other tests
		for _, found := range m.sung(t, bird, stdout.String(), stderr.String()) {
			t.Errorf("tip-cli %s: %s\n%.400s", strings.Join(args, " "), found, stderr.String())
		}
		if !strings.HasPrefix(c.name, "the files") {
			m.dropCredentials(t)
		}
	}
}

// sung are the places where a secret is that should not be.
func (m *machine) sung(t *testing.T, c canary, stdout, stderr string) []string {
	t.Helper()
	secrets := m.Secrets()
	for value, name := range m.keys(t) {
		secrets[value] = name
	}
	if c.stdin != "" {
		secrets[c.stdin] = "what was typed"
	}
	if printsCredentials(strings.Fields(c.command)) {
		stdout = withoutAnswer(stdout)
	}
	found := m.looseModes()
	for value, name := range secrets {
		for place, text := range m.places(stdout, stderr) {
			if shows(text, value) {
				found = append(found, name+" on "+place)
			}
		}
	}
	return found
}

// keys are what opens the sealed tokens.
func (m *machine) keys(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(m.state(), "sealing_key_*"))
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{}
	for _, path := range files {
		if text, err := os.ReadFile(path); err == nil {
			keys[strings.TrimSpace(string(text))] = "sealing key"
		}
	}
	return keys
}

// withoutAnswer takes the two secrets out of the document of credential_process,
// or of env --format json.
func withoutAnswer(stdout string) string {
	var answer struct {
		SecretAccessKey, SessionToken string
		Key                           string `json:"AWS_SECRET_ACCESS_KEY"`
		Token                         string `json:"AWS_SESSION_TOKEN"`
	}
	if json.Unmarshal([]byte(stdout), &answer) != nil || answer.SecretAccessKey+answer.Key == "" {
		return stdout
	}
	return strings.NewReplacer(answer.SecretAccessKey+answer.Key, "", answer.SessionToken+answer.Token, "").Replace(stdout)
}

// places are stdout, stderr and the files of this machine that others may read.
func (m *machine) places(stdout, stderr string) map[string]string {
	places := map[string]string{"stdout": stdout, "stderr": stderr}
	if runtime.GOOS == "windows" {
		return places
	}
	_ = filepath.WalkDir(m.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // it is gone
		}
		if info, err := d.Info(); err == nil && info.Mode().Perm()&0o077 != 0 {
			text, _ := os.ReadFile(path) // what the owner cannot read shows nothing
			places["the file "+d.Name()] = string(text)
		}
		return nil
	})
	return places
}

// fragment is how much of a secret is too much.
const fragment = 24

// shows looks for a secret, its escaped form, and pieces of either.
func shows(text, value string) bool {
	for _, form := range []string{value, url.QueryEscape(value), strings.ReplaceAll(value, "/", `\/`)} {
		pieces := []string{form}
		if n := len(form); n >= 4*fragment {
			pieces = append(pieces, form[n/4:n/4+fragment], form[n/2:n/2+fragment], form[n-fragment:])
		}
		for _, piece := range pieces {
			if strings.Contains(text, piece) {
				return true
			}
		}
	}
	return false
}

// The canary would be heard.
func TestShows(t *testing.T) {
	t.Parallel()
	secret := opaque("begin", 200)
	for text, want := range map[string]bool{
		"nothing": false, "see " + secret: true, "see " + url.QueryEscape(secret): true, secret[:20] + "...": false,
		secret[:80] + "...": true, "..." + secret[150:]: true, strings.ReplaceAll(secret, "/", `\/`): true,
	} {
		if got := shows(text, secret); got != want {
			t.Errorf("%v for %q", got, text)
		}
	}
	if got := withoutAnswer(`{"SecretAccessKey":"` + secret + `","SessionToken":"token"}`); shows(got, secret) {
		t.Error(got)
	}
	m := newMachine(t, t.TempDir(), "proxy")
	m.write(t, "loose", secret)
	if err := os.Chmod(filepath.Join(m.dir, "loose"), 0o644); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && !shows(m.places("", "")["the file loose"], secret) {
		t.Error("a file that others may read is not among the places")
	}
}
