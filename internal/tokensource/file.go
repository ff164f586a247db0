package tokensource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// File reads a token or a secret from a regular file of at most 1 MiB; links
// are followed, as Kubernetes makes them. Newlines at its end are dropped. The
// notice, in one line, is empty unless others on this machine can read or change the file.
// The error is an [*Error].
func File(path string) (content secret.Value, notice string, err error) {
	if path == "-" {
		return secret.Value{}, "", notAFile(path, "stands for stdin")
	}
	f, err := os.OpenFile(path, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return secret.Value{}, "", unreadable(path, err)
	}
	defer f.Close() //nolint:errcheck // it was only read
	info, err := f.Stat()
	if err != nil {
		return secret.Value{}, "", unreadable(path, err)
	}
	if !info.Mode().IsRegular() {
		return secret.Value{}, "", notAFile(path, "is not a regular file")
	}
	all, err := io.ReadAll(io.LimitReader(f, maxBytes+3))
	if err != nil {
		return secret.Value{}, "", unreadable(path, err)
	}
	if content, err = text(fmt.Sprintf("the file %q", path), all); err != nil {
		return secret.Value{}, "", err
	}
	return content, exposed(path, info.Mode().Perm()), nil
}

// exposed says what others can do with a file; empty for nothing.
func exposed(path string, mode os.FileMode) string {
	can := "read"
	switch {
	case mode&othersRead != 0 && mode&othersWrite != 0:
		can = "read and change"
	case mode&othersWrite != 0:
		can = "change"
	case mode&othersRead == 0:
		return ""
	}
	return fmt.Sprintf("others on this machine can %s %q (mode %04o); run: chmod 600 %q", can, path, mode, path)
}

func notAFile(path, why string) *Error {
	return &Error{
		Kind: KindConfig, Description: fmt.Sprintf("the token file %q %s", path, why),
		Hint: "name a file that holds the token, or give the token on stdin",
	}
}

func unreadable(path string, err error) *Error {
	e := &Error{Kind: KindConfig, Description: fmt.Sprintf("the token file %q cannot be read", path), cause: err}
	switch {
	case errors.Is(err, os.ErrNotExist):
		e.Description = fmt.Sprintf("the token file %q is not there", path)
		e.Hint = "check the path; neither ~ nor variables are expanded in it"
	case errors.Is(err, os.ErrPermission):
		e.Hint = fmt.Sprintf("give yourself the right to read it: chmod u+r %q", path)
	}
	return e
}

// Read reads a token or a secret of at most 1 MiB from r, to its end. Newlines
// at its end are dropped. The error is an [*Error].
//
// When ctx ends, Read returns at once. A read that r does not give up then goes
// on in a goroutine, as one of a terminal does, and its outcome is dropped.
func Read(ctx context.Context, r io.Reader) (secret.Value, error) {
	const doing = "reading stdin"
	if ctx.Err() != nil {
		return secret.Value{}, stopped(ctx, doing)
	}
	type outcome struct {
		all []byte
		err error
	}
	ended := make(chan outcome, 1)
	go func() {
		all, err := io.ReadAll(io.LimitReader(r, maxBytes+3))
		ended <- outcome{all, err}
	}()
	select {
	case o := <-ended:
		if o.err != nil {
			return secret.Value{}, &Error{Kind: KindContent, Description: "stdin cannot be read", cause: systemError(o.err)}
		}
		return text("stdin", o.all)
	case <-ctx.Done():
		if d, ok := r.(interface{ SetReadDeadline(t time.Time) error }); ok && d.SetReadDeadline(time.Unix(1, 0)) == nil {
			<-ended
			_ = d.SetReadDeadline(time.Time{})
		}
		return secret.Value{}, stopped(ctx, doing)
	}
}

// systemError returns err where it is one of the os package, whose texts have no content.
func systemError(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path
	}
	return nil
}
