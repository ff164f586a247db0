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
