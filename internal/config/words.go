package config

import (
	"errors"
	"strings"
	"unicode"
)

// SplitWords splits text into a program and its arguments, without a shell: white
// space separates words; single or double quotes group them, and may begin or end
// within a word; a backslash is an ordinary character, as in a path of Windows.
// The only error is a quote that does not end. [JoinWords] is the inverse.
func SplitWords(text string) ([]string, error) {
	var words []string
	var word strings.Builder
	var quote rune // that is open, or 0
	begun := false // a word has begun; "" is one, too
	for _, r := range text {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, begun = r, true
		case !unicode.IsSpace(r):
			word.WriteRune(r)
			begun = true
		case begun:
			words = append(words, word.String())
			word.Reset()
			begun = false
		}
	}
	if quote != 0 {
		return nil, errors.New("has a " + string(quote) + " without its match (quotes group words; put one kind within the other)")
	}
	if begun {
		words = append(words, word.String())
	}
	return words, nil
}

// JoinWords returns text that [SplitWords] splits into words.
func JoinWords(words []string) string {
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = quoteWord(word)
	}
	return strings.Join(quoted, " ")
}

func quoteWord(word string) string {
	special := func(r rune) bool { return r == '"' || r == '\'' || unicode.IsSpace(r) }
	switch {
	case word != "" && !strings.ContainsFunc(word, special):
		return word
	case !strings.Contains(word, `"`):
		return `"` + word + `"`
	default: // every double quote within single ones
		return `"` + strings.ReplaceAll(word, `"`, `"'"'"`) + `"`
	}
}
