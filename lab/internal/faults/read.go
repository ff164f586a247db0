package faults

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ReadJSON reads one document in JSON, and nothing behind it, into v. Keys that v
// does not have are refused. The error is one line of plain words.
func ReadJSON(document io.Reader, v any) error {
	dec := json.NewDecoder(document)
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return plainJSON(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something stands behind the document")
	}
	return nil
}

// plainJSON words an error of the JSON reader without the types of Go.
func plainJSON(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	var long *http.MaxBytesError
	switch {
	case errors.Is(err, io.EOF):
		return errors.New("it is empty")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it ends in the middle")
	case errors.As(err, &long):
		return fmt.Errorf("it has more than %d bytes", long.Limit)
	case errors.As(err, &syntax):
		return fmt.Errorf("it is not JSON: %w", syntax)
	case errors.As(err, &kind):
		what, _, _ := strings.Cut(kind.Value, " ")
		text := "a JSON " + what + " is not " + wanted(kind.Type)
		if kind.Field != "" {
			text = kind.Field + ": " + text
		}
		return errors.New(text)
	}
	return errors.New(strings.Replace(strings.TrimPrefix(err.Error(), "json: "), "unknown field", "unknown key", 1))
}

// wanted says what a value of a type is written as.
func wanted(t reflect.Type) string {
	if t.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return "a duration such as 1m30s"
	}
	return wantedKinds[t.Kind()]
}

var wantedKinds = map[reflect.Kind]string{
	reflect.Int: "a whole number", reflect.Uint64: "a whole number of at least 0", reflect.Float64: "a number",
	reflect.String: "a text", reflect.Bool: "true or false", reflect.Struct: "an object", reflect.Slice: "a list",
	reflect.Pointer: "what belongs there",
}

var yamlMismatch = regexp.MustCompile("cannot unmarshal !!([a-z]+)( `[^`]*`)? into (.*)$")

// plainYAML words a complaint of the YAML reader without the types of Go.
func plainYAML(text string) string {
	m := yamlMismatch.FindStringSubmatch(text)
	if m == nil {
		return text
	}
	given := "a " + map[string]string{"seq": "list", "map": "mapping"}[m[1]]
	if m[2] != "" {
		given = strings.Trim(m[2], " `")
	}
	want := map[string]string{
		"int": "a whole number", "uint64": "a whole number of at least 0", "float64": "a number", "string": "a text", "bool": "true or false",
		"[]faults.Fault": "a list of faults", "faults.Fault": "a fault", "faults.Scenario": "a scenario", "faults.Action": "an action",
	}[m[3]]
	if want == "" {
		want = "what belongs there"
	}
	return strings.TrimSuffix(text, m[0]) + given + " is not " + want
}

// checkGiven refuses keys that say nothing: a selector that was forgotten to be filled
// in would be true of every request.
func (f *Fault) checkGiven(given map[string]any) error {
	v := reflect.ValueOf(f).Elem()
	for _, key := range slices.Sorted(maps.Keys(given)) {
		for i := range v.NumField() {
			name := v.Type().Field(i).Tag.Get("yaml")
			if strings.EqualFold(name, key) && v.Field(i).IsZero() && !mayBeZero[name] {
				return fmt.Errorf("%s is given and says nothing: fill it in, or leave it out", name)
			}
		}
	}
	return nil
}

var mayBeZero = map[string]bool{"seed": true, "keepOld": true}

// checkGiven looks at the keys of all faults of a document that was read.
func (s *Scenario) checkGiven(document []byte) error {
	var raw struct {
		Faults []map[string]any `yaml:"faults"`
	}
	if err := yaml.Unmarshal(document, &raw); err != nil {
		return oneLine(err)
	}
	for i := range raw.Faults {
		if err := s.Faults[i].checkGiven(raw.Faults[i]); err != nil {
			return fmt.Errorf("%s: %w", s.Faults[i].title(i), err)
		}
	}
	return nil
}
