package oidclogin

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
	"github.com/tip-cli/tip-cli/internal/secret"
)

// maxShown bounds text of the provider in an error, in characters.
const maxShown = 200

// jwtLike matches what starts like a compact JWS or JWE: base64url of `{"`.
var jwtLike = lazyregexp.New(`eyJ[A-Za-z0-9_\-.]{8,}`)

// printable makes text of somebody else fit for one line of a terminal: control
// characters, line breaks, bidirectional overrides and invalid UTF-8 become
// spaces, and what exceeds limit characters is cut.
func printable(text string, limit int) string {
	clean := strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
	clean = strings.Join(strings.Fields(clean), " ")
	if runes := []rune(clean); len(runes) > limit {
		clean = string(runes[:limit]) + "…"
	}
	return clean
}

// redact takes the given secrets, also as a form or a URL has them, and whatever
// looks like a JWT, out of text.
func redact(text string, secrets []secret.Value) string {
	for _, s := range secrets {
		if s.IsZero() {
			continue
		}
		plain := s.Reveal()
		for _, spelling := range []string{plain, url.QueryEscape(plain), url.PathEscape(plain)} {
			text = strings.ReplaceAll(text, spelling, s.String())
		}
	}
	return jwtLike().ReplaceAllString(text, "REDACTED")
}
