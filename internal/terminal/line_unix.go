//go:build unix

package terminal

import (
	"bytes"
	"context"
	"errors"
	"io"
)

// ReadLine returns the next line without its end. The terminal does the
// editing, so a line ends at 1024 bytes on macOS and at 4095 on Linux: ask for
// what may be longer with [Terminal.ReadPaste].
//
// It returns as soon as ctx ends, with ctx's error, and then what was typed is
// left for whoever reads next. Other errors are [ErrBackground], [io.EOF] for
// Ctrl-D or a terminal that is gone, and [os.ErrClosed].
func (t *Terminal) ReadLine(ctx context.Context) (string, error) {
	var line string
	err := t.use(func() (err error) {
		if err := t.reading.take(ctx); err != nil {
			return err
		}
		defer t.reading.give()
		line, err = t.line(ctx)
		return err
	})
	return line, err
}

func (t *Terminal) line(ctx context.Context) (string, error) {
	buf := make([]byte, 4096)
	for {
		if end := bytes.IndexAny(t.typed, "\r\n"); end >= 0 {
			line := string(t.typed[:end])
			t.typed = t.typed[end+1:]
			return line, nil
		}
		if len(t.typed) > maxInput {
			t.typed = nil
			return "", ErrTooLong
		}
		n, err := t.read(ctx, buf)
		if errors.Is(err, io.EOF) && len(t.typed) > 0 {
			line := string(t.typed)
			t.typed = nil
			return line, nil
		}
		if err != nil {
			return "", err
		}
		t.typed = append(t.typed, buf[:n]...)
	}
}
