package awswire

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// maxNodes bounds the elements of an XML body.
const maxNodes = 100_000

// element is an element of a parsed XML body, with the names' namespaces left
// out.
type element struct {
	name     string
	attrs    []xml.Attr
	chars    []byte
	children []*element
	siblings []*element // set by member: all elements of that name
}

var errXML = &malformed{body: true}

// parseXML parses a whole body. Doctypes, and so entities of one's own, are
// refused.
func parseXML(body []byte) (*element, error) {
	if bytes.Count(body, []byte("=")) > maxValues { // attributes
		return nil, errXML
	}
	dec := xml.NewDecoder(bytes.NewReader(body))
	root := &element{}
	open := []*element{root}
	for nodes := 0; ; {
		token, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errXML
		}
		top := open[len(open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			if nodes++; nodes > maxNodes || len(open) > 4*maxDepth {
				return nil, errXML
			}
			e := &element{name: t.Name.Local, attrs: t.Copy().Attr}
			top.children = append(top.children, e)
			open = append(open, e)
		case xml.EndElement:
			if len(open) == 1 || t.Name.Local != top.name {
				return nil, errXML
			}
			open = open[:len(open)-1]
		case xml.CharData:
			top.chars = append(top.chars, t...)
		case xml.Directive:
			return nil, errXML
		}
	}
	if len(open) != 1 || len(root.children) != 1 || len(bytes.TrimSpace(root.chars)) > 0 {
		return nil, errXML
	}
	return root.children[0], nil
}

func (e *element) all(name string) []*element {
	var list []*element
	for _, c := range e.children {
		if c.name == name {
			list = append(list, c)
		}
	}
	return list
}

func (e *element) member(m *member) (source, error) {
	if m.attribute {
		return e.attribute(m), nil
	}
	found := e.all(m.wire)
	if found == nil && m.alias != "" {
		found = e.all(m.alias)
	}
	if found == nil {
		return nil, nil
	}
	child := *found[0]
	child.siblings = found
	return &child, nil
}

func (e *element) attribute(m *member) source {
	_, local, prefixed := strings.Cut(m.wire, ":")
	if !prefixed {
		local = m.wire
	}
	for _, a := range e.attrs {
		if a.Name.Local == local {
			return &element{name: local, chars: []byte(a.Value)}
		}
	}
	return nil
}

func (e *element) elements(m *member) ([]source, error) {
	found := e.siblings
	if !m.flat {
		found = e.all(m.codec.element.wire)
	}
	var list []source
	for _, f := range found {
		list = append(list, f)
	}
	return list, nil
}

func (e *element) entries(m *member) ([]entry, error) {
	found := e.siblings
	if !m.flat {
		found = e.all("entry")
	}
	var list []entry
	for _, f := range found {
		keys, values := f.all(m.codec.key.wire), f.all(m.codec.element.wire)
		if len(keys) != 1 || len(values) != 1 {
			return nil, errXML
		}
		list = append(list, entry{string(keys[0].chars), values[0]})
	}
	return list, nil
}

func (e *element) text(k kind) (string, error) {
	if len(e.children) > 0 {
		return "", errXML
	}
	if k == kindString {
		return string(e.chars), nil
	}
	return string(bytes.TrimSpace(e.chars)), nil
}

func (e *element) bytes() ([]byte, error) {
	data, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(e.chars)))
	if err != nil {
		return nil, errXML
	}
	return data, nil
}

func (e *element) document() (any, error) { return nil, errXML }
