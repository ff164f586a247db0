package awswire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"time"
)

// jsonWriter writes outputs and errors as JSON.
type jsonWriter struct {
	b     bytes.Buffer
	depth int
}

// documentMarshaler is a smithy document.
type documentMarshaler interface{ MarshalSmithyDocument() ([]byte, error) }

// name begins a member of an object.
func (j *jsonWriter) name(name string) {
	if n := j.b.Len(); j.b.Bytes()[n-1] != '{' {
		j.b.WriteByte(',')
	}
	j.string(name)
	j.b.WriteByte(':')
}

// string writes a JSON string, without the escapes that HTML would want.
func (j *jsonWriter) string(s string) {
	enc := json.NewEncoder(&j.b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err == nil {
		j.b.Truncate(j.b.Len() - 1)
	}
}

func (j *jsonWriter) structure(members []*member, v reflect.Value) error {
	if j.depth++; j.depth > encodeDepth {
		return errTooDeep
	}
	defer func() { j.depth-- }()
	j.b.WriteByte('{')
	for _, m := range members {
		f := v.Field(m.field)
		if unset(m, f) {
			continue
		}
		j.name(m.wire)
		if err := j.value(m, f); err != nil {
			return err
		}
	}
	j.b.WriteByte('}')
	return nil
}

func (j *jsonWriter) value(m *member, v reflect.Value) error {
	v, ok := indirect(v)
	if !ok {
		j.b.WriteString("null")
		return nil
	}
	switch m.codec.kind {
	case kindStructure:
		return j.structure(m.codec.members, v)
	case kindUnion:
		return j.union(m, v)
	case kindList:
		return j.list(m, v)
	case kindMap:
		return j.mapping(m, v)
	case kindDocument:
		return j.document(v)
	}
	return j.scalar(m, v)
}

func (j *jsonWriter) scalar(m *member, v reflect.Value) error {
	switch m.codec.kind {
	case kindString:
		j.string(v.String())
	case kindBool:
		j.b.WriteString(strconv.FormatBool(v.Bool()))
	case kindInt:
		j.b.WriteString(strconv.FormatInt(v.Int(), 10))
	case kindFloat:
		j.float(v.Float(), v.Type().Bits())
	case kindBlob:
		j.string(base64.StdEncoding.EncodeToString(v.Bytes()))
	case kindTime:
		text := m.times.format(v.Interface().(time.Time))
		if m.times == timeUnix {
			j.b.WriteString(text)
		} else {
			j.string(text)
		}
	default:
		return fmt.Errorf("shape %s cannot be written as JSON", m.codec.shape)
	}
	return nil
}

// float writes the numbers that JSON lacks as strings, as AWS does.
func (j *jsonWriter) float(f float64, bits int) {
	switch {
	case math.IsNaN(f):
		j.string("NaN")
	case math.IsInf(f, 1):
		j.string("Infinity")
	case math.IsInf(f, -1):
		j.string("-Infinity")
	default:
		j.b.WriteString(strconv.FormatFloat(f, 'g', -1, bits))
	}
}

func (j *jsonWriter) list(m *member, v reflect.Value) error {
	j.b.WriteByte('[')
	for i := range v.Len() {
		if i > 0 {
			j.b.WriteByte(',')
		}
		if err := j.value(m.codec.element, v.Index(i)); err != nil {
			return err
		}
	}
	j.b.WriteByte(']')
	return nil
}

func (j *jsonWriter) mapping(m *member, v reflect.Value) error {
	j.b.WriteByte('{')
	for _, k := range sortedMapKeys(v) {
		j.name(k.String())
		if err := j.value(m.codec.element, v.MapIndex(k)); err != nil {
			return err
		}
	}
	j.b.WriteByte('}')
	return nil
}

func (j *jsonWriter) union(m *member, v reflect.Value) error {
	set, value, err := variantOf(m.codec, v)
	if err != nil {
		return err
	}
	j.b.WriteByte('{')
	j.name(set.wire)
	if err := j.value(set, value); err != nil {
		return err
	}
	j.b.WriteByte('}')
	return nil
}

// variantOf returns which member of a union is set, and its value.
func variantOf(c *codec, v reflect.Value) (*member, reflect.Value, error) {
	if v.IsNil() {
		return nil, v, fmt.Errorf("the union %s is nil", c.shape)
	}
	v = v.Elem()
	for _, m := range c.members {
		if v.Type() == m.variant && !v.IsNil() {
			return m, v.Elem().Field(m.field), nil
		}
	}
	return nil, v, fmt.Errorf("%s is not a registered member of the union %s, or is nil", v.Type(), c.shape)
}

func (j *jsonWriter) document(v reflect.Value) error {
	if v.IsNil() {
		j.b.WriteString("null")
		return nil
	}
	doc, ok := v.Interface().(documentMarshaler)
	if !ok {
		return fmt.Errorf("%s is not a smithy document", v.Type())
	}
	text, err := doc.MarshalSmithyDocument()
	if err != nil {
		return fmt.Errorf("document: %w", err)
	}
	return json.Compact(&j.b, text)
}

// details writes the message and the further members of an error into an open
// object.
func (j *jsonWriter) details(a *answerable) {
	for _, d := range a.members {
		text, err := json.Marshal(d.value)
		if err != nil || d.value == nil {
			continue
		}
		j.name(d.name)
		j.b.Write(text)
	}
	if a.message != "" {
		j.name(a.messageKey)
		j.string(a.message)
	}
}
