//go:build unix

package childproc

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// passed are the signals that a child gets in our place.
var passed = []os.Signal{
	syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH,
}

// noFormat is the error for a file that the system cannot execute.
var noFormat error = syscall.ENOEXEC

// fromTerminal reports whether a terminal sends sig to everybody in the foreground.
func fromTerminal(sig os.Signal) bool {
	return slices.Contains([]os.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGWINCH}, sig)
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
// or [ErrUnsupported] on Windows. Signals are as they were when this process
// started, ignored ones ignored.
func Replace(ctx context.Context, path string, argv, environ []string) error {
	signal.Reset()
	if err := ctx.Err(); err != nil {
		return err
	}
	return &StartError{argv[0], syscall.Exec(path, argv, environ)}
}
