package tokensource_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/recursion"
	"github.com/tip-cli/tip-cli/internal/secret"
	"github.com/tip-cli/tip-cli/internal/tokensource"
)

// self is this test binary, which is every program.
func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func environ(program string, more ...string) []string {
	return append(append(os.Environ(), childVariable+"="+program), more...)
}

// command runs one of the programs, with the canary among its arguments.
func command(ctx context.Context, t *testing.T, program string, o tokensource.Options) (secret.Value, error) {
	t.Helper()
	if o.Environ == nil {
		o.Environ = environ(program)
	}
	return tokensource.Command(ctx, []string{self(t), canary}, o)
}

// outcome is an error as people and callers see it.
type outcome struct {
	Kind        tokensource.Kind
	Description string
	Hint        bool
}

// outcomeOf also looks for the canary.
func outcomeOf(t *testing.T, err error) outcome {
	t.Helper()
	if err == nil {
		return outcome{}
	}
	var e *tokensource.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T is no Error: %v", err, err)
	}
	for inner := error(e); inner != nil; inner = errors.Unwrap(inner) {
		shown := fmt.Sprintf("%v %+v %#v %s", inner, inner, inner, e.Hint)
		if strings.Contains(shown, "canary") || strings.Contains(shown, header) || strings.Contains(shown, payload) || strings.Contains(shown, "\n") {
			t.Errorf("the error shows the content, or has several lines: %s", shown)
		}
	}
	return outcome{tokensource.KindOf(err), strings.ReplaceAll(e.Error(), fmt.Sprintf("%q", filepath.Base(self(t))), "P"), e.Hint != ""}
}

func TestCommandGives(t *testing.T) {
	t.Parallel()
	for program, want := range map[string]string{
		"token":    canary,
		"newlines": canary,
		"bom":      canary,
		"1 MiB":    strings.Repeat("x", 1<<20),
		// A web page is text; JWT refuses it.
		"html":      "<html><title>Sign in</title>" + canary + "</html>",
		"arguments": canary,
		"stdin":     "typed",
	} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			var o tokensource.Options
			if program == "stdin" {
				r, w := pipe(t)
				if _, err := w.WriteString("typed"); err != nil {
					t.Fatal(err)
				}
				_ = w.Close()
				o.Stdin = r
			}
			got, err := command(t.Context(), t, program, o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got.Reveal()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCommandRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		program string
		want    outcome
	}{
		{"nothing", outcome{tokensource.KindContent, "the program of token_command, P, gave nothing", true}},
		{"blank", outcome{tokensource.KindContent, "the program of token_command, P, gave nothing", true}},
		{"stderr only", outcome{tokensource.KindContent, "the program of token_command, P, gave nothing", true}},
		{"stdin", outcome{tokensource.KindContent, "the program of token_command, P, gave nothing", true}}, // which is empty
		{"nul", outcome{tokensource.KindContent, "the program of token_command, P, gave something that is not text", true}},
		{"latin1", outcome{tokensource.KindContent, "the program of token_command, P, gave something that is not text", true}},
		{"utf16", outcome{tokensource.KindContent, "the program of token_command, P, gave UTF-16", true}},
		{"too long", outcome{tokensource.KindContent, "the program of token_command, P, gave more than 1 MiB", true}},
		{"forever", outcome{tokensource.KindContent, "the program of token_command, P, gave more than 1 MiB", true}},
		{"obstinate", outcome{tokensource.KindContent, "the program of token_command, P, gave more than 1 MiB", true}},
		{"overflows", outcome{tokensource.KindContent, "the program of token_command, P, gave more than 1 MiB", true}},
		{"fails", outcome{tokensource.KindFailed, "the program of token_command, P, failed: exit status 7", true}},
		{"crashes", outcome{tokensource.KindFailed, "the program of token_command, P, failed: signal: killed", true}},
	}
	for _, tt := range tests {
		t.Run(tt.program, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS == "windows" && tt.program == "crashes" {
				tt.want.Description = "the program of token_command, P, failed: exit status 1"
			}
			got, err := command(t.Context(), t, tt.program, tokensource.Options{Stderr: io.Discard})
			if diff := cmp.Diff(tt.want, outcomeOf(t, err)); diff != "" || !got.IsZero() {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What a program gets wrong is said of the setting that names it.
func TestCommandNamesItsSetting(t *testing.T) {
	t.Parallel()
	for program, want := range map[string]string{
		"nothing": "the program of client_secret_command, P, gave nothing", "fails": "the program of client_secret_command, P, failed: exit status 7",
	} {
		_, err := command(t.Context(), t, program, tokensource.Options{Setting: "client_secret_command", Stderr: io.Discard})
		if got := outcomeOf(t, err); got.Description != want {
			t.Errorf("%q, want %q", got.Description, want)
		}
	}
	_, err := tokensource.Command(t.Context(), []string{"tip-no-such-program"}, tokensource.Options{Setting: "client_secret_command"})
	var e *tokensource.Error
	if !errors.As(err, &e) || !strings.Contains(e.Hint, "client_secret_command") || strings.Contains(e.Hint, "token_command") {
		t.Errorf("%+v", e)
	}
}

func TestCommandNotRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"plain": 0o600, "empty": 0o700} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("\x7fELF"), mode); err != nil {
			t.Fatal(err)
		}
	}
	clientSecret := tokensource.Options{Setting: "client_secret_command"}
	tests := []struct {
		name string
		argv []string
		o    tokensource.Options
		want outcome
		is   error
	}{
		{"no program", nil, tokensource.Options{}, outcome{tokensource.KindConfig, "token_command is empty", true}, nil},
		{"an empty name", []string{"", canary}, tokensource.Options{}, outcome{tokensource.KindConfig, "token_command is empty", true}, nil},
		{"not there", []string{filepath.Join(dir, "gone"), canary}, tokensource.Options{}, outcome{tokensource.KindConfig, fmt.Sprintf("the program of token_command, %q, was not found", filepath.Join(dir, "gone")), true}, os.ErrNotExist},
		{"not in PATH", []string{"tip-no-such-program", canary}, tokensource.Options{}, outcome{tokensource.KindConfig, `the program of token_command, "tip-no-such-program", was not found`, true}, nil},
		{"a line for a shell", []string{"get-token --for " + "x"}, tokensource.Options{}, outcome{tokensource.KindConfig, `the program of token_command, "get-token --for x", was not found`, true}, nil},
		{"no client secret", nil, clientSecret, outcome{tokensource.KindConfig, "client_secret_command is empty", true}, nil},
		{"of a client secret", []string{"tip-no-such-program"}, clientSecret, outcome{tokensource.KindConfig, `the program of client_secret_command, "tip-no-such-program", was not found`, true}, nil},
	}
	if runtime.GOOS != "windows" {
		tests = append(tests, tests[0], tests[0])
		last := tests[len(tests)-2:]
		last[0].name, last[0].argv, last[0].is = "not executable", []string{filepath.Join(dir, "plain"), canary}, os.ErrPermission
		last[0].want = outcome{tokensource.KindConfig, fmt.Sprintf("the program of token_command, %q, is not executable", filepath.Join(dir, "plain")), true}
		last[1].name, last[1].argv = "no program inside", []string{filepath.Join(dir, "empty"), canary}
		last[1].want = outcome{tokensource.KindConfig, `the program of token_command, "empty", cannot be run`, true}
	}
	for _, tt := range tests {
		_, err := tokensource.Command(t.Context(), tt.argv, tt.o)
		if diff := cmp.Diff(tt.want, outcomeOf(t, err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s: %v is not %v", tt.name, err, tt.is)
		}
	}
}

// The program inherits the environment, and the way that led to it.
func TestCommandEnvironment(t *testing.T) {
	t.Parallel()
	o := tokensource.Options{Environ: environ("environment", "KEPT=yes", recursion.Variable+"=before")}
	got, err := command(t.Context(), t, "environment", o)
	if err != nil {
		t.Fatal(err)
	}
	if want := "before token_command,"; !strings.HasPrefix(got.Reveal(), want) || !strings.HasSuffix(got.Reveal(), "|yes") {
		t.Errorf("the program has %q", got.Reveal())
	}
}

// Without an Environ it is our own.
func TestCommandHasOurEnvironment(t *testing.T) {
	t.Setenv(childVariable, "environment")
	t.Setenv("KEPT", "yes")
	o := tokensource.Options{Setting: "client_secret_command", State: t.TempDir()}
	got, err := tokensource.Command(t.Context(), []string{self(t)}, o)
	if err != nil || !strings.HasPrefix(got.Reveal(), "client_secret_command,") || !strings.HasSuffix(got.Reveal(), "|yes") {
		t.Errorf("Command() = %q, %v", got.Reveal(), err)
	}
}

func TestCommandStderr(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	_, err := command(t.Context(), t, "fails", tokensource.Options{Stderr: &stderr})
	if tokensource.KindOf(err) != tokensource.KindFailed {
		t.Error(err)
	}
	if diff := cmp.Diff("cannot sign in with "+canary+"\n", stderr.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCommandTimeout(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"hangs", "stubborn", "waits"} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			_, err := command(t.Context(), t, program, tokensource.Options{Timeout: 200 * time.Millisecond})
			want := outcome{tokensource.KindTimeout, "the program of token_command, P, did not end within 200ms", true}
			if diff := cmp.Diff(want, outcomeOf(t, err)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v is no deadline", err)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// Cancelling ends the program and what it started: a file that all of them have
// closes.
func TestCommandCancel(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"hangs", "stubborn", "waits"} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			r, w := pipe(t)
			all, held := pipe(t)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() {
				_, err := command(ctx, t, program, tokensource.Options{Stdin: held, Stderr: w})
				_ = held.Close()
				ended <- err
			}()
			stderr := bufio.NewReader(r)
			hears(t, stderr, "ready")
			cancel()
			err := <-ended
			want := outcome{tokensource.KindInterrupted, "the program of token_command, P, was interrupted", false}
			if diff := cmp.Diff(want, outcomeOf(t, err)); diff != "" || !errors.Is(err, context.Canceled) {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if rest, err := io.ReadAll(all); err != nil || len(rest) > 0 {
				t.Errorf("the file has %q, %v", rest, err)
			}
		})
	}
}

func TestCommandCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := command(ctx, t, "token", tokensource.Options{})
	if diff := cmp.Diff(outcome{tokensource.KindInterrupted, "the program of token_command, P, was interrupted", false}, outcomeOf(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	late, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = command(late, t, "hangs", tokensource.Options{})
	if diff := cmp.Diff(outcome{tokensource.KindTimeout, "the program of token_command, P, took too long", false}, outcomeOf(t, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A program that was asked to end may tidy up; what it prints then is not used.
func TestCommandAsksFirst(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no way to ask")
	}
	r, w := pipe(t)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		got, err := command(ctx, t, "polite", tokensource.Options{Stderr: w})
		if !got.IsZero() {
			t.Error("a cancelled command gave a token")
		}
		ended <- err
	}()
	stderr := bufio.NewReader(r)
	hears(t, stderr, "ready")
	cancel()
	hears(t, stderr, "tidied up")
	if err := <-ended; tokensource.KindOf(err) != tokensource.KindInterrupted {
		t.Error(err)
	}
}

// A program leaves a child behind that keeps stdout and stderr open: the token is
// taken, and the child lives on, without the file that our stderr is.
func TestCommandLeavesAChild(t *testing.T) {
	t.Parallel()
	stdin, typing := pipe(t)
	r, w := pipe(t)
	got, err := command(t.Context(), t, "leaves", tokensource.Options{Stdin: stdin, Stderr: w})
	if err != nil || got.Reveal() != canary {
		t.Fatalf("Command() = %v", err)
	}
	_ = w.Close()
	if err := r.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil && runtime.GOOS != "windows" {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
		t.Errorf("stderr goes on with %q, %v", rest, err)
	}
	called, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = called.Close() }()
	if _, err := typing.WriteString(called.Addr().String()); err != nil {
		t.Fatal(err)
	}
	_ = typing.Close()
	conn, err := called.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if text, err := io.ReadAll(conn); string(text) != "alive" {
		t.Errorf("it says %q, %v", text, err)
	}
}
