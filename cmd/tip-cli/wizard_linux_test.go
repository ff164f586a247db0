package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/terminal/ptytest"
	"github.com/tip-cli/tip-cli/lab"
)

// newcomer is a person at a terminal of a machine that nobody has configured.
func newcomer(t *testing.T) *person {
	t.Helper()
	p := &person{machine: newMachine(t, t.TempDir(), lab.ProxyDoor), t: t, changed: make(chan struct{}, 1)}
	p.master, p.tty = ptytest.Open(t, 0)
	if err := unix.IoctlSetWinsize(int(p.tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: 100, Row: 30}); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); p.watch() }()
	t.Cleanup(func() { _ = p.master.Close(); _ = p.tty.Close(); <-ended })
	return p
}

// begins starts tip-cli at the person's terminal; stdout is captured.
func (p *person) begins(stdout *strings.Builder, args ...string) *exec.Cmd {
	p.t.Helper()
	cmd := p.leader(args...)
	cmd.Env = append(cmd.Env, "TERM=xterm-256color", "ACCESSIBLE=", "TIP_CLI_ACCESSIBLE=")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.tty, stdout, p.tty
	launch(p.t, cmd)
	return cmd
}

// answers waits for a question and types.
func (p *person) answers(question, keys string) {
	p.t.Helper()
	p.reads(question)
	p.types(keys)
}

// goesThrough answers the pages up to the review.
func (p *person) goesThrough() {
	p.t.Helper()
	p.answers("Ping Identity", "\r")
	p.answers("such as 0oEXAMPLE", issuer+"\r"+clientID+"\r")
	p.reads("Found " + regexp.QuoteMeta(issuer))
	p.answers("identity-enhanced session", application+"\r"+oidcRole+"\r"+oidcRole+"\r")
	p.answers("must be another role", "\x15"+accessRole+"\r")
	p.answers("Region of IAM Identity Center", "eu-west-1a\r")
	p.answers("availability zone", "\x15eu-west-1\r\r")
	p.reads("Redirect URI to register at the identity provider:.*http://localhost:8090/callback")
}

// The whole wizard, to the credentials.
func TestWizard(t *testing.T) {
	long(t) // and Bubble Tea 2.0.2 races with itself (checkResize)
	t.Parallel()
	p := newcomer(t)
	before, err := unix.IoctlGetTermios(int(p.tty.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	var stdout strings.Builder
	cmd := p.begins(&stdout, "configure")
	p.goesThrough()
	p.answers("Is this right", "\x1b")
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 130 {
		t.Fatalf("%v\n%s", err, p.shown())
	}
	p.reads("Nothing was stored")
	if _, err := os.Stat(filepath.Join(p.state(), store.ConfigFile)); err == nil {
		t.Fatal("something was stored")
	}
	p.configuredAt(t)
	p.screenCleared()
	cmd = p.begins(&stdout, "configure", "idp")
	p.answers("Ping Identity", "\r") // what is configured is offered
	p.answers("such as 0oEXAMPLE", "\r\r")
	p.answers("identity-enhanced session", "\r\r\r")
	p.answers("Region of IAM Identity Center", "\r\r")
	p.answers("Is this right", "\r") // save
	p.answers("Sign in now", "\r")
	p.reads("Signed in as analyst@example.com")
	p.answers("(?s)Signed in as.*Nothing more now", "\r") // the profile
	p.answers("Name of the profile", "-x\r")
	p.reads("now gets its credentials from tip-cli")
	if err := cmd.Wait(); err != nil || stdout.String() != "" {
		t.Fatalf("%v, stdout %q\n%s", err, stdout.String(), p.shown())
	}
	if after, err := unix.IoctlGetTermios(int(p.tty.Fd()), unix.TCGETS); err != nil || *after != *before {
		t.Errorf("the terminal is not as it was: %v", err)
	}
	text, err := os.ReadFile(filepath.Join(p.dir, "aws-config"))
	if err != nil || !strings.Contains(string(text), "[profile tip-x]") {
		t.Errorf("%v\n%s", err, text)
	}
	out, err := p.command(t, "auth", "get-iam-credentials").Output()
	if err != nil || !strings.Contains(string(out), `"AccessKeyId"`) {
		t.Errorf("%v\n%s", err, out)
	}
}

// configuredAt stores the port of this machine, for which no page asks.
func (p *person) configuredAt(t *testing.T) {
	t.Helper()
	if out, err := p.command(t, "configure", "idp", "--provider", "okta", "--config", p.dir+"/config.json").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// screenCleared forgets what was shown so far.
func (p *person) screenCleared() { p.screen.clear() }

// An identity provider that does not answer: the cause, and a choice.
func TestWizardWithoutProvider(t *testing.T) {
	long(t) // and Bubble Tea 2.0.2 races with itself (checkResize)
	t.Parallel()
	p := newcomer(t)
	p.Refuse("dev-123456789")
	var stdout strings.Builder
	cmd := p.begins(&stdout, "configure", "--idp", "okta")
	p.answers("such as 0oEXAMPLE", issuer+"\r"+clientID+"\r")
	p.reads("warning:.*the discovery document of")
	p.answers("What now", "\x1b[B\r") // again
	p.reads("What now(?s).*warning(?s).*What now")
	p.screenCleared()
	p.types("\x1b[B\x1b[B\r") // all the same
	p.answers("identity-enhanced session", application+"\r"+oidcRole+"\r"+accessRole+"\r")
	p.answers("Region of IAM Identity Center", "\r\r")
	p.answers("Is this right", "\r")
	p.answers("What next", "\x1b") // stored all the same
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, p.shown())
	}
	p.reads("Later: tip-cli auth\r?\n")
	p.reads("Later: tip-cli auth set-aws-profile --profile tip")
	if _, err := os.Stat(filepath.Join(p.state(), store.ConfigFile)); err != nil {
		t.Error(err)
	}
}

// A signal from elsewhere ends it as Ctrl-C does.
func TestWizardInterrupted(t *testing.T) {
	long(t) // and Bubble Tea 2.0.2 races with itself (checkResize)
	t.Parallel()
	for name, end := range map[string]func(*person, *exec.Cmd){
		"Ctrl-C": func(p *person, _ *exec.Cmd) { p.types("\x03") },
		"SIGTERM": func(p *person, cmd *exec.Cmd) {
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				p.t.Error(err)
			}
		},
	} {
		p := newcomer(t)
		before, err := unix.IoctlGetTermios(int(p.tty.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		var stdout strings.Builder
		cmd := p.begins(&stdout, "configure")
		p.reads("Ping Identity")
		end(p, cmd)
		_ = cmd.Wait()
		after, err := unix.IoctlGetTermios(int(p.tty.Fd()), unix.TCGETS)
		if code := cmd.ProcessState.ExitCode(); code != 130 || err != nil || *after != *before || stdout.Len() > 0 {
			t.Errorf("%s: exit code %d, %v\n%s", name, code, err, p.shown())
		}
		p.reads("Nothing was stored")
		if _, err := os.Stat(p.state()); err == nil {
			t.Errorf("%s: something was stored", name)
		}
	}
}

// Who wants plain lines gets them, at a terminal too.
func TestPlainLines(t *testing.T) {
	long(t)
	t.Parallel()
	for _, variable := range []string{"TIP_CLI_ACCESSIBLE=1", "ACCESSIBLE=1", "TERM=dumb", "TERM="} {
		p := newcomer(t)
		cmd := p.leader("configure", "--no-check")
		cmd.Env = append(cmd.Env, "TERM=xterm", variable)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = p.tty, p.tty, p.tty
		launch(t, cmd)
		p.answers(`Identity provider \(okta`, "okta\n")
		for _, line := range []string{application, oidcRole, accessRole, issuer, clientID} {
			p.types(line + "\n")
		}
		p.reads("Saved ")
		if err := cmd.Wait(); err != nil || strings.Contains(p.shown(), "\x1b[?25l") {
			t.Errorf("%s: %v\n%q", variable, err, p.shown())
		}
	}
}

// A context is deleted when the person says so, and not before.
func TestDeleteContextAsked(t *testing.T) {
	t.Parallel()
	p := newcomer(t)
	p.configuredAt(t)
	if out, err := p.command(t, "--context", "work", "configure", "idp", "--config", p.dir+"/config.json", "--provider", "okta").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, tt := range []struct {
		reply string
		code  int
		stays bool
	}{{"\n", 1, true}, {"no\n", 1, true}, {"yes\n", 0, false}} {
		p.screenCleared()
		var stdout strings.Builder
		cmd := p.begins(&stdout, "configure", "delete-context", "work")
		p.answers(`Delete the context work and sign out of it\?`, tt.reply)
		_ = cmd.Wait()
		_, err := os.Stat(filepath.Join(p.state(), "contexts", "work"))
		if code := cmd.ProcessState.ExitCode(); code != tt.code || (err == nil) != tt.stays || stdout.Len() > 0 {
			t.Errorf("%q: exit code %d, %v\n%s", tt.reply, code, err, p.shown())
		}
	}
}
