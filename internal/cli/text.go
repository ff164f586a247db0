package cli

import (
	"strings"
	"unicode"
)

// printable removes what could steer a terminal from text that came from elsewhere.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, s)
}

// legible returns the first of some texts from elsewhere that has something printable,
// and of it that.
func legible(texts ...string) string {
	for _, text := range texts {
		if text = printable(text); strings.TrimSpace(text) != "" {
			return text
		}
	}
	return ""
}
