//go:build unix

package terminal

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

// ReadPaste writes prompt and returns the next line without its end, up to 64
// KiB of it: it does the editing itself, because the terminal's own line mode
// swallows what goes beyond 1024 bytes on macOS and 4095 on Linux, and the
// address that Entra ID redirects to is longer. Backspace and Ctrl-U edit.
//
// It returns as soon as ctx ends, and on SIGINT, SIGTERM, SIGHUP and SIGQUIT,
// with an error that matches ctx's or [context.Canceled]. What was typed until
// then is dropped, so that the rest of a paste does not reach the shell. Other
// errors are those of [Terminal.ReadLine] and [ErrTooLong]. The terminal is as
// it was in every case but SIGKILL.
func (t *Terminal) ReadPaste(ctx context.Context, prompt string) (string, error) {
	return t.edited(ctx, prompt, true)
}

// ReadSecret is [Terminal.ReadPaste] without echo. Ctrl-Z does nothing
// meanwhile, because the shell would be left without echo.
func (t *Terminal) ReadSecret(ctx context.Context, prompt string) (string, error) {
	return t.edited(ctx, prompt, false)
}

func (t *Terminal) edited(ctx context.Context, prompt string, echo bool) (string, error) {
	var line string
	err := t.use(func() (err error) {
		if err := t.reading.take(ctx); err != nil {
			return err
		}
		defer t.reading.give()
		if !t.foreground() {
			return t.away()
		}
		waiting, stop := untilSignal(ctx)
		defer stop()
		line, err = t.unechoed(waiting, prompt, echo)
		if waiting.Err() != nil && ctx.Err() == nil && err != nil {
			return fmt.Errorf("interrupted: %w", context.Canceled)
		}
		return err
	})
	return line, err
}

// unechoed reads a line in a mode without echo and puts back the mode that was.
func (t *Terminal) unechoed(ctx context.Context, prompt string, echo bool) (line string, err error) {
	before, err := unix.IoctlGetTermios(t.fd, getTermios)
	if err != nil {
		return "", &os.PathError{Op: "tcgetattr", Path: device, Err: err}
	}
	if err := unix.IoctlSetTermios(t.fd, setTermios, quiet(before)); err != nil {
		return "", &os.PathError{Op: "tcsetattr", Path: device, Err: err}
	}
	defer func() {
		if restored := t.restore(before, ctx.Err() != nil); err == nil {
			err = restored
		}
	}()
	defer t.write([]byte("\n")) //nolint:errcheck // the person has typed Enter; nothing depends on it
	if _, err := t.write([]byte(prompt)); err != nil {
		return "", err
	}
	e := editor{visible: echo}
	return t.edit(ctx, &e)
}

// quiet is mode without echo, line by line editing and Ctrl-Z, but with Ctrl-C.
func quiet(mode *unix.Termios) *unix.Termios {
	changed := *mode
	changed.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.IEXTEN
	changed.Lflag |= unix.ISIG
	changed.Iflag |= unix.ICRNL
	changed.Cc[unix.VMIN], changed.Cc[unix.VTIME] = 1, 0
	changed.Cc[unix.VSUSP] = disabled
	return &changed
}

// restore puts mode back; drop says that what is typed and not read goes away.
// In the background it does nothing: the shell has its own mode there already.
func (t *Terminal) restore(mode *unix.Termios, drop bool) error {
	if !t.foreground() {
		return nil
	}
	request := uint(setTermios)
	if drop {
		request = setTermiosFlush
	}
	if err := unix.IoctlSetTermios(t.fd, request, mode); err != nil {
		return &os.PathError{Op: "tcsetattr", Path: device, Err: err}
	}
	return nil
}

func (t *Terminal) edit(ctx context.Context, e *editor) (string, error) {
	buf := make([]byte, 4096)
	e.feed(t.typed)
	t.typed = nil
	for {
		if _, err := t.write(e.shown()); err != nil {
			return "", err
		}
		switch {
		case e.eof:
			return "", io.EOF
		case e.done:
			t.typed = e.rest
			return string(e.line), nil
		case len(e.line) > maxInput:
			return "", ErrTooLong
		}
		n, err := t.read(ctx, buf)
		if err != nil {
			return "", err
		}
		e.feed(buf[:n])
	}
}

// editor makes a line of keystrokes.
type editor struct {
	visible bool
	line    []byte
	// rest came after the end of the line.
	rest      []byte
	echo      []byte
	done, eof bool
	// escape is how far into an escape sequence (of an arrow key, say) we are.
	escape int
	// letter is the beginning of a character whose other bytes are on their way.
	letter []byte
}

const (
	escapeNone = iota
	escapeSeen
	escapeSequence
)

func (e *editor) feed(keys []byte) {
	for i, key := range keys {
		if e.done || e.eof {
			e.rest = bytes.Clone(keys[i:])
			return
		}
		if !e.escaped(key) {
			e.press(key)
		}
	}
}

// escaped reports whether key belongs to an escape sequence (ECMA-48 section 5.4).
func (e *editor) escaped(key byte) bool {
	switch {
	case key == 0x1b:
		e.escape = escapeSeen
		return true
	case e.escape == escapeSeen && key == '[':
		e.escape = escapeSequence
		return true
	case e.escape == escapeSequence:
		if key >= 0x40 && key <= 0x7e {
			e.escape = escapeNone
		}
		return true
	}
	e.escape = escapeNone
	return false
}

func (e *editor) press(key byte) {
	switch {
	case key == '\r' || key == '\n':
		e.done = true
	case key == 0x04: // Ctrl-D
		e.done, e.eof = len(e.line) > 0, len(e.line) == 0
	case key == 0x7f || key == '\b':
		_, size := utf8.DecodeLastRune(e.line)
		e.erase(size)
	case key == 0x15: // Ctrl-U
		e.erase(len(e.line))
	case key >= ' ' || key == '\t':
		e.line = append(e.line, key)
		e.show(key)
	}
}

// show echoes a character once it is whole: as it is where a terminal prints it,
// else as a question mark, since what is pasted may hold control characters
// beyond ASCII (ECMA-48 section 5.3) or turn the direction of what follows.
func (e *editor) show(key byte) {
	if e.letter = append(e.letter, key); !utf8.FullRune(e.letter) {
		return
	}
	for len(e.letter) > 0 {
		r, size := utf8.DecodeRune(e.letter)
		if r == utf8.RuneError || !unicode.IsPrint(r) && r != '\t' {
			e.echo = append(e.echo, '?')
		} else {
			e.echo = append(e.echo, e.letter[:size]...)
		}
		e.letter = e.letter[size:]
	}
}

// erase takes the last bytes away, on the screen too.
func (e *editor) erase(size int) {
	e.letter = nil
	from := len(e.line) - size
	e.echo = append(e.echo, strings.Repeat("\b \b", utf8.RuneCount(e.line[from:]))...)
	clear(e.line[from:])
	e.line = e.line[:from]
}

// shown returns what the screen needs next.
func (e *editor) shown() []byte {
	echo := e.echo
	e.echo = nil
	if !e.visible {
		return nil
	}
	return echo
}
