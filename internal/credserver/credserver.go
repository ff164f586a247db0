// Package credserver serves AWS credentials to the SDKs on this machine, by the
// protocol of the container credentials provider
// (AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_AUTHORIZATION_TOKEN).
//
// A [Server] listens on a loopback address only, answers GET only, and only who
// shows its token. Each path has a [Source] of its own; what a source gives is
// kept in memory and renewed in the background before it ends, for as long as
// somebody asks for it. Credentials that are still valid are served when renewal
// fails; an answer with status 200 is always complete.
//
// A Server is safe for concurrent use. It stores nothing, logs nothing and asks
// nobody to sign in: where credentials come from is the source's business. It
// protects against other users of the machine and against web pages, not against
// programs that run as the same user.
package credserver

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"regexp"
	"sync"
	"time"

	"github.com/tip-cli/tip-cli/internal/secret"
)

// The limits of a connection. Every request has one of its own.
const (
	headerWithin   = 5 * time.Second
	answerWithin   = attemptWithin + 15*time.Second
	goWithin       = 3 * time.Second
	maxHeader      = 4 << 10 // net/http adds as much again
	maxConnections = 128
)

// Options of [Listen].
type Options struct {
	// Addr is the loopback address and port to listen on (default 127.0.0.1:0, a
	// free port).
	Addr string
	// Token is what clients must send as Authorization, 32 visible ASCII characters
	// at least; zero for 256 random bits.
	Token secret.Value
	// Notice receives a line about a failure of a source, with the path; the same
	// failure again is not told. Nil for nobody.
	Notice func(string)
	// Status is the HTTP status, 400 to 599, and the code for an error of a source;
	// nil for 503 and CredentialsUnavailable. SDKs repeat a request after 429 and 5xx.
	Status func(error) (httpStatus int, code string)
}

// Server is a container-credentials endpoint.
type Server struct {
	listener net.Listener
	host     string // 127.0.0.1:49152
	token    secret.Value
	digest   [sha256.Size]byte // of the token
	notice   func(string)
	status   func(error) (int, string)

	mu      sync.Mutex
	routes  map[string]*route
	serving bool
}

// Listen binds. The error is a [*ListenError] if the address cannot be had.
// Connections wait until [Server.Serve] runs; who does not call it calls
// [Server.Close].
func Listen(optFns ...func(*Options)) (*Server, error) {
	o := Options{Addr: "127.0.0.1:0", Notice: func(string) {}, Status: unavailable}
	for _, fn := range optFns {
		fn(&o)
	}
	token, err := checkedToken(o.Token)
	if err != nil {
		return nil, err
	}
	listener, err := listen(o.Addr)
	if err != nil {
		return nil, err
	}
	s := &Server{
		listener: listener, host: listener.Addr().String(), token: token, digest: sha256.Sum256([]byte(token.Reveal())),
		notice: o.Notice, status: o.Status, routes: map[string]*route{},
	}
	if s.notice == nil {
		s.notice = func(string) {}
	}
	if s.status == nil {
		s.status = unavailable
	}
	return s, nil
}

func unavailable(error) (int, string) { return http.StatusServiceUnavailable, "CredentialsUnavailable" }

// pathForm is what no client and no proxy rewrites.
var pathForm = regexp.MustCompile(`^(/[A-Za-z0-9_][A-Za-z0-9._-]*)+$`)

// Route is what may be said of a path beside its [Source].
type Route struct {
	// Current reports whether credentials that the source gave are still to be
	// served: not after a sign-out, for example. It is asked before each answer
	// and must be quick. Nil: until they expire.
	Current func(Credentials) bool
}

// Handle serves what src gives at path, such as /contexts/work: letters, digits,
// '.', '_', '-' and '/'. It is for the time before [Server.Serve].
func (s *Server) Handle(path string, src Source, optFns ...func(*Route)) error {
	var o Route
	for _, fn := range optFns {
		fn(&o)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !pathForm.MatchString(path):
		return fmt.Errorf("credentials endpoint: %q is not a path of letters, digits, '.', '_' and '-'", path)
	case src == nil:
		return errors.New("credentials endpoint: no source for " + path)
	case s.serving:
		return errors.New("credentials endpoint: too late to add " + path)
	case s.routes[path] != nil:
		return errors.New("credentials endpoint: " + path + " is there already")
	}
	s.routes[path] = newRoute(src, o, func(text string) { s.notice(path + ": " + text) })
	return nil
}

// URL is the address of a path, for AWS_CONTAINER_CREDENTIALS_FULL_URI.
func (s *Server) URL(path string) string { return "http://" + s.host + path }

// Token is what clients send as Authorization, as it is, without a scheme.
func (s *Server) Token() secret.Value { return s.token }

// Close gives up a server that does not serve.
func (s *Server) Close() error { return s.listener.Close() }

// Serve answers until ctx ends, lets answers that are under way go out, and
// returns nil: to be ended is how a server ends. Any other end is an error. When it
// returns, nothing of the server runs any more. It can be called once.
func (s *Server) Serve(ctx context.Context) error {
	if err := s.begin(); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var renewing sync.WaitGroup
	defer renewing.Wait()
	for _, r := range s.routes {
		renewing.Go(func() { r.run(ctx) })
	}
	server := s.httpServer()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(limit(s.listener, maxConnections)) }()
	select {
	case err := <-failed:
		stop()
		return fmt.Errorf("serve credentials: %w", err)
	case <-ctx.Done():
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), goWithin)
	defer cancel()
	if server.Shutdown(last) != nil { // somebody reads slowly
		_ = server.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve credentials: %w", err)
	}
	return nil
}

func (s *Server) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.serving {
		return errors.New("serve credentials: it was done before")
	}
	s.serving = true
	return nil
}

func (s *Server) httpServer() *http.Server {
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: headerWithin, WriteTimeout: answerWithin, MaxHeaderBytes: maxHeader,
		ErrorLog: log.New(io.Discard, "", 0), // it quotes what strangers send
	}
	server.SetKeepAlivesEnabled(false) // an idle connection would take the place of another client
	return server
}
