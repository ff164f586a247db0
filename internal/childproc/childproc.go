// Package childproc runs another program as if it had been started in the place
// of this one: with this process's streams and signals, and its exit code.
//
// [Replace] turns this process into the program, where the system can. [Run] keeps
// this process beside it and passes signals on. Neither uses a shell, and neither
// changes arguments or environment.
//
// Signals belong to the whole process: use one of the two, once, at the end of a
// program.
package childproc

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"sync/atomic"
	"syscall"
)

// Exit codes for a program that could not be started, as those of env(1), nohup(1)
// and the shells.
const (
	CannotRun = 126
	NotFound  = 127
)

// ErrUnsupported is the error of [Replace] where a process cannot become another.
var ErrUnsupported = errors.New("this system cannot replace a process")

// StartError says that a program could not be started.
type StartError struct {
	// Name is the program as it was asked for.
	Name string
	Err  error
}

// Error implements error.
func (e *StartError) Error() string {
	switch {
	case e.notFound():
		return fmt.Sprintf("the command %q was not found", e.Name)
	case errors.Is(e.Err, exec.ErrDot):
		return fmt.Sprintf("the command %q is in the current directory, which is not searched", e.Name)
	}
	return fmt.Sprintf("the command %q cannot be run: %v", e.Name, bare(e.Err))
}

// Unwrap returns the cause.
func (e *StartError) Unwrap() error { return e.Err }

// Hint is what to do.
func (e *StartError) Hint() string {
	switch {
	case e.notFound():
		return "check its name and PATH; a command of the shell itself needs a shell: sh -c '...'"
	case errors.Is(e.Err, exec.ErrDot):
		return "write ./ before its name"
	case errors.Is(e.Err, noFormat):
		return "a script must begin with a line such as #!/bin/sh"
	case errors.Is(e.Err, fs.ErrNotExist):
		return "a script's first line must name a program that is there"
	case errors.Is(e.Err, fs.ErrPermission):
		return "it must be a file that you may execute, see: chmod +x"
	}
	return "it must be a program for this system"
}

// Code is the exit code that says so: [NotFound] or [CannotRun].
func (e *StartError) Code() int {
	if e.notFound() {
		return NotFound
	}
	return CannotRun
}

// notFound reports whether there is no such file, rather than one that cannot run.
func (e *StartError) notFound() bool {
	if errors.Is(e.Err, exec.ErrNotFound) {
		return true
	}
	_, looked := errors.AsType[*exec.Error](e.Err)
	return looked && errors.Is(e.Err, fs.ErrNotExist)
}

// bare is the reason without the names of the operation and the file.
func bare(err error) error {
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		return number
	}
	return err
}

// Look finds a program as a shell does: by the PATH, unless name has a separator.
// The error is a [*StartError].
func Look(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", &StartError{name, err}
	}
	return path, nil
}

// Run runs cmd to its end, however long that takes, and returns its exit code:
// 128 and the signal's number if a signal has ended it. Signals that this process
// gets are passed on (HUP, INT, QUIT, TERM, USR1, USR2, WINCH), except those that a
// terminal has sent to both; as one of those counts, in the foreground, any INT, QUIT
// or WINCH that cmd may have got from there. On Linux a cmd that stops itself, in the
// foreground, stops this process. What this process does after cmd has ended is not
// disturbed. The error is a [*StartError]
// if cmd could not be started.
func Run(cmd *exec.Cmd) (code int, err error) {
	signals := listen()
	defer signals.close()
	if err := cmd.Start(); err != nil {
		return 0, &StartError{cmd.Args[0], err}
	}
	done := make(chan struct{})
	var continued atomic.Int64
	go signals.pass(cmd.Process, &continued, done)
	go stopWith(cmd.Process, &continued, done)
	err = cmd.Wait()
	close(done)
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && !ended && cmd.ProcessState == nil {
		return 0, fmt.Errorf("wait for %s: %w", cmd.Args[0], err)
	}
	return codeOf(cmd.ProcessState), nil
}
