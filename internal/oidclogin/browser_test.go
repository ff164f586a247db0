//go:build unix

package oidclogin_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
)

const address = "https://idp.example/authorize?scope=openid&state=$(id)"

// output names the variable with the file that a script writes to.
const output = "OIDCLOGIN_TEST_OUTPUT"

// script writes a program that stands in for a browser.
func script(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "browser")
	if err := os.WriteFile(path, []byte(preamble+body), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

const preamble = "#!/bin/sh\n[ -z \"$" + output + "\" ] || exec >>\"$" + output + "\" 2>&1\n"

// openWith opens address and returns what scripts write.
func openWith(t *testing.T, ctx context.Context, list, address string) (string, error) {
	t.Helper()
	t.Setenv(output, filepath.Join(t.TempDir(), "output"))
	var stderr buffer
	err := oidclogin.DefaultOpenURL(browserIs(list), &stderr)(ctx, address)
	if got := stderr.String(); got != "" {
		t.Errorf("a stderr that is no terminal gets %q", got)
	}
	written, readErr := os.ReadFile(os.Getenv(output))
	if readErr != nil && !errors.Is(readErr, fs.ErrNotExist) {
		t.Fatal(readErr)
	}
	return string(written), err
}

// browserIs is an environment.
func browserIs(list string) func(string) string {
	return func(name string) string {
		if name == "BROWSER" {
			return list
		}
		return ""
	}
}

func TestBROWSER(t *testing.T) {
	echo := script(t, `for a; do echo "[$a]"; done; echo diagnostic >&2`+"\n")
	broken := script(t, "echo broken; exit 3\n")
	tests := map[string]struct {
		list, written, err string
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
			written, err := openWith(t, t.Context(), tt.list, address)
			if written != tt.written {
				t.Errorf("it wrote %q, want %q", written, tt.written)
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
		if written, err := openWith(t, t.Context(), echo, bad); err == nil || written != "" {
			t.Errorf("%q: %v, written %q", bad, err, written)
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

// TestBrowserLeavesStderr: whoever captures our stderr sees its end while the
// browser lives on.
func TestBrowserLeavesStderr(t *testing.T) {
	for name, browser := range map[string]string{"BROWSER": "x", "system": ""} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			stays := script(t, "touch "+dir+"/up; while [ ! -e "+dir+"/end ]; do sleep 0.05; done; touch "+dir+"/lived\n")
			if browser == "" {
				systemBrowser(t, stays)
			} else {
				browser = stays
			}
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = r.Close() }()
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				waitFor(t, dir+"/up")
				cancel()
			}()
			if err := oidclogin.DefaultOpenURL(browserIs(browser), w)(ctx, address); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			_ = w.Close()
			if err := r.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if text, err := io.ReadAll(r); err != nil || len(text) > 0 {
				t.Errorf("stderr goes on with %q, %v", text, err)
			}
			if err := os.WriteFile(dir+"/end", nil, 0o600); err != nil {
				t.Fatal(err)
			}
			waitFor(t, dir+"/lived")
		})
	}
}

// systemBrowser lets program be what the system opens addresses with.
func systemBrowser(t *testing.T, program string) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"xdg-open", "open"} {
		if err := os.Symlink(program, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// TestSystemBrowser: without BROWSER the system's own is found in PATH.
func TestSystemBrowser(t *testing.T) {
	systemBrowser(t, script(t, "echo \"opened $1\"\n"))
	written, err := openWith(t, t.Context(), "", address)
	if err != nil || written != "opened "+address+"\n" {
		t.Errorf("%v, it wrote %q", err, written)
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
