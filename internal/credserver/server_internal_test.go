package credserver

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// doors is a listener whose connections a test makes.
type doors struct {
	in     chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (d *doors) Accept() (net.Conn, error) {
	select {
	case c := <-d.in:
		return c, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

func (d *doors) Close() error { d.once.Do(func() { close(d.closed) }); return nil }

func (d *doors) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

// indoors is a server in a bubble, where time costs nothing.
func indoors(t *testing.T, src Source) (_ *Server, d *doors, end func()) {
	t.Helper()
	s, err := Listen()
	if err != nil {
		t.Fatal(err)
	}
	_ = s.listener.Close()
	d = &doors{in: make(chan net.Conn), closed: make(chan struct{})}
	s.listener, s.host = d, "127.0.0.1:1"
	if err := s.Handle("/a", src); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	return s, d, func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// visit connects and asks for credentials; answer waits for the status line.
func (s *Server) visit(d *doors) (_ net.Conn, answer func() string) {
	here, there := net.Pipe()
	d.in <- there
	go func() {
		_, _ = io.WriteString(here, "GET /a HTTP/1.1\r\nHost: 127.0.0.1:1\r\nAuthorization: "+s.token.Reveal()+"\r\n\r\n")
	}()
	return here, func() string {
		line, _ := bufio.NewReader(here).ReadString('\n')
		return strings.TrimSpace(line)
	}
}

func (s *Server) busy() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.answering > 0 }

func ready(context.Context) (Credentials, error) { return credentials(1, time.Hour), nil }

// Whoever does not read the answer is let go in the end.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d, end := indoors(t, ready)
		conn, _ := s.visit(d)
		time.Sleep(answerWithin - time.Second)
		if !s.busy() {
			t.Fatal("the answer has gone, and nobody has read it")
		}
		time.Sleep(2 * time.Second)
		if s.busy() {
			t.Fatal("it is still waited for")
		}
		_ = conn.Close()
		end()
	})
}

// At the end a slow reader is waited for, but not for long.
func TestEndWithASlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d, end := indoors(t, ready)
		conn, _ := s.visit(d)
		synctest.Wait()
		begin := time.Now()
		end()
		if took := time.Since(begin); took != goWithin {
			t.Errorf("the end took %s", took)
		}
		synctest.Wait()
		if text, err := io.ReadAll(conn); err != nil || len(text) > 0 { // it was closed
			t.Errorf("%q, %v", text, err)
		}
	})
}

// As many connections as the server takes, and not one more, until some have had their
// time.
func TestServeLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s, d, end := indoors(t, func(ctx context.Context) (Credentials, error) {
			select {
			case <-release:
			case <-ctx.Done():
			}
			return ready(ctx)
		})
		var answers []func() string
		for range maxConnections {
			_, answer := s.visit(d)
			answers = append(answers, answer)
		}
		synctest.Wait()
		here, there := net.Pipe()
		select {
		case d.in <- there:
			t.Fatal("one more is let in")
		case <-time.After(10 * time.Second): // those who are admitted stay
		}
		close(release)
		for _, answer := range answers {
			if got := answer(); got != "HTTP/1.1 200 OK" {
				t.Fatalf("%q", got)
			}
		}
		d.in <- there
		_ = here.Close()
		end()
	})
}

// A stranger makes room when somebody waits, and not before it has had its time.
func TestStrangerMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := limit(pipes{}, 2)
		first, _ := l.Accept()
		time.Sleep(patience / 2)
		second, _ := l.Accept()
		first.(*placed).known() // it has the token
		begin := time.Now()
		third, err := l.Accept()
		if took := time.Since(begin); err != nil || took != patience {
			t.Fatalf("%v after %s", err, took)
		}
		if _, err := second.Write([]byte("x")); err != io.ErrClosedPipe {
			t.Errorf("the stranger is still there: %v", err)
		}
		_ = first.Close()
		_ = second.Close() // net/http closes it, too
		_ = third.Close()
		if len(l.places) != 0 || len(l.strangers) != 0 {
			t.Errorf("%d places, %d strangers", len(l.places), len(l.strangers))
		}
		_ = l.Close()
	})
}
