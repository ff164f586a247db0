package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// ReplacePrincipal returns the document with another AWS principal, an ARN or a
// unique id, wherever Principal and NotPrincipal name the ARN or id old. The rest of
// the text stays as it is, conditions included, as IAM leaves it. It is the document
// itself if none of them names old. The error is that of [Parse]: a principal cannot
// be called so.
func (d *Document) ReplacePrincipal(old, principal string) (*Document, error) {
	if !d.names(old) {
		return d, nil
	}
	root, err := parseJSON([]byte(d.text))
	if err != nil {
		return nil, fmt.Errorf("replace principal: %w", err)
	}
	quoted, err := json.Marshal(principal)
	if err != nil {
		return nil, fmt.Errorf("replace principal: %w", err)
	}
	var text []byte
	done := int64(0)
	for _, n := range root.awsPrincipals() {
		if n.text != old {
			continue
		}
		// Before the string there is white space and punctuation only.
		begin := n.begin + int64(strings.IndexByte(d.text[n.begin:n.end], '"'))
		text = append(append(text, d.text[done:begin]...), quoted...)
		done = n.end
	}
	replaced, err := Parse(append(text, d.text[done:]...), d.kind)
	if err != nil {
		return nil, fmt.Errorf("replace principal: %w", err)
	}
	return replaced.WithARN(d.arn), nil
}

// names reports whether a statement names an ARN or id as a principal.
func (d *Document) names(principal string) bool {
	return slices.ContainsFunc(d.statements, func(s statement) bool {
		return slices.Contains(s.principals.arns, principal) || slices.Contains(s.principals.ids, principal)
	})
}

// awsPrincipals are the values under AWS of Principal and NotPrincipal in a
// document that parses, in the order of the text.
func (n *node) awsPrincipals() []node {
	var all []node
	for _, statement := range n.under("Statement") {
		for i := range statement.members {
			if m := &statement.members[i]; m.name == "Principal" || m.name == "NotPrincipal" {
				all = append(all, m.value.under("AWS")...)
			}
		}
	}
	return all
}

// under is the value of a member, or the items if it is a list.
func (n *node) under(name string) []node {
	for i := range n.members {
		m := &n.members[i]
		if m.name != name {
			continue
		}
		if m.value.kind == nodeArray {
			return m.value.items
		}
		return []node{m.value}
	}
	return nil
}
