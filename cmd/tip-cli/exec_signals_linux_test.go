package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/tip-cli/tip-cli/internal/store"
	"github.com/tip-cli/tip-cli/lab"
)

// counting is a command that counts what reaches it, says so, and ends at will.
const counting = `trap 'int=$((int+1)); echo "int $int"' INT
trap 'quit=$((quit+1)); echo "quit $quit"' QUIT
trap 'echo "usr1 after $int and $quit"' USR1
trap 'echo "term"; exit 42' TERM
int=0 quit=0
echo "ready $$"
while :; do sleep 0.02; done`

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
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
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
		{`trap 'echo hup; exit 3' HUP; echo "ready $$"; while :; do sleep 0.02; done`, []syscall.Signal{syscall.SIGHUP}, []string{"hup"}, 3},
		{`echo "ready $$"; while :; do sleep 0.02; done`, []syscall.Signal{syscall.SIGTERM}, nil, 128 + 15},
		{`echo "ready $$"; kill -KILL $$`, nil, nil, 128 + 9},
	} {
		cmd := m.command(t, "exec", "--server", "--", "sh", "-c", tt.script)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
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
	t.Parallel()
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash: ", err)
	}
	for _, flag := range []string{"", " --server"} {
		p := sit(t).ready()
		cmd := p.leader()
		cmd.Path, cmd.Args = shell, []string{"bash", "--norc", "--noprofile", "-i"}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = p.tty, p.tty, p.tty
		cmd.Env = append(cmd.Env, "PS1=prompt> ", "HISTFILE=")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		p.reads(`prompt> `)
		p.types("tip-cli exec" + flag + ` -- sh -c 'echo begun $((1+1)); cat; exit 5'` + "\n")
		p.reads(`begun 2`)
		p.types("\x1a")
		p.reads(`Stopped[^\n]*\n\S*prompt> $`)
		p.types("fg\n")
		p.reads(`fg\s+\S*\s*tip-cli exec`) // the shell no longer reads keys itself
		p.types("a line\n")
		p.reads(`a line\s+a line`)
		p.types("\x04")
		p.reads(`a line\s+a line\s+\S*prompt> $`)
		p.types("echo it was $?\n")
		p.reads(`it was 5`)
		p.types("exit\n")
		p.ends(cmd, 0)
	}
}

// A job in the background, under nohup: the end of the terminal does not end it.
func TestExecInTheBackground(t *testing.T) {
	t.Parallel()
	m := signedIn(t)
	script := `trap '' HUP; tip-cli exec -- sh -c 'kill -HUP $$; echo still there' & wait $!`
	cmd := m.command(t)
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Path, cmd.Args = shell, []string{"sh", "-c", script}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "still there") {
		t.Errorf("%v: %s", err, out)
	}
}

// Nobody reads keys from a list of processes: not those of tip-cli, nor the command's.
func TestExecShowsNoSecrets(t *testing.T) {
	t.Parallel()
	m := signedIn(t)
	for _, flags := range [][]string{{}, {"--server"}} {
		args := append(append([]string{"-vv", "exec"}, flags...), "--", "sh", "-c", `cat /proc/$PPID/cmdline /proc/$$/cmdline`)
		var stderr strings.Builder
		cmd := m.command(t, args...)
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil || !strings.Contains(string(out), "cmdline") {
			t.Fatalf("%v: %s%s", err, out, stderr.String())
		}
		if found := m.leaks(args, string(out), stderr.String()); len(found) > 0 {
			t.Errorf("%v: %v", flags, found)
		}
	}
}

// lent is a command that exec --server runs until it is let go.
type lent struct {
	address, token string
	letGo          func()
}

func (m *machine) lending(t *testing.T, environ ...string) *lent {
	t.Helper()
	cmd := m.command(t, "exec", "--server", "--", "sh", "-c", `echo $AWS_CONTAINER_CREDENTIALS_FULL_URI; echo $AWS_CONTAINER_AUTHORIZATION_TOKEN; read go`)
	cmd.Env = append(cmd.Env, environ...)
	hold, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	s := &lent{letGo: func() { _ = hold.Close(); _ = cmd.Wait() }}
	lines.Scan()
	s.address = lines.Text()
	lines.Scan()
	s.token = lines.Text()
	return s
}

// The endpoint answers the command, and nobody else, and nobody after it.
func TestExecServerEndsWithTheCommand(t *testing.T) {
	t.Parallel()
	s := signedIn(t).lending(t)
	if status, body := fetch(t, s.address, s.token); status != http.StatusOK || !strings.Contains(body, `"AccessKeyId"`) {
		t.Errorf("status %d, %d bytes", status, len(body))
	}
	for _, wrong := range []string{"wrong", ""} {
		if status, body := fetch(t, s.address, wrong); status/100 != 4 || strings.Contains(body, "AccessKeyId") {
			t.Errorf("with the token %q: status %d", wrong, status)
		}
	}
	s.letGo()
	if resp, err := http.Get(s.address); err == nil {
		_ = resp.Body.Close()
		t.Error("the endpoint has outlived the command")
	}
}

// The command has the terminal: where a sign-in is needed it is told so, and no
// browser opens, even where the configuration would have one.
func TestExecServerAsksNobody(t *testing.T) {
	t.Parallel()
	m := signedIn(t)
	s := m.lending(t, "TIP_CLI_SIGN_IN=always")
	defer s.letGo()
	m.Forget()
	for _, name := range []string{store.IDPTokenFile, store.RoleFile} {
		if err := os.Remove(filepath.Join(m.state(), name)); err != nil {
			t.Fatal(err)
		}
	}
	if status, body := fetch(t, s.address, s.token); status != http.StatusForbidden || !strings.Contains(body, "SignInRequired") {
		t.Errorf("status %d: %s", status, body)
	}
	if seen := m.exchanged(); len(seen) > 0 {
		t.Errorf("seen %v", seen)
	}
}

// The endpoint is there for as long as the command is, whoever has pressed Ctrl-C.
func TestExecServerOutlivesCtrlC(t *testing.T) {
	t.Parallel()
	m := signedIn(t)
	script := `trap 'echo int' INT; echo $AWS_CONTAINER_CREDENTIALS_FULL_URI; echo $AWS_CONTAINER_AUTHORIZATION_TOKEN; while :; do sleep 0.02; done`
	cmd := m.command(t, "exec", "--server", "--", "sh", "-c", script)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var heard []string
	for len(heard) < 3 && lines.Scan() {
		heard = append(heard, lines.Text())
		if len(heard) == 2 {
			_ = cmd.Process.Signal(syscall.SIGINT)
		}
	}
	if len(heard) < 3 {
		t.Fatal("the command has ended early")
	}
	if status, _ := fetch(t, heard[0], heard[1]); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 128+15 {
		t.Errorf("exit code %d", code)
	}
}

func fetch(t *testing.T, address, token string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// At a terminal env says how a shell takes it; through a pipe it does not.
func TestEnvSaysHow(t *testing.T) {
	t.Parallel()
	p := sit(t).ready()
	cmd := p.leader("env", "--format", "sh", "--region", "eu-west-1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.tty, p.tty, p.tty
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	p.reads(`# Run: eval "\$\(tip-cli env --format sh --region eu-west-1\)"\s+export AWS_ACCESS_KEY_ID=`)
	piped := p.command(t, "env", "--format", "sh")
	piped.Env = lab.Apply(piped.Env, nil)
	if out, err := piped.Output(); err != nil || strings.Contains(string(out), "#") || !strings.HasPrefix(string(out), "export AWS_ACCESS_KEY_ID=") {
		t.Errorf("%v", err)
	}
}

// The environment of the command is ours, but for the variables about credentials.
func TestExecEnvironment(t *testing.T) {
	t.Parallel()
	m := signedIn(t)
	cmd := m.command(t, "exec", "--", "env", "-0")
	cmd.Env = append(cmd.Env, "AWS_PROFILE=x", "AWS_SECURITY_TOKEN=x", "AWS_BEARER_TOKEN_X=x", "ODD= two  words\nand lines ", "EMPTY=")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for entry := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		name, value, _ := strings.Cut(entry, "=")
		got[name] = value
	}
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CREDENTIAL_EXPIRATION"} {
		if got[name] == "" {
			t.Errorf("%s is not set", name)
		}
		delete(got, name)
	}
	want := map[string]string{"AWS_ACCOUNT_ID": "444455556666"}
	for _, entry := range cmd.Env {
		name, value, _ := strings.Cut(entry, "=")
		if name != "AWS_PROFILE" && name != "AWS_SECURITY_TOKEN" && name != "AWS_BEARER_TOKEN_X" {
			want[name] = value
		}
	}
	if diff := envDiff(want, got); diff != "" {
		t.Error(diff)
	}
}

// envDiff names what differs, without the values of what only one side has.
func envDiff(want, got map[string]string) string {
	var out strings.Builder
	for name, value := range want {
		if text, ok := got[name]; !ok || text != value {
			fmt.Fprintf(&out, "%s is %q, want %q\n", name, text, value)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok && name != "_" && os.Getenv(name) == "" {
			fmt.Fprintf(&out, "%s should not be there\n", name)
		}
	}
	return out.String()
}
