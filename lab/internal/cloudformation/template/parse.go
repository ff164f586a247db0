package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxDepth bounds how deep a template may be nested.
const maxDepth = 100

// errDeep says that a template is nested deeper.
var errDeep = malformed("the template is nested more than %d levels deep", maxDepth)

// Parse reads a document, in JSON if it begins with a brace, else in YAML. Short
// forms of functions become their long ones. The error is an [*Error].
func Parse(text string) (*Map, error) {
	var v any
	var err error
	if strings.HasPrefix(strings.TrimLeft(text, " \t\r\n\ufeff"), "{") {
		v, err = ParseJSON(text)
	} else {
		v, err = parseYAML(text)
	}
	if err != nil {
		return nil, err
	}
	m, ok := v.(*Map)
	if !ok {
		return nil, malformed("unsupported structure.")
	}
	return m, nil
}

// ParseJSON reads one JSON value. The error is an [*Error].
func ParseJSON(text string) (any, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	v, err := readJSON(dec, 0)
	if err == nil {
		if _, err = dec.Token(); errors.Is(err, io.EOF) {
			return v, nil
		}
		err = errors.New("more than one value")
	}
	if e := (*Error)(nil); errors.As(err, &e) {
		return nil, err
	}
	read := text[:min(int(dec.InputOffset()), len(text))]
	line := strings.Count(read, "\n") + 1
	return nil, malformed("JSON not well-formed. (line %d, column %d)", line, utf8.RuneCountInString(read[strings.LastIndexByte(read, '\n')+1:])+1)
}

func readJSON(dec *json.Decoder, depth int) (any, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, errDeep
	}
	switch token {
	case json.Delim('{'):
		return readObject(dec, depth)
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			v, err := readJSON(dec, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := dec.Token()
		return list, err
	}
	return token, nil
}

func readObject(dec *json.Decoder, depth int) (any, error) {
	m := NewMap()
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		v, err := readJSON(dec, depth+1)
		if err != nil {
			return nil, err
		}
		if name, ok := key.(string); !ok || !m.set(name, v) {
			return nil, errors.New("duplicate key")
		}
	}
	_, err := dec.Token()
	return m, err
}

var yamlLine = regexp.MustCompile(`line (\d+)`)

func parseYAML(text string) (any, error) {
	dec := yaml.NewDecoder(bytes.NewReader([]byte(text)))
	var n yaml.Node
	err := dec.Decode(&n)
	if errors.Is(err, io.EOF) {
		return nil, malformed("unsupported structure.")
	}
	if err == nil {
		if err = dec.Decode(new(yaml.Node)); errors.Is(err, io.EOF) {
			return fromYAML(&n, 0)
		}
		if err == nil {
			return nil, malformed("YAML not well-formed. (line 1, column 1)")
		}
	}
	line := "1"
	if found := yamlLine.FindStringSubmatch(err.Error()); found != nil {
		line = found[1]
	}
	return nil, malformed("YAML not well-formed. (line %s, column 1)", line)
}

// at refuses a node as ill-formed YAML.
func at(n *yaml.Node) error {
	return malformed("YAML not well-formed. (line %d, column %d)", n.Line, n.Column)
}

func fromYAML(n *yaml.Node, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	if n.Kind == yaml.DocumentNode {
		return fromYAML(n.Content[0], depth)
	}
	if n.Kind == yaml.AliasNode {
		return nil, wrong("YAML aliases are not allowed in CloudFormation templates")
	}
	if strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		return fromShortForm(n, depth)
	}
	switch n.Kind {
	case yaml.MappingNode:
		return fromMapping(n, depth)
	case yaml.SequenceNode:
		return fromSequence(n, depth)
	}
	return fromScalar(n)
}

func fromMapping(n *yaml.Node, depth int) (any, error) {
	if n.Tag != "!!map" {
		return nil, at(n)
	}
	m := NewMap()
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			return nil, at(key)
		}
		v, err := fromYAML(n.Content[i+1], depth+1)
		if err != nil {
			return nil, err
		}
		if !m.set(key.Value, v) {
			return nil, at(key)
		}
	}
	return m, nil
}

func fromSequence(n *yaml.Node, depth int) (any, error) {
	list := make([]any, 0, len(n.Content))
	for _, one := range n.Content {
		v, err := fromYAML(one, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// fromScalar keeps the text of what looks like a date or like a number that JSON
// does not have: account ids begin with zeros.
func fromScalar(n *yaml.Node) (any, error) {
	switch n.Tag {
	case "!!null":
		return nil, nil
	case "!!bool":
		b, err := strconv.ParseBool(strings.ToLower(n.Value))
		if err != nil {
			return n.Value, nil //nolint:nilerr // "!!bool yes" stays the text that it is
		}
		return b, nil
	case "!!int", "!!float":
		if jsonNumber.MatchString(n.Value) {
			return json.Number(n.Value), nil
		}
		return n.Value, nil
	case "!!str", "!!timestamp":
		return n.Value, nil
	}
	return nil, at(n)
}

// shortForms are the functions that have a tag in YAML, without "Fn::".
var shortForms = strings.Fields("And Base64 Cidr Equals FindInMap GetAtt GetAZs If ImportValue Join Length Not Or Select Split Sub ToJsonString Transform")

func fromShortForm(n *yaml.Node, depth int) (any, error) {
	name, plain := n.Tag[1:], *n
	if name != "Ref" && name != "Condition" {
		found := false
		for _, known := range shortForms {
			found = found || known == name
		}
		if !found {
			return nil, at(n)
		}
		name = "Fn::" + name
	}
	plain.Tag = map[yaml.Kind]string{yaml.MappingNode: "!!map", yaml.SequenceNode: "!!seq", yaml.ScalarNode: "!!str"}[n.Kind]
	v, err := fromYAML(&plain, depth+1)
	if err != nil {
		return nil, err
	}
	if text, ok := v.(string); ok && name == "Fn::GetAtt" {
		id, attribute, _ := strings.Cut(text, ".")
		v = []any{id, attribute}
	}
	return NewMap(name, v), nil
}
