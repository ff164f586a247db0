package policy

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a document. A valid policy needs six levels.
const maxDepth = 16

type nodeKind uint8

const (
	nodeNull nodeKind = iota
	nodeString
	nodeNumber
	nodeBool
	nodeArray
	nodeObject
)

// node is a JSON value that keeps the order of members.
type node struct {
	kind    nodeKind
	text    string // string, or the literal of a number or Boolean
	items   []node
	members []member
	// begin and end are offsets in the text: of an item or a string behind what
	// stands before it, of an object behind its first and its last brace. See [Span]
	// and [Document.ReplacePrincipal].
	begin, end int64
}

type member struct {
	name  string
	value node
}

// parseJSON reads one JSON value and refuses duplicate member names, which
// encoding/json would resolve silently in favour of the last.
func parseJSON(doc []byte) (node, error) {
	if !utf8.Valid(doc) || !json.Valid(doc) {
		return node{}, refuse("", "This policy contains invalid Json")
	}
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	return readNode(dec, "", 0)
}

func readNode(dec *json.Decoder, path string, depth int) (node, error) {
	if depth > maxDepth {
		return node{}, refuse(path, "nested more than %d levels deep", maxDepth)
	}
	before := dec.InputOffset()
	token, err := dec.Token()
	if err != nil {
		return node{}, refuse(path, "This policy contains invalid Json")
	}
	switch t := token.(type) {
	case string:
		return node{kind: nodeString, text: t, begin: before, end: dec.InputOffset()}, nil
	case json.Number:
		return node{kind: nodeNumber, text: t.String()}, nil
	case bool:
		return node{kind: nodeBool, text: strconv.FormatBool(t)}, nil
	case json.Delim:
		begin := dec.InputOffset()
		var n node
		if t == '[' {
			n, err = readArray(dec, path, depth)
		} else {
			n, err = readObject(dec, path, depth)
		}
		n.begin, n.end = begin, dec.InputOffset()
		return n, err
	}
	return node{kind: nodeNull}, nil
}

func readArray(dec *json.Decoder, path string, depth int) (node, error) {
	n := node{kind: nodeArray}
	for behind := dec.InputOffset(); dec.More(); {
		item, err := readNode(dec, path+"["+strconv.Itoa(len(n.items))+"]", depth+1)
		if err != nil {
			return node{}, err
		}
		item.begin, behind = behind, dec.InputOffset()
		n.items = append(n.items, item)
	}
	if _, err := dec.Token(); err != nil {
		return node{}, refuse(path, "This policy contains invalid Json")
	}
	return n, nil
}

func readObject(dec *json.Decoder, path string, depth int) (node, error) {
	n := node{kind: nodeObject}
	seen := make(map[string]bool)
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return node{}, refuse(path, "This policy contains invalid Json")
		}
		name, _ := token.(string)
		// IAM reads condition keys without regard to case, and no element has a
		// namesake that differs only in case.
		folded := strings.ToLower(name)
		if seen[folded] {
			return node{}, refuse(join(path, name), "duplicate key %q", name)
		}
		seen[folded] = true
		value, err := readNode(dec, join(path, name), depth+1)
		if err != nil {
			return node{}, err
		}
		n.members = append(n.members, member{name: name, value: value})
	}
	if _, err := dec.Token(); err != nil {
		return node{}, refuse(path, "This policy contains invalid Json")
	}
	return n, nil
}

// list returns the strings of a value that is one string or an array of strings.
func (n *node) list(path string) ([]string, error) {
	if n.kind == nodeString {
		return []string{n.text}, nil
	}
	if n.kind != nodeArray {
		return nil, refuse(path, "must be a string or a list of strings")
	}
	out := make([]string, 0, len(n.items))
	for i, item := range n.items {
		if item.kind != nodeString {
			return nil, refuse(path+"["+strconv.Itoa(i)+"]", "must be a string")
		}
		out = append(out, item.text)
	}
	return out, nil
}

// scalars is list for condition values, where the grammar also admits numbers
// and Booleans without quotation marks.
func (n *node) scalars(path string) ([]string, error) {
	items := n.items
	if n.kind != nodeArray {
		items = []node{*n}
	}
	out := make([]string, 0, len(items))
	for _, item := range items {
		switch item.kind {
		case nodeString, nodeNumber, nodeBool:
			out = append(out, item.text)
		default:
			return nil, refuse(path, "must be a string, number or Boolean, or a list of them")
		}
	}
	if len(out) == 0 {
		return nil, refuse(path, "must contain at least one value")
	}
	return out, nil
}
