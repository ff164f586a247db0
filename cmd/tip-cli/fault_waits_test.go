package main

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/internal/transport/proxytest"
)

// waits are the failures that come of waiting to the end: too long for a script.
func waits() []row {
	return []row{
		{"the lock is held", func(t *testing.T) {
			m := ready(t)
			release, err := store.New(m.state(), func(o *store.Options) { o.Keyring = nil }).Lock(t.Context(), "session")
			if err != nil {
				t.Fatal(err)
			}
			defer release()
			m.says(t, 1, "session.lock: locked by another process", "another tip-cli is at work (perhaps waiting for a sign-in in the browser): wait for it, or end it and try again")
		}},
		{"two upstreams are silent", func(t *testing.T) {
			m, first, second := ready(t), proxytest.Strike(proxytest.Silence, "AssumeRoleWithWebIdentity", 2), proxytest.Strike(proxytest.Silence, "AssumeRole", proxytest.Always)
			silent := func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc) {
				first(w, r, func(w http.ResponseWriter, r *http.Request) { second(w, r, forward) })
			}
			m.Meddle(silent)
			m.says(t, 6, "no answer within 50s: assume access role: ", "try again later; if it stays so, look at the network")
		}},
		{"token_command does not end", func(t *testing.T) {
			m := placed(t)
			sleep, err := exec.LookPath("sleep")
			need(t, err, "sleep")
			if err := m.edit(store.ConfigFile, func(f map[string]any) { f["token_command"] = []string{sleep, "120"} }); err != nil {
				t.Fatal(err)
			}
			m.says(t, 6, `the program of token_command, "sleep", did not end within 45s`, "run it yourself: it must end on its own")
		}},
	}
}

// says runs get-iam-credentials and wants an exit code, the cause and the hint.
func (m *machine) says(t *testing.T, code int, cause, hint string) {
	t.Helper()
	o := m.run(t, credentials)
	m.check(t, o, code)
	_, after, ok := strings.Cut(o.stderr, "tip-cli: error: ")
	first, second, _ := strings.Cut(after, "\n")
	if !ok || !strings.Contains(first, cause) || !strings.HasPrefix(second, "tip-cli: hint: ") || !strings.Contains(second, hint) {
		t.Errorf("it says\n%swant %q and %q", o.stderr, cause, hint)
	}
}
