package world

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// openMark stands in world files for two braces, so that a text can be said that
// looks like endpointMark.
const openMark = "{{open}}"

// YAML is the world file as people read it: keys in the order of the schema, what
// is at its default left out. endpoint, the host:port of the lab, is written as
// {{endpoint}}; [Parse] is the inverse.
func (f *File) YAML(endpoint string) ([]byte, error) {
	var text bytes.Buffer
	enc := yaml.NewEncoder(&text)
	enc.SetIndent(2)
	n, err := (&schemaWriter{}).node(reflect.ValueOf(f).Elem())
	if err != nil {
		return nil, fmt.Errorf("world file: %w", err)
	}
	quoteAddresses(n, endpoint)
	if err := enc.Encode(n); err != nil {
		return nil, fmt.Errorf("world file: %w", err)
	}
	return hideEndpoint(text.Bytes(), endpoint), enc.Close()
}

// JSON is the world file as it is kept on disk, for [ParseJSON].
func (f *File) JSON(endpoint string) ([]byte, error) {
	text, err := (&schemaWriter{}).json(nil, reflect.ValueOf(f).Elem())
	if err != nil {
		return nil, fmt.Errorf("world file: %w", err)
	}
	return hideEndpoint(text, endpoint), nil
}

// ParseJSON reads what [File.JSON] wrote.
func ParseJSON(text []byte, endpoint string) (*File, error) {
	dec := json.NewDecoder(bytes.NewReader(ShowEndpoint(text, endpoint)))
	dec.DisallowUnknownFields()
	var f File
	if err := dec.Decode(&f); err != nil {
		return nil, fmt.Errorf("world: %w", err)
	}
	return &f, nil
}

// HideEndpoint writes {{endpoint}} for the lab's own host:port.
func HideEndpoint(text []byte, endpoint string) []byte { return hideEndpoint(text, endpoint) }

// ShowEndpoint is the inverse of [HideEndpoint], for a lab that may listen elsewhere.
func ShowEndpoint(text []byte, endpoint string) []byte {
	if !bytes.Contains(text, []byte(openMark)) {
		return bytes.ReplaceAll(text, []byte(endpointMark), []byte(endpoint))
	}
	return []byte(strings.NewReplacer(endpointMark, endpoint, openMark, "{{").Replace(string(text)))
}

func hideEndpoint(text []byte, endpoint string) []byte {
	if bytes.Contains(text, []byte(endpointMark)) || bytes.Contains(text, []byte(openMark)) {
		text = []byte(strings.NewReplacer(endpointMark, openMark+"endpoint}}", openMark, openMark+"open}}").Replace(string(text)))
	}
	if endpoint == "" || !bytes.Contains(text, []byte(endpoint)) {
		return text
	}
	var out []byte
	for from := 0; ; {
		i := bytes.Index(text[from:], []byte(endpoint))
		if i < 0 {
			return append(out, text[from:]...)
		}
		out = append(out, text[from:from+i]...)
		mark := endpointMark
		if !alone(text, from+i, len(endpoint)) {
			mark = endpoint // a part of another address
		}
		out = append(out, mark...)
		from += i + len(endpoint)
	}
}

// alone reports whether n bytes from i are an address of their own.
func alone(text []byte, i, n int) bool {
	digit := func(i int) bool { return i >= 0 && i < len(text) && text[i] >= '0' && text[i] <= '9' }
	return !digit(i-1) && !digit(i+n)
}

// schemaWriter writes values of the schema with the keys of world files, without
// what is at its default.
type schemaWriter struct {
	plans map[reflect.Type][]schemaField
	// raw is the JSON of lists that is known already, by their addresses.
	raw map[any][]byte
}

// schemaField is a field of a struct, or of one that is inlined in it.
type schemaField struct {
	index []int
	key   string
	// left reports whether a value is at its default and is not written.
	left func(reflect.Value) bool
}

// fields are those of a struct in the order of the schema.
func (s *schemaWriter) fields(t reflect.Type) []schemaField {
	if plan, ok := s.plans[t]; ok {
		return plan
	}
	var plan []schemaField
	for i := range t.NumField() {
		f := t.Field(i)
		key, option, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if option == "inline" {
			for _, inner := range s.fields(f.Type) {
				plan = append(plan, schemaField{append([]int{i}, inner.index...), inner.key, inner.left})
			}
			continue
		}
		plan = append(plan, schemaField{[]int{i}, key, s.leaver(f.Type)})
	}
	if s.plans == nil {
		s.plans = map[reflect.Type][]schemaField{}
	}
	s.plans[t] = plan
	return plan
}

// leaver tells of which values of a type nothing is written: those that say of
// themselves that they are zero, empty lists and maps, and structs of nothing else.
func (s *schemaWriter) leaver(t reflect.Type) func(reflect.Value) bool {
	kind := t.Kind()
	switch {
	case kind != reflect.Pointer && t.Implements(reflect.TypeFor[interface{ IsZero() bool }]()):
		return func(v reflect.Value) bool { return v.Interface().(interface{ IsZero() bool }).IsZero() }
	case kind == reflect.Slice || kind == reflect.Map:
		return func(v reflect.Value) bool { return v.Len() == 0 }
	case kind != reflect.Struct:
		return reflect.Value.IsZero
	}
	fields := s.fields(t)
	return func(v reflect.Value) bool {
		for _, f := range fields {
			if !f.left(v.FieldByIndex(f.index)) {
				return false
			}
		}
		return true
	}
}

// known is the JSON of a list that is known already.
func (s *schemaWriter) known(v reflect.Value) []byte {
	if len(s.raw) == 0 || v.Kind() != reflect.Slice || !v.CanAddr() {
		return nil
	}
	return s.raw[v.Addr().Interface()]
}

// node is a value as YAML.
func (s *schemaWriter) node(v reflect.Value) (*yaml.Node, error) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}, nil
		}
		return s.node(v.Elem())
	case reflect.String:
		return textNode(v.String()), nil
	case reflect.Slice:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		return n, s.appendNodes(n, v)
	case reflect.Map:
		if v.Type().Key().Kind() != reflect.String {
			break
		}
		n := &yaml.Node{Kind: yaml.MappingNode}
		return n, s.appendEntries(n, v)
	case reflect.Struct:
		if _, ok := v.Interface().(time.Time); ok {
			break
		}
		n := &yaml.Node{Kind: yaml.MappingNode}
		return n, s.appendFields(n, v)
	}
	n := &yaml.Node{}
	return n, n.Encode(v.Interface())
}

func (s *schemaWriter) appendNodes(n *yaml.Node, v reflect.Value) error {
	for i := range v.Len() {
		one, err := s.node(v.Index(i))
		if err != nil {
			return err
		}
		n.Content = append(n.Content, one)
	}
	return nil
}

func (s *schemaWriter) appendEntries(n *yaml.Node, v reflect.Value) error {
	for _, key := range sortedKeys(v) {
		value, err := s.node(v.MapIndex(key))
		if err != nil {
			return err
		}
		n.Content = append(n.Content, textNode(key.String()), value)
	}
	return nil
}

func (s *schemaWriter) appendFields(n *yaml.Node, v reflect.Value) error {
	for _, f := range s.fields(v.Type()) {
		field := v.FieldByIndex(f.index)
		if f.left(field) {
			continue
		}
		value, err := s.node(field)
		if err != nil {
			return fmt.Errorf("%s: %w", f.key, err)
		}
		n.Content = append(n.Content, textNode(f.key), value)
	}
	return nil
}

// textNode is a string in the style in which it is read back to the byte.
func textNode(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	if !plain(s) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// plain reports whether a text can do without quotation marks: one of one line,
// or of several without white space at their ends.
func plain(s string) bool {
	if s == "" || strings.TrimSpace(s[:1]) == "" || strings.Contains(s, "\n ") || strings.Contains(s, " \n") || strings.Contains(s, "\n\n") {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) || r == unicode.ReplacementChar })
}

// quoteAddresses puts quotation marks around texts that begin with the lab's own
// address: what stands there after a move may mean something else without them.
func quoteAddresses(n *yaml.Node, endpoint string) {
	if n.Kind == yaml.ScalarNode && n.Style == 0 && endpoint != "" && strings.HasPrefix(n.Value, endpoint) {
		n.Tag, n.Style = "!!str", yaml.DoubleQuotedStyle
	}
	for _, one := range n.Content {
		quoteAddresses(one, endpoint)
	}
}

func sortedKeys(v reflect.Value) []reflect.Value {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	return keys
}
