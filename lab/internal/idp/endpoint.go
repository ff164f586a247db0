package idp

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Endpoint is what a request to an issuer is for.
type Endpoint struct {
	// Issuer is the issuer's name in the world, Face that of its face.
	Issuer, Face string
	// Name of the endpoint: discovery, keys, authorize, token, userinfo, revoke,
	// logout or device. The pages of authorize and device are theirs.
	Name string
}

// Endpoint says what a request is for; false if it is for no issuer, or none of its
// endpoints. Pages for user codes that issuers share are the first one's.
func (s *Service) Endpoint(r *http.Request) (Endpoint, bool) {
	for _, p := range s.providers {
		if !p.owns(r) {
			continue
		}
		at := p.place(r)
		if _, known := p.routes[at]; !known {
			return Endpoint{}, false
		}
		return Endpoint{Issuer: p.issuer.Name, Face: p.issuer.Face, Name: p.endpoint(at)}, true
	}
	return Endpoint{}, false
}

// endpoint names a place that is routed.
func (p *provider) endpoint(at place) string {
	named := []struct{ name, target string }{
		{"keys", p.face.keys}, {"authorize", p.face.authorize}, {"authorize", p.signInURL()}, {"token", p.face.token},
		{"userinfo", p.face.userInfo}, {"revoke", p.face.revoke}, {"logout", p.face.logout},
	}
	for _, e := range named {
		if e.target != "" && p.placeOf(e.target) == at {
			return e.name
		}
	}
	if strings.Contains(at.path, "/.well-known/") {
		return "discovery"
	}
	return "device"
}

// ReplaceKeys gives an issuer new signing keys and publishes the old ones no longer.
func (s *Service) ReplaceKeys(issuerName string) error {
	p, err := s.provider(issuerName)
	if err != nil {
		return err
	}
	for _, ring := range p.keyrings() {
		if err := ring.replace(); err != nil {
			return err
		}
	}
	return nil
}

// replace generates a new RS256 key and forgets all others.
func (k *keyring) replace() error {
	if err := k.first(); err != nil { // else it would come after, and sign
		return err
	}
	if err := k.rotate(k.now()); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys = slices.Clone(k.keys[:1])
	return nil
}

// idToken is an ID token that was given out.
type idToken struct {
	person *world.Person
	ended  time.Time // zero while it lasts
}

// remember notes an ID token, so that it can be ended.
func (p *provider) remember(claims map[string]any, person *world.Person) {
	id, ok := claims[p.face.claims.tokenID].(string)
	if !ok {
		return
	}
	p.idTokensMu.Lock()
	defer p.idTokensMu.Unlock()
	p.idTokens.put(id, &idToken{person: person}, p.issuer.IDTokenLifetime)
}

// EndRefreshTokens revokes the sign-ins behind the refresh tokens of one person of an
// issuer, by login, or with an empty login of all, and returns how many tokens that
// were good are not any more.
func (s *Service) EndRefreshTokens(issuerName, login string) (int, error) {
	p, err := s.provider(issuerName)
	if err != nil {
		return 0, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	revoked, n := map[*grant]bool{}, 0
	for _, it := range p.refresh.items {
		g := it.value.grant
		if g.revoked && !revoked[g] || !p.now().Before(it.ends) || login != "" && world.FoldKey(g.person.Login) != world.FoldKey(login) {
			continue
		}
		g.revoked, revoked[g] = true, true
		n++
	}
	return n, nil
}

// EndIDTokens makes the ID tokens of one person of an issuer, by login, or with an
// empty login of all, as good as expired for whoever asks [Service.IDTokenEnd], and
// returns how many there were. Whoever verifies by itself takes them until exp.
func (s *Service) EndIDTokens(issuerName, login string) (int, error) {
	p, err := s.provider(issuerName)
	if err != nil {
		return 0, err
	}
	now := p.now()
	p.idTokensMu.Lock()
	defer p.idTokensMu.Unlock()
	n := 0
	for _, it := range p.idTokens.items {
		t := it.value
		if t.ended.IsZero() && now.Before(it.ends) && (login == "" || world.FoldKey(t.person.Login) == world.FoldKey(login)) {
			t.ended = now
			n++
		}
	}
	return n, nil
}

// IDTokenEnd says when an ID token was ended by [Service.EndIDTokens], in any case a
// time that is over; claim returns its claims that are texts.
func (s *Service) IDTokenEnd(claim func(string) (string, bool)) (time.Time, bool) {
	url, _ := claim("iss")
	for _, p := range s.providers {
		if p.issuer.URL == url {
			return p.idTokenEnd(claim)
		}
	}
	return time.Time{}, false
}

func (p *provider) idTokenEnd(claim func(string) (string, bool)) (time.Time, bool) {
	id, _ := claim(p.face.claims.tokenID)
	p.idTokensMu.Lock()
	defer p.idTokensMu.Unlock()
	t, ok := p.idTokens.get(id)
	if !ok || t.ended.IsZero() {
		return time.Time{}, false
	}
	if p.now().Before(t.ended) { // the clock was put back
		return time.Unix(0, 0), true
	}
	return t.ended, true
}
