//go:build unix

package oidclogin

import (
	"os/exec"
	"syscall"
)

// detach keeps Ctrl-C in the terminal, and its end, from the browser.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
}
