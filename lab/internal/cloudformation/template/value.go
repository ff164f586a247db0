package template

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
)

// Map is an object with its keys in the order of the text. Beside it, values are
// string, json.Number, bool, nil and []any.
type Map struct {
	keys   []string
	values map[string]any
}

// NewMap is an object of pairs of key and value.
func NewMap(pairs ...any) *Map {
	m := &Map{values: map[string]any{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		m.set(pairs[i].(string), pairs[i+1])
	}
	return m
}

// Len is the number of keys; of no object it is 0.
func (m *Map) Len() int {
	if m == nil {
		return 0
	}
	return len(m.keys)
}

// Keys are the keys in their order.
func (m *Map) Keys() []string {
	if m == nil {
		return nil
	}
	return slices.Clone(m.keys)
}

// Get returns the value of a key and whether it is there.
func (m *Map) Get(key string) (any, bool) {
	if m == nil {
		return nil, false
	}
	v, ok := m.values[key]
	return v, ok
}

// With is a copy of m in which a key has a value.
func (m *Map) With(key string, v any) *Map {
	out := NewMap()
	for _, k := range m.Keys() {
		out.set(k, m.values[k])
	}
	out.set(key, v)
	return out
}

// set adds a key or replaces its value, and reports whether it was new.
func (m *Map) set(key string, v any) bool {
	_, twice := m.values[key]
	if !twice {
		m.keys = append(m.keys, key)
	}
	m.values[key] = v
	return !twice
}

// MarshalJSON implements json.Marshaler; the keys keep their order.
func (m *Map) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	writeJSON(&b, m)
	return b.Bytes(), nil
}

// JSON is the compact text of a value.
func JSON(v any) string {
	var b bytes.Buffer
	writeJSON(&b, v)
	return b.String()
}

func writeJSON(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case *Map:
		b.WriteByte('{')
		for i, key := range v.Keys() {
			if i > 0 {
				b.WriteByte(',')
			}
			writeString(b, key)
			b.WriteByte(':')
			writeJSON(b, v.values[key])
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, one := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, one)
		}
		b.WriteByte(']')
	case string:
		writeString(b, v)
	case json.Number:
		b.WriteString(string(v))
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case Unknown:
		writeString(b, KnownAfterApply)
	default:
		b.WriteString("null")
	}
}

func writeString(b *bytes.Buffer, s string) {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s)       // a string can be encoded, and a buffer takes it
	b.Truncate(b.Len() - 1) // the newline
}

// Text is a scalar as a string, and whether v is one.
func Text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return string(v), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// Equal compares values. Scalars are equal whose texts are: AWS gives properties
// that type which their schema says.
func Equal(a, b any) bool {
	if x, ok := Text(a); ok {
		y, ok := Text(b)
		return ok && x == y
	}
	switch a := a.(type) {
	case *Map:
		b, ok := b.(*Map)
		if !ok || a.Len() != b.Len() {
			return false
		}
		for _, key := range a.keys {
			if other, ok := b.values[key]; !ok || !Equal(a.values[key], other) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, Equal)
	}
	return a == nil && b == nil
}
