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
	"sync"
	"time"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
	"github.com/tip-cli/tip-cli/internal/secret"
)

// The limits of a connection. Every request has one of its own.
const (
	headerWithin   = time.Second
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
	// failure again is not told, also if it names another request. Nil for nobody.
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

	// answering counts the requests that were admitted and are being answered; answered
	// is closed when there is none and there will be none, because of ending.
	answering int
	ending    bool
	answered  chan struct{}
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
		answered: make(chan struct{}),
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
var pathForm = lazyregexp.New(`^(/[A-Za-z0-9_][A-Za-z0-9._-]*)+$`)

// Route is what may be said of a path beside its [Source].
type Route struct {
	// Current reports whether credentials that the source gave are still to be
	// served: not after a sign-out, for example. It is asked before each answer
	// and must be quick. Nil: until they expire.
	Current func(Credentials) bool
	// Mark stands for what the source goes by, such as the times of its files: after a
	// failure another mark has it asked again at once. It must be quick. Nil: nothing
	// that could be looked at.
	Mark func() string
	// Refrain is the longest time for which an error of the source is given again
	// without another attempt: it begins with five seconds, or less if this is less,
	// and doubles with each failure in a row. Nil: a minute.
	Refrain func(error) time.Duration
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
	case !pathForm().MatchString(path):
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
// returns, nothing of the server runs any more but a source that has not heeded the
// end of its ctx for three seconds. It can be called once.
func (s *Server) Serve(ctx context.Context) error {
	if err := s.begin(); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	renewed := s.renew(ctx)
	server := s.httpServer()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(limit(s.listener, maxConnections)) }()
	var err error
	select {
	case err = <-failed:
		stop()
		s.end(server, renewed)
	case <-ctx.Done():
		s.end(server, renewed)
		err = <-failed
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve credentials: %w", err)
	}
	return nil
}

// renew has the routes renewed until ctx ends. What it returns is closed when the last
// source has returned.
func (s *Server) renew(ctx context.Context) <-chan struct{} {
	var running sync.WaitGroup
	for _, r := range s.routes {
		running.Go(func() { r.run(ctx) })
	}
	over := make(chan struct{})
	go func() {
		running.Wait()
		close(over)
	}()
	return over
}

// end lets nobody in any more, waits for the answers to requests that were admitted
// and for the sources, and ends every connection: whoever has sent no request, or no
// token, is not waited for.
func (s *Server) end(server *http.Server, renewed <-chan struct{}) {
	last, cancel := context.WithTimeout(context.Background(), goWithin)
	defer cancel()
	over, now := context.WithCancel(last)
	now()
	_ = server.Shutdown(over) // which waits for all connections otherwise
	s.count(0, true)
	for _, done := range []<-chan struct{}{s.answered, renewed} {
		select {
		case <-done:
		case <-last.Done(): // somebody reads slowly, or a source does not listen
		}
	}
	_ = server.Close()
}

// count adds to the requests that are being answered, or says that the server ends. It
// reports whether that is still to be.
func (s *Server) count(more int, ending bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if more > 0 && s.ending {
		return false
	}
	s.answering += more
	if s.ending = s.ending || ending; s.ending && s.answering == 0 && (more != 0 || ending) {
		close(s.answered)
	}
	return true
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
		ConnContext: withConn, DisableGeneralOptionsHandler: true, // which answers OPTIONS * before anything is checked
		ErrorLog: log.New(io.Discard, "", 0), // it quotes what strangers send
	}
	server.SetKeepAlivesEnabled(false) // an idle connection would take the place of another client
	return server
}
