package lab

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/audit"
	"github.com/tip-cli/tip-cli/lab/internal/authz"
	"github.com/tip-cli/tip-cli/lab/internal/awswire"
	"github.com/tip-cli/tip-cli/lab/internal/awswire/sigv4"
	"github.com/tip-cli/tip-cli/lab/internal/idp"
	"github.com/tip-cli/tip-cli/lab/internal/s3"
	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Exchange is a request to one of AWS's services and its answer. Input and
// Output are the SDK's structures and hold secrets in the clear.
type Exchange = awswire.Exchange

// front sends every request to the service that it is for.
type front struct {
	lab      *Lab
	world    *world.World
	objects  *s3.Service
	log      *slog.Logger
	hosts    *hosts
	idp      *idp.Service
	services map[service]http.Handler
	registry registry
	// background is what the services do in this world beyond requests.
	background background
}

func newFront(l *Lab, w *world.World, opts *Options, state *keptState) (*front, error) {
	w.SetUnmoved(l.clock.base)
	if opts.OnEvent != nil {
		w.OnEvent(opts.OnEvent)
	}
	if err := w.Bootstrap(l.seed); err != nil {
		return nil, err
	}
	f := &front{lab: l, world: w, log: opts.Log, hosts: newHosts(w), services: map[service]http.Handler{},
		registry: registry{bySigning: map[string]service{}, byTarget: map[string]service{}}}
	var err error
	if f.idp, err = idp.New(w, idp.WithObserver(f.onSignIn(opts)), idp.WithState(state.idp)); err != nil {
		return nil, err
	}
	f.services[issuerHost] = http.HandlerFunc(f.serveIssuer)
	if err := f.addServices(opts, state); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *front) addServices(opts *Options, state *keptState) error {
	w, a, recorder := f.world, authz.New(f.world), audit.New(f.world)
	verifier := sigv4.New(credentials(w), func(o *sigv4.Options) { o.Now = w.Now })
	observe := func(ctx context.Context, x *awswire.Exchange) {
		recorder.Exchange(ctx, x)
		f.lab.counter.exchange(x)
		f.logExchange(x)
		if opts.OnExchange != nil {
			opts.OnExchange(x)
		}
	}
	err := f.addWireServices(&parts{world: w, authz: a, keys: newKeys(*f.lab.inner, f), idp: f.idp, inner: inProcess{f}, background: f.background.Go, wire: []awswire.Option{
		awswire.WithVerifier(verifier), awswire.WithRegion(f.region), awswire.WithObserver(observe), awswire.WithInterference(f.interfere), awswire.WithClock(w.Now), awswire.WithLogger(opts.Log),
	}})
	if err != nil {
		return err
	}
	objects, err := s3.New(w, s3.WithObjects(state.objects), s3.WithVerifier(verifier), s3.WithAuthorizer(a), s3.WithInterference(f.interfereS3), s3.WithObserver(func(ctx context.Context, x *s3.Exchange) {
		recorder.S3(ctx, x)
		f.logS3(x)
	}))
	if err != nil {
		return err
	}
	f.services[s3Service], f.objects = objects, objects
	return nil
}

// close ends what the services have under way.
func (f *front) close() { f.background.close() }

func threeRedirects(_ *http.Request, via []*http.Request) error {
	if len(via) > 3 {
		return errors.New("more than three redirects")
	}
	return nil
}

// credentials finds access keys among the sessions of w whose role or user still exists.
func credentials(w *world.World) sigv4.Lookup {
	return func(accessKeyID string) (sigv4.Credential, bool) {
		s, ok := w.LiveSession(accessKeyID)
		if !ok {
			return sigv4.Credential{}, false
		}
		return sigv4.Credential{AccessKeyID: s.AccessKeyID, SecretAccessKey: s.SecretAccessKey, SessionToken: s.SessionToken, Expires: s.Expires}, true
	}
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodConnect {
		f.connect(w, r)
		return
	}
	kind, _ := f.hosts.lookup(hostname(r.Host))
	if kind == endpointDoor {
		if !f.ownAddress(r.Host) {
			refuseHost(w, r.Host)
			return
		}
		if loopbackHost(hostname(r.Host)) && strings.HasPrefix(r.URL.Path, ownPath) {
			f.serveOwn(w, r)
			return
		}
		kind = f.byRequest(r)
		if kind == s3Service && opensAsPage(r) {
			w.Header().Set("Content-Security-Policy", "sandbox")
		}
	}
	if _, named := f.registry.target(r); kind == cognitoService && !named {
		kind = issuerHost // discovery and keys of a user pool are on the host of its API
	}
	h, ok := f.services[kind]
	if !ok {
		refuseHost(w, r.Host)
		return
	}
	h.ServeHTTP(w, r)
}

// opensAsPage reports whether a browser is about to show the answer. At the
// endpoint door an object shares its origin with the sign-in page and the audit
// trail: its scripts must not run there.
func opensAsPage(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Dest") {
	case "document", "iframe", "frame", "embed", "object":
		return true
	}
	return false
}

// ownAddress keeps a name that somebody points at loopback from reaching the
// lab through a browser: the port must be the lab's own.
func (f *front) ownAddress(host string) bool {
	_, port, err := net.SplitHostPort(host)
	_, own, _ := net.SplitHostPort(f.lab.addr)
	return err == nil && port == own
}

// hostname is a Host without port, in lower case.
func hostname(host string) string {
	host = strings.ToLower(host)
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}

// byRequest tells the services of the endpoint door apart.
func (f *front) byRequest(r *http.Request) service {
	if _, ok := f.idp.Match(r); ok {
		return issuerHost
	}
	return f.registry.find(r)
}

// regionForm keeps anything else that a scope may say out of ARNs and events.
var regionForm = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)

// region is the one that a request is for: the host's, or at the endpoint door,
// whose host has none, that of the signature, else the world's.
func (f *front) region(r *http.Request) string {
	kind, region := f.hosts.lookup(hostname(r.Host))
	if kind != endpointDoor {
		return region
	}
	if claimed := sigv4.ClaimedScope(r).Region; regionForm.MatchString(claimed) {
		return claimed
	}
	return f.world.Region
}

func refuseHost(w http.ResponseWriter, host string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusForbidden)
	_, _ = fmt.Fprintf(w, "tip-lab does not answer for %q and forwards nothing.\n", host)
}

func (f *front) logExchange(x *awswire.Exchange) {
	attrs := []any{"service", x.Caller.Service, "operation", x.Caller.Operation, "status", x.Status, "duration", x.Duration, "key", x.Caller.AccessKeyID}
	var e *awswire.Error
	if errors.As(x.Err, &e) {
		attrs = append(attrs, "code", e.Code, "message", e.Message)
	}
	f.log.Info("request", attrs...)
}

func (f *front) logS3(x *s3.Exchange) {
	attrs := []any{"service", "s3", "operation", x.Operation, "status", x.Status, "duration", x.Duration, "key", x.AccessKeyID, "bucket", x.Bucket, "object", x.Key}
	if x.Code != "" {
		attrs = append(attrs, "code", x.Code, "message", x.Message)
	}
	f.log.Info("request", attrs...)
}

func (f *front) onSignIn(opts *Options) func(idp.Event) {
	return func(e idp.Event) {
		f.lab.counter.signIn(&e)
		f.log.Info("sign-in", "issuer", e.Issuer, "endpoint", e.Kind, "client", e.Client, "person", e.Person, "grant", e.GrantType, "error", e.Error)
		if opts.OnSignIn != nil {
			opts.OnSignIn(e)
		}
	}
}
