package world

import (
	"cmp"
	"maps"
	"slices"
	"sync/atomic"
)

// ordered are entities by id, with a list in the order of the ids that is made
// when it is first asked for and then kept: a page of ten thousand entities costs
// no sorting. A lock of its owner guards it; reading under a shared one is enough.
type ordered[T any] struct {
	id   func(*T) string
	byID map[string]*T
	made atomic.Pointer[[]*T]
}

func newOrdered[T any](id func(*T) string) *ordered[T] {
	return &ordered[T]{id: id, byID: map[string]*T{}}
}

// list is shared: nobody may change it.
func (o *ordered[T]) list() []*T {
	if made := o.made.Load(); made != nil {
		return *made
	}
	all := slices.SortedFunc(maps.Values(o.byID), func(a, b *T) int { return cmp.Compare(o.id(a), o.id(b)) })
	o.made.Store(&all)
	return all
}

// put stores an entity in place of any other of its id.
func (o *ordered[T]) put(e *T) {
	o.byID[o.id(e)] = e
	o.change(o.id(e), e)
}

// remove forgets the entity of an id.
func (o *ordered[T]) remove(id string) {
	delete(o.byID, id)
	o.change(id)
}

// change puts a list in place of the present one, if there is one, that has with
// instead of the entity of an id.
func (o *ordered[T]) change(id string, with ...*T) {
	made := o.made.Load()
	if made == nil {
		return
	}
	at, found := slices.BinarySearchFunc(*made, id, func(e *T, id string) int { return cmp.Compare(o.id(e), id) })
	rest := (*made)[at:]
	if found {
		rest = rest[1:]
	}
	next := slices.Concat((*made)[:at], with, rest)
	o.made.Store(&next)
}
