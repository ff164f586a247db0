package config

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

// poolForm is that of a user pool's ID: the region before the underscore
// (UserPoolIdType of the Cognito API, 55 characters at most).
var poolForm = lazyregexp.New(`^([a-z0-9-]+)_[0-9A-Za-z]{1,45}$`)

// cognitoHost is that of a user pool's issuer, the original form or the updated one
// (IssuerConfigurationType of the Cognito API; AWS writes the latter with a hyphen
// in its reference and with a dot in aws-jwt-verify).
var cognitoHost = lazyregexp.New(`^(?:issuer[-.])?cognito-idp\.([a-z0-9-]+)\.([a-z0-9.-]+)$`)

// cognitoPreset asks for no profile scope: app clients often allow openid and
// email only, and Cognito refuses a scope that is not allowed.
func cognitoPreset() Preset {
	return Preset{
		Name: Cognito, Title: "Amazon Cognito",
		Prompts: []Prompt{
			{Key: "cognito_domain", Label: "Cognito domain", Required: true, Example: "https://example.auth.eu-west-1.amazoncognito.com"},
			{Key: "cognito_client_id", Label: "Cognito client ID", Required: true, Example: "1example23456789"},
			{Key: "cognito_user_pool_id", Label: "Cognito user pool ID", Example: "eu-west-1_EXAMPLE"},
		},
		Optional:   []string{"cognito_issuer"},
		Scopes:     scopes(),
		Issuer:     cognitoIssuer,
		ClientID:   func(c Config) string { return c.CognitoClientID },
		Endpoints:  cognitoEndpoints,
		Revocation: func(c Config) string { return cognitoEndpoint(c, "revoke") },
		AccessToken: func(Config) []Problem {
			return noAccessToken("Cognito's access tokens have no aud claim, which AWS needs", "")
		},
		Keys:   LoginKeys{Issuer: []string{"cognito_issuer", "cognito_user_pool_id"}, ClientID: "cognito_client_id", Endpoints: "cognito_domain"},
		Quirks: Quirks{OfflineAccessUnknown: true, RefreshTokenStays: true, NoDeviceGrant: true, TokenIDClaim: "jti"},
	}
}

func cognitoEndpoints(c Config) (authorization, token string) {
	return cognitoEndpoint(c, "authorize"), cognitoEndpoint(c, "token")
}

func cognitoEndpoint(c Config, name string) string {
	if c.CognitoDomain == "" {
		return ""
	}
	return trimSlash(c.CognitoDomain) + "/oauth2/" + name
}

// cognitoIssuer is cognito_issuer, else made from the pool's ID, else "".
func cognitoIssuer(c Config) string {
	if c.CognitoIssuer != "" {
		return c.CognitoIssuer
	}
	return poolIssuer(c.CognitoUserPoolID)
}

func poolIssuer(pool string) string {
	region := poolRegion(pool)
	if region == "" {
		return ""
	}
	return "https://cognito-idp." + region + "." + partitionOf(region).dnsSuffix + "/" + pool
}

// poolRegion returns "" if pool is not the ID of a user pool.
func poolRegion(pool string) string {
	m := poolForm().FindStringSubmatch(pool)
	if m == nil || !regionForm().MatchString(m[1]) {
		return ""
	}
	return m[1]
}

func checkPool(key, value string) []Problem {
	switch {
	case poolRegion(value) != "":
		return nil
	case strings.Contains(value, "://"):
		return []Problem{{Key: key, Message: "must be the ID of the user pool, like eu-west-1_EXAMPLE, not a URL", Hint: "put an issuer into cognito_issuer"}}
	}
	return one(key, "must be the ID of a user pool, like eu-west-1_EXAMPLE")
}

// checkCognitoIssuer takes any URL that can be an issuer, and looks closer at those
// that have Cognito's host.
func checkCognitoIssuer(key, value string) []Problem {
	if problems := checkURL(key, value); problems != nil {
		return problems
	}
	host, pool := splitIssuer(value)
	m := cognitoHost().FindStringSubmatch(host)
	if m == nil {
		return nil
	}
	region, suffix := m[1], m[2]
	switch want := partitionOf(region).dnsSuffix; {
	case !regionForm().MatchString(region):
		return one(key, fmt.Sprintf("%q in it is not a region, like eu-west-1", region))
	case suffix != want:
		return one(key, fmt.Sprintf("has a host that ends in %s, but those in %s end in %s", suffix, region, want))
	case poolRegion(pool) == "":
		return one(key, "must end in the ID of a user pool, like https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE")
	case poolRegion(pool) != region:
		return one(key, "is in "+region+", but its user pool is in "+poolRegion(pool))
	}
	return nil
}

func splitIssuer(issuer string) (host, path string) {
	u, err := url.Parse(issuer)
	if err != nil {
		return "", ""
	}
	return strings.ToLower(u.Host), strings.TrimPrefix(u.Path, "/")
}

// cognitoProblems checks the keys of Cognito against each other.
func (c Config) cognitoProblems() []Problem {
	switch {
	case plainHTTP(c.CognitoDomain) && c.CognitoIssuer == "" && c.CognitoUserPoolID != "":
		return one("cognito_user_pool_id", "stands for an issuer at AWS, but cognito_domain is on this machine; set cognito_issuer instead")
	case plainHTTP(c.CognitoDomain) && !plainHTTP(c.CognitoIssuer):
		return one("cognito_issuer", "must be an http:// URL of this machine, as cognito_domain is one")
	case c.CognitoIssuer == "" || c.CognitoUserPoolID == "":
		return nil
	}
	host, pool := splitIssuer(c.CognitoIssuer)
	if pool == c.CognitoUserPoolID && cognitoHost().MatchString(host) {
		return nil
	}
	return []Problem{{
		Key: "cognito_user_pool_id", Message: "does not agree with cognito_issuer; its issuer is " + poolIssuer(c.CognitoUserPoolID),
		Hint: "leave one of the two keys out",
	}}
}

// cognitoPartition checks Cognito's region against the ARNs.
func (c Config) cognitoPartition() []Problem {
	if c.IdP != Cognito {
		return nil
	}
	if region := poolRegion(c.CognitoUserPoolID); region != "" {
		return c.partitionProblems("cognito_user_pool_id", region)
	}
	host, _ := splitIssuer(c.CognitoIssuer)
	if m := cognitoHost().FindStringSubmatch(host); m != nil {
		return c.partitionProblems("cognito_issuer", m[1])
	}
	return nil
}
