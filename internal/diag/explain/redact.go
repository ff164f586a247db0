package explain

import (
	"strings"
	"unicode"

	"github.com/tip-cli/tip-cli/internal/lazyregexp"
)

// longestShown bounds what is repeated of a text, in characters.
const longestShown = 400

const redacted = "[REDACTED]"

var (
	// named are values behind a name that tells of a secret.
	named = lazyregexp.New(`(?i)\b((?:\w*(?:secret|password|passwd|assertion|authorization|session_?token|access_?token|id_?token|refresh_?token|security[-_]?token|api_?key|identity_?context|audit_?context)\w*)["']?\s*[=:]\s*["']?)(?:(?:bearer|basic)\s+)?[^\s"'&,;<>{}\[\]]+`)
	// parameters are those of a redirect, and of a POST to a token endpoint.
	parameters = lazyregexp.New(`(?i)\b((?:code|state|nonce|(?:x-amz-)?signature)=|(?:code_verifier|device_code|user_code)["']?\s*[=:]\s*["']?)[^\s"'&,;<>]+`)
	// oneTime are authorization codes of Cognito and others, which look like a UUID.
	oneTime  = lazyregexp.New(`(?i)(\bcode["']?\s*[=:]?\s*["']?)[0-9a-f]{8}-[0-9a-f-]{27,}`)
	pem      = lazyregexp.New(`(?s)-----BEGIN [A-Z ]+-----.*?(?:-----END [A-Z ]+-----|$)`)
	bearers  = lazyregexp.New(`(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=_.~-]{8,}`)
	words    = lazyregexp.New(`[A-Za-z0-9+/=_~%.:-]{20,}`)
	uuid     = lazyregexp.New(`^(?:[0-9a-f]{10}-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	keyIDs   = lazyregexp.New(`\b(A[KS]IA)[A-Z0-9]{12,}`)
	userinfo = lazyregexp.New(`(://)[^/\s@]+@`)
)

// Redact takes out of a text what may be a secret: tokens, keys, codes, and any long
// run of characters that looks random.
func Redact(text string) string {
	text = pem().ReplaceAllString(text, redacted)
	text = named().ReplaceAllString(text, "${1}"+redacted)
	text = parameters().ReplaceAllString(text, "${1}"+redacted)
	text = oneTime().ReplaceAllString(text, "${1}"+redacted)
	text = bearers().ReplaceAllString(text, "${1} "+redacted)
	text = userinfo().ReplaceAllString(text, "${1}"+redacted+"@")
	text = keyIDs().ReplaceAllString(text, "${1}"+redacted)
	return words().ReplaceAllStringFunc(text, func(word string) string {
		if harmless(word) {
			return word
		}
		return redacted
	})
}

// harmless words are names: those of resources, of hosts, of classes, and ids.
func harmless(word string) bool {
	const opaque = 24
	if strings.HasPrefix(word, "eyJ") || strings.Contains(word, ".eyJ") {
		return false
	}
	if uuid().MatchString(strings.Trim(word, ".:-=/")) {
		return true
	}
	// Names are of parts that stand between punctuation, and none of these is random.
	for _, part := range strings.FieldsFunc(word, func(r rune) bool { return strings.ContainsRune("/:.", r) }) {
		if len(part) >= opaque && looksRandom(part) {
			return false
		}
	}
	return !base64Like(word)
}

// looksRandom reports whether a word has digits among letters of both cases, as no name
// has that a person gave.
func looksRandom(word string) bool {
	if uuid().MatchString(strings.TrimPrefix(word, "tip-")) {
		return false
	}
	var lower, upper, digit, changes int
	var last rune
	for _, r := range word {
		kind := 'x'
		switch {
		case unicode.IsLower(r):
			lower, kind = lower+1, 'a'
		case unicode.IsUpper(r):
			upper, kind = upper+1, 'A'
		case unicode.IsDigit(r):
			digit, kind = digit+1, '0'
		}
		if kind != last {
			changes++
		}
		last = kind
	}
	letters := lower + upper
	switch {
	case digit > 0 && lower > 0 && upper > 0:
		return true
	case letters > 0 && digit > 0:
		return changes*4 > len(word) // hexadecimal, base32
	}
	return lower > 0 && upper > 0 && changes*2 > len(word)
}

// base64Like are runs with slashes or pluses that are no path: a secret access key has
// 40 characters.
func base64Like(word string) bool {
	const key = 40
	if len(word) < key || strings.ContainsAny(word, ":.") || strings.HasPrefix(word, "/") {
		return false
	}
	return looksRandom(strings.NewReplacer("/", "", "+", "", "=", "").Replace(word))
}

// shown is a text in one printable line of bounded length, without secrets.
func shown(text string) string { return clipped(Redact(oneLine(text)), longestShown) }

// oneLine joins the lines of a text, without what could steer a terminal.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
}

func clipped(text string, longest int) string {
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "..."
	}
	return text
}
