package main

import (
	"io"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"
)

// launch starts a command that leads a group of processes, all of which are gone
// when the test ends, however it ends.
func launch(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if cmd.SysProcAttr == nil {
		alone(cmd)
	}
	cmd.WaitDelay = 10 * time.Second // what has left the group may keep a stream
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = killAll(cmd)
			_ = cmd.Wait()
		}
	})
}

// A test that fails half-way leaves nobody behind: not the command of exec, nor the
// jobs of a shell, which are groups of their own.
func TestLaunchLeavesNobody(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells which processes a session has")
	}
	m := signedIn(t)
	for name, script := range map[string]string{
		"a command": `exec tip-cli exec --server -- sh -c 'echo $$; sleep 60 & wait'`,
		"a job":     `set -m; trap '' HUP; tip-cli exec --server -- sh -c 'echo $$; sleep 60 & wait' & wait`,
	} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Close() }()
		t.Run(name, func(t *testing.T) {
			cmd := m.command(t)
			shell, err := exec.LookPath("bash") // whose jobs are groups without a terminal, too
			need(t, err, "bash")
			cmd.Path, cmd.Args, cmd.Stdout = shell, []string{"bash", "-c", script}, w
			launch(t, cmd)
			_ = w.Close()
			if _, err := r.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
		})
		// The end of file is the end of the last process that has the pipe.
		if err := r.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Errorf("%s: somebody goes on: %v", name, err)
		}
	}
}
