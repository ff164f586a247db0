package fastpath

import "time"

// parser reads the tokens of a JSON text that are as plain as can be. What it takes are
// parts of the text, which costs no memory.
type parser struct {
	text string
	at   int
}

// space skips white space.
func (p *parser) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return
		}
	}
}

// next skips white space and takes a character, if it is there.
func (p *parser) next(c byte) bool {
	p.space()
	if p.at == len(p.text) || p.text[p.at] != c {
		return false
	}
	p.at++
	return true
}

// quoted takes a string of plain characters: those that JSON neither wants nor
// permits anybody to escape, and encoding/json prints as they are.
func (p *parser) quoted() (string, bool) {
	if !p.next('"') {
		return "", false
	}
	return p.rest()
}

// rest takes the rest of such a string, with the quotation mark at its end.
func (p *parser) rest() (string, bool) {
	start := p.at
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return p.text[start : p.at-1], true
		case c < ' ' || c > '~' || c == '\\' || c == '<' || c == '>' || c == '&':
			return "", false
		}
	}
	return "", false
}

// skip passes over any string without an escape.
func (p *parser) skip() bool {
	_, ok := p.raw()
	return ok
}

// raw takes any string without an escape, which may be of any characters but those
// that JSON wants escaped.
func (p *parser) raw() (string, bool) {
	if !p.next('"') {
		return "", false
	}
	start := p.at
	p.passPlain()
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return p.text[start : p.at-1], true
		case c < ' ' || c == '\\':
			return "", false
		}
	}
	return "", false
}

// passPlain passes over eight characters at a time, as long as none of them ends a
// string or may not be in one.
func (p *parser) passPlain() {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for t := p.text; p.at+8 <= len(t); p.at += 8 {
		s := t[p.at : p.at+8]
		w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		quote, escape := w^ones*'"', w^ones*'\\'
		// A byte less than n has its high bit set in (x - n) &^ x, if x has it not; what
		// is above it may be set as well, which only ends this sooner.
		if ((w-ones*' ')&^w|(quote-ones)&^quote|(escape-ones)&^escape)&highs != 0 {
			return
		}
	}
}

// into takes a string that is not empty, once.
func (p *parser) into(value *string) bool {
	if *value != "" {
		return false
	}
	var ok bool
	*value, ok = p.quoted()
	return ok && *value != ""
}

// instant takes a time in UTC to the second, once.
func (p *parser) instant(value *instant) bool {
	if !p.into(&value.text) {
		return false
	}
	var err error
	value.time, err = time.Parse(time.RFC3339, value.text)
	return err == nil && value.time.UTC().Format(time.RFC3339) == value.text
}

// seconds takes a number from 1 to 99999, once.
func (p *parser) seconds(value *int) bool {
	if *value != 0 {
		return false
	}
	var n int64
	ok := p.integer(&n, 5)
	*value = int(n)
	return ok
}

// integer takes a number of at most so many digits, and not zero.
func (p *parser) integer(value *int64, most int) bool {
	p.space()
	start, n := p.at, int64(0)
	for ; p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9'; p.at++ {
		n = n*10 + int64(p.text[p.at]-'0')
		if p.at-start == most {
			return false
		}
	}
	*value = n
	return p.at > start && p.text[start] != '0'
}

// timestamp takes a number of seconds since 1970 as Python writes it, with microseconds,
// and drops these. Up to 2242 a float64 has room for them.
func (p *parser) timestamp(value *int64) bool {
	const most = 1 << 33
	if !p.integer(value, 10) || *value >= most {
		return false
	}
	if p.at == len(p.text) || p.text[p.at] != '.' {
		return true
	}
	p.at++
	start := p.at
	for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		p.at++
	}
	return p.at > start && p.at-start <= 6
}

// boolean takes true or false.
func (p *parser) boolean(value *bool) bool {
	p.space()
	for _, word := range [...]string{"true", "false"} {
		if n := len(word); len(p.text)-p.at >= n && p.text[p.at:p.at+n] == word {
			*value = word == "true"
			p.at += n
			return true
		}
	}
	return false
}

// object takes an object whose members are read by member.
func (p *parser) object(member func() bool) bool {
	if !p.next('{') {
		return false
	}
	for first := true; !p.next('}'); first = false {
		if !first && !p.next(',') || !member() {
			return false
		}
	}
	return true
}
