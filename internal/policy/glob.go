package policy

import (
	"strings"
	"unicode/utf8"
)

// A compiled pattern is a sequence of tokens: a byte to match literally, or one
// of the two wildcards, which no byte can be mistaken for.
const (
	tokenMany uint16 = 0x100 + iota // *, any number of characters
	tokenOne                        // ?, one character
)

// globMatch reports whether s matches tokens. It never goes back beyond the
// last *, so it takes at most len(tokens) × len(s) steps. With fold, ASCII
// letters of s are lowered first; the tokens must be lower case already.
func globMatch(tokens []uint16, s string, fold bool) bool {
	t, i := 0, 0
	star, resume := -1, 0
	for i < len(s) {
		switch {
		case t < len(tokens) && tokens[t] == tokenMany:
			star, resume = t, i
			t++
		case t < len(tokens) && tokens[t] == tokenOne:
			i += runeLen(s[i:])
			t++
		case t < len(tokens) && tokens[t] == uint16(lower(s[i], fold)):
			i++
			t++
		case star >= 0:
			resume += runeLen(s[resume:])
			t, i = star+1, resume
		default:
			return false
		}
	}
	for t < len(tokens) && tokens[t] == tokenMany {
		t++
	}
	return t == len(tokens)
}

func runeLen(s string) int {
	if s[0] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

func lower(c byte, fold bool) byte {
	if fold && 'A' <= c && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// equalFold compares ASCII letters without regard to case; want is lower case.
func equalFold(want, s string) bool {
	if len(want) != len(s) {
		return false
	}
	for i := range len(s) {
		if want[i] != lower(s[i], true) {
			return false
		}
	}
	return true
}

type patternKind uint8

const (
	patternGlob    patternKind = iota
	patternAll                 // *
	patternExact               // no wildcard
	patternPrefix              // one *, at the end
	patternDynamic             // has variables
)

// pattern is a compiled Action, Resource or condition value.
type pattern struct {
	kind   patternKind
	fold   bool
	text   string // patternExact, patternPrefix
	tokens []uint16
	parts  []part // patternDynamic
}

// part is a run of tokens or one policy variable.
type part struct {
	tokens   []uint16
	variable *variable
}

// compileOptions says what the characters of a pattern mean.
type compileOptions struct {
	wildcards bool // * and ? are wildcards
	variables bool // ${...} is a policy variable
	fold      bool // ASCII letters match without regard to case
}

func compile(raw string, opts compileOptions) (pattern, error) {
	parts, err := split(raw, opts)
	if err != nil {
		return pattern{}, err
	}
	p := pattern{fold: opts.fold}
	if len(parts) == 0 {
		p.kind = patternExact
		return p, nil
	}
	if len(parts) > 1 || parts[0].variable != nil {
		p.kind, p.parts = patternDynamic, parts
		return p, nil
	}
	p.tokens = parts[0].tokens
	p.kind, p.text = classify(p.tokens)
	return p, nil
}

// split cuts raw into runs of tokens and variables.
func split(raw string, opts compileOptions) ([]part, error) {
	var parts []part
	var run []uint16
	for i := 0; i < len(raw); {
		if !opts.variables || !strings.HasPrefix(raw[i:], "${") {
			run = append(run, tokenOf(raw[i], opts))
			i++
			continue
		}
		v, n, err := parseVariable(raw[i:])
		if err != nil {
			return nil, err
		}
		i += n
		if v.literal != 0 {
			run = append(run, uint16(v.literal))
			continue
		}
		if run != nil {
			parts, run = append(parts, part{tokens: run}), nil
		}
		parts = append(parts, part{variable: v})
	}
	if run != nil {
		parts = append(parts, part{tokens: run})
	}
	return parts, nil
}

func tokenOf(c byte, opts compileOptions) uint16 {
	switch {
	case opts.wildcards && c == '*':
		return tokenMany
	case opts.wildcards && c == '?':
		return tokenOne
	}
	return uint16(lower(c, opts.fold))
}

func classify(tokens []uint16) (patternKind, string) {
	text := make([]byte, 0, len(tokens))
	for i, t := range tokens {
		switch {
		case t == tokenMany && i == 0 && len(tokens) == 1:
			return patternAll, ""
		case t == tokenMany && i == len(tokens)-1:
			return patternPrefix, string(text)
		case t >= tokenMany:
			return patternGlob, ""
		}
		text = append(text, byte(t))
	}
	return patternExact, string(text)
}

// match reports whether s matches, with variables taken from c. A variable
// that c cannot resolve is null, and nothing equals or is like null (IAM user
// guide, "Policy variables with no value").
func (p *pattern) match(s string, c Context) bool {
	switch p.kind {
	case patternAll:
		return true
	case patternExact:
		if p.fold {
			return equalFold(p.text, s)
		}
		return p.text == s
	case patternPrefix:
		if len(s) < len(p.text) {
			return false
		}
		if p.fold {
			return equalFold(p.text, s[:len(p.text)])
		}
		return s[:len(p.text)] == p.text
	case patternDynamic:
		var buf [256]uint16
		tokens, ok := p.expand(buf[:0], c)
		return ok && globMatch(tokens, s, p.fold)
	}
	return globMatch(p.tokens, s, p.fold)
}

// expand appends the tokens of p to dst. What a variable brings in is literal:
// an asterisk in a tag value is no wildcard.
func (p *pattern) expand(dst []uint16, c Context) ([]uint16, bool) {
	for i := range p.parts {
		if p.parts[i].variable == nil {
			dst = append(dst, p.parts[i].tokens...)
			continue
		}
		value, ok := p.parts[i].variable.resolve(c)
		if !ok {
			return dst, false
		}
		for j := range len(value) {
			dst = append(dst, uint16(lower(value[j], p.fold)))
		}
	}
	return dst, true
}

// literal returns the text of a pattern without wildcards.
func (p *pattern) literal(c Context) (string, bool) {
	if p.kind != patternDynamic {
		return p.text, true
	}
	tokens, ok := p.expand(nil, c)
	if !ok {
		return "", false
	}
	text := make([]byte, len(tokens))
	for i, t := range tokens {
		text[i] = byte(t)
	}
	return string(text), true
}
