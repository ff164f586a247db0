package lab

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/faults"
	"github.com/tip-cli/tip-cli/lab/internal/idp"
	"github.com/tip-cli/tip-cli/lab/internal/tlsca"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

//go:embed default.yaml
var defaultWorld []byte

// DefaultWorld is the world file that a lab without another one starts with.
func DefaultWorld() []byte { return append([]byte(nil), defaultWorld...) }

// World is the document that describes a whole world; docs/world.md explains it.
type World = world.File

// Event is an entry of the audit trail in CloudTrail's shape.
type Event = world.Event

// SignIn tells of a decision of the lab's OIDC provider. It holds no secrets.
type SignIn = idp.Event

// Options of [Start].
type Options struct {
	// Addr to listen on; its host must be a loopback address. Default 127.0.0.1:0.
	Addr string
	// World is a world file in YAML; nil for [DefaultWorld].
	World []byte
	// Edit changes the world before it is checked; nil for no change.
	Edit func(*World)
	// Log receives a line for every request; nil for silence.
	Log *slog.Logger
	// OnEvent is called for every event of the audit trail, in order; nil for nobody.
	OnEvent func(Event)
	// OnExchange is called for every request to AWS's services with what was sent
	// and answered, secrets included; nil for nobody. It may be called concurrently.
	OnExchange func(*Exchange)
	// OnSignIn is called for every decision of the OIDC provider; nil for nobody.
	OnSignIn func(SignIn)
	// Now is the lab's clock; nil for the machine's.
	Now func() time.Time
	// DataDir is a folder in which the world outlasts the lab; empty for a world in
	// memory. It is made if need be. World and Edit are for a new one: a lab that
	// finds a world there goes on with that. See docs/lab-state.md.
	DataDir string
	// OnDataDir is told when DataDir cannot be written, and with nil when it can be
	// written again; nil for nobody. The lab goes on meanwhile.
	OnDataDir func(error)
	// Faults is a scenario file in YAML (docs/faults.md); nil for no faults.
	Faults []byte
}

// Lab is a running lab. Create it with [Start].
type Lab struct {
	addr     string
	opts     Options
	front    atomic.Pointer[front] // with the world that requests meet now
	ca       *tlsca.CA
	plain    *http.Server
	tls      *http.Server
	tunnels  *tunnels
	inner    *http.Client
	counter  counter
	clock    *clock
	faults   *faults.Engine
	seed     []byte  // of the administrators' keys
	keeper   *keeper // nil for a lab in memory
	restored bool
	swapping sync.Mutex
	closed   bool         // swapping is for it
	replays  atomic.Int64 // of worlds that were replaced
	done     sync.WaitGroup
	closing  sync.Once
	closeErr error
}

// shutdownTimeout bounds how long Close waits for requests under way.
const shutdownTimeout = 2 * time.Second

// Start starts a lab. It runs until [Lab.Close].
func Start(ctx context.Context, opts Options) (*Lab, error) {
	if err := opts.fill(); err != nil {
		return nil, err
	}
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", opts.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	l, err := newLab(ln.Addr().String(), &opts)
	if err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	if l.keeper != nil {
		l.keeper.run()
	}
	l.serve(ln)
	return l, nil
}

func (o *Options) fill() error {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	host, _, err := net.SplitHostPort(o.Addr)
	if err != nil {
		return fmt.Errorf("address %q: %w", o.Addr, err)
	}
	if !loopbackHost(host) {
		return fmt.Errorf("address %q: the lab listens on loopback only, such as 127.0.0.1:0", o.Addr)
	}
	if o.World == nil {
		o.World = defaultWorld
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.OnDataDir == nil {
		o.OnDataDir = func(error) {}
	}
	return nil
}

func newLab(addr string, opts *Options) (_ *Lab, err error) {
	l := &Lab{addr: addr, tunnels: newTunnels()}
	l.newControl(opts)
	l.opts = *opts
	state, err := l.openState()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil && l.keeper != nil {
			err = errors.Join(err, l.keeper.dir.Close())
		}
	}()
	l.inner = l.HTTPClient()
	f, err := l.firstFront(state)
	if err != nil {
		return nil, err
	}
	l.front.Store(f)
	l.faults.SetCatalogue(f.catalogue())
	if err := l.setScenario(opts.Faults); err != nil {
		return nil, err
	}
	l.plain = server(http.HandlerFunc(l.serveHTTP), opts.Log)
	l.tls = server(http.HandlerFunc(l.serveHTTP), opts.Log)
	return l, nil
}

// current is the front that requests meet now, with its world.
func (l *Lab) current() *front { return l.front.Load() }

// serveHTTP hands a request to the world of the moment, in which it ends.
func (l *Lab) serveHTTP(w http.ResponseWriter, r *http.Request) {
	l.date(w)
	f := l.current()
	if l.keeper != nil && r.Method != http.MethodConnect { // which takes the connection over
		w = &durableWriter{ResponseWriter: w, commit: func() { l.keeper.commit(f) }}
	}
	f.ServeHTTP(w, r)
}

func server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

func (l *Lab) serve(ln net.Listener) {
	for _, run := range []func() error{
		func() error { return l.plain.Serve(ln) },
		func() error { return l.tls.Serve(l.tunnels) },
	} {
		l.done.Go(func() { _ = run() }) // ends with ErrServerClosed
	}
}

// Close stops the lab. Requests under way get two seconds to end; a change of the
// world under way, such as [Lab.Import], ends first, and a later one is an error.
func (l *Lab) Close() error {
	l.closing.Do(func() {
		l.swapping.Lock()
		l.closed = true
		l.swapping.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
		defer cancel()
		l.inner.CloseIdleConnections()
		l.faults.Close()
		for _, s := range []*http.Server{l.plain, l.tls} {
			if err := s.Shutdown(ctx); err != nil {
				l.closeErr = errors.Join(l.closeErr, s.Close())
			}
		}
		l.tunnels.closeAll()
		l.done.Wait()
		l.current().close()
		if l.keeper != nil {
			l.closeErr = errors.Join(l.closeErr, l.keeper.close())
		}
	})
	return l.closeErr
}

// Endpoint is the base URL of the endpoint door, which is the proxy's URL, too.
func (l *Lab) Endpoint() string { return "http://" + l.addr }

// Region in which the world's things lie that name no other.
func (l *Lab) Region() string { return l.current().world.Region }

// CA is the certificate of the proxy door's authority in PEM.
func (l *Lab) CA() []byte { return l.ca.PEM() }

// LeafSPKI pins the proxy door's key, for Chromium's --ignore-certificate-errors-spki-list.
func (l *Lab) LeafSPKI() (string, error) { return l.ca.LeafSPKI() }

// Events returns the audit trail, oldest first.
func (l *Lab) Events() []Event { return l.current().world.Events() }

// RotateKeys gives an issuer of the world a new signing key. The old one stays
// published until the ID tokens signed with it have expired.
func (l *Lab) RotateKeys(issuer string) error { return l.current().idp.RotateKeys(issuer) }

// EndSignIns revokes every grant of an issuer of the world, as an administrator
// does who clears all sessions: its refresh tokens, unredeemed codes and approved
// devices give invalid_grant from then on, and userinfo refuses its access tokens.
func (l *Lab) EndSignIns(issuer string) error { return l.current().idp.EndSignIns(issuer) }

// RevokeCentralRefreshTokens makes every refresh token that Identity Center gave
// out unknown: CreateTokenWithIAM answers InvalidGrantException from then on.
func (l *Lab) RevokeCentralRefreshTokens() { l.current().world.RevokeRefreshTokens() }

// IDToken says how a minted ID token differs from what the token endpoint gives.
type IDToken = idp.IssueOptions

// IssueIDToken mints an ID token of an issuer of the world for one of its people
// without a sign-in, for tests of whatever verifies it: a good one, or any kind
// of bad one. It is not reachable from outside the process.
func (l *Lab) IssueIDToken(issuer, login, clientID string, edits ...func(*IDToken)) (string, error) {
	var o IDToken
	for _, edit := range edits {
		edit(&o)
	}
	return l.current().idp.Issue(issuer, login, clientID, o)
}
