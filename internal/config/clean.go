package config

import (
	"fmt"
	"strings"
)

// wellKnown are the suffixes of metadata documents, which people paste for the
// issuer (OpenID Connect Discovery section 4, RFC 8414 section 3).
var wellKnown = []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"}

// Clean returns c with the harmless slips in its URLs put right, and a Problem
// (a notice) for each: a pasted metadata document instead of the issuer, a
// trailing slash, a domain without https://. A trailing slash of oidc_issuer, and
// of ping_issuer unless it is PingOne's, stays: there it may be part of the issuer.
func (c Config) Clean() (Config, []Problem) {
	var notes []Problem
	note := func(key string, value *string, clean string) {
		if clean != *value {
			notes = append(notes, Problem{Key: key, Message: fmt.Sprintf("taken as %s", clean)})
			*value = clean
		}
	}
	note("okta_url", &c.OktaURL, trimSlash(trimWellKnown(c.OktaURL)))
	note("entra_authority", &c.EntraAuthority, trimSlash(c.EntraAuthority))
	note("cognito_domain", &c.CognitoDomain, trimSlash(withScheme(c.CognitoDomain)))
	note("cognito_issuer", &c.CognitoIssuer, trimSlash(trimWellKnown(c.CognitoIssuer)))
	note("oidc_issuer", &c.OIDCIssuer, trimWellKnown(c.OIDCIssuer))
	note("keycloak_url", &c.KeycloakURL, trimSlash(trimWellKnown(c.KeycloakURL)))
	note("auth0_domain", &c.Auth0Domain, trimSlash(trimWellKnown(withScheme(c.Auth0Domain))))
	ping := trimWellKnown(c.PingIssuer)
	if strings.HasPrefix(ping, pingOne) {
		ping = trimSlash(ping)
	}
	note("ping_issuer", &c.PingIssuer, ping)
	return c, notes
}

func trimWellKnown(url string) string {
	for _, suffix := range wellKnown {
		if base, ok := strings.CutSuffix(strings.TrimRight(url, "/"), suffix); ok {
			return trimWellKnown(base) // pasted twice
		}
	}
	return url
}

func trimSlash(url string) string { return strings.TrimRight(url, "/") }

// withScheme adds https:// to a bare host name with a dot in it.
func withScheme(domain string) string {
	if domain == "" || strings.Contains(domain, "://") || !strings.Contains(domain, ".") {
		return domain
	}
	return "https://" + domain
}
