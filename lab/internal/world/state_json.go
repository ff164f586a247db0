package world

import (
	"encoding/json"
	"reflect"
	"strconv"
	"time"
)

// json appends a value as JSON. It is several times as fast as encoding/json: a data
// directory is written at every change.
func (s *schemaWriter) json(b []byte, v reflect.Value) ([]byte, error) {
	switch v.Kind() {
	case reflect.Pointer:
		return s.json(b, v.Elem())
	case reflect.String:
		return appendText(b, v.String()), nil
	case reflect.Bool:
		return strconv.AppendBool(b, v.Bool()), nil
	case reflect.Int, reflect.Int32, reflect.Int64:
		return strconv.AppendInt(b, v.Int(), 10), nil
	case reflect.Slice:
		return s.appendList(b, v)
	case reflect.Map:
		return s.appendMap(b, v)
	case reflect.Struct:
		if _, ok := v.Interface().(time.Time); !ok {
			return s.appendStruct(b, v)
		}
	}
	text, err := json.Marshal(v.Interface())
	return append(b, text...), err
}

func (s *schemaWriter) appendList(b []byte, v reflect.Value) (_ []byte, err error) {
	b = append(b, '[')
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ",\n"...)
		}
		if b, err = s.json(b, v.Index(i)); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func (s *schemaWriter) appendMap(b []byte, v reflect.Value) (_ []byte, err error) {
	b = append(b, '{')
	for i, key := range sortedKeys(v) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, key.String()), ':')
		if b, err = s.json(b, v.MapIndex(key)); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

func (s *schemaWriter) appendStruct(b []byte, v reflect.Value) (_ []byte, err error) {
	b = append(b, '{')
	first := true
	for _, f := range s.fields(v.Type()) {
		field := v.FieldByIndex(f.index)
		known := s.known(field)
		if known == nil && f.left(field) {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(appendText(b, f.key), ':')
		if known != nil {
			b = append(b, known...)
			continue
		}
		if b, err = s.json(b, field); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// appendText writes a string of JSON.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // strings always can be
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
