package proxytest

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tip-cli/tip-cli/internal/transport/proxytest/internal/ca"
)

// Hook handles a request in place of the upstream, or calls forward at a time of
// its choosing. The request's body may be read; forward gets it whole.
type Hook func(w http.ResponseWriter, r *http.Request, forward http.HandlerFunc)

// Proxy is a running proxy. Create it with [Start].
type Proxy struct {
	upstream http.RoundTripper
	server   *httptest.Server
	inner    *http.Server
	tunnels  chan net.Conn
	closed   chan struct{}
	ca       *ca.CA

	mu       sync.Mutex
	hook     Hook
	refused  string
	seen     []Operation
	requests []Request
	changed  chan struct{}
	secrets  map[string]string
}

// Start starts a proxy that sends everything to upstream. It is closed when the test ends.
func Start(tb testing.TB, upstream http.RoundTripper) *Proxy {
	tb.Helper()
	authority, err := ca.New()
	if err != nil {
		tb.Fatal(err)
	}
	p := &Proxy{
		upstream: upstream, ca: authority, tunnels: make(chan net.Conn), closed: make(chan struct{}),
		changed: make(chan struct{}), secrets: map[string]string{},
	}
	p.inner = &http.Server{Handler: http.HandlerFunc(p.serve)} //nolint:gosec // a test's own client
	p.server = httptest.NewServer(http.HandlerFunc(p.connect))
	var done sync.WaitGroup
	done.Go(func() { _ = p.inner.Serve(&tunnels{p}) })
	tb.Cleanup(func() {
		close(p.closed)
		_ = p.inner.Close()
		p.server.CloseClientConnections()
		p.server.Close()
		done.Wait()
	})
	return p
}

// URL is the value for HTTPS_PROXY.
func (p *Proxy) URL() string { return p.server.URL }

// CA is the certificate to trust, in PEM.
func (p *Proxy) CA() []byte { return p.ca.PEM() }

// Meddle sets the hook for what comes; nil forwards everything.
func (p *Proxy) Meddle(hook Hook) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hook = hook
}

// Refuse opens no tunnel to hosts that begin with prefix, until it is called
// with "".
func (p *Proxy) Refuse(prefix string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refused = prefix
}

func (p *Proxy) refuses(host string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.refused != "" && strings.HasPrefix(host, p.refused)
}

// connect opens a tunnel and ends its TLS here.
func (p *Proxy) connect(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "only CONNECT", http.StatusMethodNotAllowed)
		return
	}
	if p.refuses(r.Host) {
		http.Error(w, "refused", http.StatusBadGateway)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		_ = conn.Close()
		return
	}
	host, _, _ := net.SplitHostPort(r.Host)
	config := &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return p.ca.Leaf(host) }}
	select {
	case p.tunnels <- tls.Server(conn, config):
	case <-p.closed:
		_ = conn.Close()
	}
}

// serve handles a request inside a tunnel.
func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	rewind := func() { r.Body = io.NopCloser(bytes.NewReader(body)) }
	rewind()
	p.note(r, body)
	p.mu.Lock()
	hook := p.hook
	p.mu.Unlock()
	forward := func(w http.ResponseWriter, r *http.Request) {
		rewind()
		p.forward(w, r)
	}
	if hook == nil {
		forward(w, r)
		return
	}
	hook(w, r, forward)
}

func (p *Proxy) forward(w http.ResponseWriter, r *http.Request) {
	out := r.Clone(r.Context())
	out.RequestURI, out.URL.Scheme, out.URL.Host = "", "https", r.Host
	resp, err := p.upstream.RoundTrip(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	p.noteAnswer(body)
	for name, values := range resp.Header {
		w.Header()[name] = slices.Clone(values)
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = w.Write(body) // the client is gone if this fails
}

// tunnels is a net.Listener over the open tunnels.
type tunnels struct{ *Proxy }

// Accept implements net.Listener.
func (t *tunnels) Accept() (net.Conn, error) {
	select {
	case conn := <-t.tunnels:
		return conn, nil
	case <-t.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (t *tunnels) Close() error { return nil }

// Addr implements net.Listener.
func (t *tunnels) Addr() net.Addr { return t.server.Listener.Addr() }
