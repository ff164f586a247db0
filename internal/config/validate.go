package config

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

var scopeForm = lazyregexp.New(`^[!#-\[\]-~]+$`) // RFC 6749 section 3.3

// Validate returns an [*InvalidError] with everything that keeps c from being
// used for an exchange, or nil. With a [TokenSource], nothing of the identity
// provider is needed; what there is must be right.
func (c Config) Validate() error {
	c, _ = c.Clean()
	signsIn := c.TokenSource().IsZero()
	problems := slices.Concat(
		c.idpProblems(signsIn), c.arnProblems(), c.providerProblems(signsIn), c.redirectProblems(), c.settingProblems(),
		c.sourceProblems(), c.regionProblems(), c.cognitoPartition(), c.durationProblems(),
	)
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
	return slices.Concat(c.idpProblems(true), c.providerProblems(true), c.redirectProblems(), c.settingProblems())
}

func (c Config) idpProblems(needed bool) []Problem {
	if c.IdP == "" {
		if needed {
			return []Problem{missing("idp")}
		}
		return nil
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
func (c Config) providerProblems(needed bool) []Problem {
	preset, ok := PresetFor(c.IdP)
	if !ok {
		return nil
	}
	var problems []Problem
	for _, prompt := range preset.Prompts {
		if needed && prompt.Required && c.Get(prompt.Key) == "" {
			problems = append(problems, missing(prompt.Key))
		}
	}
	for _, key := range preset.keys() {
		if value := c.Get(key); value != "" {
			problems = append(problems, checkProviderKey(key, value)...)
		}
	}
	if c.IdP == Cognito && len(problems) == 0 {
		problems = append(problems, c.cognitoProblems()...)
	}
	return append(problems, c.scopeProblems()...)
}

func one(key, message string) []Problem {
	hint := configureHint
	if example, ok := examples[key]; ok { // no prompt asks for it
		hint = setHint(key, example)
	}
	return []Problem{{Key: key, Message: message, Hint: hint}}
}

// examples are values, in JSON, of keys that no prompt asks for.
var examples = map[string]string{
	"region": `"eu-west-1"`, "identity_center_region": `"eu-west-1"`, "s3ag_account_id": `"111122223333"`,
	"redirect_host": `"` + DefaultRedirectHost + `"`, "redirect_port": strconv.Itoa(DefaultRedirectPort), "redirect_path": `"` + DefaultRedirectPath + `"`,
}

func (c Config) scopeProblems() []Problem {
	if len(c.Scopes) == 0 {
		return nil
	}
	for _, scope := range c.Scopes {
		if !scopeForm().MatchString(scope) {
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
	return append(problems, c.fallbackProblems()...)
}

// maxFallbackPorts is plenty: each must be registered at the identity provider.
const maxFallbackPorts = 10

func (c Config) fallbackProblems() []Problem {
	const key = "redirect_fallback_ports"
	problem := func(format string, args ...any) []Problem {
		return []Problem{{Key: key, Message: fmt.Sprintf(format, args...), Hint: setHint(key, "[8091, 8092]")}}
	}
	if len(c.RedirectFallbackPorts) > maxFallbackPorts {
		return problem("must hold %d ports at most", maxFallbackPorts)
	}
	for i, port := range c.RedirectFallbackPorts {
		switch {
		case port < 1 || port > maxPort:
			return problem(portsForm)
		case port == c.mainPort():
			return problem("must not hold %d, which is tried first anyway", port)
		case slices.Contains(c.RedirectFallbackPorts[:i], port):
			return problem("has %d twice", port)
		}
	}
	return nil
}

// plainPath takes an absolute path that reads the same escaped and cleaned, so that
// the provider, the browser and the listener cannot differ about it.
func plainPath(p string) bool {
	clean := path.Clean(p) == strings.TrimSuffix(p, "/") || p == "/"
	return strings.HasPrefix(p, "/") && clean && (&url.URL{Path: p}).EscapedPath() == p
}
