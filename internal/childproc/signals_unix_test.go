//go:build unix

package childproc_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/childproc"
)

// signalled says when it listens, and ends with the number of the signal it got.
// Or, with "die", by that signal.
func signalled(script string) int {
	if script == "count" {
		return counted()
	}
	if script == "die" {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	got := make(chan os.Signal, 1)
	signal.Notify(got, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH)
	fmt.Println("ready")
	select {
	case sig := <-got:
		return 60 + int(sig.(syscall.Signal))
	case <-time.After(30 * time.Second):
		return 1
	}
}

// Every signal that this process gets is the child's. The child has no terminal
// in common with us: it is a group of its own, so that nothing but Run reaches it.
func TestSignalsArePassedOn(t *testing.T) {
	if tty, err := os.Open("/dev/tty"); err == nil {
		_ = tty.Close()
		t.Log("with a controlling terminal: signals that it would send are left out")
	}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGWINCH} {
		if sig == syscall.SIGINT || sig == syscall.SIGQUIT || sig == syscall.SIGWINCH {
			if tty, err := os.Open("/dev/tty"); err == nil {
				_ = tty.Close()
				continue
			}
		}
		t.Run(sig.String(), func(t *testing.T) {
			cmd := own(t, "wait")
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			read, write, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			cmd.Stdout = write
			go func() {
				if line, _ := bufio.NewReader(read).ReadString('\n'); line == "ready\n" {
					_ = syscall.Kill(os.Getpid(), sig)
				}
			}()
			code, err := childproc.Run(cmd)
			if want := 60 + int(sig); code != want || err != nil {
				t.Errorf("%d, %v, want %d", code, err, want)
			}
			_, _ = write.Close(), read.Close()
		})
	}
}

func TestKilledChild(t *testing.T) {
	code, err := childproc.Run(own(t, "die"))
	if code != 128+int(syscall.SIGKILL) || err != nil {
		t.Errorf("%d, %v", code, err)
	}
}

func TestCannotRun(t *testing.T) {
	for name, tt := range map[string]struct {
		content    string
		mode       os.FileMode
		text, hint string
	}{
		"not executable":    {"#!/bin/sh\n", 0o600, "permission denied", "it must be a file that you may execute"},
		"no format":         {"echo\n", 0o700, "exec format error", "a script must begin"},
		"no interpreter":    {"#!/nowhere/sh\n", 0o700, "no such file", "a script's first line"},
		"no format, no way": {"\x7fELF", 0o700, "exec format error", "a script must begin"},
	} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(tt.content), tt.mode); err != nil {
			t.Fatal(err)
		}
		_, err := childproc.Run(&exec.Cmd{Path: path, Args: []string{name}})
		refused(t, err, childproc.CannotRun, tt.text, tt.hint)
		err = childproc.Replace(t.Context(), path, []string{name}, nil)
		refused(t, err, childproc.CannotRun, tt.text, tt.hint)
	}
	_, err := childproc.Look(t.TempDir())
	refused(t, err, childproc.CannotRun, "is a directory", "it must be a program")
}

// Replace leaves the process and takes the rest: argv, environment, and signals
// that were ignored when the process started.
func TestReplace(t *testing.T) {
	if os.Getenv("CHILDPROC_REPLACE") != "" {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGHUP, syscall.SIGTERM)
		defer stop()
		script := "kill -HUP $$; echo $0 $$ $A; kill -TERM $$; echo not reached"
		t.Fatal(childproc.Replace(ctx, "/bin/sh", []string{"name", "-c", script}, []string{"A=b"}))
	}
	cmd := exec.Command("sh", "-c", `trap '' HUP; exec "$0" -test.run '^TestReplace$'`, os.Args[0])
	cmd.Env = append(os.Environ(), "CHILDPROC_REPLACE=1")
	out, err := cmd.Output()
	if want := fmt.Sprintf("name %d b\n", cmd.Process.Pid); string(out) != want {
		t.Errorf("%v, %q, want %q", err, out, want)
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGTERM {
		t.Errorf("it ended so: %v", strings.TrimSpace(cmd.ProcessState.String()))
	}
}

// What nohup ignores for this process is ignored by the child, too.
func TestRunUnderNohup(t *testing.T) {
	if os.Getenv("CHILDPROC_NOHUP") != "" {
		script := "kill -HUP $$; echo still there"
		code, err := childproc.Run(&exec.Cmd{Path: "/bin/sh", Args: []string{"sh", "-c", script}, Stdout: os.Stdout})
		fmt.Println("ended", code, err)
		return
	}
	cmd := exec.Command("sh", "-c", `trap '' HUP; exec "$0" -test.run '^TestRunUnderNohup$'`, os.Args[0])
	cmd.Env = append(os.Environ(), "CHILDPROC_NOHUP=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "still there\nended 0 <nil>\n") {
		t.Errorf("%v: %s", err, out)
	}
}
