package main

import (
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
)

// The person at the terminal is asked when serve starts, and not because some
// program asks for credentials later.
func TestServePerson(t *testing.T) {
	t.Parallel()
	p := sit(t)
	cmd := p.leader("serve", "--format", "json")
	s := p.starts(t, cmd)
	p.reads(authorizeAddress)
	s.says(t)
	_ = s.endpoints[0].key(t)
	p.must(t, signOutCommand)
	p.Forget()
	before := p.shown()
	s.endpoints[0].refuses(t, "SignInRequired", "run: tip-cli auth")
	if slices.Contains(p.exchanged(), "Authorize") || p.shown() != before {
		t.Errorf("a request has asked the person: %v\n%s", p.exchanged(), p.shown())
	}
	s.end(t, os.Interrupt)
}

// Whoever starts it with signals ignored, as nohup does, goes on without them.
func TestServeOutlivesTheTerminal(t *testing.T) {
	t.Parallel()
	p := sit(t)
	p.signIn(t)
	shell, err := exec.LookPath("sh")
	need(t, err, "sh")
	cmd := p.command(t, "serve")
	cmd.Path, cmd.Args = shell, []string{"sh", "-c", `trap "" HUP INT; exec tip-cli serve --format json`}
	s := p.starts(t, cmd)
	s.says(t)
	for _, ignored := range []os.Signal{syscall.SIGHUP, os.Interrupt} {
		if err := cmd.Process.Signal(ignored); err != nil {
			t.Fatal(err)
		}
	}
	_ = s.endpoints[0].key(t)
	s.end(t, syscall.SIGTERM)
}
