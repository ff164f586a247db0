package idp

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"path"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/tip-cli/tip-cli/lab/internal/world"
)

// standardClaims are the claims that a scope asks for (OIDC Core, 5.4).
func standardClaims(scope string) []string {
	switch scope {
	case "profile":
		return []string{
			"name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile",
			"picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at",
		}
	case "email":
		return []string{"email", "email_verified"}
	case "address":
		return []string{"address"}
	case "phone":
		return []string{"phone_number", "phone_number_verified"}
	}
	return nil
}

// scopeOf is the scope that a standard claim needs, empty for any other claim.
func scopeOf(claim string) string {
	for _, scope := range standardScopes() {
		if slices.Contains(standardClaims(scope), claim) {
			return scope
		}
	}
	return ""
}

// released returns the claims about a person that scopes allow. Claims outside
// the standard scopes are always released.
func (p *provider) released(person *world.Person, scopes []string) map[string]any {
	claims := maps.Clone(person.Claims)
	if claims == nil {
		claims = map[string]any{}
	}
	h := &p.face.claims
	if _, own := claims[h.login]; h.login != "" && !own {
		claims[h.login] = person.Login
	}
	if h.openidAlone && slices.Equal(scopes, []string{"openid"}) {
		return claims
	}
	maps.DeleteFunc(claims, func(name string, _ any) bool {
		scope := scopeOf(name)
		return scope != "" && !slices.Contains(scopes, scope)
	})
	return claims
}

// claimsSupported lists what ID tokens and userinfo of this world can carry.
func (p *provider) claimsSupported() []string {
	everybody := p.idClaims(&grant{client: &world.Client{}, person: &world.Person{}}, p.face.scopes, p.now())
	names := append(slices.Collect(maps.Keys(everybody)), "nonce", "at_hash")
	seen := map[string]bool{}
	for _, person := range p.issuer.People {
		for name := range person.Claims {
			seen[name] = true
		}
	}
	names = slices.AppendSeq(names, maps.Keys(seen))
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(p.face.claims.omit, name) })
	slices.Sort(names)
	return slices.Compact(names)
}

// idClaims are the claims of an ID token for a grant (OIDC Core, 2), without
// nonce and at_hash.
func (p *provider) idClaims(g *grant, scopes []string, now time.Time) map[string]any {
	h := &p.face.claims
	claims := p.released(g.person, scopes)
	if h.thin != nil {
		maps.DeleteFunc(claims, func(name string, _ any) bool { return scopeOf(name) != "" && !slices.Contains(h.thin, name) })
	}
	if _, own := claims["amr"]; !own {
		claims["amr"] = []string{"pwd"}
	}
	maps.Copy(claims, h.fixed)
	maps.Copy(claims, map[string]any{
		"iss": p.issuer.URL, "sub": p.subject(g), "aud": g.client.ID,
		"iat": now.Unix(), "exp": now.Add(p.issuer.IDTokenLifetime).Unix(),
		"auth_time": g.authTime.Unix(), h.tokenID: h.tokenIDPrefix + randomText(),
	})
	if h.notBefore {
		claims["nbf"] = now.Unix()
	}
	if h.origin {
		claims["origin_jti"] = g.origin
	}
	if h.tenant {
		p.addTenant(claims, g.person, scopes)
	}
	maps.DeleteFunc(claims, func(name string, _ any) bool { return slices.Contains(h.omit, name) })
	return claims
}

// addTenant adds tid and, with the scope profile, oid: that of the world or one
// that is derived from the subject.
func (p *provider) addTenant(claims map[string]any, person *world.Person, scopes []string) {
	claims["tid"] = path.Base(path.Dir(p.path))
	if !slices.Contains(scopes, "profile") {
		delete(claims, "oid")
		return
	}
	if _, own := claims["oid"]; !own {
		claims["oid"] = uuid.NewSHA1(uuid.NameSpaceURL, []byte(p.issuer.URL+"\n"+person.Subject)).String()
	}
}

// subject is sub: the person's, or with pairwise identifiers one that no other
// client is given (OIDC Core, 8.1).
func (p *provider) subject(g *grant) string {
	if !p.face.claims.pairwise {
		return g.person.Subject
	}
	return p.pairwise(g.person, g.client.ID)
}

// pairwise is the identifier of a person that an application alone is given.
func (p *provider) pairwise(person *world.Person, application string) string {
	sum := sha256.Sum256([]byte(p.issuer.URL + "\n" + application + "\n" + person.Subject))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// accessTokenHash is at_hash for RS256 (OIDC Core, 3.1.3.6).
func accessTokenHash(accessToken string) string {
	sum := sha256.Sum256([]byte(accessToken))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
