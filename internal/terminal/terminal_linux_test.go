package terminal_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/google/go-cmp/cmp"

	"github.com/tip-cli/tip-cli/internal/terminal"
	"github.com/tip-cli/tip-cli/internal/terminal/ptytest"
)

// A person is reached though stdin and stdout are captured.
func TestCapturedStreams(t *testing.T) {
	t.Parallel()
	p := sit(t, "talk")
	p.hears("stdin false, stdout false, nothing false")
	p.hears("foreground true")
	p.sees("open the page\r\n")
	p.types("done\n")
	p.hears(`"done" ok`)
	p.silent()
}

func TestNoTerminal(t *testing.T) {
	t.Parallel()
	p := &person{t: t, cmd: command(t, "open")}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	p.start()
	p.hears("no terminal")
	p.silent()
}

func TestIsTerminal(t *testing.T) {
	t.Parallel()
	_, line := ptytest.Open(t, 0)
	file, err := os.Create(t.TempDir() + "/f")
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if !terminal.IsTerminal(line) || terminal.IsTerminal(file) || terminal.IsTerminal(strings.NewReader("x")) || terminal.IsTerminal((*os.File)(nil)) {
		t.Error("IsTerminal is wrong")
	}
}

func TestReadLine(t *testing.T) {
	t.Parallel()
	p := sit(t, "line")
	p.hears("ready")
	p.types("one\ntwo\n\n")
	p.hears(`3 "one" ok`)
	p.hears(`3 "two" ok`)
	p.hears(`0 "" ok`)
	p.types("half\x04") // Ctrl-D hands over what is there
	p.types(" more\n")
	p.hears(`9 "half more" ok`)
	p.types("last\x04\x04")
	p.hears(`4 "last" ok`)
	p.types("\x04")
	p.hears(`0 "" end`)
	p.silent()
}

// The terminal's window is closed while a program reads.
func TestHangUp(t *testing.T) {
	t.Parallel()
	p := sit(t, "line")
	p.hears("ready")
	_ = p.line.Close()
	_ = p.screen.Close()
	if err := p.cmd.Wait(); err == nil {
		return // it saw the end
	}
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGHUP {
		t.Errorf("it ended with %v", p.cmd.ProcessState)
	}
}

func TestCancelLeavesWhatWasTyped(t *testing.T) {
	t.Parallel()
	p := sit(t, "cancelled")
	p.types("abc")
	p.sees("abc")
	p.tells()
	p.hears(`"" cancelled`)
	p.tells()
	p.types("def\n")
	p.hears(`"abcdef" ok`)
	p.silent()
}

func TestCancelLeavesWhatIsTypedToOthers(t *testing.T) {
	t.Parallel()
	p := sit(t, "cancelled")
	p.types("abc")
	p.sees("abc")
	p.tells()
	p.hears(`"" cancelled`)
	p.types("def\n")
	p.sees("def")
	if diff := cmp.Diff("abcdef\n", p.leftOver()); diff != "" {
		t.Errorf("the next program reads (-want +got):\n%s", diff)
	}
}

func TestCloseEndsReading(t *testing.T) {
	t.Parallel()
	p := sit(t, "close")
	p.tells()
	p.hears("closed")
	p.hears("closed")
	p.hears("closed, foreground false")
	p.silent()
}

func TestReadSecret(t *testing.T) {
	t.Parallel()
	p := sit(t, "secret")
	p.sees("Secret: ")
	if mode := p.mode(); mode.Lflag&(unix.ECHO|unix.ICANON) != 0 || mode.Lflag&unix.ISIG == 0 || mode.Cc[unix.VSUSP] != 0 {
		t.Errorf("mode is %+v", mode)
	}
	p.types("s3cret\n")
	p.hears(`6 "s3cret" ok`)
	p.sees("\r\n")
	if p.seen.Len() > 0 {
		t.Errorf("the screen shows %q", p.seen.String())
	}
	p.silent()
	if diff := cmp.Diff(p.before, p.mode()); diff != "" {
		t.Errorf("the mode afterwards (-want +got):\n%s", diff)
	}
}

// More than a terminal's line holds: a JWT, or the address Entra ID redirects to.
func TestLongInput(t *testing.T) {
	t.Parallel()
	for _, child := range []string{"secret", "paste"} {
		p := sit(t, child)
		p.sees(": ")
		go func() { _, _ = p.screen.WriteString(strings.Repeat("x", 20_000) + "\n") }()
		if child == "paste" {
			p.sees(strings.Repeat("x", 20_000))
		}
		p.hears(`20000 "xxxxxxxxxx" ok`)
		p.silent()
	}
}

func TestTooLongInput(t *testing.T) {
	t.Parallel()
	p := sit(t, "secret")
	p.sees(": ")
	go func() { _, _ = p.screen.WriteString(strings.Repeat("x", 64<<10+1)) }()
	p.hears(`0 "" too long`)
	p.silent()
}

func TestSecretAndThenALine(t *testing.T) {
	t.Parallel()
	p := sit(t, "two")
	p.sees("Secret: ")
	p.types("s3cret\nnext\n")
	p.hears(`"s3cret" ok`)
	p.hears(`"next" ok`)
	p.silent()
}

// Echo is back however it ends, and the rest of a secret does not reach the shell.
func TestModeIsRestored(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		end  func(p *person)
		want string
	}{
		{"Ctrl-C", func(p *person) { p.types("\x03") }, `0 "" cancelled`},
		{"Ctrl-\\", func(p *person) { p.types("\x1c") }, `0 "" cancelled`},
		{"SIGTERM", func(p *person) { _ = p.cmd.Process.Signal(syscall.SIGTERM) }, `0 "" cancelled`},
		{"SIGHUP", func(p *person) { _ = p.cmd.Process.Signal(syscall.SIGHUP) }, `0 "" cancelled`},
		{"cancel", func(p *person) { p.tells() }, `0 "" cancelled`},
		{"Ctrl-D", func(p *person) { p.types("\x7f\x7f\x7f\x04") }, `0 "" end`},
		{"Ctrl-Z is nothing", func(p *person) { p.types("\x1a\n") }, `3 "s3c" ok`},
	}
	for _, child := range []string{"secret", "paste"} {
		for _, tt := range tests {
			t.Run(child+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				p := sit(t, child)
				p.sees(": ")
				p.types("s3c")
				tt.end(p)
				p.hears(tt.want)
				p.silent()
				if diff := cmp.Diff(p.before, p.mode()); diff != "" {
					t.Errorf("the mode afterwards (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestRestOfASecretIsDropped(t *testing.T) {
	t.Parallel()
	p := sit(t, "drop")
	p.types("s3cret\n")
	p.sees("s3cret\r\n")
	p.tells()
	p.hears("dropped")
	p.types("next\n")
	p.hears(`"next" ok`)
	p.silent()
}

// What nohup does to SIGHUP holds while a secret is read (proc_pid_status(5)).
func TestIgnoredSignalsStayIgnored(t *testing.T) {
	t.Parallel()
	p := sit(t, "nohup")
	p.sees("Secret: ")
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "SigIgn:")
	mask, err := strconv.ParseUint(strings.Fields(after)[0], 16, 64)
	if err != nil || mask&(1<<(syscall.SIGHUP-1)) == 0 {
		t.Errorf("SIGHUP is not ignored any more: %x, %v", mask, err)
	}
	p.types("s3cret\n")
	p.hears(`6 "s3cret" ok`)
	p.silent()
}

func TestWriteWaits(t *testing.T) {
	t.Parallel()
	p := sit(t, "much")
	p.sees("end")
	p.hears("1048579 ok")
	p.silent()
	p = sit(t, "impatient")
	p.hears("true not taken")
	p.silent()
}

func TestManyOpenFiles(t *testing.T) {
	t.Parallel()
	p := sit(t, "files")
	p.hears("too many files")
	p.silent()
}

func TestBackgroundDoesNotStop(t *testing.T) {
	t.Parallel()
	p := sit(t, "leader")
	p.hears("foreground false")
	p.hears("background")
	p.hears("background")
	p.hears("ok")
	p.hears("exit status 0")
	p.sees("from behind\r\n")
	p.silent()
	if p.mode().Lflag&unix.ECHO == 0 {
		t.Error("echo is off")
	}
}

// A job that reads is sent to the background: what is typed next is the shell's.
func TestBackgroundWhileReading(t *testing.T) {
	t.Parallel()
	p := sit(t, "handover")
	p.hears("foreground true")
	p.tells()
	p.sees("$ ")
	p.types("ls\n")
	p.hears("background")
	p.hears("exit status 0")
	p.silent()
	if diff := cmp.Diff("ls\n", p.leftOver()); diff != "" {
		t.Errorf("the shell reads (-want +got):\n%s", diff)
	}
}
