package oidclogin_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tip-cli/tip-cli/internal/oidclogin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// buffer is a bytes.Buffer for concurrent use.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// watcher calls found once what is written to it has text.
type watcher struct {
	buffer
	text  string
	found func()
	once  sync.Once
}

func (w *watcher) Write(p []byte) (int, error) {
	n, err := w.buffer.Write(p)
	if strings.Contains(w.String(), w.text) {
		w.once.Do(w.found)
	}
	return n, err
}

// expiring is a context whose deadline passes when the test says so.
type expiring struct {
	context.Context
	done chan struct{}
}

func (e expiring) Done() <-chan struct{}       { return e.done }
func (e expiring) Deadline() (time.Time, bool) { return time.Now(), true }
func (e expiring) Err() error {
	select {
	case <-e.done:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// newHTTPClient returns a client of its own, without proxies, closed at the end.
func newHTTPClient(t *testing.T) *http.Client {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// noWait waits for nothing: pauses between attempts are for real networks.
func noWait(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// visit is what a browser saw at the end.
type visit struct {
	status int
	header http.Header
	body   string
}

// fetch sends one request and reads the answer.
func fetch(t *testing.T, client *http.Client, req *http.Request) visit {
	t.Helper()
	resp, err := client.Do(req)
	if err != nil {
		t.Errorf("%s: %v", req.Method, err)
		return visit{}
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("read: %v", err)
	}
	return visit{resp.StatusCode, resp.Header, string(body)}
}

func newRequest(t *testing.T, method, address string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// run is one sign-in with all that came of it.
type run struct {
	tokens oidclogin.Tokens
	err    error
	stderr string
	last   visit
}

// signInOptions change a run.
type signInOptions struct {
	settings func(*oidclogin.Settings)
	// before is called with the address that was opened, before it is visited.
	before func(address *url.URL)
	// openURL takes the place of the browser.
	openURL func(ctx context.Context, address string) error
	client  *http.Client
	ctx     context.Context
	wait    func(context.Context, time.Duration) error // noWait where nil
	signIn  func(*oidclogin.SignInOptions)
}

func (p *idp) settings() oidclogin.Settings {
	return oidclogin.Settings{Issuer: p.URL, ClientID: clientID, RedirectPort: oidclogin.AnyPort, Scopes: []string{"openid", "email", "offline_access"}}
}

// signIn runs a sign-in, an HTTP client playing the browser, and looks for
// secrets wherever they must not show.
func (p *idp) signIn(t *testing.T, o signInOptions) run {
	t.Helper()
	settings := p.settings()
	if o.settings != nil {
		o.settings(&settings)
	}
	if o.client == nil {
		o.client = newHTTPClient(t)
	}
	if o.ctx == nil {
		o.ctx = t.Context()
	}
	if o.wait == nil {
		o.wait = noWait
	}
	if o.signIn == nil {
		o.signIn = func(*oidclogin.SignInOptions) {}
	}
	var r run
	var stderr buffer
	user := newHTTPClient(t)
	open := func(_ context.Context, address string) error {
		if o.before != nil {
			u, err := url.Parse(address)
			if err != nil {
				t.Error(err)
			}
			o.before(u)
		}
		r.last = fetch(t, user, newRequest(t, http.MethodGet, address))
		return nil
	}
	if o.openURL != nil {
		open = o.openURL
	}
	client := oidclogin.New(settings, oidclogin.Env{Stderr: &stderr, OpenURL: open, Wait: o.wait, HTTPClient: o.client})
	r.tokens, r.err = client.SignIn(o.ctx, o.signIn)
	r.stderr = stderr.String()
	p.assertNoSecret(t, r.stderr, r.last.body, formats(r.err), formats(r.tokens), formats(client))
	return r
}

// formats prints v in every way that a log might.
func formats(v any) string { return fmt.Sprintf("%v %+v %#v %s", v, v, v, v) }

// wantError checks Kind and Description of an *Error.
func wantError(t *testing.T, err error, kind oidclogin.Kind, description string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %v: %s", kind, description)
	}
	if got := oidclogin.KindOf(err); got != kind || !strings.Contains(err.Error(), description) {
		t.Fatalf("error of kind %q: %v\nwant kind %q with %q", got, err, kind, description)
	}
}
