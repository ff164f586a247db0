package awswire

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"reflect"
	"regexp/syntax"
	"time"
)

// Register is Handle for types that are only known at run time.
func Register(s *Service, name string, in, out reflect.Type, call func(context.Context, *Caller, any) (any, error)) {
	s.register(name, in, out, call)
}

// LeftOver lists the fields of registered Go types that the model does not have.
func LeftOver(s *Service) []string { return s.codecs.leftOver }

// PatternSyntax parses the translation of a pattern without lookaheads, for tests
// that make up strings.
func PatternSyntax(pattern string) (*syntax.Regexp, error) {
	text, err := translate(pattern)
	if err != nil {
		return nil, err
	}
	return syntax.Parse(text, syntax.Perl)
}

// CompilePattern is compilePattern.
func CompilePattern(pattern string) (func(string) bool, error) { return compilePattern(pattern) }

// Canonical is an input or output as JSON-like data by the model's member names:
// times are milliseconds, blobs base64.
func Canonical(s *Service, operation string, v any) any {
	op := s.operations[operation]
	rv := reflect.ValueOf(v).Elem()
	c := op.input
	if rv.Type() == op.output.typ {
		c = op.output
	}
	return canonicalStructure(c, rv)
}

func canonicalStructure(c *codec, v reflect.Value) any {
	all := map[string]any{}
	for _, m := range c.members {
		if f := v.Field(m.field); !unset(m, f) {
			all[m.name] = canonical(m.codec, f)
		}
	}
	return all
}

func canonical(c *codec, v reflect.Value) any {
	v, ok := indirect(v)
	if !ok {
		return nil
	}
	switch c.kind {
	case kindStructure:
		return canonicalStructure(c, v)
	case kindUnion:
		m, value, err := variantOf(c, v)
		if err != nil {
			return err.Error()
		}
		return map[string]any{m.name: canonical(m.codec, value)}
	case kindList:
		list := []any{}
		for e := range elements(v) {
			list = append(list, canonical(c.element.codec, e))
		}
		return list
	case kindMap:
		all := map[string]any{}
		for _, k := range v.MapKeys() {
			all[k.String()] = canonical(c.element.codec, v.MapIndex(k))
		}
		return all
	case kindDocument:
		return canonicalDocument(v)
	case kindTime:
		return v.Interface().(time.Time).UnixMilli()
	case kindBlob:
		return base64.StdEncoding.EncodeToString(v.Bytes())
	case kindStream:
		data, _ := io.ReadAll(v.Interface().(io.Reader))
		return base64.StdEncoding.EncodeToString(data)
	}
	return v.Interface()
}

// canonicalDocument is what a document's JSON says.
func canonicalDocument(v reflect.Value) any {
	text, err := v.Interface().(documentMarshaler).MarshalSmithyDocument()
	if err != nil {
		return err.Error()
	}
	var data any
	if err := json.Unmarshal(text, &data); err != nil {
		return err.Error()
	}
	return data
}

// DecodeBody decodes a body as the input of an operation, without signature or
// handler: for fuzz tests and benchmarks.
func DecodeBody(s *Service, operation string, body []byte) (any, error) {
	c := &call{op: s.operations[operation], request: nil, body: body}
	src, err := s.protocolSource(c)
	if err != nil {
		return nil, err
	}
	in := reflect.New(c.op.input.typ)
	var d decoder
	if err := d.structure(src, c.op.input, in.Elem()); err != nil {
		return nil, err
	}
	return in.Interface(), nil
}

func (s *Service) protocolSource(c *call) (source, error) {
	var err error
	if _, query := s.protocol.(*queryProtocol); query {
		c.form, err = parseForm(string(c.body))
		if err != nil {
			return nil, err
		}
	}
	return s.protocol.source(c)
}
