package lab

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

var errClosing = errors.New("the lab is closing")

// handshakeTimeout bounds the TLS handshake inside a tunnel.
const handshakeTimeout = 10 * time.Second

// tunnels is the listener behind the proxy door: each CONNECT adds a connection.
type tunnels struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once

	mu sync.Mutex
	// shaking are the connections whose TLS handshake is under way; nil once closed.
	shaking map[net.Conn]bool
}

func newTunnels() *tunnels {
	return &tunnels{conns: make(chan net.Conn), closed: make(chan struct{}), shaking: map[net.Conn]bool{}}
}

// begin notes a handshake, which closeAll cuts off. It is false once closed.
func (t *tunnels) begin(c net.Conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.shaking == nil {
		return false
	}
	t.shaking[c] = true
	return true
}

func (t *tunnels) end(c net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.shaking, c)
}

// Accept implements net.Listener.
func (t *tunnels) Accept() (net.Conn, error) {
	select {
	case c := <-t.conns:
		return c, nil
	case <-t.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (t *tunnels) Close() error {
	t.closeAll()
	return nil
}

func (t *tunnels) closeAll() {
	t.once.Do(func() {
		close(t.closed)
		t.mu.Lock()
		defer t.mu.Unlock()
		for c := range t.shaking {
			_ = c.Close() // ends its handshake
		}
		t.shaking = nil
	})
}

// Addr implements net.Listener.
func (t *tunnels) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// connect answers CONNECT: it takes the connection over and serves TLS on it.
func (f *front) connect(w http.ResponseWriter, r *http.Request) {
	host, port, err := net.SplitHostPort(r.Host)
	if err != nil || port != "443" || !f.hosts.known(host) {
		refuseHost(w, r.Host)
		return
	}
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "the connection cannot be taken over", http.StatusInternalServerError)
		return
	}
	if err := f.tunnel(conn, buffered, host); err != nil {
		f.log.Debug("tunnel", "host", host, "error", err)
		_ = conn.Close()
	}
}

func (f *front) tunnel(conn net.Conn, buffered *bufio.ReadWriter, host string) error {
	if !f.lab.tunnels.begin(conn) {
		return errClosing
	}
	defer f.lab.tunnels.end(conn)
	if err := conn.SetDeadline(time.Now().Add(handshakeTimeout)); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return err
	}
	secured := tls.Server(&bufferedConn{Conn: conn, r: buffered.Reader}, f.lab.ca.Config(host))
	if err := secured.Handshake(); err != nil { //nolint:noctx // the deadline above bounds it
		return err
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return err
	}
	select {
	case f.lab.tunnels.conns <- secured:
		return nil
	case <-f.lab.tunnels.closed:
		return errClosing
	}
}

// bufferedConn reads first what the HTTP server had read ahead.
type bufferedConn struct {
	net.Conn
	r *bufio.Reader
}

// NetConn is the connection below, as of a tls.Conn.
func (c *bufferedConn) NetConn() net.Conn { return c.Conn }

// Read implements net.Conn.
func (c *bufferedConn) Read(p []byte) (int, error) { return c.r.Read(p) }
