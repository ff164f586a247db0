package tokensource

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/tip-cli/tip-cli/internal/recursion"
	"github.com/tip-cli/tip-cli/internal/secret"
)

const (
	// DefaultTimeout leaves the AWS SDK for Go, which kills a
	// credential_process after 60 seconds, time for the exchange.
	DefaultTimeout = 45 * time.Second
	// grace is how long a program may go on after SIGTERM, and how long
	// stdout and stderr are read after the program has ended.
	grace = time.Second
)

// Options are the optional parts of [Command]. The zero value is good.
type Options struct {
	// Timeout is how long the program may run; 0 means [DefaultTimeout].
	Timeout time.Duration
	// Stdin is the program's; nil means an empty one. It is a file because a
	// read of anything else could outlast the program.
	Stdin *os.File
	// Stderr gets what the program writes there, as it comes, until a second
	// after its end; nil drops it. It must be safe for concurrent use when the
	// caller uses it meanwhile. The program gets a pipe to us and never the file
	// itself, which what it leaves behind would keep open.
	Stderr io.Writer
	// Environ is our own environment as os.Environ returns it, which nil stands for.
	Environ []string
	// Setting names the program in the configuration; "" is token_command.
	Setting string
	// State is the state directory of the exchange that waits for the program. The
	// program cannot begin that exchange again, see package recursion.
	State string
}

var (
	errTooLong = errors.New("the program printed too much")
	errTimeout = errors.New("the program took too long")
)

// Command runs a program and returns what it prints, without the newlines at
// the end and at most 1 MiB of it. argv is the program, looked up in PATH, and
// its arguments; no shell is involved. It inherits our environment, with an entry
// of package recursion: if it leads back to the exchange that waits for it, and
// fails for that, the error says so.
//
// The program runs in a session of its own, so that it has no controlling
// terminal (one that asks there fails at once instead of hanging; one that
// opens a window or listens works) and Ctrl-C reaches it through us alone. On
// Windows it runs in a job. When the time is over, ctx ends or it prints too
// much, it and everything it started and left in its process group gets
// SIGTERM, and a second later SIGKILL. A child of it that goes on after it, and
// even keeps its stdout or stderr, is left alone and not waited for; nobody reads
// these any more.
//
// The error is an [*Error] with the program's name and exit status, and nothing
// of what it printed.
func Command(ctx context.Context, argv []string, o Options) (secret.Value, error) {
	o.Setting = cmp.Or(o.Setting, "token_command")
	if len(argv) == 0 || argv[0] == "" {
		return secret.Value{}, &Error{Kind: KindConfig, Description: o.Setting + " is empty", Hint: "set " + o.Setting + " to a program and its arguments"}
	}
	environ := o.Environ
	if environ == nil {
		environ = os.Environ()
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return secret.Value{}, notFound(argv[0], o.Setting, err)
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	p := program{name: name(argv[0], o.Setting), options: o}
	entry := recursion.Entry(recursion.Getenv(environ), o.Setting, o.State, time.Now().Add(o.Timeout))
	return p.run(ctx, path, argv[1:], append(slices.Clip(environ), entry))
}

// name is what errors call the program of a setting.
func name(path, setting string) string { return named(filepath.Base(path), setting) }

func named(program, setting string) string {
	return fmt.Sprintf("the program of %s, %q,", setting, program)
}

func notFound(argv0, setting string, err error) *Error {
	what := named(argv0, setting) // with its path, which may be what is wrong
	e := &Error{Kind: KindConfig, Description: what + " cannot be run", cause: err}
	var lookup *exec.Error
	if errors.As(err, &lookup) {
		e.cause = lookup.Err
	}
	switch {
	case errors.Is(err, os.ErrPermission):
		e.Description = what + " is not executable"
		e.Hint = fmt.Sprintf("make it executable: chmod u+x %q", argv0)
	case errors.Is(err, exec.ErrDot):
		e.Hint = "it is found in the current directory only; give its whole path"
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, os.ErrNotExist):
		e.Description = what + " was not found"
		e.Hint = "give its whole path; no shell runs it, so neither ~ nor variables nor pipes work in " + setting
	}
	return e
}

// program is one run.
type program struct {
	// name is for errors, see [name].
	name    string
	options Options
}

func (p *program) run(ctx context.Context, path string, arguments, environ []string) (secret.Value, error) {
	if ctx.Err() != nil {
		return secret.Value{}, stopped(ctx, p.name)
	}
	running, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	running, release := context.WithTimeoutCause(running, p.options.Timeout, errTimeout)
	defer release()
	out := &limited{full: func() { cancel(errTooLong) }}

	cmd := exec.CommandContext(running, path, arguments...)
	cmd.Env, cmd.Stdout, cmd.WaitDelay = environ, out, grace
	said := &complaints{out: p.options.Stderr}
	cmd.Stderr = said
	if p.options.Stdin != nil {
		cmd.Stdin = p.options.Stdin
	}
	group := newGroup(cmd)
	defer group.release()
	cmd.Cancel = group.terminate
	if err := cmd.Start(); err != nil {
		return secret.Value{}, p.notStarted(path, err)
	}
	group.started()
	err := cmd.Wait()
	if running.Err() != nil {
		group.kill()
	}
	if err := p.verdict(ctx, running, err); err != nil {
		return secret.Value{}, said.explain(err, p.options.Setting)
	}
	value, err := text(p.name, out.content.Bytes())
	if err != nil {
		return secret.Value{}, said.explain(err, p.options.Setting)
	}
	return value, nil
}

// notStarted explains what exec says of a file that is there and does not run.
func (p *program) notStarted(path string, err error) *Error {
	e := &Error{Kind: KindConfig, Description: p.name + " cannot be run", cause: systemError(err)}
	e.Hint = fmt.Sprintf("run %q yourself to see why; a script needs a first line such as #!/bin/sh", path)
	return e
}

// verdict says how the program ended: nil where it ended well.
func (p *program) verdict(ctx, running context.Context, err error) error {
	what := p.name
	switch {
	case errors.Is(context.Cause(running), errTooLong):
		return &Error{Kind: KindContent, Description: what + " gave " + tooLong, Hint: "it must give a token or a secret, and nothing else"}
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return nil // it ended well, and left a child behind at most
	case ctx.Err() != nil:
		return stopped(ctx, what)
	case running.Err() != nil:
		return &Error{
			Kind: KindTimeout, Description: fmt.Sprintf("%s did not end within %v", what, p.options.Timeout), cause: context.DeadlineExceeded,
			Hint: "run it yourself: it must end on its own, and has no terminal to ask a question",
		}
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return &Error{Kind: KindFailed, Description: what + " cannot be read", cause: systemError(err)}
	}
	return &Error{Kind: KindFailed, Description: what + " failed: " + exit.ProcessState.String(), Hint: "run it yourself to see why"}
}

// limited keeps what is written, up to a limit.
type limited struct {
	content bytes.Buffer
	// full is called once more is written.
	full func()
}

func (l *limited) Write(p []byte) (int, error) {
	if l.content.Len()+len(p) > maxBytes+2 {
		l.full()
		return 0, errTooLong
	}
	return l.content.Write(p)
}
