package bearer

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// minPart is the length from which a token, a part of it between its dots, or the
// beginning of one counts as a secret: taking a shorter one out would garble the text.
const minPart = 16

// without is the refusal with a clean text in place of a reason that has a part of the
// token in it.
func (e *RefusalError) without(token string) *RefusalError {
	text := reason(e)
	clean := redact(text, secretsOf(token))
	if clean == text {
		return e
	}
	answer := *e
	answer.Err = errors.New(clean)
	return &answer
}

// maxParts is one more than encrypted tokens have.
const maxParts = 6

// secretsOf are the texts that give a token away: it, what it is in a URL, its parts.
func secretsOf(token string) []string {
	all := append([]string{token, url.QueryEscape(token), url.PathEscape(token)}, strings.SplitN(token, ".", maxParts)...)
	return slices.DeleteFunc(all, func(secret string) bool { return len(secret) < minPart })
}

// redact takes secrets out of a text, and beginnings of them that are long enough.
func redact(text string, secrets []string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		longest := 0
		for _, secret := range secrets {
			longest = max(longest, shared(text[i:], secret))
		}
		if longest >= minPart {
			b.WriteString("REDACTED")
			i += longest
		} else {
			b.WriteByte(text[i])
			i++
		}
	}
	return b.String()
}

// shared is how many bytes a and b have in common from the beginning.
func shared(a, b string) (n int) {
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func reason(e *RefusalError) string {
	if e.Err != nil {
		return e.Err.Error()
	}
	return e.Description
}

// maxText bounds each text in the log, in bytes: what a verifier says of a token may be
// as long as the token.
const maxText = 2000

// clean is text on one line, cut if it is too long.
func clean(text string) string {
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "..."
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text)
}
