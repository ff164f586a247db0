package idp

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Options of a [Service].
type Options struct {
	// Headless admits lab_login and lab_password at the authorization endpoint.
	Headless bool
	// Observer is told of every decision; nil for nobody.
	Observer func(Event)
}

// WithHeadless says whether the authorization endpoint takes the parameters
// lab_login and lab_password and answers at once, without page and cookies; by
// default it does. A browser can use them only from its address bar or when a
// program opens it: requests that another page caused (Sec-Fetch-Site, Origin)
// are refused, so that no site signs anybody in behind their back.
func WithHeadless(on bool) func(*Options) {
	return func(o *Options) { o.Headless = on }
}

// WithObserver has observe called for every decision, one at a time and before
// the answer is sent. Events hold no passwords, codes or tokens.
func WithObserver(observe func(Event)) func(*Options) {
	return func(o *Options) { o.Observer = observe }
}

// Service serves the issuers of a world. Create it with [New].
type Service struct {
	providers []*provider
}

// New makes a service for w's issuers. It starts generating their keys in the
// background; the first request that needs one waits for it.
func New(w *world.World, opts ...func(*Options)) (*Service, error) {
	o := Options{Headless: true}
	for _, opt := range opts {
		opt(&o)
	}
	pages, err := newPages()
	if err != nil {
		return nil, fmt.Errorf("identity provider: %w", err)
	}
	observe := serialized(o.Observer)
	s := &Service{}
	for _, issuer := range w.Issuers() {
		p, err := newProvider(issuer, w.Now, pages)
		if err != nil {
			return nil, fmt.Errorf("issuer %s: %w", issuer.Name, err)
		}
		p.headless, p.observe = o.Headless, observe
		s.providers = append(s.providers, p)
	}
	for _, p := range s.providers {
		go func() { _ = p.keys.first() }() // whoever needs the key sees the error
	}
	return s, nil
}

// Match returns the handler of the issuer that a request is for. The scheme is
// that of r.URL when it has one, else https on a TLS connection and http
// otherwise; the host must be the issuer's. An issuer with a path owns all that
// lies below it, one without a path only its endpoints.
func (s *Service) Match(r *http.Request) (http.Handler, bool) {
	for _, p := range s.providers {
		if p.owns(r) {
			return p, true
		}
	}
	return nil, false
}

// ServeHTTP hands a request to the issuer it is for and answers 404 when there is none.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h, ok := s.Match(r); ok {
		h.ServeHTTP(w, r)
		return
	}
	http.NotFound(w, r)
}

// RotateKeys gives an issuer a new signing key. The old one stays published
// until the ID tokens signed with it have expired.
func (s *Service) RotateKeys(issuerName string) error {
	p, err := s.provider(issuerName)
	if err != nil {
		return err
	}
	return p.keys.rotate(p.now().Add(p.issuer.IDTokenLifetime))
}

func (s *Service) provider(issuerName string) (*provider, error) {
	for _, p := range s.providers {
		if p.issuer.Name == issuerName {
			return p, nil
		}
	}
	return nil, fmt.Errorf("no issuer %q", issuerName)
}

// provider serves one issuer.
type provider struct {
	issuer   *world.Issuer
	base     *url.URL
	path     string // of the issuer, without a slash at the end
	face     face
	now      func() time.Time
	keys     *keyring
	pages    *pages
	routes   map[string]route
	csrfKey  []byte
	headless bool
	observe  func(Event)

	mu       sync.Mutex // guards what follows and all that lies in it
	codes    *shelf[*authorizationCode]
	access   *shelf[*accessToken]
	refresh  *shelf[*refreshToken]
	sessions *shelf[*session]
}

func newProvider(issuer *world.Issuer, now func() time.Time, pages *pages) (*provider, error) {
	base, err := url.Parse(issuer.URL)
	if err != nil {
		return nil, err
	}
	f, ok := faceOf(issuer.Face)
	if !ok {
		return nil, fmt.Errorf("unknown face %q", issuer.Face)
	}
	if err := check(issuer); err != nil {
		return nil, err
	}
	p := &provider{
		issuer: issuer, base: base, path: strings.TrimSuffix(base.Path, "/"), face: f,
		now: now, keys: newKeyring(now), pages: pages, csrfKey: randomBytes(32),
		codes: newShelf[*authorizationCode](now), access: newShelf[*accessToken](now),
		refresh: newShelf[*refreshToken](now), sessions: newShelf[*session](now),
	}
	p.routes = p.newRoutes()
	return p, nil
}

// check refuses what would fail only at a request.
func check(issuer *world.Issuer) error {
	for _, c := range issuer.Clients {
		for _, uri := range c.RedirectURIs {
			if u, err := url.Parse(uri); err != nil || !u.IsAbs() || u.Fragment != "" {
				return fmt.Errorf("client %s: redirect URI %q is not an absolute URI without fragment", c.ID, uri)
			}
		}
	}
	for _, p := range issuer.People {
		if _, err := json.Marshal(p.Claims); err != nil {
			return fmt.Errorf("person %s: claims: %w", p.Login, err)
		}
	}
	return nil
}

// owns reports whether a request is for this issuer.
func (p *provider) owns(r *http.Request) bool {
	scheme := scheme(r)
	if scheme != p.base.Scheme || !strings.EqualFold(hostPort(scheme, r.Host), hostPort(scheme, p.base.Host)) {
		return false
	}
	if _, known := p.routes[r.URL.Path]; known {
		return true
	}
	return p.path != "" && (r.URL.Path == p.path || strings.HasPrefix(r.URL.Path, p.path+"/"))
}

func scheme(r *http.Request) string {
	switch {
	case r.URL.Scheme != "":
		return r.URL.Scheme
	case r.TLS != nil:
		return "https"
	}
	return "http"
}

// hostPort drops the port that the scheme implies.
func hostPort(scheme, host string) string {
	name, port, err := net.SplitHostPort(host)
	if err == nil && (scheme == "https" && port == "443" || scheme == "http" && port == "80") {
		return name
	}
	return host
}

// route is an endpoint: the methods it takes and what answers them.
type route struct {
	methods []string
	handle  http.HandlerFunc
}

// newRoutes maps the paths of the endpoints. The metadata stand at Discovery's
// place, at Okta's, and where RFC 8414, section 3.1, puts them.
func (p *provider) newRoutes() map[string]route {
	read := []string{http.MethodGet, http.MethodHead}
	both := []string{http.MethodGet, http.MethodPost}
	return map[string]route{
		p.path + "/.well-known/openid-configuration":       {read, p.metadata},
		p.path + "/.well-known/oauth-authorization-server": {read, p.metadata},
		"/.well-known/oauth-authorization-server" + p.path: {read, p.metadata},
		p.path + p.face.keys:                               {read, p.jwks},
		p.path + p.face.authorize:                          {both, p.authorize},
		p.signInPath():                                     {[]string{http.MethodPost}, p.signIn},
		p.path + p.face.token:                              {[]string{http.MethodPost}, p.token},
		p.path + p.face.userInfo:                           {both, p.userInfo},
	}
}

// signInPath is where the sign-in page sends its form.
func (p *provider) signInPath() string { return p.path + p.face.authorize + "/sign-in" }

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	end, ok := p.routes[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if slices.Contains(end.methods, r.Method) {
		end.handle(w, r)
		return
	}
	w.Header().Set("Allow", strings.Join(end.methods, ", "))
	http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
}
