package awswire

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"
)

// xmlWriter writes outputs and errors as XML: indented by two spaces, as the query
// services do, or in one line, as S3 does.
type xmlWriter struct {
	b      bytes.Buffer
	indent bool
	depth  int
}

func (x *xmlWriter) newline() {
	if x.indent && x.b.Len() > 0 {
		x.b.WriteByte('\n')
		for range x.depth {
			x.b.WriteString("  ")
		}
	}
}

// start writes a start tag without its end, for further attributes.
func (x *xmlWriter) start(name string, ns namespace) {
	x.newline()
	x.b.WriteByte('<')
	x.b.WriteString(name)
	if ns.uri != "" {
		attribute := "xmlns"
		if ns.prefix != "" {
			attribute += ":" + ns.prefix
		}
		x.attribute(attribute, ns.uri)
	}
}

func (x *xmlWriter) attribute(name, value string) {
	x.b.WriteString(" " + name + `="`)
	x.escape(value)
	x.b.WriteByte('"')
}

func (x *xmlWriter) open(name string, ns namespace) {
	x.start(name, ns)
	x.b.WriteByte('>')
	x.depth++
}

func (x *xmlWriter) close(name string) {
	x.depth--
	x.newline()
	x.b.WriteString("</" + name + ">")
}

func (x *xmlWriter) leaf(name, text string) {
	x.start(name, namespace{})
	x.b.WriteByte('>')
	x.escape(text)
	x.b.WriteString("</" + name + ">")
}

// optional writes an element unless its text is empty.
func (x *xmlWriter) optional(name, text string) {
	if text != "" {
		x.leaf(name, text)
	}
}

// escape writes text. Apostrophes stay as they are in elements: so does STS.
func (x *xmlWriter) escape(text string) {
	for _, r := range text {
		switch {
		case r == '&':
			x.b.WriteString("&amp;")
		case r == '<':
			x.b.WriteString("&lt;")
		case r == '>':
			x.b.WriteString("&gt;")
		case r == '"':
			x.b.WriteString("&quot;")
		case r == '\r':
			x.b.WriteString("&#xD;")
		case isXMLChar(r):
			x.b.WriteRune(r)
		default:
			x.b.WriteRune(utf8.RuneError)
		}
	}
}

// isXMLChar reports whether XML can hold r (XML 1.0, section 2.2).
func isXMLChar(r rune) bool {
	return r == '\t' || r == '\n' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000
}

// structure writes an element with the members of a structure that are in the
// body.
func (x *xmlWriter) structure(name string, ns namespace, members []*member, v reflect.Value) error {
	if x.depth > encodeDepth {
		return errTooDeep
	}
	x.start(name, ns)
	empty := true
	for _, m := range members {
		f := v.Field(m.field)
		switch {
		case unset(m, f) || m.location != inBody:
		case m.attribute:
			text, err := scalarText(m, f)
			if err != nil {
				return err
			}
			x.attribute(m.wire, text)
		default:
			empty = false
		}
	}
	if empty {
		x.b.WriteString("/>")
		return nil
	}
	x.b.WriteByte('>')
	x.depth++
	for _, m := range members {
		f := v.Field(m.field)
		if unset(m, f) || m.location != inBody || m.attribute {
			continue
		}
		if err := x.value(m.wire, m, f); err != nil {
			return err
		}
	}
	x.close(name)
	return nil
}

// value writes the element, or elements, of one value.
func (x *xmlWriter) value(name string, m *member, v reflect.Value) error {
	v, ok := indirect(v)
	if !ok {
		return nil
	}
	switch m.codec.kind {
	case kindStructure:
		return x.structure(name, m.ns, m.codec.members, v)
	case kindUnion:
		return x.union(name, m, v)
	case kindList:
		return x.list(name, m, v)
	case kindMap:
		return x.mapping(name, m, v)
	}
	text, err := scalarText(m, v)
	if err != nil {
		return err
	}
	x.leaf(name, text)
	return nil
}

func (x *xmlWriter) union(name string, m *member, v reflect.Value) error {
	set, value, err := variantOf(m.codec, v)
	if err != nil {
		return err
	}
	x.open(name, m.ns)
	if err := x.value(set.wire, set, value); err != nil {
		return err
	}
	x.close(name)
	return nil
}

func (x *xmlWriter) list(name string, m *member, v reflect.Value) error {
	element := m.codec.element
	if m.flat {
		return x.each(name, element, v)
	}
	if v.Len() == 0 {
		x.start(name, m.ns)
		x.b.WriteString("/>")
		return nil
	}
	x.open(name, m.ns)
	if err := x.each(element.wire, element, v); err != nil {
		return err
	}
	x.close(name)
	return nil
}

func (x *xmlWriter) each(name string, element *member, v reflect.Value) error {
	for i := range v.Len() {
		if err := x.value(name, element, v.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func (x *xmlWriter) mapping(name string, m *member, v reflect.Value) error {
	entry := name
	if !m.flat {
		x.open(name, m.ns)
		entry = "entry"
	}
	for _, k := range sortedMapKeys(v) {
		x.open(entry, namespace{})
		x.leaf(m.codec.key.wire, k.String())
		if err := x.value(m.codec.element.wire, m.codec.element, v.MapIndex(k)); err != nil {
			return err
		}
		x.close(entry)
	}
	if !m.flat {
		x.close(name)
	}
	return nil
}

// details writes the further members of an error.
func (x *xmlWriter) details(members []detail) {
	for _, d := range members {
		if d.value != nil {
			x.leaf(d.name, fmt.Sprint(d.value))
		}
	}
}

// scalarText is a scalar as text in XML or a header.
func scalarText(m *member, v reflect.Value) (string, error) {
	v, _ = indirect(v)
	switch m.codec.kind {
	case kindString:
		return v.String(), nil
	case kindBool:
		return strconv.FormatBool(v.Bool()), nil
	case kindInt:
		return strconv.FormatInt(v.Int(), 10), nil
	case kindFloat:
		return floatText(v.Float(), v.Type().Bits()), nil
	case kindBlob:
		return base64.StdEncoding.EncodeToString(v.Bytes()), nil
	case kindTime:
		return m.times.format(v.Interface().(time.Time)), nil
	}
	return "", fmt.Errorf("shape %s cannot be written as text", m.codec.shape)
}

func floatText(f float64, bits int) string {
	switch {
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(f, 'g', -1, bits)
}
