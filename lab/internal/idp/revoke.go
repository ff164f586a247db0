package idp

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// revocation is the revocation endpoint (RFC 7009). Its answer to success has no body.
func (p *provider) revocation(w http.ResponseWriter, r *http.Request) {
	e := Event{Kind: KindRevocation}
	client, form, err := p.clientForm(w, r)
	if err == nil {
		e.Client = client.ID
		err = p.revoke(client, form, &e)
	}
	p.report(e, err)
	if err != nil {
		writeTokenError(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
}

// revoke ends a token: of an access token itself, of a refresh token its whole
// family. The hint about its type is not needed. A token that nobody knows is as
// good as revoked (RFC 7009, 2.1 and 2.2).
func (p *provider) revoke(client *world.Client, form url.Values, e *Event) error {
	text := form.Get("token")
	if text == "" {
		return badRequest("the token is missing")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if t, ok := p.refresh.get(text); ok {
		if err := revocable(t.grant, client, e); err != nil {
			return err
		}
		t.grant.revoked = true
		return nil
	}
	t, access := p.access.get(text)
	if p.face.revokesRefreshOnly && (access || strings.Count(text, ".") == 2) {
		return refuse("unsupported_token_type", "only refresh tokens can be revoked here")
	}
	if !access {
		return nil
	}
	if err := revocable(t.grant, client, e); err != nil {
		return err
	}
	p.access.drop(text)
	return nil
}

// revocable refuses a client that a grant was not made to (RFC 7009, 2.1; RFC 6749, 5.2).
func revocable(g *grant, client *world.Client, e *Event) error {
	if g.client.ID != client.ID {
		return badGrant("the token was issued to another client")
	}
	e.Person = g.person.Login
	return nil
}
