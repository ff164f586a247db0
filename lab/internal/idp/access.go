package idp

import (
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// accessRequest is an access token to be made. api is nil for one that is for
// no API.
type accessRequest struct {
	grant  *grant
	scopes []string
	api    *world.API
	now    time.Time
}

// accessText makes an access token: a JWT for an API, or an opaque one.
func (p *provider) accessText(g *grant, scopes []string) (string, error) {
	r := &accessRequest{grant: g, scopes: scopes, api: p.apiOf(g, scopes), now: p.now()}
	if r.api == nil && !p.face.access.always {
		return randomText(), nil
	}
	ring := p.keys
	if p.accessKeys != nil {
		ring = p.accessKeys
	}
	key, err := ring.current(jose.RS256)
	if err != nil {
		return "", err
	}
	return key.sign(key.id, p.accessClaims(r))
}

// accessClaims are the vendor's claims over those of the person that the API wants.
func (p *provider) accessClaims(r *accessRequest) map[string]any {
	claims := map[string]any{}
	if r.api != nil {
		claims["aud"] = r.api.Audience
		for name, value := range p.released(r.grant.person, p.face.scopes) {
			if slices.Contains(r.api.Claims, name) {
				claims[name] = value
			}
		}
	}
	maps.Copy(claims, map[string]any{
		"iss": p.issuer.URL, "iat": r.now.Unix(), "exp": r.now.Add(accessTokenLifetime).Unix(),
	})
	maps.Copy(claims, p.face.access.claims(p, r))
	return claims
}

// plainAccess are the claims of Keycloak and Auth0: azp names the client.
func (p *provider) plainAccess(r *accessRequest) map[string]any {
	return map[string]any{
		"sub": p.subject(r.grant), "azp": r.grant.client.ID, "jti": randomText(), "scope": strings.Join(r.scopes, " "),
	}
}

// oktaAccess are those of a custom authorization server. sub is the login there.
func (p *provider) oktaAccess(r *accessRequest) map[string]any {
	login, ok := r.grant.person.Claims["preferred_username"].(string)
	if !ok {
		login = r.grant.person.Login
	}
	return map[string]any{
		"ver": 1, "jti": "AT." + randomText(), "cid": r.grant.client.ID, "uid": r.grant.person.Subject,
		"scp": r.scopes, "auth_time": r.grant.authTime.Unix(), "sub": login,
	}
}

// entraAccess are those of a version 2.0 token for an API: azp names the client,
// and sub is another one than the client's, since it belongs to the API.
func (p *provider) entraAccess(r *accessRequest) map[string]any {
	azpacr := "0"
	if r.grant.client.Secret != "" {
		azpacr = "1"
	}
	claims := map[string]any{
		"sub": p.pairwise(r.grant.person, r.api.Audience), "azp": r.grant.client.ID, "azpacr": azpacr,
		"nbf": r.now.Unix(), "uti": randomText(), "ver": "2.0", "scp": strings.Join(shortScopes(r.api, r.scopes), " "),
	}
	released := p.released(r.grant.person, p.face.scopes)
	for _, name := range []string{"name", "preferred_username"} {
		if value, ok := released[name]; ok {
			claims[name] = value
		}
	}
	p.addTenant(claims, r.grant.person, []string{"profile"})
	return claims
}

// cognitoAccess are those of a user pool, which have client_id instead of aud.
func (p *provider) cognitoAccess(r *accessRequest) map[string]any {
	return map[string]any{
		"sub": p.subject(r.grant), "client_id": r.grant.client.ID, "username": r.grant.person.Login,
		"token_use": "access", "scope": strings.Join(r.scopes, " "), "version": 2,
		"jti": randomText(), "origin_jti": r.grant.origin, "auth_time": r.grant.authTime.Unix(),
	}
}

// newServerAPI is the API of a face whose servers have one: below the host
// only, since on the host itself stands the one whose tokens are the vendor's own.
func (p *provider) newServerAPI() *world.API {
	switch {
	case p.face.access.audience != ofServer || p.path == "":
		return nil
	case len(p.issuer.APIs) > 0:
		return &p.issuer.APIs[0]
	}
	return &world.API{Audience: p.face.access.byDefault}
}

// apiOf is the API that an access token of a grant is for, nil for none.
func (p *provider) apiOf(g *grant, scopes []string) *world.API {
	switch p.face.access.audience {
	case ofServer:
		return p.serverAPI
	case byScope:
		for _, scope := range scopes {
			if api := p.apiScope(scope); api != nil {
				return api
			}
		}
	}
	return g.api
}

// requestedAPI is the API that a request names, or the client's, nil for none.
func (p *provider) requestedAPI(client *world.Client, audience string) (*world.API, error) {
	if p.face.access.audience != byParameter {
		return nil, nil
	}
	if audience == "" {
		audience = client.Audience
	}
	if audience == "" {
		return nil, nil
	}
	if api := p.issuer.API(audience); api != nil {
		return api, nil
	}
	return nil, refuse("invalid_target", "the audience is not that of an API here") // RFC 8707, 2
}

// apiScope returns the API that a scope belongs to, nil for none. With byScope
// scopes are spelled as URIs: {audience}/{name} or api://{audience}/{name}.
func (p *provider) apiScope(scope string) *world.API {
	for i := range p.issuer.APIs {
		api, name := &p.issuer.APIs[i], scope
		if p.face.access.audience == byScope {
			name = path.Base(scope)
			if of := strings.TrimSuffix(scope, "/"+name); of != api.Audience && of != "api://"+api.Audience {
				continue
			}
			if name == everyScope {
				return api
			}
		}
		if slices.Contains(api.Scopes, name) {
			return api
		}
	}
	return nil
}

// everyScope stands for all scopes that Entra ID has granted a client at an API.
const everyScope = ".default"

// shortScopes are the names of an API's scopes among those that were granted.
func shortScopes(api *world.API, scopes []string) []string {
	var names []string
	for _, scope := range scopes {
		name := path.Base(scope)
		if name == everyScope {
			return api.Scopes
		}
		if slices.Contains(api.Scopes, name) {
			names = append(names, name)
		}
	}
	return names
}

// oneAPI refuses scopes of several APIs where the scopes name them.
func (p *provider) oneAPI(scopes []string) error {
	var first *world.API
	for _, scope := range scopes {
		api := p.apiScope(scope)
		if api == nil || p.face.access.audience != byScope {
			continue
		}
		if first != nil && first != api {
			return refuse("invalid_scope", "the scopes belong to more than one API")
		}
		first = api
	}
	return nil
}
