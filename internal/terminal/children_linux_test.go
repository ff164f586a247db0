package terminal_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tip-cli/tip-cli/internal/terminal"
)

// children are the programs that tests run in a terminal, or without one.
var children map[string]func() error

func init() {
	children = map[string]func() error{
		"open": childOpen, "talk": withTerminal(childTalk), "line": withTerminal(childLine), "secret": withTerminal(childSecret),
		"paste": withTerminal(childPaste), "two": withTerminal(childTwo), "cancelled": withTerminal(childCancelled),
		"close": withTerminal(childClose), "leader": childLeader, "background": withTerminal(childBackground),
		"drop": withTerminal(childDrop), "nohup": withTerminal(childNohup),
		"much": withTerminal(childMuch), "impatient": withTerminal(childImpatient), "files": childFiles, "handover": childHandover, "handed": withTerminal(childHanded),
	}
}

func withTerminal(f func(t *terminal.Terminal) error) func() error {
	return func() error {
		t, err := terminal.Open()
		if err != nil {
			return err
		}
		if err := f(t); err != nil {
			return err
		}
		return t.Close()
	}
}

// kind names an error.
func kind(err error) string {
	for _, k := range []struct {
		err  error
		name string
	}{
		{nil, "ok"},
		{terminal.ErrNoTerminal, "no terminal"},
		{terminal.ErrBackground, "background"},
		{terminal.ErrTooLong, "too long"},
		{context.Canceled, "cancelled"},
		{io.EOF, "end"},
		{os.ErrClosed, "closed"},
		{os.ErrDeadlineExceeded, "not taken"},
		{unix.EMFILE, "too many files"},
	} {
		if errors.Is(err, k.err) {
			return k.name
		}
	}
	return err.Error()
}

func childOpen() error {
	_, err := terminal.Open()
	say("%s", kind(err))
	return nil
}

func childTalk(t *terminal.Terminal) error {
	say("stdin %v, stdout %v, nothing %v", terminal.IsTerminal(os.Stdin), terminal.IsTerminal(os.Stdout), terminal.IsTerminal(nil))
	say("foreground %v", t.Foreground())
	if _, err := io.WriteString(t, "open the page\n"); err != nil {
		return err
	}
	line, err := t.ReadLine(context.Background())
	say("%q %s", line, kind(err))
	return nil
}

func childLine(t *terminal.Terminal) error {
	say("ready")
	var err error
	for err == nil {
		var line string
		line, err = t.ReadLine(context.Background())
		say("%d %.10q %s", len(line), line, kind(err))
	}
	return nil
}

// ended is a context that ends when the test says so.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		heard()
		cancel()
	}()
	return ctx
}

func childSecret(t *terminal.Terminal) error {
	secret, err := t.ReadSecret(ended(), "Secret: ")
	say("%d %.10q %s", len(secret), secret, kind(err))
	return nil
}

func childPaste(t *terminal.Terminal) error {
	text, err := t.ReadPaste(ended(), "Address: ")
	say("%d %.10q %s", len(text), text, kind(err))
	return nil
}

// childNohup reads a secret where SIGHUP is ignored.
func childNohup(t *terminal.Terminal) error {
	signal.Ignore(syscall.SIGHUP)
	return childSecret(t)
}

// much is more than a pseudo terminal holds.
var much = strings.Repeat("x", 1<<20)

func childMuch(t *terminal.Terminal) error {
	n, err := io.WriteString(t, much+"end")
	say("%d %s", n, kind(err))
	return nil
}

func childImpatient(t *terminal.Terminal) error {
	terminal.SetPatience(t, 50*time.Millisecond)
	n, err := io.WriteString(t, much)
	say("%v %s", n < len(much), kind(err))
	return nil
}

// childFiles has many open files.
func childFiles() error {
	for range 1100 {
		if _, err := unix.Open(os.DevNull, unix.O_RDONLY, 0); err != nil {
			return err
		}
	}
	_, err := terminal.Open()
	say("%s", kind(err))
	return nil
}

// childDrop ends a secret while the rest of it is on its way.
func childDrop(t *terminal.Terminal) error {
	heard()
	if err := terminal.RestoreAndDrop(t); err != nil {
		return err
	}
	say("dropped")
	line, err := t.ReadLine(context.Background())
	say("%q %s", line, kind(err))
	return nil
}

// childTwo reads two lines that were typed at once.
func childTwo(t *terminal.Terminal) error {
	secret, err := t.ReadSecret(context.Background(), "Secret: ")
	say("%q %s", secret, kind(err))
	line, err := t.ReadLine(context.Background())
	say("%q %s", line, kind(err))
	return nil
}

func childCancelled(t *terminal.Terminal) error {
	line, err := t.ReadLine(ended())
	say("%q %s", line, kind(err))
	heard()
	line, err = t.ReadLine(context.Background())
	say("%q %s", line, kind(err))
	return nil
}

func childClose(t *terminal.Terminal) error {
	go func() {
		heard()
		if err := t.Close(); err != nil {
			say("%v", err)
		}
	}()
	_, err := t.ReadLine(context.Background())
	say("%s", kind(err))
	_, err = t.ReadSecret(context.Background(), "")
	say("%s", kind(err))
	_, err = t.Write([]byte("x"))
	say("%s, foreground %v", kind(err), t.Foreground())
	if err := t.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	os.Exit(0) // it is closed already
	return nil
}

// job starts another child in a process group of its own, as a shell does.
func job(name string, attributes *syscall.SysProcAttr) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"="+name)
	cmd.Stdin, cmd.Stdout, cmd.SysProcAttr = os.Stdin, os.Stdout, attributes
	return cmd, cmd.Start()
}

// outcome says how a job ended, or that the kernel stopped it.
func outcome(cmd *exec.Cmd) error {
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(cmd.Process.Pid, &status, syscall.WUNTRACED, nil); err != nil {
		return err
	}
	if status.Stopped() {
		say("stopped by %v", status.StopSignal())
		return cmd.Process.Kill()
	}
	say("exit status %d", status.ExitStatus())
	return nil
}

// childLeader is a shell that runs a job in the background of a terminal which
// stops whoever writes from there (stty tostop).
func childLeader() error {
	mode, err := unix.IoctlGetTermios(3, unix.TCGETS)
	if err != nil {
		return err
	}
	mode.Lflag |= unix.TOSTOP
	if err := unix.IoctlSetTermios(3, unix.TCSETS, mode); err != nil {
		return err
	}
	cmd, err := job("background", &syscall.SysProcAttr{Setpgid: true})
	if err != nil {
		return err
	}
	return outcome(cmd)
}

func childBackground(t *terminal.Terminal) error {
	say("foreground %v", t.Foreground())
	_, err := t.ReadLine(context.Background())
	say("%s", kind(err))
	_, err = t.ReadSecret(context.Background(), "Secret: ")
	say("%s", kind(err))
	_, err = t.Write([]byte("from behind\n"))
	say("%s", kind(err))
	return nil
}

// childHandover is a shell that takes the terminal back from a job that reads.
func childHandover() error {
	cmd, err := job("handed", &syscall.SysProcAttr{Setpgid: true, Foreground: true, Ctty: 3})
	if err != nil {
		return err
	}
	heard()
	// The shell is in the background itself until this.
	if _, err := terminal.Open(); err != nil {
		return err
	}
	if err := unix.IoctlSetPointerInt(3, unix.TIOCSPGRP, unix.Getpgrp()); err != nil {
		return err
	}
	if _, err := unix.Write(3, []byte("$ ")); err != nil {
		return err
	}
	return outcome(cmd)
}

func childHanded(t *terminal.Terminal) error {
	say("foreground %v", t.Foreground())
	_, err := t.ReadLine(context.Background())
	say("%s", kind(err))
	return nil
}
