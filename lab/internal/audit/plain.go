package audit

import (
	"encoding/json"
	"reflect"
	"strings"
)

// smithyDocument is a document type of an SDK.
type smithyDocument interface{ MarshalSmithyDocument() ([]byte, error) }

// plain is an SDK structure as JSON values, with a union as what CloudTrail shows:
// a mapping of the member's name. A document stays as it is.
func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		if d, ok := v.Interface().(smithyDocument); ok {
			text, err := d.MarshalSmithyDocument()
			if err != nil {
				return nil
			}
			return json.RawMessage(text)
		}
		return plain(v.Elem())
	case reflect.Struct:
		return plainStruct(v)
	case reflect.Slice:
		if v.IsNil() || v.Type().Elem().Kind() == reflect.Uint8 {
			return simple(v)
		}
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plain(v.Index(i))
		}
		return list
	case reflect.Map:
		if v.IsNil() {
			return nil
		}
		m := make(map[string]any, v.Len())
		for _, key := range v.MapKeys() {
			m[key.String()] = plain(v.MapIndex(key))
		}
		return m
	}
	return simple(v)
}

func plainStruct(v reflect.Value) any {
	t := v.Type()
	if _, ok := v.Interface().(json.Marshaler); ok { // a time
		return simple(v)
	}
	if _, member, union := strings.Cut(t.Name(), "Member"); union && t.NumField() == 2 && t.Field(0).Name == "Value" {
		return map[string]any{member: plain(v.Field(0))}
	}
	m := make(map[string]any, t.NumField())
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() {
			m[f.Name] = plain(v.Field(i))
		}
	}
	return m
}

// simple is a value as JSON has it.
func simple(v reflect.Value) any {
	text, err := json.Marshal(v.Interface())
	if err != nil {
		return nil
	}
	var out any
	_ = json.Unmarshal(text, &out) // what was just made
	return out
}
