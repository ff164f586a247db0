package main

import (
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/terminal/ptytest"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
	"github.com/tip-cli/tip-cli/lab"
)

// TestColour: styles on a terminal that shows them, and nowhere else.
func TestColour(t *testing.T) {
	m := newMachine(t, t.TempDir(), lab.ProxyDoor)
	for _, c := range []struct {
		name     string
		terminal bool
		env      []string
		want     string
	}{
		{"terminal", true, []string{"TERM=xterm-256color"}, "tip-cli: \x1b[31merror:\x1b[0m "},
		{"NO_COLOR", true, []string{"TERM=xterm-256color", "NO_COLOR=1"}, "tip-cli: error: "},
		{"empty NO_COLOR", true, []string{"TERM=xterm-256color", "NO_COLOR="}, "tip-cli: \x1b[31merror:\x1b[0m "},
		{"dumb terminal", true, []string{"TERM=dumb"}, "tip-cli: error: "},
		{"pipe", false, []string{"TERM=xterm-256color"}, "tip-cli: error: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd := m.command(t, "auth", "refresh-token") // nothing is configured
			cmd.Env = append(cmd.Env, c.env...)
			got := shownBy(t, cmd, c.terminal)
			if !strings.HasPrefix(got, c.want) || strings.Contains(c.want, "\x1b") != strings.Contains(got, "\x1b") {
				t.Errorf("it shows %q", got)
			}
		})
	}
}

// shownBy is what a failing command writes to stderr, a terminal or a pipe.
func shownBy(t *testing.T, cmd *exec.Cmd, terminal bool) string {
	t.Helper()
	if !terminal {
		var stderr strings.Builder
		cmd.Stderr = &stderr
		if err := cmd.Run(); err == nil {
			t.Fatal("it does not fail")
		}
		return stderr.String()
	}
	screen, line := ptytest.Open(t, 0)
	cmd.Stderr = line
	if err := cmd.Run(); err == nil {
		t.Fatal("it does not fail")
	}
	buffer := make([]byte, 4096)
	n, err := screen.Read(buffer)
	if err != nil {
		t.Fatal(err)
	}
	return string(buffer[:n])
}

// TestProgressOnATerminal: what takes long is told on a terminal, unless nobody
// wants to know.
func TestProgressOnATerminal(t *testing.T) {
	const told = " refreshing the ID token\x1b[K"
	for _, c := range []struct {
		name string
		args []string
		env  string
		want bool
	}{
		{"plain", nil, "TERM=xterm", true},
		{"quiet", []string{"--quiet"}, "TERM=xterm", false},
		{"verbose", []string{"-v"}, "TERM=xterm", false},
		{"dumb", nil, "TERM=dumb", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := sit(t)
			p.signIn(t)
			p.Meddle(func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
				if proxytest.Of(r) == proxytest.Token { // longer than the patience of a person
					p.within(3*time.Second, told)
				}
				forward(w, r)
			})
			cmd := p.command(t, append(c.args, "auth", "refresh-token")...)
			cmd.Env = append(cmd.Env, c.env)
			cmd.Stderr = p.tty
			if err := cmd.Run(); err != nil {
				t.Fatal(err, p.shown())
			}
			if got := strings.Contains(p.shown(), told); got != c.want {
				t.Errorf("told: %v\n%q", got, p.shown())
			}
		})
	}
}

// TestProgressOfASignIn: before the person is asked and after they have answered,
// each wait is told, in a sign-in on demand as well.
func TestProgressOfASignIn(t *testing.T) {
	for _, args := range [][]string{{"auth"}, {"auth", "get-iam-credentials"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			p := sit(t)
			waits := map[proxytest.Operation]string{
				proxytest.Discovery: " asking the identity provider for its endpoints\x1b[K", proxytest.Token: " getting the tokens\x1b[K",
			}
			if len(args) > 1 {
				waits[create] = " exchanging the ID token\x1b[K"
			}
			p.Meddle(func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
				if text := waits[proxytest.Of(r)]; text != "" {
					p.within(10*time.Second, text)
				}
				forward(w, r)
			})
			cmd := p.leader(args...)
			cmd.Env = append(cmd.Env, "TERM=xterm")
			cmd.Stderr = p.tty
			if err := cmd.Run(); err != nil {
				t.Fatal(err, p.shown())
			}
			for _, text := range waits {
				if !strings.Contains(p.shown(), text) {
					t.Errorf("%q is not told:\n%q", text, p.shown())
				}
			}
			if invited := regexp.MustCompile(`(?s)To sign in.*Ctrl-C ends it`).FindString(p.shown()); strings.Contains(invited, "\x1b[K") {
				t.Errorf("the spinner turns in the invitation:\n%q", invited)
			}
		})
	}
}

// within waits for a text on the terminal, or until the time is up.
func (p *person) within(d time.Duration, text string) {
	late := time.After(d)
	for !strings.Contains(p.shown(), text) {
		select {
		case <-p.changed:
		case <-late:
			return
		}
	}
}
