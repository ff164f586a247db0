package idp

import (
	"net/http"
	"slices"
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
	ok = ok && !token.grant.revoked && p.opensUserInfo(token)
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

// opensUserInfo reports whether the endpoint takes a token: Cognito wants the
// scope openid, which the tokens of InitiateAuth lack (developer guide, "The user
// attributes endpoint").
func (p *provider) opensUserInfo(token *accessToken) bool {
	return p.issuer.Face != "cognito" || slices.Contains(token.scopes, "openid")
}
