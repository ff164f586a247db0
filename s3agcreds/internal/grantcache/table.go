package grantcache

import (
	"hash/maphash"
	"math/bits"
	"math/rand/v2"
	"sync/atomic"
)

// kind of a tree.
type kind uint8

const (
	defaultTree kind = iota
	minimalTree
	// wideTree holds targets whose wildcard is in the bucket's name.
	wideTree
)

// key says what a tree is for. A wide tree has no bucket.
type key struct {
	Scope

	bucket string
	kind   kind
}

func bucketKey(q *Question) key {
	if q.Minimal {
		return key{Scope: q.Scope, bucket: q.Bucket, kind: minimalTree}
	}
	return key{Scope: q.Scope, bucket: q.Bucket, kind: defaultTree}
}

func wideKey(s Scope) key { return key{Scope: s, kind: wideTree} }

const minSlots = 16

// table is a hash table of trees. It is read without a lock, and changed under the
// cache's.
type table[V any] struct {
	seed  maphash.Seed
	slots atomic.Pointer[[]atomic.Pointer[link[V]]] // as many as a power of two
	trees int
}

// link of the chain of a slot. It does not change.
type link[V any] struct {
	tree *tree[V]
	hash uint64
	next *link[V]
}

func (t *table[V]) init() {
	t.seed = maphash.MakeSeed()
	slots := make([]atomic.Pointer[link[V]], minSlots)
	t.slots.Store(&slots)
}

// hash takes what tells keys apart; few of them have the same principal and bucket.
func (t *table[V]) hash(k *key) uint64 {
	return maphash.String(t.seed, k.Principal) ^ bits.RotateLeft64(maphash.String(t.seed, k.bucket), 1+int(k.kind))
}

func (t *table[V]) get(k key) *tree[V] {
	hash := t.hash(&k)
	for l := slotOf(*t.slots.Load(), hash).Load(); l != nil; l = l.next {
		if l.hash == hash && l.tree.key == k {
			return l.tree
		}
	}
	return nil
}

func slotOf[V any](slots []atomic.Pointer[link[V]], hash uint64) *atomic.Pointer[link[V]] {
	return &slots[hash&uint64(len(slots)-1)]
}

// put adds a tree that is not there.
func (t *table[V]) put(tree *tree[V]) {
	hash := t.hash(&tree.key)
	slot := slotOf(*t.slots.Load(), hash)
	slot.Store(&link[V]{tree: tree, hash: hash, next: slot.Load()})
	t.trees++
	t.resize()
}

// remove takes a tree out, if it is there.
func (t *table[V]) remove(tree *tree[V]) {
	slot := slotOf(*t.slots.Load(), t.hash(&tree.key))
	var chain *link[V]
	for l := slot.Load(); l != nil; l = l.next {
		if l.tree == tree {
			t.trees--
			continue
		}
		chain = &link[V]{tree: l.tree, hash: l.hash, next: chain}
	}
	slot.Store(chain)
	t.resize()
}

// resize keeps the chains short, and the table small once it is empty again. Who reads
// meanwhile reads the old slots.
func (t *table[V]) resize() {
	old := *t.slots.Load()
	size := len(old)
	switch {
	case t.trees > size:
		size *= 2
	case size > minSlots && t.trees < size/8:
		size /= 2
	default:
		return
	}
	slots := make([]atomic.Pointer[link[V]], size)
	for i := range old {
		for l := old[i].Load(); l != nil; l = l.next {
			slot := slotOf(slots, l.hash)
			slot.Store(&link[V]{tree: l.tree, hash: l.hash, next: slot.Load()})
		}
	}
	t.slots.Store(&slots)
}

// counter counts what many goroutines do at once, each in a cell of its own mostly.
type counter struct {
	cells [8]struct {
		n atomic.Uint64
		_ [56]byte // to a cache line
	}
}

func (c *counter) add() {
	cell := rand.Uint32() % uint32(len(c.cells)) //nolint:gosec // spreads load, guards nothing
	c.cells[cell].n.Add(1)
}

func (c *counter) sum() uint64 {
	var sum uint64
	for i := range c.cells {
		sum += c.cells[i].n.Load()
	}
	return sum
}
