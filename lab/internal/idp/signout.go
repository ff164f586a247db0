package idp

import (
	"net/http"
	"slices"
)

// signOut is Cognito's logout endpoint: it ends the browser's session and sends
// it on to logout_uri, which must be one of the client's redirect URIs, since
// the world lists no others. It is no RP-initiated logout and takes no hint.
func (p *provider) signOut(w http.ResponseWriter, r *http.Request) {
	e := Event{Kind: KindLogout}
	values, err := parameters(r.URL.RawQuery)
	if err != nil {
		p.refusePage(w, e, err)
		return
	}
	client, ok := p.client(values.Get("client_id"))
	if !ok {
		p.refusePage(w, e, badRequest("the client_id is not known here"))
		return
	}
	e.Client = client.ID
	target := values.Get("logout_uri")
	if !slices.Contains(client.RedirectURIs, target) {
		p.refusePage(w, e, badRequest("the logout_uri is not one that the client registered"))
		return
	}
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		p.mu.Lock()
		p.sessions.drop(cookie.Value)
		p.mu.Unlock()
	}
	p.report(e, nil)
	redirect(w, target)
}
