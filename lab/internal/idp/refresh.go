package idp

import (
	"net/url"
	"slices"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// redeemRefreshToken is the refresh_token grant (RFC 6749, 6; OIDC Core, 12). The
// new refresh token keeps the scopes of the old one, whatever scope was asked for.
func (p *provider) redeemRefreshToken(client *world.Client, form url.Values, e *Event) (*tokenResponse, error) {
	if !client.RefreshToken {
		return nil, refuse("unauthorized_client", "the client may not use the refresh_token grant")
	}
	if !form.Has("refresh_token") {
		return nil, badRequest("the refresh_token is missing")
	}
	t, err := p.redeemable(form.Get("refresh_token"), client, e)
	if err != nil {
		return nil, err
	}
	scopes, next, err := p.rotate(t, scopeList(form.Get("scope")), e)
	if err != nil {
		return nil, err
	}
	return p.respond(t.grant, scopes, "", next, e)
}

// redeemable finds a refresh token and looks at whose it is.
func (p *provider) redeemable(text string, client *world.Client, e *Event) (*refreshToken, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t, ok := p.refresh.get(text)
	if !ok || t.grant.client.ID != client.ID {
		return nil, badGrant("the refresh token is invalid or has expired")
	}
	e.Person = t.grant.person.Login
	return t, nil
}

// rotate uses a refresh token and returns the next of its family, or an empty
// text when the face keeps the old one, with the scopes that were asked for.
// Where tokens rotate, using a rotated one after the issuer's grace revokes the
// family (RFC 9700, 4.14.2); within it, every use gives another new one, as the
// answer to an earlier use may have been lost.
func (p *provider) rotate(t *refreshToken, requested []string, e *Event) ([]string, string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	again := p.face.refresh == rotates && !t.rotated.IsZero()
	switch {
	case t.grant.revoked:
		return nil, "", badGrant("the refresh token was revoked")
	case again && !now.Before(t.rotated.Add(p.issuer.RotationGrace)):
		t.grant.revoked, e.ReuseAlarm = true, true
		return nil, "", badGrant("the refresh token was used before; its family is revoked")
	}
	scopes, err := t.grant.narrowed(requested)
	if err != nil {
		return nil, "", err
	}
	e.InGrace = again
	if t.rotated.IsZero() {
		t.rotated = now
	}
	if p.face.refresh == keeps {
		return scopes, "", nil
	}
	next := randomText()
	p.refresh.put(next, &refreshToken{grant: t.grant}, p.issuer.RefreshTokenLifetime)
	return scopes, next, nil
}

// narrowed are the scopes of a refresh: all that were granted, or some of them
// (RFC 6749, 6).
func (g *grant) narrowed(requested []string) ([]string, error) {
	if requested == nil {
		return g.scopes, nil
	}
	for _, scope := range requested {
		if !slices.Contains(g.scopes, scope) {
			return nil, refuse("invalid_scope", "a scope was not granted at sign-in")
		}
	}
	return requested, nil
}

// firstRefreshToken begins a grant's family, or returns an empty text when the
// grant gets none.
func (p *provider) firstRefreshToken(g *grant) string {
	if !p.face.refreshAlways && !slices.Contains(g.scopes, "offline_access") {
		return ""
	}
	text := randomText()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refresh.put(text, &refreshToken{grant: g}, p.issuer.RefreshTokenLifetime)
	return text
}
