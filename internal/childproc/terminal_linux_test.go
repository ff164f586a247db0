package childproc_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/childproc"
	"github.com/tip-cli/tip-cli/internal/terminal/ptytest"
)

// counted counts interrupts until it is asked how many they were.
func counted() int {
	got := make(chan os.Signal, 16)
	signal.Notify(got, syscall.SIGINT, syscall.SIGUSR1)
	fmt.Println("ready")
	n := 0
	for sig := range got {
		if sig == syscall.SIGUSR1 {
			return n
		}
		n++
		fmt.Println("int")
	}
	return 0
}

// What somebody sends to the parent alone looks like Ctrl-C. A child that would have
// ended by Ctrl-C has not had it, and gets it.
func TestSignalsOfOthersAtATerminal(t *testing.T) {
	if os.Getenv("CHILDPROC_PARENT") != "" {
		fmt.Println("begun")
		code, err := childproc.Run(&exec.Cmd{Path: "/bin/sleep", Args: []string{"sleep", "20"}, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr})
		fmt.Printf("ended %d %v\n", code, err)
		return
	}
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT} {
		screen, line := ptytest.Open(t, 0)
		parent := atTerminal(t, line)
		for lines := bufio.NewScanner(screen); lines.Scan(); {
			text := lines.Text()
			if strings.Contains(text, "begun") {
				awaitChild(t, parent.Process.Pid)
				_ = parent.Process.Signal(sig)
			}
			if strings.Contains(text, "ended") {
				if want := fmt.Sprintf("ended %d <nil>", 128+int(sig)); !strings.Contains(text, want) {
					t.Errorf("%q, want %q", text, want)
				}
				break
			}
		}
		_ = parent.Process.Kill()
		_ = parent.Wait()
	}
}

// atTerminal runs this test as the leader of a session with a terminal.
func atTerminal(t *testing.T, line *os.File) *exec.Cmd {
	t.Helper()
	parent := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	parent.Env = append(os.Environ(), "CHILDPROC_PARENT=1")
	parent.Stdin, parent.Stdout, parent.Stderr = line, line, line
	parent.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	return parent
}

// awaitChild waits until a process has become sleep(1) below another.
func awaitChild(t *testing.T, parent int) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		children, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent))
		for _, file := range children {
			text, _ := os.ReadFile(file)
			for pid := range strings.FieldsSeq(string(text)) {
				if name, _ := os.ReadFile("/proc/" + pid + "/comm"); string(name) == "sleep\n" {
					return
				}
			}
		}
	}
	t.Fatal("the child has not begun")
}

// What a terminal sends to both is not passed on: Ctrl-C counts once. What somebody
// sends to the parent alone is.
func TestTerminalSignalsAreNotSentTwice(t *testing.T) {
	if os.Getenv("CHILDPROC_PARENT") != "" {
		cmd := own(t, "count")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		code, err := childproc.Run(cmd)
		fmt.Printf("counted %d %v\n", code, err)
		return
	}
	screen, line := ptytest.Open(t, 0)
	parent := atTerminal(t, line)
	defer func() { _ = parent.Process.Kill(); _ = parent.Wait() }()
	for lines := bufio.NewScanner(screen); lines.Scan(); {
		switch text := lines.Text(); {
		case strings.HasSuffix(text, "ready"):
			_, _ = screen.WriteString("\x03")
		case strings.HasSuffix(text, "int"): // what is sent twice comes before this
			_ = parent.Process.Signal(syscall.SIGUSR1)
		case strings.Contains(text, "counted"):
			if !strings.Contains(text, "counted 1 <nil>") {
				t.Error(text)
			}
			return
		}
	}
	t.Error("the parent has ended without a word")
}
