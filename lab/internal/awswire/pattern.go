package awswire

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxLookaround bounds the strings that a pattern with a lookahead inside it can
// match: such a pattern is tried at every position.
const maxLookaround = 4096

// maxRepeat is the largest count that Go's regular expressions take.
const maxRepeat = 1000

// pattern returns the function that says whether a whole string matches a
// pattern of the model. The models' patterns are Java's; Go's lack lookahead,
// \u escapes and large counts, which are translated here. What cannot be
// translated is an error.
func (c *compiler) pattern(text string) (func(string) bool, error) {
	if match := c.s.opts.patterns[text]; match != nil {
		return match, nil
	}
	if match := c.patterns[text]; match != nil {
		return match, nil
	}
	match, err := compilePattern(text)
	if err != nil {
		return nil, fmt.Errorf("pattern %q (see WithPattern): %w", text, err)
	}
	c.patterns[text] = match
	return match, nil
}

func compilePattern(text string) (func(string) bool, error) {
	pieces, err := splitLookaheads(text)
	if err != nil {
		return nil, err
	}
	var seq sequence
	for _, p := range pieces {
		translated, err := translate(p.text)
		if err != nil {
			return nil, err
		}
		suffix := `\z`
		if p.look != 0 {
			suffix = ""
		}
		re, err := regexp.Compile(`\A(?:` + translated + `)` + suffix)
		if err != nil {
			return nil, err
		}
		seq = append(seq, step{re, p.look})
	}
	if len(seq) == 1 {
		return seq[0].re.MatchString, nil
	}
	return seq.match, nil
}

// piece is a part of a pattern: an expression, or the inside of a lookahead.
type piece struct {
	text string
	look int // 0: expression, 1: (?=...), -1: (?!...)
}

// splitLookaheads cuts a pattern at its lookaheads. They must be outside of
// groups and alternatives. Expressions, possibly empty, and lookaheads alternate.
func splitLookaheads(text string) ([]piece, error) {
	var pieces []piece
	start, depth, alternatives := 0, 0, false
	for i := 0; i < len(text); {
		switch {
		case strings.HasPrefix(text[i:], "(?=") || strings.HasPrefix(text[i:], "(?!"):
			if depth > 0 {
				return nil, errors.New("a lookahead inside a group")
			}
			end, err := closing(text, i)
			if err != nil {
				return nil, err
			}
			look := 1
			if text[i+2] == '!' {
				look = -1
			}
			pieces = append(pieces, piece{text: text[start:i]}, piece{text[i+3 : end], look})
			i = end + 1
			start = i
			continue
		case text[i] == '(':
			depth++
		case text[i] == ')':
			depth--
		case text[i] == '|' && depth == 0:
			alternatives = true
		}
		i += atomLength(text[i:])
	}
	if alternatives && pieces != nil {
		return nil, errors.New("a lookahead beside alternatives")
	}
	return append(pieces, piece{text: text[start:]}), nil
}

// closing returns the index of the parenthesis that closes the one at open.
func closing(text string, open int) (int, error) {
	depth := 0
	for i := open; i < len(text); i += atomLength(text[i:]) {
		switch text[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i, nil
			}
		}
	}
	return 0, errors.New("missing closing )")
}

// step is a compiled piece.
type step struct {
	re   *regexp.Regexp
	look int
}

// sequence is a compiled pattern with lookaheads: expression, lookahead,
// expression, and so on.
type sequence []step

func (seq sequence) match(s string) bool {
	if len(seq) == 1 {
		return seq[0].re.MatchString(s)
	}
	if seq[0].re.String() == `\A(?:)\z` || seq[0].re.String() == `\A(?:^)\z` {
		return seq.after(s)
	}
	if len(s) > maxLookaround {
		return false
	}
	for i := 0; i <= len(s); i++ {
		if (i == len(s) || utf8.RuneStart(s[i])) && seq[0].re.MatchString(s[:i]) && seq.after(s[i:]) {
			return true
		}
	}
	return false
}

// after tries what follows the first expression.
func (seq sequence) after(rest string) bool {
	return seq[1].re.MatchString(rest) == (seq[1].look > 0) && seq[2:].match(rest)
}
