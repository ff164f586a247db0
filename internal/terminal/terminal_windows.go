package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/windows"
)

// Terminal is the console of the process. It is safe for concurrent use.
//
// Windows cannot take back a read of the console, so a ReadLine that is given
// up goes on in a goroutine; the line that it gets is the next caller's.
type Terminal struct {
	in, out *os.File
	lines   *bufio.Reader
	reading turn
	// pending is a read under way; whose turn it is may touch it.
	pending chan typedLine
	closed  atomic.Bool
	done    chan struct{}
	writing sync.Mutex
}

type typedLine struct {
	text string
	err  error
}

var _ io.WriteCloser = (*Terminal)(nil)

// Open opens the console for reading and writing. The error matches
// [ErrNoTerminal] where there is none.
func Open() (*Terminal, error) {
	in, err := os.OpenFile("CONIN$", os.O_RDWR, 0)
	if err != nil {
		return nil, noTerminal(err)
	}
	out, err := os.OpenFile("CONOUT$", os.O_RDWR, 0)
	if err != nil {
		_ = in.Close() // the error that is returned says more
		return nil, noTerminal(err)
	}
	return &Terminal{
		in: in, out: out, lines: bufio.NewReader(in), reading: make(turn, 1), done: make(chan struct{}),
	}, nil
}

// Close closes the console. A read under way ends with [os.ErrClosed].
func (t *Terminal) Close() error {
	if t.closed.Swap(true) {
		return os.ErrClosed
	}
	close(t.done)
	return t.out.Close() // closing the input waits for a read that does not end
}

// Write writes all of p.
func (t *Terminal) Write(p []byte) (int, error) {
	t.writing.Lock()
	defer t.writing.Unlock()
	return t.out.Write(p)
}

// Foreground is true until Close: a Windows console has no background.
func (t *Terminal) Foreground() bool { return !t.closed.Load() }

// ReadLine returns the next line without its end. It returns as soon as ctx
// ends, with ctx's error; what is typed after that is the next ReadLine's of
// this Terminal. Other errors are [io.EOF] for Ctrl-Z, [ErrTooLong] and
// [os.ErrClosed].
func (t *Terminal) ReadLine(ctx context.Context) (string, error) {
	if err := t.reading.take(ctx); err != nil {
		return "", err
	}
	defer t.reading.give()
	return t.line(ctx)
}

func (t *Terminal) line(ctx context.Context) (string, error) {
	if t.closed.Load() {
		return "", os.ErrClosed
	}
	if t.pending == nil {
		pending := make(chan typedLine, 1)
		t.pending = pending
		go func() {
			text, err := t.lines.ReadString('\n')
			pending <- typedLine{strings.TrimRight(text, "\r\n"), err}
		}()
	}
	select {
	case line := <-t.pending:
		t.pending = nil
		if errors.Is(line.err, io.EOF) && line.text != "" {
			line.err = nil
		}
		if len(line.text) > maxInput {
			return "", ErrTooLong
		}
		return line.text, line.err
	case <-ctx.Done():
		return "", ctx.Err()
	case <-t.done:
		return "", os.ErrClosed
	}
}

// ReadPaste writes prompt and returns the next line without its end. It ends
// as [Terminal.ReadLine] does, and on Ctrl-C with an error that matches
// [context.Canceled].
func (t *Terminal) ReadPaste(ctx context.Context, prompt string) (string, error) {
	return t.prompted(ctx, prompt, true)
}

// ReadSecret is [Terminal.ReadPaste] without echo. Echo is back when it returns.
func (t *Terminal) ReadSecret(ctx context.Context, prompt string) (string, error) {
	return t.prompted(ctx, prompt, false)
}

func (t *Terminal) prompted(ctx context.Context, prompt string, echo bool) (string, error) {
	if err := t.reading.take(ctx); err != nil {
		return "", err
	}
	defer t.reading.give()
	if t.closed.Load() {
		return "", os.ErrClosed
	}
	waiting, stop := untilSignal(ctx)
	defer stop()
	if !echo {
		restore, err := t.hide()
		if err != nil {
			return "", err
		}
		defer restore()
	}
	if _, err := t.Write([]byte(prompt)); err != nil {
		return "", err
	}
	line, err := t.line(waiting)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		return "", fmt.Errorf("interrupted: %w", context.Canceled)
	}
	return line, err
}

// hide turns echo off and returns what turns it on again.
func (t *Terminal) hide() (func(), error) {
	console := windows.Handle(t.in.Fd())
	var before uint32
	if err := windows.GetConsoleMode(console, &before); err != nil {
		return nil, fmt.Errorf("get the console's mode: %w", err)
	}
	quiet := before&^windows.ENABLE_ECHO_INPUT | windows.ENABLE_PROCESSED_INPUT | windows.ENABLE_LINE_INPUT
	if err := windows.SetConsoleMode(console, quiet); err != nil {
		return nil, fmt.Errorf("set the console's mode: %w", err)
	}
	return func() {
		_ = windows.SetConsoleMode(console, before)
		_, _ = t.Write([]byte("\r\n"))
	}, nil
}
