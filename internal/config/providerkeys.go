package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

var (
	guidForm    = lazyregexp.New(`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)
	prefixForm  = lazyregexp.New(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)
	realmForm   = lazyregexp.New(`^(.*?/realms/[^/]+)(/.*)?$`)
	consoleForm = lazyregexp.New(`^(https?://[^/]+(?:/auth)?)/admin/[^/]+/console/?(?:#/(?:realms/)?([^/?]+).*)$`)
	pingOneForm = lazyregexp.New(`^(https://auth\.pingone\.[a-z.]+/[0-9a-fA-F-]{36})(/.*)?$`)
)

// keys are those of config.json that belong to this provider.
func (p Preset) keys() []string {
	var keys []string
	for _, prompt := range p.Prompts {
		keys = append(keys, prompt.Key)
	}
	return append(keys, p.Optional...)
}

func checkProviderKey(key, value string) []Problem {
	if placeholder(value) {
		return one(key, "still holds a placeholder")
	}
	switch key {
	case "okta_url":
		return checkOkta(key, value)
	case "entra_tenant_id":
		return checkTenant(key, value)
	case "entra_authority":
		return checkHost(key, value)
	case "cognito_domain":
		return checkCognitoDomain(key, value)
	case "cognito_issuer":
		return checkCognitoIssuer(key, value)
	case "cognito_user_pool_id":
		return checkPool(key, value)
	case "oidc_issuer":
		return checkURL(key, value)
	case "keycloak_url":
		return checkKeycloak(key, value)
	case "auth0_domain":
		return checkAuth0(key, value)
	case "ping_issuer":
		return checkPing(key, value)
	default:
		return checkClientID(key, value)
	}
}

func checkClientID(key, value string) []Problem {
	switch {
	case strings.ContainsFunc(value, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }):
		return one(key, "holds a space or a control character, and must be one word")
	case key == "google_client_id" && strings.HasPrefix(value, "GOCSPX-"):
		return []Problem{{Key: key, Message: "is a client secret, not the client ID that ends in .apps.googleusercontent.com", Hint: "for the secret, run: " + ClientSecretCommand}}
	}
	return nil
}

func checkOkta(key, value string) []Problem {
	if problems := checkURL(key, value); problems != nil {
		return problems
	}
	u, err := url.Parse(value)
	if err != nil {
		return one(key, "is not a URL")
	}
	if name, domain, ok := strings.Cut(u.Hostname(), "-admin.okta"); ok {
		return []Problem{{Key: key, Message: "is the address of the admin console, which issues no tokens", Hint: "perhaps https://" + name + ".okta" + domain + u.Path}}
	}
	return nil
}

func checkTenant(key, value string) []Problem {
	switch {
	case guidForm().MatchString(value):
		return nil
	case slices.Contains([]string{"common", "organizations", "consumers"}, strings.ToLower(value)):
		return []Problem{{
			Key: key, Message: fmt.Sprintf("must be the GUID of one tenant, not %q: Identity Center trusts the issuer of one tenant", value),
			Hint: "the Directory (tenant) ID is on the overview page of the app registration",
		}}
	case strings.Contains(value, ".") && !strings.ContainsAny(value, "/: "):
		return []Problem{{
			Key: key, Message: "must be the tenant's GUID: the issuer in its tokens has the GUID, not the domain name",
			Hint: "take the GUID from the issuer in " + EntraAuthority + "/" + value + "/v2.0/.well-known/openid-configuration",
		}}
	default:
		return one(key, "must be the tenant's GUID, like 11111111-2222-3333-4444-555555555555")
	}
}

func checkCognitoDomain(key, value string) []Problem {
	if prefixForm().MatchString(value) {
		return []Problem{{
			Key: key, Message: "is a prefix only; the whole domain is needed",
			Hint: "perhaps https://" + value + ".auth.REGION.amazoncognito.com",
		}}
	}
	if strings.HasPrefix(strings.TrimPrefix(value, "https://"), "cognito-idp.") {
		return []Problem{{
			Key: key, Message: "is the issuer; the domain of the sign-in pages is needed, like https://example.auth.eu-west-1.amazoncognito.com",
			Hint: "put the issuer into cognito_issuer",
		}}
	}
	return checkHost(key, value)
}

// checkKeycloak takes the URL of a realm, which is the issuer (Keycloak's guide
// "Securing applications", endpoints).
func checkKeycloak(key, value string) []Problem {
	if m := consoleForm().FindStringSubmatch(value); m != nil {
		return []Problem{{Key: key, Message: "is the address of the admin console; the realm's is needed", Hint: "perhaps " + m[1] + "/realms/" + m[2]}}
	}
	if problems := checkURL(key, value); problems != nil {
		return problems
	}
	m := realmForm().FindStringSubmatch(value)
	switch {
	case m == nil:
		return one(key, "must be the URL of a realm, like https://keycloak.example.com/realms/example")
	case m[2] != "":
		return []Problem{{Key: key, Message: "must end after the name of the realm", Hint: "perhaps " + m[1]}}
	}
	return nil
}

func checkAuth0(key, value string) []Problem {
	if prefixForm().MatchString(value) {
		return []Problem{{Key: key, Message: "is the name of the tenant only; the whole domain is needed", Hint: "perhaps " + value + ".REGION.auth0.com"}}
	}
	return checkHost(key, value)
}

// checkPing takes any issuer, and looks closer at those of PingOne, which end in /as.
func checkPing(key, value string) []Problem {
	if problems := checkURL(key, value); problems != nil {
		return problems
	}
	m := pingOneForm().FindStringSubmatch(value)
	switch {
	case !strings.HasPrefix(value, pingOne), m != nil && m[2] == "/as":
		return nil
	case m != nil:
		return []Problem{{Key: key, Message: "must end in /as after the environment's ID", Hint: "perhaps " + m[1] + "/as"}}
	}
	return one(key, "must have the environment's ID, like https://auth.pingone.eu/11111111-2222-3333-4444-555555555555/as")
}
