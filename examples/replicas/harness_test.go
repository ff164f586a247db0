package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tip-cli/tip-cli/lab"
	"github.com/tip-cli/tip-cli/lab/labtest"
	"github.com/tip-cli/tip-cli/tipcreds/rediscache/redistest"
)

// program is the built service.
var program string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "tip-replicas-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	program = filepath.Join(dir, "replicas")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	build := exec.Command("go", "build", "-o", program, ".")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "build the service:", err)
		return 1
	}
	return m.Run()
}

const (
	// patience bounds whatever a test waits for.
	patience = 15 * time.Second
	// lockTTL is after how long a dead replica loses its lock.
	lockTTL = 2 * time.Second
)

// Sealing keys, as openssl rand -base64 32 makes them, but for everybody to read.
const (
	oldKey = "2026-01:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	newKey = "2026-07:YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWY="
)

// fleet is a lab, a Redis and two replicas, with a load balancer that gives every
// request to the next one.
type fleet struct {
	lab    *lab.Lab
	redis  *redistest.Server
	first  *replica
	second *replica
	caFile string
	gate   *gate
}

// newFleet starts one. Its lab knows the people of a crowd of fifty as well.
func newFleet(t *testing.T, args ...string) *fleet {
	t.Helper()
	f := &fleet{gate: &gate{reached: make(chan struct{}, 1)}, redis: redistest.Start(t)}
	f.lab = labtest.Start(t, labtest.Edit(func(w *lab.World) { labtest.Crowd(w, 50) }), func(o *lab.Options) { o.OnExchange = f.gate.pass })
	f.caFile = labtest.CAFile(t, f.lab)
	f.first, f.second = f.start(t, oldKey, args...), f.start(t, oldKey, args...)
	t.Cleanup(f.gate.open)
	return f
}

func (f *fleet) environ(t *testing.T, keys string) []string {
	t.Helper()
	base := []string{
		"HOME=" + t.TempDir(), "USERPROFILE=" + t.TempDir(), "SystemRoot=" + os.Getenv("SystemRoot"),
		"ACCESS_ROLE_ARN=arn:aws:iam::444455556666:role/tip-id-enhanced-role",
		"APPLICATION_ROLE_ARN=arn:aws:iam::444455556666:role/tip-oidc-role",
		"APPLICATION_ARN=arn:aws:sso::111122223333:application/ssoins-1234567890abcdef/apl-1234567890abcdef",
		"OIDC_ISSUER=" + f.lab.Endpoint() + "/idp", "OIDC_AUDIENCE=" + labtest.ClientID,
		"REDIS_URL=redis://" + f.redis.Addr, "SEALING_KEYS=" + keys,
	}
	return lab.Apply(base, f.lab.Environ(lab.ProxyDoor, f.caFile))
}

// signIn gives somebody a new JWT.
func (f *fleet) signIn(t *testing.T, login string, edits ...func(*lab.IDToken)) string {
	t.Helper()
	who, err := labtest.SignIn(f.lab, "loopback", login, edits...)
	if err != nil {
		t.Fatal(err)
	}
	return who.Token
}

// exchanges wants so many since the fleet was started, and no JWT sent twice.
func (f *fleet) exchanges(t *testing.T, granted int) {
	t.Helper()
	counts := f.lab.Counts()
	if counts.Exchanges != (lab.Tally{Granted: granted}) || counts.Replays != 0 {
		t.Errorf("exchanges: %+v with %d replays, want %d granted and nothing else", counts.Exchanges, counts.Replays, granted)
	}
}

// gate can hold the answers of CreateTokenWithIAM back.
type gate struct {
	mu      sync.Mutex
	held    chan struct{} // nil while it is open
	reached chan struct{}
}

func (g *gate) pass(x *lab.Exchange) {
	g.mu.Lock()
	held := g.held
	g.mu.Unlock()
	if held == nil || x.Caller.Operation != "CreateTokenWithIAM" {
		return
	}
	g.reached <- struct{}{}
	<-held
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held = make(chan struct{})
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held != nil {
		close(g.held)
		g.held = nil
	}
}

// await waits until an exchange is held back.
func (g *gate) await(t *testing.T) {
	t.Helper()
	select {
	case <-g.reached:
	case <-time.After(patience):
		t.Fatal("no exchange came")
	}
}

// replica is a process of the service.
type replica struct {
	url  string
	log  *logBuffer
	cmd  *exec.Cmd
	gone chan struct{}
}

func (f *fleet) start(t *testing.T, keys string, args ...string) *replica {
	t.Helper()
	args = append([]string{"-addr", "127.0.0.1:0", "-lock-ttl", lockTTL.String(), "-drain", "0", "-verbose"}, args...)
	r := &replica{log: newLogBuffer(), cmd: exec.Command(program, args...), gone: make(chan struct{})}
	r.cmd.Env, r.cmd.Stderr = f.environ(t, keys), r.log
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = r.cmd.Wait() // killed, as a rule
		close(r.gone)
	}()
	t.Cleanup(func() {
		r.kill()
		if t.Failed() {
			text, _ := r.log.read()
			t.Logf("the log of %s:\n%s", r.url, text)
		}
	})
	line := r.log.await(t, `"msg":"listening"`)
	var listening struct{ Address string }
	if err := json.Unmarshal([]byte(line), &listening); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	r.url = "http://" + listening.Address
	return r
}

// kill ends it with SIGKILL.
func (r *replica) kill() {
	_ = r.cmd.Process.Kill()
	<-r.gone
}

// stop asks it to end, and wants it to do so in order. It may be called from any
// goroutine.
func (r *replica) stop(t *testing.T) {
	t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	select {
	case <-r.gone:
	case <-time.After(patience):
		t.Error("it does not end")
		r.kill()
	}
	if code := r.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// reply is an answer.
type reply struct {
	status int
	header http.Header
	body   string
}

// get asks a replica. It may be called from any goroutine.
func (r *replica) get(ctx context.Context, path, token string) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url+path, http.NoBody)
	if err != nil {
		return reply{}, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		return reply{}, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return reply{answer.StatusCode, answer.Header, string(body)}, err
}

// want asks a replica and wants an answer with a status and a text.
func (r *replica) want(t *testing.T, path, token string, status int, text string) reply {
	t.Helper()
	got, err := r.get(t.Context(), path, token)
	if err != nil || got.status != status || !strings.Contains(got.body, text) {
		t.Errorf("%s%s: %d %s %v, want %d with %q", r.url, path, got.status, got.body, err, status, text)
	}
	return got
}

// logBuffer takes what a process writes while the test reads it.
type logBuffer struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{}
}

func newLogBuffer() *logBuffer { return &logBuffer{changed: make(chan struct{})} }

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.changed)
	b.changed = make(chan struct{})
	return b.text.Write(p)
}

func (b *logBuffer) read() (string, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String(), b.changed
}

var errNoLine = errors.New("not in the log")

// await waits for a line with a text, and returns it.
func (b *logBuffer) await(t *testing.T, text string) string {
	t.Helper()
	timeout := time.After(patience)
	for {
		log, changed := b.read()
		for line := range strings.Lines(log) {
			if strings.Contains(line, text) && strings.HasSuffix(line, "\n") {
				return line
			}
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("%q: %v:\n%s", text, errNoLine, log)
		}
	}
}
