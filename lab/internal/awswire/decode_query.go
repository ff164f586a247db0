package awswire

import (
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxNames bounds the parameters of a form, counting every part of a dotted name.
const maxNames = 100_000

// form is a node of the tree that the dotted names of a query request make:
// Tags.member.1.Key=a is the value a at Tags, member, 1, Key.
type form struct {
	value    string
	set      bool
	children map[string]*form
}

// parseForm parses parameters; of a name that is there twice the first counts, as
// at AWS.
func parseForm(text string) (*form, error) {
	root := &form{}
	for names := 0; text != ""; {
		var pair string
		pair, text, _ = strings.Cut(text, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, &malformed{"", true}
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return nil, &malformed{"", true}
		}
		if names += 1 + strings.Count(name, "."); names > maxNames {
			return nil, &malformed{"too many parameters", true}
		}
		root.insert(name, value)
	}
	return root, nil
}

func (f *form) insert(name, value string) {
	for part := range strings.SplitSeq(name, ".") {
		child := f.children[part]
		if child == nil {
			if f.children == nil {
				f.children = map[string]*form{}
			}
			child = &form{}
			f.children[part] = child
		}
		f = child
	}
	if !f.set {
		f.value, f.set = value, true
	}
}

// get returns the value of a parameter without dots.
func (f *form) get(name string) (value string, set bool) {
	if child := f.children[name]; child != nil {
		return child.value, child.set
	}
	return "", false
}

func (f *form) member(m *member) (source, error) {
	if child := f.children[m.wire]; child != nil {
		return child, nil
	}
	return nil, nil
}

// numbered returns the children 1, 2, 3, ... in order, gaps closed. Only that
// spelling counts: with 01 and +1 beside 1 it would be chance which one is taken.
func (f *form) numbered() []*form {
	numbers := map[int]*form{}
	for name, child := range f.children {
		if n, err := strconv.Atoi(name); err == nil && n > 0 && strconv.Itoa(n) == name {
			numbers[n] = child
		}
	}
	list := make([]*form, 0, len(numbers))
	for _, n := range slices.Sorted(maps.Keys(numbers)) {
		list = append(list, numbers[n])
	}
	return list
}

// elements takes an empty value for an empty list: that is how SDKs write one.
func (f *form) elements(m *member) ([]source, error) {
	at := f
	if !m.flat {
		if at = f.children[m.codec.element.wire]; at == nil {
			return nil, nil
		}
	}
	var list []source
	for _, child := range at.numbered() {
		list = append(list, child)
	}
	return list, nil
}

func (f *form) entries(m *member) ([]entry, error) {
	at := f
	if !m.flat {
		if at = f.children["entry"]; at == nil {
			return nil, nil
		}
	}
	var list []entry
	for _, child := range at.numbered() {
		key, _ := child.get(m.codec.key.wire)
		e := entry{key: key}
		if value := child.children[m.codec.element.wire]; value != nil {
			e.value = value
		}
		list = append(list, e)
	}
	return list, nil
}

func (f *form) text(kind) (string, error) { return f.value, nil }

func (f *form) bytes() ([]byte, error) {
	data, err := base64.StdEncoding.DecodeString(f.value)
	if err != nil {
		return nil, &malformed{"", true}
	}
	return data, nil
}

func (f *form) document() (any, error) { return nil, &malformed{"", true} }
