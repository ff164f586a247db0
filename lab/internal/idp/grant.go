package idp

import (
	"time"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// Lifetimes that no world sets.
const (
	codeLifetime = time.Minute
	// codeMemory is how long a code is remembered so that its reuse is noticed:
	// as long as an access token that came from it can work.
	codeMemory          = codeLifetime + accessTokenLifetime
	accessTokenLifetime = time.Hour
	sessionLifetime     = 8 * time.Hour
)

// grant is what a person allowed a client by one sign-in. Every code and token
// that comes from it points at it, so that revoking it ends the whole family.
type grant struct {
	client *world.Client
	person *world.Person
	scopes []string
	// api that the sign-in asked for, nil for none; see [provider.apiOf].
	api      *world.API
	authTime time.Time
	origin   string // names the sign-in in all its tokens
	revoked  bool   // guarded by provider.mu
}

func newGrant(client *world.Client, person *world.Person, scopes []string, authTime time.Time) *grant {
	return &grant{client: client, person: person, scopes: scopes, authTime: authTime, origin: randomText()}
}

// authorizationCode is a code on its way to the token endpoint.
type authorizationCode struct {
	grant       *grant
	redirectURI string
	challenge   string
	nonce       string
	expires     time.Time
	used        bool
}

// accessToken is a token for userinfo.
type accessToken struct {
	grant  *grant
	scopes []string
}

// refreshToken is a member of a family. It is good once, and after that within
// the issuer's grace.
type refreshToken struct {
	grant   *grant
	rotated time.Time // first use; zero before
}

// session is a signed-in browser.
type session struct {
	person   *world.Person
	authTime time.Time
}

func (p *provider) client(id string) (*world.Client, bool) {
	for i := range p.issuer.Clients {
		if p.issuer.Clients[i].ID == id {
			return &p.issuer.Clients[i], true
		}
	}
	return nil, false
}
