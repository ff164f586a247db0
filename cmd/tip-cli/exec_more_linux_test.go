package main

import (
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// bashAt is a shell with job control at the person's terminal.
func (p *person) bashAt() *exec.Cmd {
	p.t.Helper()
	shell, err := exec.LookPath("bash")
	need(p.t, err, "bash")
	cmd := p.leader()
	cmd.Path, cmd.Args = shell, []string{"bash", "--norc", "--noprofile", "-i"}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.tty, p.tty, p.tty
	cmd.Env = append(cmd.Env, "PS1=outer> ", "HISTFILE=")
	launch(p.t, cmd)
	p.reads(`outer> `)
	return cmd
}

// A shell that suspends itself gives the terminal back, and gets it again.
func TestExecServerAndSuspend(t *testing.T) {
	t.Parallel()
	p := sit(t).ready()
	cmd := p.bashAt()
	p.types("tip-cli exec --server -- env PS1='inner> ' bash --norc --noprofile -i\n")
	p.reads(`[\r\n]\S*inner> $`)
	for _, round := range []string{"one", "two"} {
		p.types("suspend\n")
		p.reads(`suspend\s+(?s:.*)Stopped[^\n]*[\r\n]\S*outer> $`)
		p.types("echo outer $((1+1)) " + round + "\n")
		p.reads(`outer 2 ` + round + `\s+\S*outer> $`)
		p.types("fg\n")
		p.reads(`fg\s+\S*\s*tip-cli exec(?s:.*)inner> $`)
		p.types("echo inner $((1+1)) " + round + "\n")
		p.reads(`inner 2 ` + round + `\s+\S*inner> $`)
	}
	p.types("exit 4\n")
	p.reads(`exit 4(?s:.*)outer> $`)
	p.types("echo it was $?\n")
	p.reads(`it was 4`)
	p.types("exit\n")
	p.ends(cmd, 0)
}

// What somebody else sends to tip-cli alone ends a command that does not care about
// it, at a terminal, too.
func TestExecServerAndTimeout(t *testing.T) {
	t.Parallel()
	p := sit(t).ready()
	cmd := p.leader()
	path, err := exec.LookPath("timeout")
	need(t, err, "timeout of the coreutils")
	cmd.Path, cmd.Args = path, []string{"timeout", "--foreground", "-s", "INT", "1", "tip-cli", "exec", "--server", "--", "sleep", "20"}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.tty, p.tty, p.tty
	began := time.Now()
	launch(t, cmd)
	p.ends(cmd, 124)
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("it took %v", took)
	}
}

// What the endpoint of a command gives: nothing after a sign-out, S3 credentials
// with --s3, and those of the context that was asked for.
func TestExecServerGives(t *testing.T) {
	t.Parallel()
	m := signedIn(t)
	for _, flags := range [][]string{nil, {"--s3", "s3://tip-demo-data/reports/"}} {
		s, letGo := m.lendingWith(t, flags...)
		status, body := asked(t, s)
		if status != http.StatusOK || !strings.HasSuffix(s.URL, "/contexts/default") {
			t.Errorf("%v: status %d at %s", flags, status, s.URL)
		}
		// Those of S3 Access Grants name no account.
		if has := strings.Contains(body, "444455556666"); has != (flags == nil) {
			t.Errorf("%v: credentials of the role session: %v", flags, has)
		}
		letGo()
	}
	other := m.dir + "/config.json"
	for _, args := range [][]string{{"--context", "other", "configure", "idp", "--provider", "okta", "--config", other}, {"--context", "other", "auth"}} {
		if out, err := m.command(t, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	s, letGo := m.lendingWith(t, "--context", "other")
	defer letGo()
	if status, _ := asked(t, s); status != http.StatusOK || !strings.HasSuffix(s.URL, "/contexts/other") {
		t.Errorf("status %d at %s", status, s.URL)
	}
	if out, err := m.command(t, "--context", "other", "auth", "logout").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if status, body := asked(t, s); status != http.StatusForbidden || strings.Contains(body, "SecretAccessKey") {
		t.Errorf("after the sign-out: status %d", status)
	}
}

// lendingWith is exec --server with more flags.
func (m *machine) lendingWith(t *testing.T, flags ...string) (s served, letGo func()) {
	t.Helper()
	args := append(append([]string{"exec", "--server"}, flags...), "--", "sh", "-c", sayEndpoint+"read go")
	cmd := m.command(t, args...)
	hold, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	s, _ = lentTo(t, cmd)
	return s, func() { _ = hold.Close(); _ = cmd.Wait() }
}

// asked asks an endpoint for credentials.
func asked(t *testing.T, s served) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", s.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// A name in the environment is anybody's text, and env prints for a shell.
func TestEnvAndHostileNames(t *testing.T) {
	long(t)
	t.Parallel()
	m := signedIn(t)
	for _, format := range []string{"sh", "fish", "powershell", "cmd"} {
		cmd := m.command(t, "env", "--format", format)
		cmd.Env = append(cmd.Env, "AWS_BEARER_TOKEN_$(echo ran)=x", "AWS_BEARER_TOKEN_\necho ran\n=x", "AWS_BEARER_TOKEN_;echo ran=x", "AWS_BEARER_TOKEN_OK=x")
		out, err := cmd.Output()
		if err != nil || strings.Contains(string(out), "ran") || !strings.Contains(string(out), "AWS_BEARER_TOKEN_OK") {
			t.Errorf("%s: %v, a hostile name is there: %v", format, err, strings.Contains(string(out), "ran"))
		}
	}
}
