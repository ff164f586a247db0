package childproc

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Only what a signal would have ended cannot have had it.
func TestWouldEnd(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		script string
		want   bool
	}{
		"as it was started":   {`echo; exec sleep 20`, true},
		"ignores it":          {`trap '' INT; echo; exec sleep 20`, false},
		"catches it":          {`trap : INT; echo; read x`, false},
		"ignores another one": {`trap '' QUIT; echo; exec sleep 20`, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("sh", "-c", tt.script)
			hold, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = hold.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() }()
			if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
				t.Fatal(err)
			}
			for end := time.Now().Add(20 * time.Second); strings.HasSuffix(tt.script, "20") && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
				if name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", cmd.Process.Pid)); string(name) == "sleep\n" {
					break // the shell itself may catch it
				}
			}
			if got := wouldEnd(cmd.Process.Pid, syscall.SIGINT); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
	if wouldEnd(1<<30, syscall.SIGINT) {
		t.Error("a process that is not there would end")
	}
}

func TestFromTerminal(t *testing.T) {
	t.Parallel()
	for sig, want := range map[syscall.Signal]bool{
		syscall.SIGINT: true, syscall.SIGQUIT: true, syscall.SIGWINCH: true,
		syscall.SIGTERM: false, syscall.SIGHUP: false, syscall.SIGUSR1: false, syscall.SIGUSR2: false, syscall.SIGCONT: false,
	} {
		if got := fromTerminal(sig); got != want {
			t.Errorf("%v: %v", sig, got)
		}
	}
}
