package awswire

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// atomLength is the length of the escape, character class or character that s
// begins with.
func atomLength(s string) int {
	switch s[0] {
	case '\\':
		return escapeLength(s)
	case '[':
		i := 1
		if strings.HasPrefix(s[i:], "^") {
			i++
		}
		for ; i < len(s); i += escapeLength(s[i:]) {
			if s[i] == ']' {
				return i + 1
			}
		}
		return len(s)
	}
	_, size := utf8.DecodeRuneInString(s)
	return size
}

// escapeLength is the length of the escape or character that s begins with.
func escapeLength(s string) int {
	switch {
	case len(s) >= 6 && s[:2] == `\u`:
		return 6
	case len(s) >= 3 && (s[:3] == `\p{` || s[:3] == `\P{`):
		if end := strings.IndexByte(s, '}'); end > 0 {
			return end + 1
		}
	case len(s) >= 2 && s[0] == '\\':
		_, size := utf8.DecodeRuneInString(s[1:])
		return 1 + size
	}
	_, size := utf8.DecodeRuneInString(s)
	return size
}

// translate rewrites a Java expression without lookaheads for Go.
func translate(text string) (string, error) {
	var b strings.Builder
	atom := 0 // where in b the last atom begins
	var groups []int
	for i := 0; i < len(text); {
		n := atomLength(text[i:])
		part := text[i : i+n]
		i += n
		switch {
		case part == "(":
			groups = append(groups, b.Len())
			b.WriteString(part)
		case part == ")" && len(groups) > 0:
			atom = groups[len(groups)-1]
			groups = groups[:len(groups)-1]
			b.WriteString(part)
		case part == "{":
			end := strings.IndexByte(text[i:], '}')
			if end < 0 {
				return "", errors.New("missing }")
			}
			if err := repeat(&b, atom, text[i:i+end]); err != nil {
				return "", err
			}
			i += end + 1
		default:
			if !strings.Contains("*+?|^$", part) {
				atom = b.Len()
			}
			translated, err := translateAtom(part, strings.Contains(text, "(?s)"))
			if err != nil {
				return "", err
			}
			b.WriteString(translated)
		}
	}
	return b.String(), nil
}

func translateAtom(part string, dotAll bool) (string, error) {
	switch {
	case part == "." && !dotAll: // Java's line terminators
		return `[^\n\r\x{85}\x{2028}\x{2029}]`, nil
	case part[0] == '[':
		return translateClass(part)
	}
	return translateEscape(part), nil
}

func translateClass(class string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(class); {
		n := escapeLength(class[i:])
		part := class[i : i+n]
		if high := highSurrogate(part); high != 0 && i+n+6 <= len(class) {
			if r := utf16.DecodeRune(high, codeUnit(class[i+n:i+n+6])); r != utf8.RuneError {
				fmt.Fprintf(&b, `\x{%X}`, r)
				i += n + 6
				continue
			}
		}
		if i > 0 && part == "[" || strings.HasPrefix(class[i:], "&&") {
			return "", errors.New("a class made of classes")
		}
		b.WriteString(translateEscape(part))
		i += n
	}
	return b.String(), nil
}

func translateEscape(part string) string {
	if len(part) == 6 && strings.HasPrefix(part, `\u`) {
		return `\x{` + part[2:] + `}`
	}
	return part
}

// codeUnit is the value of an escape \uXXXX, 0 if s is none.
func codeUnit(s string) rune {
	if len(s) != 6 || !strings.HasPrefix(s, `\u`) {
		return 0
	}
	n, err := strconv.ParseUint(s[2:], 16, 16)
	if err != nil {
		return 0
	}
	return rune(n)
}

func highSurrogate(part string) rune {
	if r := codeUnit(part); r >= 0xD800 && r < 0xDC00 {
		return r
	}
	return 0
}

// repeat writes {count} after the atom that begins at b[atom:], in several
// counts where Go would refuse a single one.
func repeat(b *strings.Builder, atom int, count string) error {
	low, high, ranged := strings.Cut(count, ",")
	least, err := strconv.Atoi(low)
	if err != nil {
		return fmt.Errorf("count {%s}", count)
	}
	most := least
	if ranged {
		most = -1
		if high != "" {
			if most, err = strconv.Atoi(high); err != nil {
				return fmt.Errorf("count {%s}", count)
			}
		}
	}
	if max(least, most) <= maxRepeat {
		fmt.Fprintf(b, "{%s}", count)
		return nil
	}
	text := b.String()
	repeated := text[atom:]
	b.Reset()
	b.WriteString(text[:atom])
	writeRepeats(b, repeated, least, most)
	return nil
}

func writeRepeats(b *strings.Builder, atom string, least, most int) {
	b.WriteString("(?:")
	for n := least; n > 0; n -= maxRepeat {
		fmt.Fprintf(b, "%s{%d}", atom, min(n, maxRepeat))
	}
	if most < 0 {
		b.WriteString(atom + "*")
	}
	for n := most - least; n > 0; n -= maxRepeat {
		fmt.Fprintf(b, "%s{0,%d}", atom, min(n, maxRepeat))
	}
	b.WriteString(")")
}
