package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/terminal/ptytest"
	"github.com/tip-cli/tip-cli/lab"
)

// person sits at a terminal, the controlling one of the commands that run there.
type person struct {
	*machine
	t           *testing.T
	master, tty *os.File
	screen      lockedText
	changed     chan struct{}
}

// sit gives a configured machine a person.
func sit(t *testing.T) *person {
	t.Helper()
	m := newMachine(t, t.TempDir(), lab.ProxyDoor)
	if out, err := m.command(t, "configure", "idp", "--provider", "okta", "--config", m.dir+"/config.json").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	p := &person{machine: m, t: t, changed: make(chan struct{}, 1)}
	p.master, p.tty = ptytest.Open(t, 0)
	var done sync.WaitGroup
	done.Go(p.watch)
	t.Cleanup(func() { _ = p.master.Close(); _ = p.tty.Close(); done.Wait() })
	return p
}

// watch collects what the terminal shows.
func (p *person) watch() {
	buffer := make([]byte, 4096)
	for {
		n, err := p.master.Read(buffer)
		_, _ = p.screen.Write(buffer[:n])
		select {
		case p.changed <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

func (p *person) shown() string { return p.screen.String() }

// reads waits until the terminal shows something and returns the part in brackets.
func (p *person) reads(pattern string) string {
	p.t.Helper()
	form := regexp.MustCompile(pattern)
	late := time.After(30 * time.Second)
	for {
		if found := form.FindStringSubmatch(p.shown()); found != nil {
			return found[len(found)-1]
		}
		select {
		case <-p.changed:
		case <-late:
			p.t.Fatalf("%s does not show on the terminal:\n%s", pattern, p.shown())
		}
	}
}

// insists types a line until something shows. Linux sends the signal of Ctrl-Z first and
// drops what was typed afterwards: what a shell that was quick to prompt would read may be
// among it.
func (p *person) insists(text, pattern string) {
	p.t.Helper()
	form := regexp.MustCompile(pattern)
	for range 4 {
		p.types(text)
		for wait := time.After(10 * time.Second); wait != nil; {
			if form.MatchString(p.shown()) {
				return
			}
			select {
			case <-p.changed:
			case <-wait:
				wait = nil
			}
		}
	}
	p.t.Fatalf("%s does not show on the terminal:\n%s", pattern, p.shown())
}

func (p *person) types(text string) {
	p.t.Helper()
	if _, err := io.WriteString(p.master, text); err != nil {
		p.t.Fatal(err)
	}
}

// leader is tip-cli as the leader of a session whose terminal is the person's.
func (p *person) leader(args ...string) *exec.Cmd {
	cmd := p.machine.command(p.t, args...)
	cmd.Env = append(cmd.Env, "TIP_CLI_SIGN_IN=auto", "CI=", "SSH_CONNECTION=", "SSH_CLIENT=", "SSH_TTY=")
	cmd.ExtraFiles = []*os.File{p.tty}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 3}
	return cmd
}

const authorizeAddress = `(https://dev-123456789\.okta\.com/\S+/authorize\S+)`

// An SDK that captures both streams: the person reads the address at the terminal.
func TestSignInOnDemand(t *testing.T) {
	t.Parallel()
	p := sit(t)
	cmd := p.leader("auth", "get-iam-credentials")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	said := regexp.MustCompile(`(?m)^tip-cli: warning: the tokens are sealed, but the key is in the file .*\n`).ReplaceAllString(stderr.String(), "")
	if err != nil || !strings.Contains(string(out), `"AccessKeyId"`) || said != "" {
		t.Errorf("%v\nstdout %q\nstderr %q\nterminal %q", err, out, stderr.String(), p.shown())
	}
	p.reads(authorizeAddress)
}

// Many commands in one terminal bother the person once.
func TestOneSignInForManyProcesses(t *testing.T) {
	t.Parallel()
	p := sit(t)
	script := "for i in 1 2 3 4 5 6; do tip-cli auth get-iam-credentials & done; wait"
	cmd := p.leader("version")
	shell, err := exec.LookPath("sh")
	need(t, err, "sh")
	cmd.Path, cmd.Args = shell, []string{"sh", "-c", script}
	out, err := cmd.Output()
	if n := strings.Count(string(out), `"AccessKeyId"`); err != nil || n != 6 {
		t.Fatalf("%d answers, %v\n%s\n%s", n, err, out, p.shown())
	}
	if n := strings.Count(fmt.Sprint(p.exchanged()), "Authorize"); n != 1 {
		t.Errorf("%d sign-ins: %v", n, p.exchanged())
	}
}

// Without a terminal, in a background job, and where the person has said so,
// nobody is asked.
func TestNobodyToAsk(t *testing.T) {
	t.Parallel()
	p := sit(t)
	for name, tt := range map[string]struct {
		change func(*exec.Cmd)
		want   string
	}{
		"no terminal": {func(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }, "nobody can be asked here"},
		"in CI":       {func(c *exec.Cmd) { c.Env = append(c.Env, "CI=true") }, "nobody is asked in a CI job"},
		"never":       {func(c *exec.Cmd) { c.Env = append(c.Env, "TIP_CLI_SIGN_IN=never") }, "nobody has signed in yet"},
	} {
		cmd := p.leader("auth", "get-iam-credentials")
		tt.change(cmd)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 3 || len(out) > 0 || !strings.Contains(stderr.String(), tt.want) || !strings.Contains(stderr.String(), "hint: run: tip-cli auth") {
			t.Errorf("%s: %v\nstdout %q\nstderr %q", name, err, out, stderr.String())
		}
	}
	if p.shown() != "" || len(p.exchanged()) > 0 {
		t.Errorf("somebody was asked: %q %v", p.shown(), p.exchanged())
	}
}

// Over SSH the address is opened elsewhere, and the one that the browser ends at is
// pasted. What was pasted wrongly is asked for again.
func TestPastedOverSSH(t *testing.T) {
	t.Parallel()
	p := sit(t)
	cmd := p.leader("auth")
	cmd.Env = append(cmd.Env, "SSH_CONNECTION=192.0.2.1 1 192.0.2.2 22", "BROWSER=")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.tty, p.tty, p.tty
	launch(t, cmd)
	address := strings.TrimSpace(p.reads(authorizeAddress + `\s`))
	p.reads("over SSH")
	redirect := p.redirected(address)
	p.types("https://example.com/not-it\n")
	p.types(redirect + "\n")
	p.reads("Signed in as analyst@example.com")
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, p.shown())
	}
	if u, err := url.Parse(redirect); err != nil || strings.Contains(strings.ReplaceAll(p.shown(), redirect, ""), u.Query().Get("code")) {
		t.Errorf("the code is repeated: %s", p.shown())
	}
}

// redirected signs in with a browser elsewhere and returns the address that it
// cannot open.
func (p *person) redirected(address string) string {
	p.t.Helper()
	client := *p.HTTPClient()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Get(address + "&" + url.Values{"lab_login": {"analyst"}, "lab_password": {"analyst"}}.Encode())
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	return resp.Header.Get("Location")
}

// A code for another device.
func TestDeviceCode(t *testing.T) {
	t.Parallel()
	p := sit(t)
	cmd := p.leader("auth", "--device")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.tty, p.tty, p.tty
	launch(t, cmd)
	page := strings.TrimSpace(p.reads(`(https://dev-123456789\.okta\.com/\S+)\s`))
	code := strings.TrimSpace(p.reads(`enter the code\s+(\S+)\s`))
	resp, err := p.HTTPClient().Get(page + "?" + url.Values{"user_code": {code}, "lab_login": {"analyst"}, "lab_password": {"analyst"}}.Encode())
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", resp, err)
	}
	_ = resp.Body.Close()
	p.reads("Signed in as analyst@example.com")
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, p.shown())
	}
	if _, err := store.New(p.state(), func(o *store.Options) { o.Keyring = nil }).LoadIDPToken(t.Context()); err != nil {
		t.Error(err)
	}
}

// The client secret does not show while it is typed.
func TestSecretWithoutEcho(t *testing.T) {
	t.Parallel()
	p := sit(t)
	cmd := p.leader("configure", "client-secret")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.tty, p.tty, p.tty
	launch(t, cmd)
	p.reads("Client secret: ")
	p.types("open-sesame\n")
	p.reads("Stored the client secret")
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if strings.Contains(p.shown(), "sesame") {
		t.Errorf("it shows: %q", p.shown())
	}
}
