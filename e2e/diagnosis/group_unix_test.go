//go:build unix

package diagnosis_test

import (
	"os/exec"
	"syscall"
	"time"
)

// together makes a command end together with what it has started, when its time is
// over: a client that a killed tip-cli leaves behind would go on.
func together(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second
}
