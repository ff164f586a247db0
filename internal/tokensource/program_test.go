package tokensource_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/recursion"
)

const childVariable = "TOKENSOURCE_TEST_CHILD"

// header and payload of the token that the tests look for in errors.
const (
	header  = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0"        // {"alg":"RS256","kid":"k1"}
	payload = "eyJzdWIiOiJjYW5hcnktN2QzZSIsImF1ZCI6ImEifQ" // {"sub":"canary-7d3e","aud":"a"}
	canary  = header + "." + payload + ".Y2FuYXJ5LTdkM2U"
)

// The test binary is also the token commands.
func TestMain(m *testing.M) {
	if name := os.Getenv(childVariable); name != "" {
		os.Exit(programs[name]())
	}
	os.Exit(m.Run())
}

// programs return their exit status.
var programs = map[string]func() int{
	"token":       prints(canary),
	"newlines":    prints(canary + "\r\n\n"),
	"nothing":     prints(""),
	"blank":       prints(" \n\n"),
	"nul":         prints(canary + "\x00"),
	"latin1":      prints("gr\xfc\xdfe " + canary),
	"utf16":       prints("\xff\xfee\x00y\x00"),
	"bom":         prints("\xef\xbb\xbf" + canary),
	"html":        prints("<html><title>Sign in</title>" + canary + "</html>"),
	"1 MiB":       prints(strings.Repeat("x", 1<<20) + "\n"),
	"too long":    prints(strings.Repeat("x", 1<<20+1)),
	"forever":     forever,
	"obstinate":   obstinate,
	"stderr only": func() int { return complain(0) },
	"fails":       func() int { fmt.Print(canary); return complain(7) },
	"crashes":     crashes,
	"arguments":   func() int { fmt.Print(strings.Join(os.Args[1:], "|")); return 0 },
	"environment": environment,
	"stdin":       func() int { return copied(os.Stdout, os.Stdin) },
	"refuses":     refuses,
	"silent":      silent,
	"recovers":    recovers,
	"hangs":       hangs,
	"stubborn":    stubborn,
	"polite":      polite,
	"leaves":      leaves,
	"calls":       calls,
	"waits":       waits,
	"overflows":   overflows,
}

func prints(text string) func() int {
	return func() int { return copied(os.Stdout, strings.NewReader(text)) }
}

func copied(w io.Writer, r io.Reader) int {
	if _, err := io.Copy(w, r); err != nil {
		return 1
	}
	return 0
}

func complain(status int) int {
	fmt.Fprintln(os.Stderr, "cannot sign in with", canary)
	return status
}

func forever() int {
	for {
		if _, err := os.Stdout.Write(bytes.Repeat([]byte("x"), 4096)); err != nil {
			return 1
		}
	}
}

// obstinate prints on, whether somebody reads or not.
func obstinate() int {
	signal.Ignore(syscall.SIGPIPE, syscall.SIGTERM)
	for {
		_, _ = os.Stdout.Write(bytes.Repeat([]byte("x"), 4096))
	}
}

func crashes() int {
	fmt.Print(canary)
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		_ = self.Kill()
	}
	time.Sleep(time.Hour)
	return 0
}

func environment() int {
	fmt.Print(os.Getenv(recursion.Variable), "|", os.Getenv("KEPT"))
	return 0
}

// refuses as a tip-cli does that is asked to run itself, here beneath an AWS CLI.
func refuses() int {
	fmt.Fprintf(os.Stderr, "before\nthe AWS CLI: tip-cli: error: %v\ntip-cli: hint: one\nafter\ntip-cli: hint: two\n", &recursion.Error{Setting: "token_command"})
	return 3
}

// recovers from that, and prints nothing.
func silent() int { refuses(); return 0 }

// recovers from that, and prints a token.
func recovers() int { refuses(); fmt.Print(canary); return 0 }

func hangs() int {
	fmt.Fprintln(os.Stderr, "ready")
	time.Sleep(time.Hour)
	return 0
}

func stubborn() int {
	signal.Ignore(syscall.SIGTERM, os.Interrupt)
	return hangs()
}

// polite tidies up and ends well when it is asked to end.
func polite() int {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM)
	fmt.Fprintln(os.Stderr, "ready")
	<-asked
	fmt.Fprintln(os.Stderr, "tidied up")
	fmt.Print(canary)
	return 0
}

// start runs another of the programs, which shares all streams.
func start(name string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childVariable+"="+name)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	return cmd
}

// leaves ends and leaves a program behind that keeps its stdout and stderr.
func leaves() int {
	start("calls")
	fmt.Print(canary)
	return 0
}

// calls the address that it hears on stdin.
func calls() int {
	address, err := io.ReadAll(os.Stdin)
	if err != nil {
		return 1
	}
	conn, err := net.Dial("tcp", string(address))
	if err != nil {
		return 1
	}
	return copied(conn, strings.NewReader("alive"))
}

// overflows prints too much and leaves a program behind that keeps its stderr.
func overflows() int {
	start("stubborn")
	return prints(strings.Repeat("x", 2<<20))()
}

// waits for a program that does not end when it is asked to.
func waits() int {
	_ = start("stubborn").Wait()
	return 0
}

// pipe returns one that is closed after the test.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = r.Close()
		_ = w.Close()
	})
	return r, w
}

// hears reads a line of a pipe.
func hears(t *testing.T, r *bufio.Reader, want string) {
	t.Helper()
	if got, err := r.ReadString('\n'); got != want+"\n" {
		t.Fatalf("heard %q, want %q (%v)", got, want, err)
	}
}
