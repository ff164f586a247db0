package idp

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Options of a [Service].
type Options struct {
	// Headless admits lab_login and lab_password. See [WithHeadless].
	Headless bool
	// Observer is told of every decision; nil for nobody.
	Observer func(Event)
	// State of a former service for the same world; nil for none. See [WithState].
	State *State
}

// WithHeadless says whether the authorization endpoint and the page for user
// codes (RFC 8628) take the parameters lab_login and lab_password and answer at
// once, without form and cookies; by default they do. On the latter, a GET with
// user_code beside them approves the device, or denies it with lab_decision=deny. A browser can use them only from its address bar or when a
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

// New makes a service for w's issuers. The first request to an issuer starts
// generating its keys; whatever needs one waits for it.
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
		p, err := newProvider(issuer, w.Now, w.Past, pages)
		if err != nil {
			return nil, fmt.Errorf("issuer %s: %w", issuer.Name, err)
		}
		p.headless, p.observe = o.Headless, observe
		s.providers = append(s.providers, p)
	}
	for _, p := range s.providers {
		p.peers = s.sharing(p)
	}
	if err := s.restore(o.State); err != nil {
		return nil, fmt.Errorf("identity provider: %w", err)
	}
	return s, nil
}

// sharing returns the providers whose page for user codes is p's.
func (s *Service) sharing(p *provider) []*provider {
	var peers []*provider
	for _, other := range s.providers {
		if p.face.device != nil && other.face.device != nil && p.face.device.page == other.face.device.page {
			peers = append(peers, other)
		}
	}
	return peers
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

// RotateKeys gives an issuer new signing keys. An old one stays published until
// the tokens signed with it have expired.
func (s *Service) RotateKeys(issuerName string) error {
	p, err := s.provider(issuerName)
	if err != nil {
		return err
	}
	if err := p.keys.rotate(p.now().Add(p.issuer.IDTokenLifetime)); err != nil || p.accessKeys == nil {
		return err
	}
	return p.accessKeys.rotate(p.now().Add(accessTokenLifetime))
}

// EndSignIns revokes every grant of an issuer, as an administrator does who
// clears all sessions: its refresh tokens, the codes that nobody has redeemed and
// the devices that were approved give invalid_grant from then on, userinfo
// refuses its access tokens, and browsers are signed out. A device that nobody
// has approved waits on. Tokens that others verify by themselves last until exp.
func (s *Service) EndSignIns(issuerName string) error {
	p, err := s.provider(issuerName)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.revokeAll()
	p.sessions = newShelf[*session](p.now, p.past)
	return nil
}

// revokeAll revokes the grants on every shelf. p.mu is held.
func (p *provider) revokeAll() {
	for _, it := range p.refresh.items {
		it.value.grant.revoked = true
	}
	for _, it := range p.codes.items {
		it.value.grant.revoked = true
	}
	for _, it := range p.access.items {
		it.value.grant.revoked = true
	}
	for _, it := range p.devices.items {
		if g := it.value.grant; g != nil {
			g.revoked = true
		}
	}
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
	issuer *world.Issuer
	base   *url.URL
	path   string // of the issuer, without a slash at the end
	face   face
	now    func() time.Time
	past   func() time.Time // see [world.World.Past]
	keys   *keyring
	// accessKeys sign access tokens; nil when those are opaque.
	accessKeys *keyring
	// serverAPI is the one that all access tokens are for; nil where there is none.
	serverAPI *world.API
	// people by what [world.FoldKey] makes of their logins.
	people map[string]*world.Person
	// claimNames are those of [provider.claimsSupported], found once.
	claimNames func() []string
	// warm starts generating the keys, once.
	warm   func()
	pages  *pages
	routes map[place]route
	// peers are the providers that share this one's page for user codes,
	// itself among them; the first answers for all.
	peers    []*provider
	csrfKey  []byte
	headless bool
	observe  func(Event)

	idTokensMu sync.Mutex       // guards idTokens and all that lies in it
	idTokens   *shelf[*idToken] // by their ids

	mu       countingMutex // guards what follows and all that lies in it
	codes    *shelf[*authorizationCode]
	access   *shelf[*accessToken]
	refresh  *shelf[*refreshToken]
	sessions *shelf[*session]
	devices  *shelf[*deviceAuthorization] // by device code
	users    *shelf[*deviceAuthorization] // by user code
	wrong    attempts                     // at user codes
}

func newProvider(issuer *world.Issuer, now, past func() time.Time, pages *pages) (*provider, error) {
	base, err := url.Parse(issuer.URL)
	if err != nil {
		return nil, err
	}
	f, ok := faceOf(issuer.Face)
	if !ok {
		return nil, fmt.Errorf("unknown face %q", issuer.Face)
	}
	f.resolve(issuer)
	if err := check(issuer); err != nil {
		return nil, err
	}
	p := &provider{
		issuer: issuer, base: base, path: strings.TrimSuffix(base.Path, "/"), face: f,
		now: now, past: past, keys: newKeyring(now, past), pages: pages, csrfKey: randomBytes(32), people: byLogin(issuer),
		codes: newShelf[*authorizationCode](now, past), access: newShelf[*accessToken](now, past),
		refresh: newShelf[*refreshToken](now, past), sessions: newShelf[*session](now, past),
		devices: newShelf[*deviceAuthorization](now, past), users: newShelf[*deviceAuthorization](now, past),
		idTokens: newShelf[*idToken](now, past),
	}
	if f.access.ownKeys {
		p.accessKeys = newKeyring(now, past)
	}
	if issuer.IssParameter != nil {
		p.face.issParameter = *issuer.IssParameter
	}
	p.serverAPI = p.newServerAPI()
	p.warm = sync.OnceFunc(p.generateKeys)
	p.claimNames = sync.OnceValue(p.claimsSupported)
	p.routes = p.newRoutes()
	return p, nil
}

// keyrings are those whose keys are published.
func (p *provider) keyrings() []*keyring {
	if p.accessKeys == nil {
		return []*keyring{p.keys}
	}
	return []*keyring{p.keys, p.accessKeys}
}

// generateKeys generates the first keys in the background. Whoever needs one
// sees the error.
func (p *provider) generateKeys() {
	for _, ring := range p.keyrings() {
		go func() { _ = ring.first() }()
	}
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
