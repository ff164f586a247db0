package awswire

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
)

// maxDepth bounds the nesting of an input.
const maxDepth = 64

// malformed is the error of an input that does not have the form that the
// protocol and the model ask for. Its text may be shown to the client; it may
// be empty.
type malformed struct {
	text string
	body bool // it is the body, not a header or the URL
}

func (m *malformed) Error() string { return m.text }

// source is a value in a request, not yet decoded: a place in a JSON or XML tree
// or in a form, a header, a part of the URL. Its methods return a *malformed
// error if it is not what is asked for.
type source interface {
	// member returns the value of a structure's member, nil if it is absent.
	member(m *member) (source, error)
	// elements returns the elements of the list m. An element is nil where null
	// was sent.
	elements(m *member) ([]source, error)
	// entries returns the entries of the map m.
	entries(m *member) ([]entry, error)
	// text returns a scalar of that kind as text.
	text(k kind) (string, error)
	// bytes returns the bytes of a blob.
	bytes() ([]byte, error)
	// document returns a document's value.
	document() (any, error)
}

type entry struct {
	key   string
	value source
}

// decoder fills one input.
type decoder struct {
	violations
	depth int
}

// structure fills v from src, and checks its members in the model's order.
func (d *decoder) structure(src source, c *codec, v reflect.Value) error {
	if d.depth++; d.depth > maxDepth {
		return &malformed{text: "The request is nested too deeply", body: true}
	}
	defer func() { d.depth-- }()
	for _, m := range c.members {
		child, err := src.member(m)
		if err != nil {
			return err
		}
		if child == nil {
			if m.required {
				d.missing(m)
			}
			continue
		}
		d.push(m.path)
		if err := d.value(child, m, v.Field(m.field)); err != nil {
			return err
		}
		d.pop()
	}
	return nil
}

// value fills v, which may be a pointer, and checks it.
func (d *decoder) value(src source, m *member, v reflect.Value) error {
	if err := d.bare(src, m, v); err != nil {
		return err
	}
	v, _ = indirect(v)
	d.check(m, v)
	return nil
}

// bare fills v without checking its own constraints.
func (d *decoder) bare(src source, m *member, v reflect.Value) error {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch m.codec.kind {
	case kindStructure:
		return d.structure(src, m.codec, v)
	case kindUnion:
		return d.union(src, m.codec, v)
	case kindList:
		return d.list(src, m, v)
	case kindMap:
		return d.mapping(src, m, v)
	case kindDocument:
		doc, err := src.document()
		if err != nil {
			return err
		}
		v.Set(m.codec.lazy(doc))
		return nil
	case kindBlob, kindStream:
		return setBytes(src, m.codec, v)
	}
	return setScalar(src, m, v)
}

func (d *decoder) list(src source, m *member, v reflect.Value) error {
	sources, err := src.elements(m)
	if err != nil {
		return err
	}
	element := m.codec.element
	list := reflect.MakeSlice(v.Type(), len(sources), len(sources))
	for i, s := range sources {
		if s == nil {
			if v.Type().Elem().Kind() != reflect.Pointer {
				return &malformed{text: "null found where not expected", body: true}
			}
			continue
		}
		d.push(strconv.Itoa(i + 1))
		d.push("member")
		if err := d.part(s, element, list.Index(i)); err != nil {
			return err
		}
		d.pop()
		d.pop()
	}
	v.Set(list)
	return nil
}

// part fills an element of a list or map. Its own constraints are checked with
// the list or map if they are reported there.
func (d *decoder) part(src source, m *member, v reflect.Value) error {
	if inline(m) {
		return d.bare(src, m, v)
	}
	return d.value(src, m, v)
}

func (d *decoder) mapping(src source, m *member, v reflect.Value) error {
	entries, err := src.entries(m)
	if err != nil {
		return err
	}
	made := reflect.MakeMapWithSize(v.Type(), len(entries))
	for _, e := range entries {
		if e.value == nil {
			continue
		}
		value := reflect.New(v.Type().Elem()).Elem()
		d.push(e.key)
		d.push("member")
		if err := d.part(e.value, m.codec.element, value); err != nil {
			return err
		}
		d.pop()
		d.pop()
		made.SetMapIndex(reflect.ValueOf(e.key).Convert(v.Type().Key()), value)
	}
	v.Set(made)
	return nil
}

// union fills an interface with the SDK's struct for the one member that is set.
func (d *decoder) union(src source, c *codec, v reflect.Value) error {
	if d.depth++; d.depth > maxDepth {
		return &malformed{text: "The request is nested too deeply", body: true}
	}
	defer func() { d.depth-- }()
	for _, m := range c.members {
		child, err := src.member(m)
		if err != nil {
			return err
		}
		if child == nil {
			continue
		}
		if !v.IsNil() {
			return &malformed{text: "More than one member of a union is set", body: true}
		}
		variant := reflect.New(m.variant.Elem())
		d.push(m.path)
		if err := d.value(child, m, variant.Elem().Field(m.field)); err != nil {
			return err
		}
		d.pop()
		v.Set(variant)
	}
	if v.IsNil() {
		return &malformed{text: "No known member of a union is set", body: true}
	}
	return nil
}

func setBytes(src source, c *codec, v reflect.Value) error {
	data, err := src.bytes()
	if err != nil {
		return err
	}
	if c.kind == kindBlob {
		v.SetBytes(data)
		return nil
	}
	v.Set(reflect.ValueOf(io.NopCloser(bytes.NewReader(data))))
	return nil
}

func setScalar(src source, m *member, v reflect.Value) error {
	text, err := src.text(m.codec.kind)
	if err != nil {
		return err
	}
	switch m.codec.kind {
	case kindString:
		v.SetString(text)
		return nil
	case kindBool:
		err = setBool(v, text)
	case kindInt:
		err = setInt(v, text)
	case kindFloat:
		err = setFloat(v, text)
	case kindTime:
		t, parseErr := m.times.parse(text)
		err = parseErr
		v.Set(reflect.ValueOf(t))
	}
	if err != nil {
		return malformedScalar(m.codec.kind, text, m.location == inBody)
	}
	return nil
}

// malformedScalar says what AWS says, where that is known: STS, probed, answers an
// empty number with a message and any other without.
func malformedScalar(k kind, text string, body bool) error {
	if k == kindInt && text == "" {
		return &malformed{"missing value for decimal type", body}
	}
	return &malformed{"", body}
}

func setBool(v reflect.Value, text string) error {
	switch strings.ToLower(text) {
	case "true":
		v.SetBool(true)
	case "false":
		v.SetBool(false)
	default:
		return strconv.ErrSyntax
	}
	return nil
}

// setInt takes a decimal integer; a leading plus and zeros are as good to AWS.
func setInt(v reflect.Value, text string) error {
	n, err := strconv.ParseInt(text, 10, v.Type().Bits())
	if err != nil {
		return fmt.Errorf("integer: %w", err)
	}
	v.SetInt(n)
	return nil
}

func setFloat(v reflect.Value, text string) error {
	if strings.ContainsAny(text, "_xX") {
		return strconv.ErrSyntax
	}
	f, err := strconv.ParseFloat(text, v.Type().Bits())
	if err != nil {
		return fmt.Errorf("number: %w", err)
	}
	v.SetFloat(f)
	return nil
}
