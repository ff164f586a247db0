package oidclogin

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// maxHeader leaves room for a long code and for the cookies that other
	// programs on localhost have set: cookies know no ports.
	maxHeader = 64 << 10
	// pageWait bounds the delivery of the page after the sign-in ended.
	pageWait = 4 * time.Second
	// anyPortTries bounds the search for a port that is free in both families.
	anyPortTries = 10
)

// loopback is the bound redirect address, in one or both families.
type loopback struct {
	listeners []net.Listener
	port      int
}

// listen binds the redirect port, or the first fallback port that can be had.
// An error of [KindPortInUse] names them all.
func (s Settings) listen(ctx context.Context) (*loopback, error) {
	lo, err := listen(ctx, s.RedirectHost, s.RedirectPort)
	taken := []string{strconv.Itoa(s.RedirectPort)}
	for _, port := range s.FallbackPorts {
		if KindOf(err) != KindPortInUse {
			break
		}
		taken = append(taken, strconv.Itoa(port))
		lo, err = listen(ctx, s.RedirectHost, port)
	}
	if KindOf(err) == KindPortInUse && len(taken) > 1 {
		err = fail(KindPortInUse, "none of the ports %s for the redirect can be listened on", strings.Join(taken, ", ")).
			hint("End a program that uses one of them, or add a port to redirect_fallback_ports; each needs its redirect URI (such as %s) registered at the identity provider.",
				s.redirectURL(s.RedirectPort))
	}
	return lo, err
}

// listen binds port on 127.0.0.1, and for localhost on ::1 too: browsers try
// either first, and another program on the other one would get the code.
func listen(ctx context.Context, host string, port int) (*loopback, error) {
	if port != AnyPort {
		return listenPort(ctx, host, port)
	}
	var err error
	for range anyPortTries {
		var lo *loopback
		if lo, err = listenPort(ctx, host, 0); err == nil || ctx.Err() != nil {
			return lo, err
		}
	}
	return nil, err
}

func listenPort(ctx context.Context, host string, port int) (*loopback, error) {
	families := [][2]string{{"tcp4", "127.0.0.1"}, {"tcp6", "::1"}}
	if host == "127.0.0.1" {
		families = families[:1]
	}
	lo := &loopback{port: port}
	var missing error
	for _, f := range families {
		l, err := new(net.ListenConfig).Listen(ctx, f[0], net.JoinHostPort(f[1], strconv.Itoa(lo.port)))
		switch {
		case err == nil:
			lo.listeners = append(lo.listeners, l)
			lo.port = l.Addr().(*net.TCPAddr).Port
		case ctx.Err() != nil:
			lo.close()
			return nil, contextError(ctx)
		case blocked(err):
			lo.close()
			return nil, portError(f[1], lo.port, err)
		default: // this family does not exist here
			missing = err
		}
	}
	if len(lo.listeners) == 0 {
		return nil, portError(families[0][1], port, missing)
	}
	return lo, nil
}

// Numbers of Windows, whose errors do not match the names of syscall.
const (
	wsaEACCES     = syscall.Errno(10013)
	wsaEADDRINUSE = syscall.Errno(10048)
)

// blocked says that the family exists and the port cannot be had.
func blocked(err error) bool { return inUse(err) || forbidden(err) }

func inUse(err error) bool {
	return errors.Is(err, syscall.EADDRINUSE) || errors.Is(err, wsaEADDRINUSE)
}

func forbidden(err error) bool {
	return errors.Is(err, syscall.EACCES) || errors.Is(err, wsaEACCES)
}

func portError(address string, port int, err error) *Error {
	hostPort := net.JoinHostPort(address, strconv.Itoa(port))
	reason := "is in use by another program"
	switch {
	case forbidden(err):
		reason = "is not permitted by the operating system"
	case !inUse(err):
		reason = "cannot be listened on"
	}
	e := fail(KindPortInUse, "port %d for the redirect %s (%s)", port, reason, hostPort)
	return e.hint("end that program, or register the redirect URI of another port at the identity provider and run: "+
		`tip-cli configure idp --config '{"redirect_port": %d}'`, port+1)
}

// close releases listeners that are not served. It may be called twice, and for none.
func (lo *loopback) close() {
	if lo == nil {
		return
	}
	for _, l := range lo.listeners {
		_ = l.Close()
	}
}

// server serves a loopback until stop.
type server struct {
	http    *http.Server
	broken  chan error // a listener failed
	serving sync.WaitGroup

	mu    sync.Mutex
	fresh map[net.Conn]struct{} // connected, but nothing asked yet
}

// serve starts to answer on every listener.
func (lo *loopback) serve(handler http.Handler) *server {
	s := &server{broken: make(chan error, len(lo.listeners)), fresh: make(map[net.Conn]struct{})}
	s.http = &http.Server{
		Handler: handler,
		// Or else net/http answers OPTIONS * itself, whatever the Host.
		DisableGeneralOptionsHandler: true,
		// There is no ReadTimeout: it would cancel the request's context while the
		// answer waits. Bodies are refused unread.
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      4 * requestTimeout, // the answer waits for what follows the redirect
		MaxHeaderBytes:    maxHeader,
		ConnState:         s.track,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	s.http.SetKeepAlivesEnabled(false)
	for _, l := range lo.listeners {
		s.serving.Go(func() {
			if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				s.broken <- err
			}
		})
	}
	return s
}

// track knows the connections that browsers open in advance, for which
// http.Server.Shutdown would wait five seconds.
func (s *server) track(conn net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == http.StateNew {
		s.fresh[conn] = struct{}{}
	} else {
		delete(s.fresh, conn)
	}
}

// stop lets running answers reach the browser, then ends everything.
func (s *server) stop() {
	s.mu.Lock()
	for conn := range s.fresh {
		_ = conn.Close()
	}
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), pageWait)
	defer cancel()
	_ = s.http.Shutdown(ctx)
	_ = s.http.Close()
	s.serving.Wait()
}
