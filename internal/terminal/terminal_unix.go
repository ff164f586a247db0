//go:build unix

package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// device is the controlling terminal, whichever it is (tty(4)).
const device = "/dev/tty"

// writeLimit is how long a terminal may take nothing (Ctrl-S) before Write gives up.
const writeLimit = 10 * time.Second

// Terminal is the controlling terminal of the process. It is safe for
// concurrent use.
//
// Its file description is its own and does not block, so that a read that is
// given up leaves nothing behind that would eat the next keystrokes. Waiting
// is select(2), because neither kqueue nor poll takes /dev/tty on macOS.
type Terminal struct {
	fd int
	// wakeR and wakeW are the two ends of a pipe that ends a select.
	wakeR, wakeW *os.File
	wakeFD       int
	closed       atomic.Bool
	// open is held shared while fd is in use, and alone to close it.
	open    sync.RWMutex
	writing sync.Mutex
	reading turn
	// patience is writeLimit outside of tests.
	patience time.Duration
	// typed has been read and not been asked for yet; whose turn it is may touch it.
	typed []byte
}

var _ io.WriteCloser = (*Terminal)(nil)

// Open opens the controlling terminal for reading and writing. The error
// matches [ErrNoTerminal] where there is none, and EMFILE in a process with
// more than 1000 open files.
//
// From then on the process ignores SIGTTIN and SIGTTOU, for good: reading in
// the background gives [ErrBackground], and writing passes, where the kernel
// would stop the process otherwise. Go cannot put the default back
// (signal.Reset leaves them ignored), so nothing tries. Programs that are
// started later inherit this.
func Open() (*Terminal, error) {
	signal.Ignore(syscall.SIGTTIN, syscall.SIGTTOU)
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, noTerminal(&os.PathError{Op: "open", Path: device, Err: err})
	}
	r, w, err := os.Pipe()
	if err != nil {
		_ = unix.Close(fd) // the error that is returned says more
		return nil, fmt.Errorf("open the terminal: %w", err)
	}
	t := &Terminal{fd: fd, wakeR: r, wakeW: w, wakeFD: int(r.Fd()), reading: make(turn, 1), patience: writeLimit}
	if max(t.fd, t.wakeFD) >= unix.FD_SETSIZE {
		return nil, errors.Join(fmt.Errorf("open the terminal: %w", unix.EMFILE), t.Close()) // select(2) cannot wait for it
	}
	return t, nil
}

// Close closes the terminal. A read under way ends with [os.ErrClosed], and so
// does every later call.
func (t *Terminal) Close() error {
	if t.closed.Swap(true) {
		return os.ErrClosed
	}
	t.wake()
	t.open.Lock()
	defer t.open.Unlock()
	return errors.Join(unix.Close(t.fd), t.wakeR.Close(), t.wakeW.Close())
}

// use runs f while the terminal is open.
func (t *Terminal) use(f func() error) error {
	t.open.RLock()
	defer t.open.RUnlock()
	if t.closed.Load() {
		return os.ErrClosed
	}
	return f()
}

// Write writes all of p. It fails with [os.ErrDeadlineExceeded] when the
// terminal takes nothing for 10 seconds.
func (t *Terminal) Write(p []byte) (int, error) {
	n := 0
	err := t.use(func() (err error) {
		n, err = t.write(p)
		return err
	})
	return n, err
}

func (t *Terminal) write(p []byte) (int, error) {
	t.writing.Lock()
	defer t.writing.Unlock()
	n, idle := 0, time.Now()
	for n < len(p) {
		m, err := unix.Write(t.fd, p[n:])
		switch {
		case err == nil:
			n, idle = n+m, time.Now()
		case err == unix.EINTR:
		case err == unix.EAGAIN:
			if err := t.writable(t.patience - time.Since(idle)); err != nil {
				return n, err
			}
		default:
			return n, &os.PathError{Op: "write", Path: device, Err: err}
		}
	}
	return n, nil
}

// writable waits a moment for the terminal to take something.
func (t *Terminal) writable(limit time.Duration) error {
	if limit <= 0 {
		return os.ErrDeadlineExceeded
	}
	var set unix.FdSet
	set.Set(t.fd)
	timeout := unix.NsecToTimeval(int64(limit))
	_, err := unix.Select(t.fd+1, nil, &set, nil, &timeout)
	if err != nil && err != unix.EINTR {
		return &os.PathError{Op: "select", Path: device, Err: err}
	}
	return nil
}

// Foreground reports whether the process is in the foreground of its terminal,
// where what is typed is for it (tcgetpgrp(3)). It is false once the terminal
// is closed or gone.
func (t *Terminal) Foreground() bool {
	is := false
	err := t.use(func() error {
		is = t.foreground()
		return nil
	})
	return err == nil && is
}

func (t *Terminal) foreground() bool {
	group, err := unix.IoctlGetInt(t.fd, unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// wake ends a select under way. After Close it does nothing.
func (t *Terminal) wake() {
	_, _ = t.wakeW.Write([]byte{0})
}

// ended says why there is nothing to wait for any more.
func (t *Terminal) ended(ctx context.Context) error {
	if t.closed.Load() {
		return os.ErrClosed
	}
	return ctx.Err()
}

// readable waits until there is something to read. In the terminal's own line
// mode that is a whole line.
func (t *Terminal) readable(ctx context.Context) error {
	stop := context.AfterFunc(ctx, t.wake)
	defer stop()
	for {
		if err := t.ended(ctx); err != nil {
			return err
		}
		var set unix.FdSet
		set.Set(t.fd)
		set.Set(t.wakeFD)
		_, err := unix.Select(max(t.fd, t.wakeFD)+1, &set, nil, nil, nil)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return &os.PathError{Op: "select", Path: device, Err: err}
		case set.IsSet(t.wakeFD):
			_, _ = t.wakeR.Read(make([]byte, 64))
		default:
			return nil
		}
	}
}

// read waits and reads once. It returns io.EOF for Ctrl-D and for a terminal
// that is gone, and ErrBackground where what was typed is for somebody else.
func (t *Terminal) read(ctx context.Context, p []byte) (int, error) {
	for {
		if !t.foreground() {
			return 0, t.away()
		}
		if err := t.readable(ctx); err != nil {
			return 0, err
		}
		n, err := unix.Read(t.fd, p)
		switch {
		case err == unix.EINTR, err == unix.EAGAIN:
		case err == unix.EIO && !t.foreground(): // SIGTTIN is ignored
			return 0, t.away()
		case err != nil:
			return 0, &os.PathError{Op: "read", Path: device, Err: err}
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// away tells the background from a terminal that is gone.
func (t *Terminal) away() error {
	if _, err := unix.IoctlGetInt(t.fd, unix.TIOCGPGRP); err != nil {
		return io.EOF
	}
	return ErrBackground
}
