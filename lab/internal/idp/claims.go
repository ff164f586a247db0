package idp

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"slices"
	"time"

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
	for _, scope := range scopesSupported() {
		if slices.Contains(standardClaims(scope), claim) {
			return scope
		}
	}
	return ""
}

// released returns the claims about a person that scopes allow. Claims outside
// the standard scopes are always released.
func released(person *world.Person, scopes []string) map[string]any {
	claims := maps.Clone(person.Claims)
	if claims == nil {
		claims = map[string]any{}
	}
	maps.DeleteFunc(claims, func(name string, _ any) bool {
		scope := scopeOf(name)
		return scope != "" && !slices.Contains(scopes, scope)
	})
	return claims
}

// claimsSupported lists what ID tokens and userinfo of this world can carry.
func (p *provider) claimsSupported() []string {
	names := []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "jti", "amr", "at_hash"}
	for name := range p.face.fixedClaims {
		names = append(names, name)
	}
	for _, person := range p.issuer.People {
		for name := range person.Claims {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// idClaims are the claims of an ID token for a grant (OIDC Core, 2), without
// nonce and at_hash.
func (p *provider) idClaims(g *grant, scopes []string, now time.Time) map[string]any {
	claims := released(g.person, scopes)
	if thin := p.face.thinClaims; thin != nil {
		maps.DeleteFunc(claims, func(name string, _ any) bool { return scopeOf(name) != "" && !slices.Contains(thin, name) })
	}
	if _, own := claims["amr"]; !own {
		claims["amr"] = []string{"pwd"}
	}
	maps.Copy(claims, p.face.fixedClaims)
	maps.Copy(claims, map[string]any{
		"iss": p.issuer.URL, "sub": g.person.Subject, "aud": g.client,
		"iat": now.Unix(), "exp": now.Add(p.issuer.IDTokenLifetime).Unix(),
		"auth_time": g.authTime.Unix(), "jti": p.face.tokenIDPrefix + randomText(),
	})
	return claims
}

// accessTokenHash is at_hash for RS256 (OIDC Core, 3.1.3.6).
func accessTokenHash(accessToken string) string {
	sum := sha256.Sum256([]byte(accessToken))
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}
