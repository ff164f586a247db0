//go:build unix

package oidclogin_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
)

const address = "https://idp.example/authorize?scope=openid&state=$(id)"

// script writes a program that stands in for a browser.
func script(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "browser")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func openWith(t *testing.T, ctx context.Context, list, address string) (string, error) {
	t.Helper()
	var stderr buffer
	getenv := func(name string) string {
		if name == "BROWSER" {
			return list
		}
		return ""
	}
	err := oidclogin.DefaultOpenURL(getenv, &stderr)(ctx, address)
	return stderr.String(), err
}

func TestBROWSER(t *testing.T) {
	echo := script(t, `for a; do echo "[$a]"; done; echo diagnostic >&2`+"\n")
	broken := script(t, "echo broken; exit 3\n")
	tests := map[string]struct {
		list, stderr, err string
	}{
		"appended":          {echo, "[" + address + "]\ndiagnostic\n", ""},
		"placeholder":       {echo + " --at %s x", "[--at]\n[" + address + "]\n[x]\ndiagnostic\n", ""},
		"next after broken": {"no-such-browser-x::" + broken + ":" + echo, "broken\n[" + address + "]\ndiagnostic\n", ""},
		"first wins":        {echo + ":" + broken, "[" + address + "]\ndiagnostic\n", ""},
		"none works":        {broken, "broken\n", "exit status 3"},
		"not found":         {"no-such-browser-x", "", "no-such-browser-x was not found"},
		"quote":             {`"x`, "", "a quote without its end"},
		"nothing in list":   {":", "", "BROWSER has no command"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			stderr, err := openWith(t, t.Context(), tt.list, address)
			if stderr != tt.stderr {
				t.Errorf("stderr %q, want %q", stderr, tt.stderr)
			}
			if (err == nil) != (tt.err == "") || (err != nil && !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
		})
	}
}

func TestAddressRefused(t *testing.T) {
	echo := script(t, "echo ran\n")
	for _, bad := range []string{"", "file:///etc/passwd", "javascript:alert(1)", "http://idp.example/", "--help", "https:", "https://[", "http://localhost.evil.example/"} {
		if stderr, err := openWith(t, t.Context(), echo, bad); err == nil || stderr != "" {
			t.Errorf("%q: %v, stderr %q", bad, err, stderr)
		}
	}
	if _, err := openWith(t, t.Context(), echo, "http://127.0.0.1:8090/authorize"); err != nil {
		t.Error(err)
	}
}

// TestBrowserStays: a browser that runs on is not waited for when the sign-in
// ends, and is not killed.
func TestBrowserStays(t *testing.T) {
	dir := t.TempDir()
	stays := script(t, "touch "+dir+"/up; while [ ! -e "+dir+"/end ]; do sleep 0.05; done; touch "+dir+"/lived\n")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		waitFor(t, dir+"/up")
		cancel()
	}()
	if _, err := openWith(t, ctx, stays, address); err == nil {
		t.Error("no error after the context was cancelled")
	}
	if err := os.WriteFile(dir+"/end", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	waitFor(t, dir+"/lived")
}

// waitFor polls for a file that another process makes.
func waitFor(t *testing.T, path string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		if _, err := os.Stat(path); err == nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%s never came", path)
}

// TestSystemBrowser: without BROWSER the system's own is found in PATH, and its
// output goes to stderr.
func TestSystemBrowser(t *testing.T) {
	dir := filepath.Dir(script(t, ""))
	for _, name := range []string{"xdg-open", "open"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\necho \"opened $1\"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	stderr, err := openWith(t, t.Context(), "", address)
	if err != nil || stderr != "opened "+address+"\n" {
		t.Errorf("%v, stderr %q", err, stderr)
	}
}

// TestSignInWithBROWSER: the whole way, with a program that is no browser.
func TestSignInWithBROWSER(t *testing.T) {
	p := newIDP(t)
	broken := script(t, "exit 1\n")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stderr := &watcher{text: "No browser was opened (", found: cancel}
	_, err := oidclogin.New(p.settings(), oidclogin.Env{
		Stderr: stderr, Wait: noWait, HTTPClient: newHTTPClient(t),
		OpenURL: oidclogin.DefaultOpenURL(func(string) string { return broken }, stderr),
	}).SignIn(ctx)
	wantError(t, err, oidclogin.KindInterrupted, "interrupted")
}
