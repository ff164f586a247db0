package main

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// turning is a loop for a shell that a signal is to end, and that ends by itself
// after a minute or so, whatever becomes of the test.
const turning = `while [ $((n+=1)) -lt 3000 ]; do sleep 0.02; done`

// counting is a command that counts what reaches it, says so, and ends at will.
const counting = `trap 'int=$((int+1)); echo "int $int"' INT
trap 'quit=$((quit+1)); echo "quit $quit"' QUIT
trap 'echo "usr1 after $int and $quit"' USR1
trap 'echo "term"; exit 42' TERM
int=0 quit=0
echo "ready $$"
` + turning

// ready is a person who has signed in.
func (p *person) ready() *person {
	p.t.Helper()
	if out, err := p.command(p.t, "auth").CombinedOutput(); err != nil {
		p.t.Fatalf("%v\n%s", err, out)
	}
	return p
}

// atTerminal starts tip-cli at the person's terminal.
func (p *person) atTerminal(args ...string) *exec.Cmd {
	p.t.Helper()
	cmd := p.leader(args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.tty, p.tty, p.tty
	launch(p.t, cmd)
	return cmd
}

func (p *person) ends(cmd *exec.Cmd, code int) {
	p.t.Helper()
	_ = cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != code {
		p.t.Errorf("exit code %d, want %d\n%s", got, code, p.shown())
	}
}

// Without --server the command is the process, and all signals are its own.
func TestExecIsTheCommand(t *testing.T) {
	t.Parallel()
	p := sit(t).ready()
	cmd := p.atTerminal("exec", "--", "sh", "-c", counting)
	if pid := p.reads(`ready (\d+)`); pid != strconv.Itoa(cmd.Process.Pid) {
		t.Errorf("the command is process %s, tip-cli was %d", pid, cmd.Process.Pid)
	}
	p.types("\x03")
	p.reads(`int 1`)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.ends(cmd, 42)
}

// With --server Ctrl-C is the command's, once for each time, and does not end what
// the command runs in.
func TestExecServerAndCtrlC(t *testing.T) {
	t.Parallel()
	p := sit(t).ready()
	cmd := p.atTerminal("exec", "--server", "--", "sh", "-c", counting)
	p.reads(`ready \d+`)
	for i, key := range []string{"\x03", "\x03", "\x03", "\x1c"} {
		p.types(key)
		p.reads([]string{"int 1", "int 2", "int 3", "quit 1"}[i])
	}
	// What was sent twice would have come before this.
	if err := cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	p.reads(`usr1 after 3 and 1`)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.ends(cmd, 42)
	if shown := p.shown(); strings.Contains(shown, "interrupted") || strings.Contains(shown, "int 4") {
		t.Errorf("the terminal shows %q", shown)
	}
}

// Without a terminal every signal is passed on, and whatever ends the command is
// the exit code.
func TestExecServerPassesSignalsOn(t *testing.T) {
	t.Parallel()
	m := signedIn(t)
	for _, tt := range []struct {
		script string
		send   []syscall.Signal
		lines  []string
		code   int
	}{
		{counting, []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGTERM}, []string{"int 1", "quit 1", "usr1 after 1 and 1", "term"}, 42},
		{`trap 'echo hup; exit 3' HUP; echo "ready $$"; ` + turning, []syscall.Signal{syscall.SIGHUP}, []string{"hup"}, 3},
		{`echo "ready $$"; ` + turning, []syscall.Signal{syscall.SIGTERM}, nil, 128 + 15},
		{`echo "ready $$"; kill -KILL $$`, nil, nil, 128 + 9},
	} {
		cmd := m.command(t, "exec", "--server", "--", "sh", "-c", tt.script)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		launch(t, cmd)
		lines := bufio.NewReader(out)
		if first, _ := lines.ReadString('\n'); !strings.HasPrefix(first, "ready ") || first == fmt.Sprintf("ready %d\n", cmd.Process.Pid) {
			t.Fatalf("%q, tip-cli is process %d", first, cmd.Process.Pid)
		}
		for i, sig := range tt.send {
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if i < len(tt.lines) {
				if line, err := lines.ReadString('\n'); line != tt.lines[i]+"\n" {
					t.Errorf("after %v: %q, %v", sig, line, err)
				}
			}
		}
		_, _ = io.Copy(io.Discard, lines)
		_ = cmd.Wait()
		if got := cmd.ProcessState.ExitCode(); got != tt.code {
			t.Errorf("%v: exit code %d, want %d", tt.send, got, tt.code)
		}
	}
}

// A shell stops it with Ctrl-Z, and takes it up again: both ways.
func TestExecAndJobControl(t *testing.T) {
	long(t)
	t.Parallel()
	shell, err := exec.LookPath("bash")
	need(t, err, "bash")
	for _, flag := range []string{"", " --server"} {
		p := sit(t).ready()
		cmd := p.leader()
		cmd.Path, cmd.Args = shell, []string{"bash", "--norc", "--noprofile", "-i"}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = p.tty, p.tty, p.tty
		cmd.Env = append(cmd.Env, "PS1=prompt> ", "HISTFILE=")
		launch(t, cmd)
		p.reads(`prompt> `)
		p.types("tip-cli exec" + flag + ` -- sh -c 'echo begun $((1+1)); cat; exit 5'` + "\n")
		p.reads(`begun 2`)
		p.types("first\n") // Ctrl-Z while sh is in the middle of vfork(2) would stop cat alone
		p.reads(`first\s+first`)
		p.types("\x1a")
		p.reads(`Stopped[^\n]*\n\S*prompt> $`)
		p.insists("fg\n", `fg\s+\S*\s*tip-cli exec`) // the shell no longer reads keys itself
		p.types("a line\n")
		p.reads(`(?s)a line.*a line`)
		p.types("\x04")
		p.reads(`(?s)a line.*a line.*prompt> $`)
		p.types("echo it was $?\n")
		p.reads(`it was 5`)
		p.types("exit\n")
		p.ends(cmd, 0)
	}
}
