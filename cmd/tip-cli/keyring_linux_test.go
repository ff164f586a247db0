package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/store"
)

// hungKeyring is the address of a session bus that takes connections and says nothing.
func hungKeyring(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		var held []net.Conn
		for {
			c, err := l.Accept()
			if err != nil {
				for _, c := range held {
					_ = c.Close()
				}
				return
			}
			held = append(held, c)
		}
	}()
	return "unix:path=" + path
}

// withKeyring is a machine whose tokens are sealed with a key of the keyring, in
// further contexts as well.
func withKeyring(t *testing.T, contexts ...string) *machine {
	t.Helper()
	m := signedIn(t)
	if out, err := m.command(t, "auth", "get-iam-credentials").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := m.edit(store.IDPTokenFile, func(f map[string]any) { f["sealed"].(map[string]any)["key"] = "keyring" }); err != nil {
		t.Fatal(err)
	}
	for _, name := range contexts {
		dir := filepath.Join(m.state(), "contexts", name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{store.ConfigFile, store.IDPTokenFile} {
			text, err := os.ReadFile(filepath.Join(m.state(), file))
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, file), text, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return m
}

// TestHungKeyring: it is waited for once, for three seconds, and named as the reason.
func TestHungKeyring(t *testing.T) {
	m := withKeyring(t, "a", "b", "c", "d")
	bus := hungKeyring(t)
	for _, c := range []struct {
		args string
		want []string
	}{
		{"status --all", []string{"no answer within 3s"}},
		{"status", []string{"not known: ", "which does not give it now (OS keyring: no answer within 3s)"}},
		{"--context a status", []string{"hint: unlock the OS keyring, or run: tip-cli --context a auth\n"}},
		{"whoami --offline", []string{"did not answer within 3s", "Role session"}},
	} {
		t.Run(c.args, func(t *testing.T) {
			t.Parallel()
			cmd := m.command(t, strings.Fields(c.args)...)
			cmd.Env = append(cmd.Env, "TIP_CLI_KEYRING=", "DBUS_SESSION_BUS_ADDRESS="+bus)
			began := time.Now()
			out, err := cmd.CombinedOutput()
			if took := time.Since(began); took < 2*time.Second || took > 8*time.Second {
				t.Errorf("it took %s", took)
			}
			if _, exited := err.(*exec.ExitError); err != nil && !exited {
				t.Error(err)
			}
			for _, want := range append(c.want, "") {
				if !strings.Contains(string(out), want) || strings.Contains(string(out), "deadline") || strings.Contains(string(out), "within -") || strings.Contains(string(out), "TIP_CLI_KEYRING") {
					t.Errorf("no %q:\n%s", want, out)
				}
			}
		})
	}
}
