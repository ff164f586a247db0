package terminal_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tip-cli/tip-cli/internal/terminal/ptytest"
)

const childVariable = "TERMINAL_TEST_CHILD"

// limit of a test that waits for something that does not come.
const limit = 20 * time.Second

// The test binary is also the programs that have a terminal.
func TestMain(m *testing.M) {
	if name := os.Getenv(childVariable); name != "" {
		if err := children[name](); err != nil {
			say("%v", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// say reports to the test, over the captured stdout.
func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// heard waits for a line of the test on stdin.
func heard() {
	_, _ = io.ReadFull(os.Stdin, make([]byte, 1))
}

// person sits at a pseudo terminal in which a child of the test runs.
type person struct {
	t      *testing.T
	screen *os.File // the master side
	line   *os.File // the child's side
	seen   strings.Builder
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	// before is the terminal's mode before the child started.
	before *unix.Termios
}

// sit starts a child with a controlling terminal; all of its standard streams
// are captured, as an AWS SDK captures them.
func sit(t *testing.T, child string) *person {
	t.Helper()
	screen, line := ptytest.Open(t, syscall.O_NONBLOCK)
	p := &person{t: t, screen: screen, line: line}
	p.before = p.mode()
	p.cmd = command(t, child)
	p.cmd.ExtraFiles = []*os.File{line}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Ctty: 3}
	p.start()
	return p
}

func command(t *testing.T, child string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), childVariable+"="+child)
	cmd.Stderr = os.Stderr
	return cmd
}

func (p *person) start() {
	p.t.Helper()
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		p.t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	p.stdout = bufio.NewReader(stdout)
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
}

// sees waits until text is on the screen, after what was seen before.
func (p *person) sees(text string) {
	p.t.Helper()
	buf := make([]byte, 4096)
	if err := p.screen.SetReadDeadline(time.Now().Add(limit)); err != nil {
		p.t.Fatal(err)
	}
	for !strings.Contains(p.seen.String(), text) {
		n, err := p.screen.Read(buf)
		if err != nil {
			p.t.Fatalf("%q is not on the screen, which shows %q: %v", text, p.seen.String(), err)
		}
		p.seen.Write(buf[:n])
	}
	_, rest, _ := strings.Cut(p.seen.String(), text)
	p.seen.Reset()
	p.seen.WriteString(rest)
}

func (p *person) types(keys string) {
	p.t.Helper()
	if _, err := p.screen.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// tells lets the child go on.
func (p *person) tells() {
	p.t.Helper()
	if _, err := p.stdin.Write([]byte("\n")); err != nil {
		p.t.Fatal(err)
	}
}

// hears reads one report of the child.
func (p *person) hears(want string) {
	p.t.Helper()
	got, err := p.stdout.ReadString('\n')
	if got = strings.TrimSuffix(got, "\n"); got != want {
		p.t.Fatalf("the child says %q, want %q (%v); the screen shows %q", got, want, err, p.seen.String())
	}
}

// silent says that the child says nothing more and ends well.
func (p *person) silent() {
	p.t.Helper()
	rest, err := io.ReadAll(p.stdout)
	if err != nil || len(rest) > 0 {
		p.t.Errorf("the child also says %q (%v)", rest, err)
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Error(err)
	}
}

func (p *person) mode() *unix.Termios {
	p.t.Helper()
	raw, err := p.line.SyscallConn()
	if err != nil {
		p.t.Fatal(err)
	}
	var mode *unix.Termios
	if controlled := raw.Control(func(fd uintptr) { mode, err = unix.IoctlGetTermios(int(fd), unix.TCGETS) }); errors.Join(controlled, err) != nil {
		p.t.Fatal(controlled, err)
	}
	return mode
}

// leftOver reads what the child left in the terminal.
func (p *person) leftOver() string {
	p.t.Helper()
	if err := p.line.SetReadDeadline(time.Now().Add(limit)); err != nil {
		p.t.Fatal(err)
	}
	buf := make([]byte, 4096)
	n, err := p.line.Read(buf)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(buf[:n])
}
