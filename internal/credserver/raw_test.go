package credserver_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/internal/credserver"
)

// dial connects for a test that speaks for itself.
func dial(t testing.TB, s *credserver.Server) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL(""), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// say sends text and returns the status line of the answer, "" for none.
func say(t *testing.T, s *credserver.Server, text string) string {
	t.Helper()
	conn := dial(t, s)
	_, _ = io.WriteString(conn, text) // the server may have had enough
	line, _ := bufio.NewReader(conn).ReadString('\n')
	return strings.TrimSpace(line)
}

// request is a whole request with a target as it is.
func request(s *credserver.Server, target, more string) string {
	return fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\n%s\r\n", target, strings.TrimPrefix(s.URL(""), "http://"), s.Token().Reveal(), more)
}

func TestRawRequests(t *testing.T) {
	s := serve(t, give)
	for name, tt := range map[string]struct{ text, want string }{
		"as it should be": {request(s, "/contexts/work", ""), "HTTP/1.1 200 OK"},
		"two slashes":     {request(s, "//contexts/work", ""), "HTTP/1.1 404 Not Found"},
		"a whole address": {request(s, s.URL("/contexts/work"), ""), "HTTP/1.1 404 Not Found"},
		"another's":       {request(s, "http://attacker.example/contexts/work", ""), "HTTP/1.1 403 Forbidden"},
		"dots":            {request(s, "/contexts/../contexts/work", ""), "HTTP/1.1 404 Not Found"},
		"escaped dots":    {request(s, "/contexts/%2e%2e/contexts/work", ""), "HTTP/1.1 404 Not Found"},
		"a fragment":      {request(s, "/contexts/work#x", ""), "HTTP/1.1 404 Not Found"},
		"a backslash":     {request(s, `/contexts\work`, ""), "HTTP/1.1 404 Not Found"},
		"no Host":         {"GET /contexts/work HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request: missing required Host header"},
		"no Host, old":    {"GET /contexts/work HTTP/1.0\r\nAuthorization: " + s.Token().Reveal() + "\r\n\r\n", "HTTP/1.0 403 Forbidden"},
		"two Hosts":       {request(s, "/contexts/work", "Host: attacker.example\r\n"), "HTTP/1.1 400 Bad Request"},
		"CONNECT":         {strings.Replace(request(s, "attacker.example:443", ""), "GET", "CONNECT", 1), "HTTP/1.1 403 Forbidden"},
		"a big header":    {request(s, "/contexts/work", "X: "+strings.Repeat("x", 64<<10)+"\r\n"), "HTTP/1.1 431 Request Header Fields Too Large"},
		"many headers":    {request(s, "/contexts/work", strings.Repeat("X: 1\r\n", 16<<10)), "HTTP/1.1 431 Request Header Fields Too Large"},
		"not HTTP":        {"\x16\x03\x01\x02\x00\r\n\r\n", "HTTP/1.1 400 Bad Request"},
	} {
		t.Run(name, func(t *testing.T) {
			got := say(t, s, tt.text)
			if got != tt.want && (got != "" || !strings.Contains(tt.want, " 431 ")) { // cut off while it still sends
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// An answer that is slow to come is not cut off with the time for the request.
func TestSlowSource(t *testing.T) {
	slow := func(ctx context.Context) (credserver.Credentials, error) {
		select {
		case <-time.After(6 * time.Second):
		case <-ctx.Done():
		}
		return good(), ctx.Err()
	}
	t.Parallel()
	if got := ask(t, serve(t, slow), nil); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// Clients that send slowly are dropped after a second, and keep nobody out
// until then.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	s := serve(t, give)
	var dropped sync.WaitGroup
	begin := time.Now()
	for i := range 100 {
		conn := dial(t, s)
		text := "GET /contexts/work HTTP/1.1\r\nHost"
		if i%2 == 0 { // a body that does not come
			text = request(s, "/contexts/work", "Content-Length: 100000\r\n") + "x"
		}
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		dropped.Go(func() { _, _ = io.Copy(io.Discard, conn) })
	}
	if got := ask(t, s, nil); got.status != 200 || time.Since(begin) > 3*time.Second {
		t.Errorf("%d after %s", got.status, time.Since(begin))
	}
	dropped.Wait()
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("they were there for %s", took)
	}
}

// More connections than the server takes wait for their turn.
func TestManyConnections(t *testing.T) {
	t.Parallel()
	var inside, most atomic.Int32
	s := serve(t, give)
	var all sync.WaitGroup
	for range 500 {
		all.Go(func() {
			most.Store(max(most.Load(), inside.Add(1)))
			defer inside.Add(-1)
			if got := ask(t, s, nil); got.status != 200 {
				t.Errorf("%d %s", got.status, got.body)
			}
		})
	}
	all.Wait()
	t.Logf("%d at a time", most.Load())
}

// botocore's provider, with the token in a file.
func TestBotocore(t *testing.T) {
	t.Parallel()
	if exec.Command("python3", "-c", "import botocore").Run() != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("python3 with botocore is missing")
		}
		t.Skip("python3 with botocore is missing on this machine")
	}
	file := t.TempDir() + "/token"
	run := func(s *credserver.Server) string {
		if err := os.WriteFile(file, []byte(s.Token().Reveal()), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("python3", "-c", `
import botocore.session
try:
    c = botocore.session.Session().get_credentials()
    f = c.get_frozen_credentials()
    print(c.method, f.access_key, f.secret_key, f.token, f.account_id, c.refresh_needed())
except Exception as e:
    print(type(e).__name__, e)
`)
		cmd.Env = []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_EC2_METADATA_DISABLED=true",
			"HTTP_PROXY=http://127.0.0.1:9", "http_proxy=http://127.0.0.1:9",
			"AWS_CONTAINER_CREDENTIALS_FULL_URI=" + s.URL("/contexts/work"), "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=" + file,
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if got, want := run(serve(t, give)), "container-role ASIAEXAMPLE the-secret the-session-token 444455556666 False"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	refuses := serve(t, func(context.Context) (credserver.Credentials, error) { return good(), hinted{} },
		func(o *credserver.Options) {
			o.Status = func(error) (int, string) { return http.StatusForbidden, "SignInRequired" }
		})
	if got := run(refuses); !strings.HasPrefix(got, "CredentialRetrievalError") || !strings.Contains(got, "run: something") {
		t.Errorf("%q", got)
	}
}

// go test -bench Answer ./internal/credserver
func BenchmarkAnswer(b *testing.B) {
	s := serve(b, give)
	ask(b, s, nil)
	b.ReportAllocs()
	for b.Loop() {
		if got := ask(b, s, nil); got.status != 200 {
			b.Fatal(got.status)
		}
	}
}
