package bearer

import (
	"errors"
	"strings"
	"unicode"
)

// minPart is the length from which a part of a token, between its dots, counts as a
// secret: taking a shorter one out would garble the text.
const minPart = 16

// without is the refusal with a clean text in place of a reason that has a part of the
// token in it.
func (e *RefusalError) without(token string) *RefusalError {
	text := reason(e)
	clean := text
	for part := range strings.SplitSeq(token, ".") {
		if len(part) >= minPart {
			clean = strings.ReplaceAll(clean, part, "REDACTED")
		}
	}
	if clean == text {
		return e
	}
	answer := *e
	answer.Err = errors.New(clean)
	return &answer
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
