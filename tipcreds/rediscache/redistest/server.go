package redistest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// program is what is started, looked for on PATH.
const program = "redis-server"

// startLimit bounds how long a process may take until it answers, and how long it
// may take to be gone once it is killed.
const startLimit = 15 * time.Second

// attempts is how many ports are tried: another program may take one between the
// moment it was found free and the moment the server binds it.
const attempts = 5

// Server is one redis-server process after another at one address.
type Server struct {
	// Addr is host:port on loopback. It stays the same over restarts.
	Addr string

	tb   testing.TB
	port int
	dir  string
	mode []string // what precedes all options
	args []string

	mu      sync.Mutex
	process *process // nil while none runs
}

// Start starts a server that keeps nothing on disk and asks for no password, and
// waits until it answers. args are further options of redis-server, such as
// "--requirepass", "secret"; they win over those that the server has anyway. The
// process ends with the test.
func Start(tb testing.TB, args ...string) *Server {
	tb.Helper()
	need(tb)
	return startWith(tb, nil, args)
}

func startWith(tb testing.TB, mode, args []string) *Server {
	tb.Helper()
	var err error
	for range attempts {
		s := &Server{tb: tb, dir: tb.TempDir(), mode: mode, args: args}
		if s.port, err = freePort(); err != nil {
			tb.Fatalf("redistest: %v", err)
		}
		s.Addr = "127.0.0.1:" + strconv.Itoa(s.port)
		tb.Cleanup(s.Kill) // before the folder is removed
		if err = s.start(); err == nil {
			return s
		}
	}
	tb.Fatalf("redistest: %v", err)
	return nil
}

// need skips the test where there is no redis-server, and fails it in CI.
func need(tb testing.TB) {
	tb.Helper()
	_, err := exec.LookPath(program)
	switch {
	case err == nil:
	case os.Getenv("CI") != "":
		tb.Fatalf("redistest: %s is missing (Debian: apt-get install redis-server)", program)
	default:
		tb.Skipf("%s is missing on this machine (Debian: apt-get install redis-server)", program)
	}
}

// Kill ends the process with SIGKILL, as the kernel does when memory runs out, and
// returns when it is gone. It does nothing if none runs.
func (s *Server) Kill() {
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		return
	}
	if err := s.process.kill(); err != nil {
		s.tb.Errorf("redistest: kill %s: %v", s.Addr, err)
	}
	s.process = nil
}

// Restart kills the process if one runs, and starts another at the same address. It
// returns when that one answers.
func (s *Server) Restart() {
	s.tb.Helper()
	s.Kill()
	if err := s.start(); err != nil {
		s.tb.Fatalf("redistest: restart %s: %v", s.Addr, err)
	}
}

// Stop sends SIGSTOP: the server hangs. Connections stay open, new ones are
// accepted by the kernel, and nothing is answered until [Server.Cont].
func (s *Server) Stop() {
	s.tb.Helper()
	s.signal("stop", (*process).suspend)
}

// Cont sends SIGCONT: the server goes on with what was sent to it meanwhile.
func (s *Server) Cont() {
	s.tb.Helper()
	s.signal("continue", (*process).resume)
}

func (s *Server) signal(what string, send func(*process) error) {
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.process == nil {
		s.tb.Fatalf("redistest: %s %s: no process runs", what, s.Addr)
	}
	if err := send(s.process); err != nil {
		s.tb.Fatalf("redistest: %s %s: %v", what, s.Addr, err)
	}
}

// start starts a process and waits until it answers or is gone.
func (s *Server) start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := filepath.Join(s.dir, "redis.log")
	_ = os.Remove(log) // that of the process before
	p, err := newProcess(program, s.options(log))
	if err != nil {
		return err
	}
	if err := s.awaitAnswer(p, log); err != nil {
		text, _ := os.ReadFile(log)
		return fmt.Errorf("%w\n%s", err, bytes.TrimSpace(tail(text, 2000)))
	}
	s.process = p
	return nil
}

func (s *Server) options(log string) []string {
	return slices.Concat(s.mode, []string{
		"--bind", "127.0.0.1", "--port", strconv.Itoa(s.port), "--dir", s.dir, "--logfile", log,
		"--daemonize", "no", "--save", "", "--appendonly", "no",
	}, s.args)
}

// awaitAnswer waits until the process has bound its port, which its log tells, and
// answers. An answer alone may be that of another server at this port.
func (s *Server) awaitAnswer(p *process, log string) error {
	deadline := time.Now().Add(startLimit)
	for {
		err := errNotReady
		if bound(log) {
			err = ping(s.Addr)
		}
		if err == nil {
			return nil
		}
		select {
		case <-p.gone:
			return fmt.Errorf("%s %s ended: %w", program, strings.Join(s.args, " "), err)
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s at %s: no answer: %w", program, s.Addr, err)
		}
	}
}

var errNotReady = errors.New("it does not listen")

// bound reports whether a server or a Sentinel has said that it listens.
func bound(log string) bool {
	text, _ := os.ReadFile(log)
	return bytes.Contains(text, []byte("Ready to accept connections")) || bytes.Contains(text, []byte("Sentinel ID is"))
}

func tail(text []byte, n int) []byte { return text[max(0, len(text)-n):] }
