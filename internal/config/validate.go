package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

var (
	guidForm   = regexp.MustCompile(`^[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$`)
	prefixForm = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)
	scopeForm  = regexp.MustCompile(`^[!#-\[\]-~]+$`) // RFC 6749 section 3.3
)

// Validate returns an [*InvalidError] with everything that keeps c from being
// used for an exchange, or nil.
func (c Config) Validate() error {
	c, _ = c.Clean()
	problems := slices.Concat(c.idpProblems(), c.arnProblems(), c.providerProblems(), c.redirectProblems(), c.regionProblems())
	if len(problems) > 0 {
		return &InvalidError{Problems: problems}
	}
	return nil
}

// ProblemsOf returns what Validate says about one key, for prompts.
func (c Config) ProblemsOf(key string) []Problem {
	var invalid *InvalidError
	if !errors.As(c.Validate(), &invalid) {
		return nil
	}
	return slices.DeleteFunc(invalid.Problems, func(p Problem) bool { return p.Key != key })
}

func (c Config) loginProblems() []Problem {
	return slices.Concat(c.idpProblems(), c.providerProblems(), c.redirectProblems())
}

func (c Config) idpProblems() []Problem {
	if c.IdP == "" {
		return []Problem{missing("idp")}
	}
	if _, ok := PresetFor(c.IdP); !ok {
		return []Problem{unknownProvider(c.IdP)}
	}
	return nil
}

func unknownProvider(name string) Problem {
	var names []string
	for _, preset := range Presets() {
		names = append(names, preset.Name)
	}
	return Problem{Key: "idp", Message: fmt.Sprintf("unknown identity provider %q; known are %s", name, strings.Join(names, ", ")), Hint: configureHint}
}

// providerProblems checks the keys of the chosen provider.
func (c Config) providerProblems() []Problem {
	preset, ok := PresetFor(c.IdP)
	if !ok {
		return nil
	}
	var problems []Problem
	for _, prompt := range preset.Prompts {
		value := c.Get(prompt.Key)
		switch {
		case value == "" && prompt.Required:
			problems = append(problems, missing(prompt.Key))
		case value != "":
			problems = append(problems, checkProviderKey(prompt.Key, value)...)
		}
	}
	if c.IdP == EntraID && c.EntraAuthority != "" {
		problems = append(problems, checkHost("entra_authority", c.EntraAuthority)...)
	}
	if c.IdP == Cognito && len(problems) == 0 && plainHTTP(c.CognitoDomain) && !plainHTTP(c.CognitoIssuer) {
		problems = append(problems, one("cognito_issuer", "must be an http:// URL of this machine, as cognito_domain is one")...)
	}
	return append(problems, c.scopeProblems()...)
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
	case "cognito_domain":
		return checkCognitoDomain(key, value)
	case "cognito_issuer", "oidc_issuer":
		return checkURL(key, value)
	default: // the client ids
		if strings.ContainsFunc(value, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
			return one(key, "must be one word")
		}
		return nil
	}
}

func one(key, message string) []Problem {
	return []Problem{{Key: key, Message: message, Hint: configureHint}}
}

// checkURL takes an https URL, or an http one on loopback, that can be an issuer
// (OpenID Connect Core section 2: no query, no fragment).
func checkURL(key, value string) []Problem {
	u, err := url.Parse(value)
	switch {
	case err != nil || strings.ContainsFunc(value, unicode.IsSpace):
		return one(key, "is not a URL")
	case u.Scheme == "" || u.Host == "" && u.Opaque != "":
		return []Problem{{Key: key, Message: "must begin with https://", Hint: "perhaps https://" + value}}
	case u.Hostname() == "":
		return one(key, "has no host name")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return []Problem{{
			Key: key, Message: "must begin with https:// (http:// only on this machine: localhost, 127.0.0.1, [::1])",
			Hint: "perhaps https://" + strings.TrimPrefix(value, "http://"),
		}}
	case u.Scheme != "https" && u.Scheme != "http":
		return one(key, "must begin with https://")
	case u.User != nil:
		return one(key, "must hold no user name or password")
	case strings.ContainsAny(value, "?#"):
		return one(key, "must end before the query (?) or fragment (#)")
	}
	return nil
}

// loopback takes the names that never leave this machine. Names below localhost
// are not among them: not every resolver keeps to RFC 6761 section 6.3.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.IsLoopback() && addr.Zone() == ""
}

func plainHTTP(value string) bool {
	u, err := url.Parse(value)
	return err == nil && u.Scheme == "http"
}

// checkHost takes a URL without a path.
func checkHost(key, value string) []Problem {
	if problems := checkURL(key, value); problems != nil {
		return problems
	}
	if u, err := url.Parse(value); err == nil && strings.Trim(u.Path, "/") != "" {
		return []Problem{{Key: key, Message: "must end after the host name", Hint: "perhaps " + u.Scheme + "://" + u.Host}}
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
	case guidForm.MatchString(value):
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
	if prefixForm.MatchString(value) {
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

func (c Config) scopeProblems() []Problem {
	if len(c.Scopes) == 0 {
		return nil
	}
	for _, scope := range c.Scopes {
		if !scopeForm.MatchString(scope) {
			return one("scopes", fmt.Sprintf("%q is not a scope (RFC 6749 section 3.3)", scope))
		}
	}
	if !slices.Contains(c.Scopes, "openid") {
		return one("scopes", "must have openid: without it there is no ID token")
	}
	if preset, _ := PresetFor(c.IdP); preset.Quirks.OfflineAccessUnknown && slices.Contains(c.Scopes, "offline_access") {
		return one("scopes", preset.Title+" refuses offline_access, and gives a refresh token without it")
	}
	return nil
}

// redirectProblems checks the redirect URI's parts (RFC 8252 section 7.3).
func (c Config) redirectProblems() []Problem {
	var problems []Problem
	if c.RedirectHost != "" && c.RedirectHost != "localhost" && c.RedirectHost != "127.0.0.1" {
		problems = append(problems, one("redirect_host", "must be localhost or 127.0.0.1, as registered at the identity provider")...)
	}
	if c.RedirectPort < 0 || c.RedirectPort > 65535 {
		problems = append(problems, one("redirect_port", portForm)...)
	}
	if c.RedirectPath != "" && !plainPath(c.RedirectPath) {
		problems = append(problems, one("redirect_path", "must be a plain path that begins with /, like /callback")...)
	}
	return problems
}

// plainPath takes an absolute path that reads the same escaped and cleaned, so that
// the provider, the browser and the listener cannot differ about it.
func plainPath(p string) bool {
	clean := path.Clean(p) == strings.TrimSuffix(p, "/") || p == "/"
	return strings.HasPrefix(p, "/") && clean && (&url.URL{Path: p}).EscapedPath() == p
}
