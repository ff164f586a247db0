package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/lab"
)

// A job in the background, under nohup: the end of the terminal does not end it.
func TestExecInTheBackground(t *testing.T) {
	t.Parallel()
	m := signedIn(t)
	script := `trap '' HUP; tip-cli exec -- sh -c 'kill -HUP $$; echo still there' & wait $!`
	cmd := m.command(t)
	shell, err := exec.LookPath("sh")
	need(t, err, "sh")
	cmd.Path, cmd.Args = shell, []string{"sh", "-c", script}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "still there") {
		t.Errorf("%v: %s", err, out)
	}
}

// Nobody reads keys from a list of processes: not those of tip-cli, nor the command's.
func TestExecShowsNoSecrets(t *testing.T) {
	long(t)
	t.Parallel()
	m := signedIn(t)
	for _, flags := range [][]string{{}, {"--server"}} {
		args := append(append([]string{"-vv", "exec"}, flags...), "--", "sh", "-c", `cat /proc/$PPID/cmdline /proc/$$/cmdline`)
		var stderr strings.Builder
		cmd := m.command(t, args...)
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil || !strings.Contains(string(out), "cmdline") {
			t.Fatalf("%v: %s%s", err, out, stderr.String())
		}
		if found := m.leaks(args, string(out), stderr.String()); len(found) > 0 {
			t.Errorf("%v: %v", flags, found)
		}
	}
}

// At a terminal env says how a shell takes it; through a pipe it does not.
func TestEnvSaysHow(t *testing.T) {
	long(t)
	t.Parallel()
	p := sit(t).ready()
	cmd := p.leader("env", "--format", "sh", "--region", "eu-west-1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.tty, p.tty, p.tty
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	p.reads(`# Run: eval "\$\(tip-cli env --format sh --region eu-west-1\)"\s+export AWS_ACCESS_KEY_ID=`)
	piped := p.command(t, "env", "--format", "sh")
	piped.Env = lab.Apply(piped.Env, nil)
	if out, err := piped.Output(); err != nil || strings.Contains(string(out), "#") || !strings.HasPrefix(string(out), "export AWS_ACCESS_KEY_ID=") {
		t.Errorf("%v", err)
	}
}

// The environment of the command is ours, but for the variables about credentials.
func TestExecEnvironment(t *testing.T) {
	t.Parallel()
	m := signedIn(t)
	cmd := m.command(t, "exec", "--", "env", "-0")
	cmd.Env = append(cmd.Env, "AWS_PROFILE=x", "AWS_SECURITY_TOKEN=x", "AWS_BEARER_TOKEN_X=x", "ODD= two  words\nand lines ", "EMPTY=")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		name, value, _ := strings.Cut(entry, "=")
		got[name] = value
	}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION"} {
		if got[name] == "" {
			t.Errorf("%s is not set", name)
		}
		delete(got, name)
	}
	want := map[string]string{"AWS_ACCOUNT_ID": "444455556666"}
	for _, entry := range cmd.Env {
		name, value, _ := strings.Cut(entry, "=")
		if name != "AWS_PROFILE" && name != "AWS_SECURITY_TOKEN" && name != "AWS_BEARER_TOKEN_X" {
			want[name] = value
		}
	}
	if diff := envDiff(want, got); diff != "" {
		t.Error(diff)
	}
}

// envDiff names what differs, without the values of what only one side has.
func envDiff(want, got map[string]string) string {
	var out strings.Builder
	for name, value := range want {
		if text, ok := got[name]; !ok || text != value {
			fmt.Fprintf(&out, "%s is %q, want %q\n", name, text, value)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok && name != "_" && os.Getenv(name) == "" {
			fmt.Fprintf(&out, "%s should not be there\n", name)
		}
	}
	return out.String()
}
