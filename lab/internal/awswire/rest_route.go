package awswire

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// router finds the operations of a REST service by method, path and query.
type router struct{ routes []*route }

// route is the pattern of an operation's request URI, such as
// /v20180820/tags/{resourceArn+} or /token?aws_iam=t.
type route struct {
	op       *operation
	method   string
	segments []segment
	greedy   int // index of the {label+}, -1 if none
	query    url.Values
	literals int
}

type segment struct {
	text  string // literal, or name of the label
	label bool
}

func (t *router) add(op *operation) {
	path, query, _ := strings.Cut(op.model.HTTP.RequestURI, "?")
	r := &route{op: op, method: op.model.HTTP.Method, greedy: -1}
	r.query, _ = url.ParseQuery(query)
	for i, part := range splitPath(path) {
		s := segment{text: part}
		if name, ok := strings.CutPrefix(part, "{"); ok {
			s = segment{strings.TrimSuffix(name, "}"), true}
			if name, ok := strings.CutSuffix(s.text, "+"); ok {
				s.text, r.greedy = name, i
			}
		} else {
			r.literals++
		}
		r.segments = append(r.segments, s)
	}
	t.routes = append(t.routes, r)
	slices.SortStableFunc(t.routes, moreSpecific)
}

// moreSpecific sorts what asks for more to the front: query parameters, literal
// segments, segments.
func moreSpecific(a, b *route) int {
	if n := len(b.query) - len(a.query); n != 0 {
		return n
	}
	if n := b.literals - a.literals; n != 0 {
		return n
	}
	return len(b.segments) - len(a.segments)
}

func splitPath(path string) []string {
	path = strings.Trim(path, "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

// find returns the route of a request with the values of its labels, in the order
// of its segments. otherMethod says that only the method did not match.
func (t *router) find(r *http.Request) (found *route, labels []string, otherMethod bool) {
	parts := splitPath(r.URL.EscapedPath())
	var query url.Values
	for _, candidate := range t.routes {
		values, ok := candidate.match(parts)
		if !ok {
			continue
		}
		if query == nil {
			query = r.URL.Query()
		}
		if !candidate.matchQuery(query) {
			continue
		}
		if candidate.method != r.Method {
			otherMethod = true
			continue
		}
		return candidate, values, false
	}
	return nil, nil, otherMethod
}

func (r *route) match(parts []string) ([]string, bool) {
	extra := len(parts) - len(r.segments)
	if extra != 0 && (r.greedy < 0 || extra < 0) {
		return nil, false
	}
	var labels []string
	at := 0
	for i, s := range r.segments {
		n := 1
		if i == r.greedy {
			n += extra
		}
		text := strings.Join(parts[at:at+n], "/")
		at += n
		if !s.label {
			if text != s.text {
				return nil, false
			}
			continue
		}
		value, err := url.PathUnescape(text)
		if err != nil {
			return nil, false
		}
		labels = append(labels, value)
	}
	return labels, true
}

func (r *route) matchQuery(query url.Values) bool {
	for name, want := range r.query {
		got, ok := query[name]
		if !ok || want[0] != "" && got[0] != want[0] {
			return false
		}
	}
	return true
}

// label returns the value of a label.
func (r *route) label(values []string, name string) (string, bool) {
	n := 0
	for _, s := range r.segments {
		if !s.label {
			continue
		}
		if s.text == name {
			return values[n], true
		}
		n++
	}
	return "", false
}
