package awswire

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

// restSource is the input of a REST operation: members come from the path, the
// query, headers and the body.
type restSource struct {
	call  *call
	query url.Values
	body  source // structured body; nil if there is none
}

// newRESTSource prepares a call's input. parse parses a structured body.
func newRESTSource(c *call, parse func([]byte) (source, error)) (source, error) {
	s := &restSource{call: c, query: c.request.URL.Query()}
	top := c.op.input
	structured := len(top.bodyMembers()) > 0
	if p := top.payload; p != nil {
		structured = p.codec.kind == kindStructure || p.codec.kind == kindUnion || p.codec.kind == kindDocument
	}
	if !structured || len(c.body) == 0 {
		return s, nil
	}
	var err error
	s.body, err = parse(c.body)
	return s, err
}

func (s *restSource) member(m *member) (source, error) {
	switch m.location {
	case inURI:
		if value, ok := s.call.route.label(s.call.labels, m.wire); ok {
			return textSource{value}, nil
		}
		return nil, nil
	case inQuery:
		if values := s.query[m.wire]; values != nil {
			return textSource(values), nil
		}
		return nil, nil
	case inHeader:
		return s.header(m), nil
	case inHeaders:
		return s.prefixed(m.wire), nil
	}
	if m == s.call.op.input.payload {
		return s.payload(m), nil
	}
	if s.body == nil {
		return nil, nil
	}
	return s.body.member(m)
}

func (s *restSource) payload(m *member) source {
	switch m.codec.kind {
	case kindStructure, kindUnion, kindDocument:
		return s.body
	case kindStream:
		return rawSource(s.call.body)
	}
	if len(s.call.body) == 0 {
		return nil
	}
	return rawSource(s.call.body)
}

func (s *restSource) header(m *member) source {
	values := s.call.request.Header.Values(m.wire)
	if len(values) == 0 {
		if m.hostLabel && strings.EqualFold(m.wire, "x-amz-account-id") {
			if id := accountID(s.call.request); id != "" {
				return textSource{id}
			}
		}
		return nil
	}
	if m.codec.kind != kindList {
		return textSource(values)
	}
	var list textSource
	for _, v := range values {
		list = append(list, splitHeader(v)...)
	}
	return list
}

// splitHeader splits a list in a header at its commas; an element may be quoted.
func splitHeader(s string) []string {
	var list []string
	var b strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			list = append(list, strings.TrimSpace(b.String()))
			b.Reset()
		default:
			b.WriteByte(s[i])
		}
	}
	return append(list, strings.TrimSpace(b.String()))
}

// prefixed returns the headers whose names begin with prefix, as a map.
func (s *restSource) prefixed(prefix string) source {
	found := headerMap{}
	for name, values := range s.call.request.Header {
		if len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix) {
			found[strings.ToLower(name[len(prefix):])] = values
		}
	}
	if len(found) == 0 {
		return nil
	}
	return found
}

func (s *restSource) elements(*member) ([]source, error) { return nil, errBinding }
func (s *restSource) entries(*member) ([]entry, error)   { return nil, errBinding }
func (s *restSource) text(kind) (string, error)          { return "", errBinding }
func (s *restSource) bytes() ([]byte, error)             { return nil, errBinding }
func (s *restSource) document() (any, error)             { return nil, errBinding }

var errBinding = &malformed{}

// textSource is a scalar, or a list of scalars, in the URL or a header. It is
// never empty.
type textSource []string

func (t textSource) member(*member) (source, error)   { return nil, errBinding }
func (t textSource) entries(*member) ([]entry, error) { return nil, errBinding }
func (t textSource) document() (any, error)           { return nil, errBinding }
func (t textSource) text(kind) (string, error)        { return t[0], nil }

func (t textSource) elements(*member) ([]source, error) {
	list := make([]source, len(t))
	for i, v := range t {
		list[i] = textSource{v}
	}
	return list, nil
}

func (t textSource) bytes() ([]byte, error) {
	data, err := base64.StdEncoding.DecodeString(t[0])
	if err != nil {
		return nil, errBinding
	}
	return data, nil
}

// headerMap is a map of headers.
type headerMap http.Header

func (h headerMap) member(*member) (source, error)     { return nil, errBinding }
func (h headerMap) elements(*member) ([]source, error) { return nil, errBinding }
func (h headerMap) text(kind) (string, error)          { return "", errBinding }
func (h headerMap) bytes() ([]byte, error)             { return nil, errBinding }
func (h headerMap) document() (any, error)             { return nil, errBinding }

func (h headerMap) entries(*member) ([]entry, error) {
	list := make([]entry, 0, len(h))
	for _, name := range sortedKeys(h) {
		list = append(list, entry{name, textSource(h[name])})
	}
	return list, nil
}

// rawSource is a body that is one string or blob.
type rawSource []byte

func (b rawSource) member(*member) (source, error)     { return nil, errBinding }
func (b rawSource) elements(*member) ([]source, error) { return nil, errBinding }
func (b rawSource) entries(*member) ([]entry, error)   { return nil, errBinding }
func (b rawSource) text(kind) (string, error)          { return string(b), nil }
func (b rawSource) bytes() ([]byte, error)             { return b, nil }
func (b rawSource) document() (any, error)             { return nil, errBinding }
