//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// alone takes the terminal away from a process, so that no person is there to be
// asked for a sign-in.
func alone(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
