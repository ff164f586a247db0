package policy

import "unicode/utf8"

// Position is a place in the text of a document, as SimulatePrincipalPolicy gives
// it: both count from 1, columns in characters.
type Position struct{ Line, Column int }

// Span is where a statement stands in the text of its document.
//
// IAM gives the places at which its reader of JSON stood: End is behind the brace
// that closes the statement. Start is behind the brace that opens it where
// Statement is one object, and behind the bracket or the statement before it where
// Statement is a list (AWS CLI, examples of simulate-custom-policy and
// simulate-principal-policy; what holds for the second of a list is inferred).
type Span struct{ Start, End Position }

// Span returns where a statement stands, by its index.
func (d *Document) Span(statement int) Span { return d.statements[statement].span }

// locate gives every statement its span.
func (d *Document) locate(text []byte, root *node) {
	var items []node
	for i := range root.members {
		if m := &root.members[i]; m.name == "Statement" {
			items = m.value.items
			if m.value.kind == nodeObject {
				items = []node{m.value}
			}
		}
	}
	c := cursor{text: text, at: Position{Line: 1, Column: 1}}
	for i := range items {
		d.statements[i].span = Span{Start: c.advance(items[i].begin), End: c.advance(items[i].end)}
	}
}

// cursor counts lines and columns forward through a text.
type cursor struct {
	text   []byte
	offset int64
	at     Position
}

func (c *cursor) advance(offset int64) Position {
	for c.offset < offset {
		if c.text[c.offset] == '\n' {
			c.at = Position{Line: c.at.Line + 1}
		}
		_, n := utf8.DecodeRune(c.text[c.offset:])
		c.offset += int64(n)
		c.at.Column++
	}
	return c.at
}
