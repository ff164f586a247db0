package fastpath

import "time"

// parser reads the tokens of a JSON text that are as plain as can be.
type parser struct {
	text []byte
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
	start := p.at
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return string(p.text[start : p.at-1]), true
		case c < ' ' || c > '~' || c == '\\' || c == '<' || c == '>' || c == '&':
			return "", false
		}
	}
	return "", false
}

// skip passes over any string without an escape.
func (p *parser) skip() bool {
	if !p.next('"') {
		return false
	}
	for ; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return true
		case c < ' ' || c == '\\':
			return false
		}
	}
	return false
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
	p.space()
	start := p.at
	for ; p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9'; p.at++ {
		*value = *value*10 + int(p.text[p.at]-'0')
		if p.at-start == 5 {
			return false
		}
	}
	return p.at > start && p.text[start] != '0'
}
