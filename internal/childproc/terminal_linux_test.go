package childproc_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

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
	parent := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	parent.Env = append(os.Environ(), "CHILDPROC_PARENT=1")
	parent.Stdin, parent.Stdout, parent.Stderr = line, line, line
	parent.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
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
