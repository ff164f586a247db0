// Package terminal reaches the person at the machine, and says what kind of
// place that machine is.
//
// [Open] gives the controlling terminal, which is there even when an AWS SDK
// has captured stdin, stdout and stderr of a credential_process. [Detect] says
// whether this is SSH, WSL, a container or CI, and whether a browser can open.
//
// A [Terminal] is safe for concurrent use: writes stay whole, readers take
// turns. What a line means, which sign-in suits a [Place] and who opens the
// browser is decided elsewhere.
package terminal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

var (
	// ErrNoTerminal matches, with errors.Is, the error of [Open] where the
	// process has no controlling terminal: CI, cron, a service, after setsid,
	// or when the window is gone.
	ErrNoTerminal = errors.New("there is no controlling terminal")
	// ErrBackground matches, with errors.Is, the error of a read in a process
	// that is not in the foreground of its terminal. What is typed there is
	// for somebody else.
	ErrBackground = errors.New("this process is in the background of its terminal")
	// ErrTooLong matches, with errors.Is, the error for input of more than 64 KiB.
	ErrTooLong = errors.New("the input is longer than 64 KiB")
)

// maxInput is the most that one line may have, in bytes.
const maxInput = 64 << 10

// IsTerminal reports whether f, usually an [*os.File] such as os.Stdin, is a
// terminal. It is false for whatever has no file descriptor, for nil, and for
// the pipes that mintty on Windows presents as one. It leaves f as it is.
func IsTerminal(f any) bool {
	c, ok := f.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	is := false
	err = raw.Control(func(fd uintptr) { is = term.IsTerminal(int(fd)) })
	return err == nil && is
}

// endings are the signals that end a program: echo must be back before.
var endings = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}

// untilSignal returns a context that also ends on the signals that end a
// program, except those that are ignored (nohup). Others that listen for them
// still hear them.
func untilSignal(ctx context.Context) (context.Context, context.CancelFunc) {
	var wanted []os.Signal
	for _, sig := range endings {
		if !signal.Ignored(sig) {
			wanted = append(wanted, sig)
		}
	}
	if len(wanted) == 0 {
		return context.WithCancel(ctx)
	}
	return signal.NotifyContext(ctx, wanted...)
}

// turn is one reader at a time.
type turn chan struct{}

func (t turn) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) give() { <-t }

// noTerminal says why there is none.
func noTerminal(err error) error {
	return fmt.Errorf("%w: %w", ErrNoTerminal, err)
}
