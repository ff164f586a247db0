package idp

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// verifierForm is the syntax of code_verifier (RFC 7636, 4.1).
var verifierForm = regexp.MustCompile(`^[A-Za-z0-9._~-]{43,128}$`)

// tokenResponse is a successful answer (RFC 6749, 5.1; OIDC Core, 3.1.3.3).
type tokenResponse struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	Scope        string `json:"scope,omitempty"`
	IDToken      string `json:"id_token,omitempty"`
	RefreshToken string `json:"refresh_token,omitempty"`
}

// token is the token endpoint.
func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	e := Event{Kind: KindToken}
	response, err := p.redeem(w, r, &e)
	p.report(e, err)
	if err != nil {
		writeTokenError(w, r, err)
		return
	}
	writeJSON(w, http.StatusOK, response)
}

// redeem checks the client and hands over to the grant type.
func (p *provider) redeem(w http.ResponseWriter, r *http.Request, e *Event) (*tokenResponse, error) {
	client, form, err := p.clientForm(w, r)
	if err != nil {
		return nil, err
	}
	e.Client = client.ID
	kind := form.Get("grant_type")
	if kind == "" {
		return nil, badRequest("the grant_type is missing")
	}
	if !slices.Contains(p.grantTypes(), kind) {
		return nil, refuse("unsupported_grant_type", "the grant_type is not supported")
	}
	e.GrantType = kind
	switch kind {
	case deviceGrant:
		return p.redeemDevice(client, form, e)
	case "refresh_token":
		return p.redeemRefreshToken(client, form, e)
	}
	return p.redeemCode(client, form, e)
}

// redeemCode is the authorization_code grant (RFC 6749, 4.1.3; RFC 7636, 4.6).
func (p *provider) redeemCode(client *world.Client, form url.Values, e *Event) (*tokenResponse, error) {
	for _, name := range []string{"code", "redirect_uri", "code_verifier"} {
		if !form.Has(name) {
			return nil, badRequest("the " + name + " is missing")
		}
	}
	if !verifierForm.MatchString(form.Get("code_verifier")) {
		return nil, badRequest("the code_verifier is not 43 to 128 unreserved characters")
	}
	c, err := p.takeCode(form.Get("code"), client, e)
	if err != nil {
		return nil, err
	}
	e.Person = c.grant.person.Login
	switch sum := sha256.Sum256([]byte(form.Get("code_verifier"))); {
	case !p.now().Before(c.expires):
		return nil, badGrant("the code has expired")
	case c.redirectURI != form.Get("redirect_uri"):
		return nil, badGrant("the redirect_uri is not that of the authorization request")
	case subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(c.challenge)) != 1:
		return nil, badGrant("the code_verifier does not fit the code_challenge")
	}
	return p.respond(c.grant, c.grant.scopes, c.nonce, p.firstRefreshToken(c.grant), e)
}

// takeCode marks a code as used, also when the request then turns out to be
// wrong. A second use revokes what the first one gave (RFC 6749, 4.1.2).
func (p *provider) takeCode(text string, client *world.Client, e *Event) (*authorizationCode, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c, ok := p.codes.get(text)
	if !ok || c.grant.client.ID != client.ID {
		return nil, badGrant("the code is not valid")
	}
	if c.used {
		c.grant.revoked, e.CodeReplay = true, true
		return nil, badGrant("the code was used before; its tokens are revoked")
	}
	c.used = true
	if c.grant.revoked {
		return nil, badGrant("the sign-in was ended")
	}
	return c, nil
}

// respond makes the tokens of a grant. Without the scope openid there is no ID
// token. nonce is empty on a refresh (OIDC Core, 12.2).
func (p *provider) respond(g *grant, scopes []string, nonce, refresh string, e *Event) (*tokenResponse, error) {
	access, err := p.accessText(g, scopes)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.access.put(access, &accessToken{grant: g, scopes: scopes}, accessTokenLifetime)
	p.mu.Unlock()
	response := &tokenResponse{
		AccessToken: access, TokenType: "Bearer", ExpiresIn: int(accessTokenLifetime.Seconds()),
		Scope: strings.Join(scopes, " "), RefreshToken: refresh,
	}
	if p.face.silentScope {
		response.Scope = ""
	}
	if !slices.Contains(scopes, "openid") {
		return response, nil
	}
	key, err := p.keys.current(jose.RS256)
	if err != nil {
		return nil, err
	}
	claims := p.idClaims(g, scopes, p.now())
	if !slices.Contains(p.face.claims.omit, "at_hash") {
		claims["at_hash"] = accessTokenHash(access)
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	e.TokenID, _ = claims[p.face.claims.tokenID].(string)
	p.remember(claims, g.person)
	response.IDToken, err = key.sign(key.id, claims)
	return response, err
}

// writeTokenError answers with an error (RFC 6749, 5.2). Who tried the
// Authorization header is told the scheme.
func writeTokenError(w http.ResponseWriter, r *http.Request, err error) {
	ref := asRefusal(err)
	if ref.status == http.StatusUnauthorized && r.Header.Get("Authorization") != "" {
		w.Header().Set("WWW-Authenticate", `Basic realm="token"`)
	}
	writeJSON(w, ref.status, map[string]string{"error": ref.code, "error_description": ref.description})
}
