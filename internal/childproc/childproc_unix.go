//go:build unix

package childproc

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// passed are the signals that a child gets in our place.
var passed = []os.Signal{
	syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH,
	syscall.SIGCONT,
}

// noFormat is the error for a file that the system cannot execute.
var noFormat error = syscall.ENOEXEC

// fromTerminal reports whether a terminal sends sig to everybody in the foreground.
func fromTerminal(sig os.Signal) bool {
	return slices.Contains([]os.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGWINCH}, sig)
}

// isContinue reports whether sig is of job control.
func isContinue(sig os.Signal) bool { return sig == syscall.SIGCONT }

// resume continues a child that is in a group of its own, such as a shell, and gives
// it the terminal: whoever has continued us (fg) has done so for our group only.
func resume(child *os.Process) {
	group, err := syscall.Getpgid(child.Pid)
	if err != nil || group == syscall.Getpgrp() || group != child.Pid {
		return
	}
	if inForeground() {
		_ = onTerminal(func(fd int) error { return unix.IoctlSetPointerInt(fd, unix.TIOCSPGRP, group) }) // the child may ask for it itself
	}
	_ = syscall.Kill(-group, syscall.SIGCONT) // it may just have ended
}

// onTerminal runs f with the controlling terminal, if there is one.
func onTerminal(f func(fd int) error) error {
	at, err := os.OpenFile("/dev/tty", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer func() { _ = at.Close() }()
	raw, err := at.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = f(int(fd)) }); err != nil {
		return err
	}
	return failed
}

// codeOf is the exit code by which a shell names how a process has ended.
func codeOf(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}

// Replace turns this process into the program at path; argv begins with its name.
// It returns only with an error: that of ctx if it has ended before, a [*StartError],
// or [ErrUnsupported] on Windows. SIGHUP and SIGINT are as they were when this process
// started, ignored ones ignored; SIGTTIN and SIGTTOU stay ignored if this process has
// opened its terminal.
func Replace(ctx context.Context, path string, argv, environ []string) error {
	signal.Reset()
	if err := ctx.Err(); err != nil {
		return err
	}
	return &StartError{argv[0], syscall.Exec(path, argv, environ)}
}
