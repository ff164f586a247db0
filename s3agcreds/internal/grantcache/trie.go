package grantcache

import (
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// tree holds the answers of one scope for one bucket, or for buckets by the beginning of
// their names.
type tree[V any] struct {
	key  key
	root atomic.Pointer[node[V]] // nil once the tree is empty
}

// slot returns what is in the place of an entry. t may be nil.
func (t *tree[V]) slot(e *entry[V]) *entry[V] {
	if t == nil {
		return nil
	}
	return t.root.Load().slot(e.path, e)
}

// node of a byte-radix trie. A node does not change: with and without copy those on the way
// from the root and share all the others. A nil node is an empty trie.
type node[V any] struct {
	// label is what the path has between the parent's and this node.
	label string
	// held are the entries of this path, by rank.
	held  []*entry[V]
	edges []edge[V] // by their first bytes
}

// edge leads to a child, whose label begins with first.
type edge[V any] struct {
	first byte
	child *node[V]
}

// find walks along path and returns the last entry that serves a question now.
func (n *node[V]) find(q *Question, path string, now time.Duration) *entry[V] {
	var last *entry[V]
	for n != nil && strings.HasPrefix(path, n.label) {
		path = path[len(n.label):]
		for _, e := range n.held {
			if e.serves(q, path == "") && int64(e.age(now)) < e.until.Load() {
				last = e
				break
			}
		}
		n = n.child(path)
	}
	return last
}

// child returns the child whose label has path's first byte, nil if there is none.
func (n *node[V]) child(path string) *node[V] {
	if path == "" {
		return nil
	}
	if i, ok := n.edge(path[0]); ok {
		return n.edges[i].child
	}
	return nil
}

// edge returns the place of the edge that begins with first, or that it would have.
func (n *node[V]) edge(first byte) (int, bool) {
	low, high := 0, len(n.edges)
	for low < high {
		middle := (low + high) / 2
		if n.edges[middle].first < first {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, low < len(n.edges) && n.edges[low].first == first
}

// serving appends all entries that serve, the best last.
func (n *node[V]) serving(q *Question, path string, all []*entry[V]) []*entry[V] {
	for n != nil && strings.HasPrefix(path, n.label) {
		path = path[len(n.label):]
		for _, e := range slices.Backward(n.held) {
			if e.serves(q, path == "") {
				all = append(all, e)
			}
		}
		n = n.child(path)
	}
	return all
}

func (n *node[V]) slot(path string, e *entry[V]) *entry[V] {
	for n != nil && strings.HasPrefix(path, n.label) {
		path = path[len(n.label):]
		if path == "" {
			if i := slices.IndexFunc(n.held, e.same); i >= 0 {
				return n.held[i]
			}
			return nil
		}
		n = n.child(path)
	}
	return nil
}

// with returns the trie with an entry, in place of the one in its slot.
func (n *node[V]) with(path string, e *entry[V]) *node[V] {
	if n == nil {
		return &node[V]{label: path, held: []*entry[V]{e}}
	}
	common := commonLen(n.label, path)
	if common < len(n.label) {
		lower := *n
		lower.label = n.label[common:]
		upper := &node[V]{label: n.label[:common], edges: []edge[V]{{lower.label[0], &lower}}}
		return upper.below(path[common:], e)
	}
	return n.below(path[common:], e)
}

// below returns a copy of the node with an entry at the rest of its path.
func (n *node[V]) below(rest string, e *entry[V]) *node[V] {
	c := *n
	if rest == "" {
		c.held = slices.DeleteFunc(slices.Clone(n.held), e.same)
		at, _ := slices.BinarySearchFunc(c.held, e, func(a, b *entry[V]) int { return a.rank() - b.rank() })
		c.held = slices.Insert(c.held, at, e)
		return &c
	}
	i, ok := n.edge(rest[0])
	if !ok {
		leaf := edge[V]{rest[0], (*node[V])(nil).with(rest, e)}
		c.edges = slices.Concat(n.edges[:i], []edge[V]{leaf}, n.edges[i:])
		return &c
	}
	c.edges = slices.Clone(n.edges)
	c.edges[i].child = n.edges[i].child.with(rest, e)
	return &c
}

// without returns the trie without an entry, nil if it was the last one.
func (n *node[V]) without(path string, e *entry[V]) *node[V] {
	if n == nil || !strings.HasPrefix(path, n.label) {
		return n
	}
	c := *n
	rest := path[len(n.label):]
	if rest == "" {
		c.held = slices.DeleteFunc(slices.Clone(n.held), func(o *entry[V]) bool { return o == e })
		return c.shrunk()
	}
	i, ok := n.edge(rest[0])
	if !ok {
		return n
	}
	c.edges = slices.Clone(n.edges)
	if c.edges[i].child = n.edges[i].child.without(rest, e); c.edges[i].child == nil {
		c.edges = slices.Delete(c.edges, i, i+1)
	}
	return c.shrunk()
}

// shrunk returns a node that nothing is superfluous in: nil if it is empty, and one with
// its only child if it holds nothing itself.
func (n *node[V]) shrunk() *node[V] {
	if len(n.held) > 0 || len(n.edges) > 1 {
		return n
	}
	if len(n.edges) == 0 {
		return nil
	}
	only := *n.edges[0].child
	only.label = n.label + only.label
	return &only
}

func commonLen(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
