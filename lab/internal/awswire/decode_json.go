package awswire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"github.com/aws/smithy-go/document"
)

// maxValues bounds the values, elements or parameters of one request, whose
// decoded form takes many times the memory of a few bytes on the wire.
const maxValues = 500_000

// jsonSource is a value of a parsed JSON text: nil, bool, string, json.Number,
// []any or map[string]any.
type jsonSource struct{ v any }

var errJSON = &malformed{body: true}

// parseJSON parses a body; an empty one is an empty object.
func parseJSON(body []byte) (source, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return jsonSource{map[string]any{}}, nil
	}
	if tooManyValues(body) {
		return nil, errJSON
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, errJSON
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errJSON
	}
	return jsonSource{v}, nil
}

// tooManyValues counts what separates values, outside of strings.
func tooManyValues(body []byte) bool {
	count, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '"':
			quoted = !quoted
		case '\\':
			i++
		case ',', '[', '{':
			if !quoted {
				count++
			}
		}
	}
	return count > maxValues
}

func (s jsonSource) member(m *member) (source, error) {
	object, ok := s.v.(map[string]any)
	if !ok {
		return nil, s.unexpected("structure")
	}
	if v := object[m.wire]; v != nil {
		return jsonSource{v}, nil
	}
	return nil, nil
}

func (s jsonSource) elements(*member) ([]source, error) {
	list, ok := s.v.([]any)
	if !ok {
		return nil, s.unexpected("list")
	}
	sources := make([]source, len(list))
	for i, v := range list {
		if v != nil {
			sources[i] = jsonSource{v}
		}
	}
	return sources, nil
}

func (s jsonSource) entries(*member) ([]entry, error) {
	object, ok := s.v.(map[string]any)
	if !ok {
		return nil, s.unexpected("map")
	}
	entries := make([]entry, 0, len(object))
	for _, k := range sortedKeys(object) {
		e := entry{key: k}
		if object[k] != nil {
			e.value = jsonSource{object[k]}
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// text checks the type of the JSON value: a number is not a string to AWS, nor
// the other way round.
func (s jsonSource) text(k kind) (string, error) {
	switch v := s.v.(type) {
	case string:
		if k == kindString || k == kindTime || k == kindFloat && (v == "NaN" || v == "Infinity" || v == "-Infinity") {
			return v, nil
		}
	case json.Number:
		switch k {
		case kindInt:
			return integerText(v), nil
		case kindFloat, kindTime:
			return v.String(), nil
		}
	case bool:
		if k == kindBool && v {
			return "true", nil
		}
		if k == kindBool {
			return "false", nil
		}
	}
	return "", s.unexpected(kindWords[k])
}

// integerText rewrites an integer that is spelled with a point or an exponent.
func integerText(n json.Number) string {
	if f, err := n.Float64(); err == nil && f == float64(int64(f)) && f > -1<<53 && f < 1<<53 {
		return strconv.FormatInt(int64(f), 10)
	}
	return n.String()
}

func (s jsonSource) bytes() ([]byte, error) {
	text, ok := s.v.(string)
	if !ok {
		return nil, s.unexpected("Blob")
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errJSON
	}
	return data, nil
}

func (s jsonSource) document() (any, error) { return documentValue(s.v), nil }

// documentValue replaces json.Number, which a smithy document would write as a
// string.
func documentValue(v any) any {
	switch v := v.(type) {
	case json.Number:
		return document.Number(v)
	case []any:
		for i := range v {
			v[i] = documentValue(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = documentValue(v[k])
		}
	}
	return v
}

var kindWords = map[kind]string{
	kindString: "String",
	kindBool:   "Boolean",
	kindInt:    "Integer",
	kindFloat:  "Double",
	kindTime:   "milliseconds since epoch",
}

// unexpected is the error for a JSON value of the wrong type, in Coral's words.
func (s jsonSource) unexpected(want string) error {
	switch s.v.(type) {
	case []any:
		return &malformed{"Start of list found where not expected", true}
	case map[string]any:
		return &malformed{"Start of structure or map found where not expected.", true}
	}
	if want == "structure" || want == "list" || want == "map" {
		return &malformed{"Unexpected field type", true}
	}
	return &malformed{jsonTypeWord(s.v) + " can not be converted to " + article(want) + want, true}
}

func article(noun string) string {
	switch noun {
	case "Integer":
		return "an "
	case "milliseconds since epoch":
		return ""
	}
	return "a "
}

func jsonTypeWord(v any) string {
	switch v := v.(type) {
	case string:
		return "STRING_VALUE"
	case json.Number:
		if _, err := v.Int64(); err != nil {
			return "DECIMAL_VALUE"
		}
		return "NUMBER_VALUE"
	case bool:
		if v {
			return "TRUE_VALUE"
		}
		return "FALSE_VALUE"
	}
	return "NULL_VALUE"
}
