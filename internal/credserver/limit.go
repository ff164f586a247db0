package credserver

import (
	"context"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// patience is how long a connection may go without a request that is admitted when
// another one waits for its place.
const patience = 500 * time.Millisecond

// limited is a listener with so many connections at a time. Others wait for their
// turn: until one ends, or until the oldest one that has sent no request with the token
// has had its time. So who has no token cannot keep out who has it.
type limited struct {
	net.Listener
	places chan struct{}
	closed chan struct{}
	once   sync.Once

	mu sync.Mutex
	// strangers have not been admitted, the oldest one first.
	strangers []*placed
}

func limit(l net.Listener, most int) *limited {
	return &limited{Listener: l, places: make(chan struct{}, most), closed: make(chan struct{})}
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	if !l.place() {
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	c := &placed{Conn: conn, of: l, since: time.Now()}
	c.leave = sync.OnceFunc(func() { c.known(); <-l.places })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.strangers = append(l.strangers, c)
	return c, nil
}

// place waits for a place, and reports false after the end.
func (l *limited) place() bool {
	for {
		select {
		case l.places <- struct{}{}:
			return true
		default:
		}
		oldest, wait := l.oldest()
		if wait <= 0 {
			_ = oldest.Close()
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case l.places <- struct{}{}:
			timer.Stop()
			return true
		case <-l.closed:
			timer.Stop()
			return false
		case <-timer.C:
		}
	}
}

// oldest is the stranger that is there for longest, and how much time it has left: an
// hour if there is none.
func (l *limited) oldest() (*placed, time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.strangers) == 0 {
		return nil, time.Hour
	}
	c := l.strangers[0]
	return c, patience - time.Since(c.since)
}

// Close implements net.Listener.
func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// placed is a connection that makes room when it is closed.
type placed struct {
	net.Conn
	of    *limited
	since time.Time
	leave func()
}

// Close implements net.Conn.
func (c *placed) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// known says that the connection is no stranger's, or is gone.
func (c *placed) known() {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	c.of.strangers = slices.DeleteFunc(c.of.strangers, func(other *placed) bool { return other == c })
}

type connKey struct{}

func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

// admitted says of a request's connection that its request has the token.
func admitted(r *http.Request) {
	if c, ok := r.Context().Value(connKey{}).(*placed); ok {
		c.known()
	}
}
