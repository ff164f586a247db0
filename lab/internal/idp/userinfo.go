package idp

import (
	"net/http"
	"strings"
)

// userInfo answers with the claims that an access token allows (OIDC Core, 5.3).
// The token comes in the Authorization header (RFC 6750, 2.1).
func (p *provider) userInfo(w http.ResponseWriter, r *http.Request) {
	kind, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") || text == "" {
		w.Header().Set("WWW-Authenticate", "Bearer")
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	p.mu.Lock()
	token, ok := p.access.get(text)
	ok = ok && !token.grant.revoked
	p.mu.Unlock()
	if !ok {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_token"})
		return
	}
	claims := p.released(token.grant.person, token.scopes)
	claims["sub"] = p.subject(token.grant)
	writeJSON(w, http.StatusOK, claims)
}
