package diagnosis_test

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

// Who presses Ctrl-C while somebody does not answer is obeyed at once, without a report
// of one half and without a trace of the program.
func TestInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signals")
	}
	b := reader(t)
	for name, environ := range map[string][]string{
		"AWS":   {"AWS_ENDPOINT_URL=http://", "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY=secret"},
		"proxy": {"HTTPS_PROXY=http://"},
	} {
		address, accepted := silent(t)
		environ[0] += address
		b.interrupted(name, environ, accepted)
	}
}

// interrupted presses Ctrl-C as soon as a diagnosis waits for somebody.
func (b *bench) interrupted(name string, environ []string, accepted <-chan struct{}) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), filepath.Join(programs, "tip-cli"), "diag", "--live", "--html", "page.html")
	cmd.Env, cmd.Dir = append(append([]string{}, b.environ...), environ...), b.home
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	select {
	case <-accepted:
	case <-time.After(commandTimeout):
		b.Errorf("%s: nobody asks", name)
	}
	pressed := time.Now()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		b.Error(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 || time.Since(pressed) > 3*time.Second {
		b.Errorf("%s: exit code %d after %s", name, code, time.Since(pressed))
	}
	if out.Len() > 0 || complaints.String() != "tip-cli: interrupted\n" || exists(filepath.Join(b.home, "page.html")) {
		b.Errorf("%s: printed %q and %q", name, out.String(), complaints.String())
	}
}

// silent listens and never answers; it tells of the connections that it takes.
func silent(t *testing.T) (address string, accepted <-chan struct{}) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	taken := make(chan struct{})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			select {
			case taken <- struct{}{}:
			case <-time.After(100 * time.Millisecond): // nobody waits any more
			}
		}
	}()
	return listener.Addr().String(), taken
}
