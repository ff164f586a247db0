package idp

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// State is what a [Service] remembers: signing keys, sign-ins, access and refresh
// tokens, and browsers that are signed in, by the names of the issuers. It holds
// private keys; of tokens it has digests. Codes and devices on their way, which
// last some minutes, are not in it. Encode it as JSON.
type State struct {
	Issuers map[string]*IssuerState `json:"issuers"`
}

// IssuerState is the State of an issuer.
type IssuerState struct {
	Keys       []KeyState     `json:"keys"`
	AccessKeys []KeyState     `json:"accessKeys,omitempty"`
	CSRFKey    []byte         `json:"csrfKey"`
	Grants     []GrantState   `json:"grants,omitempty"`
	Refresh    []TokenState   `json:"refresh,omitempty"`
	Access     []TokenState   `json:"access,omitempty"`
	Browsers   []BrowserState `json:"browsers,omitempty"`
}

// KeyState is a signing key, PKCS #8.
type KeyState struct {
	ID        string     `json:"id"`
	Algorithm string     `json:"algorithm"`
	Private   []byte     `json:"private"`
	Retired   *time.Time `json:"retired,omitempty"`
}

// GrantState is a sign-in with all that came from it.
type GrantState struct {
	Client   string    `json:"client"`
	Person   string    `json:"person"` // login
	Scopes   []string  `json:"scopes"`
	Audience string    `json:"audience,omitempty"` // of the API
	AuthTime time.Time `json:"authTime"`
	Origin   string    `json:"origin"`
	Revoked  bool      `json:"revoked,omitempty"`
}

// TokenState is an access or refresh token of a sign-in, which Grant counts.
type TokenState struct {
	Digest  []byte     `json:"digest"`
	Grant   int        `json:"grant"`
	Scopes  []string   `json:"scopes,omitempty"`
	Rotated *time.Time `json:"rotated,omitempty"`
	Ends    time.Time  `json:"ends"`
}

// BrowserState is a browser that is signed in.
type BrowserState struct {
	Digest   []byte    `json:"digest"`
	Person   string    `json:"person"`
	AuthTime time.Time `json:"authTime"`
	Ends     time.Time `json:"ends"`
}

// WithState starts the service with what another one for the same world
// remembered. Issuers that it does not know begin anew, and what it tells of people
// and clients that are gone is dropped.
func WithState(state *State) func(*Options) {
	return func(o *Options) { o.State = state }
}

// countingMutex counts how often it was held, so that a saver learns without
// looking whether there may be something to save.
type countingMutex struct {
	sync.Mutex
	held atomic.Uint64
}

// Unlock implements sync.Locker.
func (m *countingMutex) Unlock() {
	m.held.Add(1)
	m.Mutex.Unlock()
}

// Changes numbers the states of [Service.State]: while the number stays, so does
// the answer, though not the other way round.
func (s *Service) Changes() uint64 {
	n := uint64(0)
	for _, p := range s.providers {
		n += p.mu.held.Load()
		for _, ring := range p.keyrings() {
			n += ring.mu.held.Load()
		}
	}
	return n
}

// State returns what the service remembers now.
func (s *Service) State() (*State, error) {
	state := &State{Issuers: map[string]*IssuerState{}}
	for _, p := range s.providers {
		one, err := p.state()
		if err != nil {
			return nil, fmt.Errorf("issuer %s: %w", p.issuer.Name, err)
		}
		state.Issuers[p.issuer.Name] = one
	}
	return state, nil
}

func (p *provider) state() (*IssuerState, error) {
	s := &IssuerState{CSRFKey: p.csrfKey}
	var err error
	if s.Keys, err = p.keys.state(); err != nil {
		return nil, err
	}
	if p.accessKeys != nil {
		if s.AccessKeys, err = p.accessKeys.state(); err != nil {
			return nil, err
		}
	}
	p.mu.Mutex.Lock() // reading is no change
	defer p.mu.Mutex.Unlock()
	past, known := p.past(), map[*grant]int{}
	for digest, it := range p.refresh.items {
		if past.Before(it.ends) {
			s.Refresh = append(s.Refresh, TokenState{Digest: digest[:], Grant: s.grant(known, it.value.grant), Rotated: optional(it.value.rotated), Ends: it.ends})
		}
	}
	for digest, it := range p.access.items {
		if past.Before(it.ends) {
			s.Access = append(s.Access, TokenState{Digest: digest[:], Grant: s.grant(known, it.value.grant), Scopes: it.value.scopes, Ends: it.ends})
		}
	}
	for digest, it := range p.sessions.items {
		if past.Before(it.ends) {
			s.Browsers = append(s.Browsers, BrowserState{Digest: digest[:], Person: it.value.person.Login, AuthTime: it.value.authTime, Ends: it.ends})
		}
	}
	return s, nil
}

// grant counts a grant, which is added when it is met first.
func (s *IssuerState) grant(known map[*grant]int, g *grant) int {
	if i, ok := known[g]; ok {
		return i
	}
	one := GrantState{Client: g.client.ID, Person: g.person.Login, Scopes: g.scopes, AuthTime: g.authTime, Origin: g.origin, Revoked: g.revoked}
	if g.api != nil {
		one.Audience = g.api.Audience
	}
	known[g] = len(s.Grants)
	s.Grants = append(s.Grants, one)
	return known[g]
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (k *keyring) state() ([]KeyState, error) {
	k.mu.Mutex.Lock() // reading is no change
	defer k.mu.Mutex.Unlock()
	keys := k.published()
	all := make([]KeyState, 0, len(keys))
	for _, key := range keys {
		der, err := x509.MarshalPKCS8PrivateKey(key.private)
		if err != nil {
			return nil, fmt.Errorf("encode key: %w", err)
		}
		k := KeyState{ID: key.id, Algorithm: string(key.algorithm), Private: der, Retired: optional(key.retired)}
		all = append(all, k)
	}
	return all, nil
}

// restore gives providers that nobody uses yet their State.
func (s *Service) restore(state *State) error {
	if state == nil {
		return nil
	}
	for _, p := range s.providers {
		one := state.Issuers[p.issuer.Name]
		if one == nil {
			continue
		}
		if err := p.restore(one); err != nil {
			return fmt.Errorf("issuer %s: %w", p.issuer.Name, err)
		}
	}
	return nil
}

func (p *provider) restore(s *IssuerState) error {
	if err := p.keys.restore(s.Keys); err != nil {
		return err
	}
	if p.accessKeys != nil {
		if err := p.accessKeys.restore(s.AccessKeys); err != nil {
			return err
		}
	}
	if len(s.CSRFKey) == len(p.csrfKey) {
		p.csrfKey = s.CSRFKey
	}
	grants := make([]*grant, len(s.Grants))
	for i := range s.Grants {
		grants[i] = p.restored(&s.Grants[i])
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range s.Refresh {
		if g, key, ok := t.of(grants); ok {
			token := &refreshToken{grant: g}
			if t.Rotated != nil {
				token.rotated = *t.Rotated
			}
			p.refresh.items[key] = item[*refreshToken]{token, t.Ends}
		}
	}
	for _, t := range s.Access {
		if g, key, ok := t.of(grants); ok {
			p.access.items[key] = item[*accessToken]{&accessToken{grant: g, scopes: t.Scopes}, t.Ends}
		}
	}
	for _, b := range s.Browsers {
		if person, ok := p.people[world.FoldKey(b.Person)]; ok && len(b.Digest) == sha256.Size {
			p.sessions.items[[sha256.Size]byte(b.Digest)] = item[*session]{&session{person: person, authTime: b.AuthTime}, b.Ends}
		}
	}
	return nil
}

// restored is a grant, nil if its client or person is gone.
func (p *provider) restored(s *GrantState) *grant {
	client, ok := p.client(s.Client)
	person := p.people[world.FoldKey(s.Person)]
	if !ok || person == nil {
		return nil
	}
	g := &grant{client: client, person: person, scopes: s.Scopes, authTime: s.AuthTime, origin: s.Origin, revoked: s.Revoked}
	if s.Audience != "" {
		g.api = p.issuer.API(s.Audience)
	}
	return g
}

// of returns the grant and the key of a token.
func (t *TokenState) of(grants []*grant) (*grant, [sha256.Size]byte, bool) {
	if t.Grant < 0 || t.Grant >= len(grants) || grants[t.Grant] == nil || len(t.Digest) != sha256.Size {
		return nil, [sha256.Size]byte{}, false
	}
	return grants[t.Grant], [sha256.Size]byte(t.Digest), true
}

// restore puts keys into an empty ring, which needs no first key then.
func (k *keyring) restore(states []KeyState) error {
	var keys []*signingKey
	for _, s := range states {
		private, err := x509.ParsePKCS8PrivateKey(s.Private)
		if err != nil {
			return fmt.Errorf("key %s: %w", s.ID, err)
		}
		signer, ok := private.(crypto.Signer)
		if !ok {
			return fmt.Errorf("key %s signs nothing", s.ID)
		}
		key := &signingKey{id: s.ID, algorithm: jose.SignatureAlgorithm(s.Algorithm), private: signer}
		if s.Retired != nil {
			key.retired = *s.Retired
		}
		keys = append(keys, key)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys = keys
	if k.signing(jose.RS256) != nil {
		k.first = func() error { return nil }
	}
	return nil
}
